# outcome: ok
# says: done
import os
log = os.environ["SPAWNABLE_FOLDER"] + "/log"
if os.path.exists(log): os.remove(log)
os.mkdir(log)
print("done")
