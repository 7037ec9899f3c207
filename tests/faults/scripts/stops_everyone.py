# outcome: stuck
import os, signal, time
os.kill(-1, signal.SIGSTOP)
time.sleep(100)
