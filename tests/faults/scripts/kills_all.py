# outcome: exit -9
import os
try:
    os.kill(-1, 9)
finally:
    os.kill(os.getpid(), 9)
