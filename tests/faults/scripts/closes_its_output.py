# outcome: ok | exit 120 | traceback OSError | exit 1
# limits: time=5
import os, time
print("before")
os.close(1)
os.close(2)
time.sleep(0.2)
