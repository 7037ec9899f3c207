# outcome: ok | leaves file
# says: done
import multiprocessing, os
log = os.environ["SPAWNABLE_FOLDER"] + "/log"
if os.path.exists(log): os.remove(log)
os.mkfifo(log)
fd = os.open(log, os.O_RDWR)
print("done")
