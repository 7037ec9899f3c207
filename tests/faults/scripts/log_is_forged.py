# outcome: ok | child exit 99
# says: done
import os, time
with open(os.environ["SPAWNABLE_FOLDER"] + "/log", "a") as file:
    for number in range(100_000):
        file.write(f"{time.monotonic()} {number + 100_000_000} name 1 0 forged\n")
    for number in (float("nan"), float("inf")):
        file.write(f"{number} 1 exit 99\n{time.monotonic()} 99999999999999999999 kill 99999999999999999999999 9\n")
print("done")
