# outcome: exit -9
import os, signal
os.kill(0, signal.SIGKILL)
