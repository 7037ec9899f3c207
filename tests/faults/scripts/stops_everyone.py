# outcome: stuck
import os, signal, time
if not os.fork():
    time.sleep(1000)
os.kill(-1, signal.SIGSTOP)
time.sleep(1000)
