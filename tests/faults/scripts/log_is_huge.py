# outcome: ok | error OSError
# limits: time=20
import os
with open(os.environ["SPAWNABLE_FOLDER"] + "/log", "wb") as file:
    file.truncate(400_000_000)
    file.write(b"1.0 5 name 0 1 x\n" * 1_000_000)
