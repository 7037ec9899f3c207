# outcome: ok
# says: refused
import os, socket, struct
own = socket.socket(fileno=os.dup(1))
try:
    own.sendmsg([b"forged\n"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack("3i", 1, 0, 0))])
except OSError:
    print("refused")
