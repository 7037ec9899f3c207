# outcome: stopped processes | error BlockingIOError
import os
while True:
    os.fork()
