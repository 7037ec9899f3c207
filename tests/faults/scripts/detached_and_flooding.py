# outcome: leaves process
# limits: output=1_000
# dropped: yes
import os
if not os.fork():
    os.setsid()
    while True:
        os.write(1, b"x" * 60_000)
