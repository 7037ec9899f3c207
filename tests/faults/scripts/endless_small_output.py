# outcome: stuck
# dropped: any
import os
while True:
    os.write(1, b"z")
