# outcome: leaves process
# dropped: any
import os
if not os.fork():
    os.setsid()
    while True:
        os.write(1, b"x" * 60_000)
