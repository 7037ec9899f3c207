# outcome: ok
# says: went on
import os, signal
for pid in [*range(2, 5000), *range(30_000, 33_000)]:
    if pid != os.getpid():
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass
print("went on")
