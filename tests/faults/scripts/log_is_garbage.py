# outcome: ok
# says: done
import os
with open(os.environ["SPAWNABLE_FOLDER"] + "/log", "wb") as file:
    file.write(os.urandom(1_000_000) + b"\nnan 1 exit 1\ninf 2 exit 0\n1e999 3 exit 3\n-5 4 name x y z\n" + b"9" * 5000 + b" 1 exit 1\n")
print("done")
