# outcome: stuck
import os, sys
os.execv(sys.executable, [sys.executable, __file__])
