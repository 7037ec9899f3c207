# outcome: ok
# says: refused
import ctypes, os
libc = ctypes.CDLL(None)
print("traced" if libc.ptrace(16, 1, None, None) == 0 else "refused")
