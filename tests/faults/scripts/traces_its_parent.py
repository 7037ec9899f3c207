# outcome: ok | stuck
import ctypes, os, time
libc = ctypes.CDLL(None)
parent = os.getpid()
if not os.fork():
    libc.ptrace(0x4206, parent, None, None)
    time.sleep(0.3)
    os._exit(0)
os.wait()
