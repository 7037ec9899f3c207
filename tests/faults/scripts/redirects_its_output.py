# outcome: ok
import os
fd = os.open("/dev/null", os.O_WRONLY)
os.dup2(fd, 1)
os.dup2(fd, 2)
print("nobody sees this")
