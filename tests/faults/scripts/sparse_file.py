# outcome: error OSError
# limits: disk=50_000_000
import os
fd = os.open("hostile-sparse", os.O_CREAT | os.O_WRONLY)
os.truncate(fd, 1 << 40)
