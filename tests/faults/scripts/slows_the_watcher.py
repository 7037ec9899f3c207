# outcome: stopped memory | stuck
# limits: memory=300_000_000 time=5
import os, resource
for change in (
    lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)),
    lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),
    lambda: os.setpriority(os.PRIO_USER, 0, 19),
    lambda: os.setpriority(os.PRIO_PGRP, 0, 19),
    lambda: resource.prlimit(1, resource.RLIMIT_NOFILE, (3, 3)),
    lambda: resource.prlimit(1, resource.RLIMIT_CPU, (0, 0)),
    lambda: resource.prlimit(1, resource.RLIMIT_AS, (1, 1)),
):
    try:
        change()
        print("changed")
    except OSError:
        pass
for _ in range(8):
    if not os.fork():
        while True:
            pass
kept = []
while True:
    kept.append(b"x" * 1_000_000)
