# outcome: stuck
# limits: time=4
import os
while True:
    if not os.fork():
        os._exit(0)
    os.wait()
