# outcome: ok
# says: done
import array, os, socket
one, two = socket.socketpair()
held = array.array("i", [os.open("/dev/null", os.O_RDONLY) for _ in range(100)])
one.setblocking(False)
try:
    while True:
        one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, held)])
except OSError:
    pass
print("done")
