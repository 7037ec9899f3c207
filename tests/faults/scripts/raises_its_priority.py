# outcome: ok
# says: refused
# lacks: raised
import os
for change in (lambda: os.nice(-5), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))):
    try:
        change()
        print("raised")
    except OSError:
        print("refused")
