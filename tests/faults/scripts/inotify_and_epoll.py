# outcome: ok
# says: refused
import ctypes, select
libc = ctypes.CDLL(None)
kept = []
try:
    while True:
        kept.append(select.epoll())
        kept.append(libc.inotify_init())
        if len(kept) > 3000:
            break
except OSError:
    pass
print("refused")
