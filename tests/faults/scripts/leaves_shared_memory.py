# outcome: leaves shared memory
import os
with open("/dev/shm/hostile-left", "wb") as file:
    file.write(b"x" * 1000)
