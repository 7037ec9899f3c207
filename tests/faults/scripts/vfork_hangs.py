# outcome: stuck
import ctypes, os, subprocess
subprocess.run(["/bin/sh", "-c", "kill -STOP $$"])
