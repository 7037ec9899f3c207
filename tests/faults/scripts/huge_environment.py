# outcome: ok
# says: done
import os, subprocess
environment = {f"NAME{number}": "x" * 100_000 for number in range(15)}
subprocess.run(["/bin/true"], env=environment)
print("done")
