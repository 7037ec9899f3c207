# outcome: stopped memory
# limits: memory=300_000_000 time=10
import os, time
kept = []
while True:
    kept.append(os.memfd_create("hidden"))
    os.write(kept[-1], b"x" * 10_000_000)
    time.sleep(0.005)
