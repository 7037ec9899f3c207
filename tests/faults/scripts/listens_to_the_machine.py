# outcome: ok
# says: done
# lacks: seen
import os
for pid in os.listdir("/proc"):
    if pid.isdigit() and int(pid) not in (1, os.getpid(), os.getppid()):
        try:
            if b"pytest" in open(f"/proc/{pid}/cmdline", "rb").read():
                print("seen")
        except OSError:
            pass
print("done")
