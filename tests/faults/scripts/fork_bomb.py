# outcome: stopped processes
import os
while True:
    os.fork()
