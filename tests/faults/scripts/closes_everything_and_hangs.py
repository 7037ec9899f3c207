# outcome: stuck
import os, time
os.closerange(0, 1025)
time.sleep(1000)
