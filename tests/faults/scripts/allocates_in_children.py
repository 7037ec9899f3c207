# outcome: stopped memory
# limits: memory=300_000_000 time=10
import os, time
for _ in range(40):
    if not os.fork():
        kept = b"x" * 20_000_000
        time.sleep(100)
time.sleep(100)
