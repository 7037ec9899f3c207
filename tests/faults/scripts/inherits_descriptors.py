# outcome: ok
# says: [0, 1, 2]
import os
print([number for number in range(300) if os.path.exists(f"/proc/self/fd/{number}")][:3], flush=True)
assert sum(os.path.exists(f"/proc/self/fd/{number}") for number in range(3, 300)) <= 2
