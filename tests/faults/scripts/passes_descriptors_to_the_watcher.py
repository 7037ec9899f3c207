# outcome: ok
# says: done
import array, os, socket, time
own = socket.socket(fileno=os.dup(1))
held = array.array("i", [os.open("/dev/null", os.O_RDONLY) for _ in range(200)])
for _ in range(200):
    try:
        own.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, held)])
    except OSError:
        time.sleep(0.001)
print("done")
