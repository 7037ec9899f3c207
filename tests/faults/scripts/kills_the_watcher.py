# outcome: ok
# says: went on
import os, signal
for number in range(1, signal.NSIG):
    try:
        os.kill(1, number)
    except OSError:
        pass
os.kill(os.getppid(), 9)
print("went on")
