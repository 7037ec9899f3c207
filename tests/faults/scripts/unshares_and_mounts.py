# outcome: ok
# says: refused
# lacks: done
import ctypes
libc = ctypes.CDLL(None)
for flags in (0x10000000, 0x20000, 0x10020000, 0x20000000, 0x40000000):
    print("refused" if libc.unshare(flags) else "done")
print("refused" if libc.mount(b"x", b"/mnt", b"tmpfs", 0, None) else "done")
