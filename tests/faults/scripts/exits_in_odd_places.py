# outcome: ok | exit 3
import atexit, sys, threading
atexit.register(sys.exit, 5)
threading.Thread(target=sys.exit, args=(4,)).start()
class Odd:
    def __del__(self):
        sys.exit(7)
odd = Odd()
del odd
sys.exit(3)
