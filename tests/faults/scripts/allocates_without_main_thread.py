# outcome: stopped memory
# limits: memory=300_000_000 time=10
import ctypes, threading
def work():
    kept = []
    while True:
        kept.append(b"x" * 1_000_000)
threading.Thread(target=work).start()
libc = ctypes.CDLL(None)
libc.syscall({"x86_64": 60, "aarch64": 93}[__import__("os").uname().machine], 0)
