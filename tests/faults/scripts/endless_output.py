# outcome: stuck
# dropped: yes
import os
while True:
    os.write(1, b"z" * 60_000)
