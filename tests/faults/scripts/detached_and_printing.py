# outcome: leaves process
import os, time
if not os.fork():
    os.setsid()
    if not os.fork():
        while True:
            print("still here")
            time.sleep(0.01)
    os._exit(0)
os.wait()
