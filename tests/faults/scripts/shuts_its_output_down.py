# outcome: exit 120 | traceback BrokenPipeError | exit -13 | error BrokenPipeError
import socket
socket.socket(fileno=1).shutdown(socket.SHUT_RDWR)
print("x" * 100_000)
