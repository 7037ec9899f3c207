# outcome: error OSError
import os
while True:
    os.pipe()
