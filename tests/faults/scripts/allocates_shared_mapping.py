# outcome: stopped memory
# limits: memory=300_000_000 time=10
import mmap
kept = []
while True:
    kept.append(mmap.mmap(-1, 10_000_000))
    kept[-1].write(b"x" * 10_000_000)
