# outcome: stopped memory
# limits: memory=300_000_000 time=10
import os, time
for _ in range(20):
    if not os.fork():
        fd = os.memfd_create("hidden")
        os.write(fd, b"x" * 50_000_000)
        time.sleep(100)
time.sleep(100)
