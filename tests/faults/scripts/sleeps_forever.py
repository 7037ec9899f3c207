# outcome: stuck
import time
time.sleep(1e6)
