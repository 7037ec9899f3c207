# outcome: ok
# says: 19
import os
os.nice(19)
print(os.nice(0))
