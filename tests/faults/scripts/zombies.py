# outcome: stopped processes | child exit 3
import os
for _ in range(300):
    if not os.fork():
        os._exit(3)
print("never waited")
