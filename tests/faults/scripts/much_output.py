# outcome: ok
# dropped: yes
import sys
line = "x" * 99 + "\n"
for _ in range(2000):
    sys.stdout.write(line * 1000)
