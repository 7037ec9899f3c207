# outcome: exit 7
import os
os.execv("/bin/sh", ["sh", "-c", "exit 7"])
