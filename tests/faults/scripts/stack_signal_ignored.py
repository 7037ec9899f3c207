# outcome: stuck
import faulthandler, os, signal, time
number = int(os.environ["SPAWNABLE_STACK_SIGNAL"])
faulthandler.unregister(number)
signal.signal(number, signal.SIG_IGN)
time.sleep(1000)
