# outcome: stuck
import os, signal
pid = os.fork()
if not pid:
    os.kill(os.getpid(), signal.SIGSTOP)
os.waitpid(pid, 0)
