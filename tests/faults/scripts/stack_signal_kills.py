# outcome: stuck
import faulthandler, os, time
faulthandler.unregister(int(os.environ["SPAWNABLE_STACK_SIGNAL"]))
time.sleep(1000)
