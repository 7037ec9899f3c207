# outcome: stopped memory
# limits: memory=300_000_000 time=15
import os, time
kept = []
while True:
    kept.append(b"x" * 50_000_000)
    for _ in range(4):
        if not os.fork():
            os._exit(0)
    for _ in range(4):
        os.wait()
