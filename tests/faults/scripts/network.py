# outcome: ok
# says: refused
# lacks: reached
import socket
for address in (("192.0.2.1", 80), ("10.0.0.1", 80)):
    try:
        socket.create_connection(address, timeout=0.5)
        print("reached")
    except OSError:
        print("refused")
