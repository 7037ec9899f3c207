# outcome: exit -7
# limits: disk=50_000_000
from multiprocessing import shared_memory
kept = []
while True:
    kept.append(shared_memory.SharedMemory(create=True, size=20_000_000))
    kept[-1].buf[:] = b"x" * 20_000_000
