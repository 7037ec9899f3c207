# outcome: stopped memory
# limits: memory=300_000_000 time=10
import ctypes, time
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
while True:
    identifier = libc.shmget(0, 10_000_000, 0o1666)
    address = libc.shmat(identifier, None, 0)
    ctypes.memset(address, 1, 10_000_000)
    libc.shmdt(ctypes.c_void_p(address))
    time.sleep(0.005)
