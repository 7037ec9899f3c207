# outcome: stuck
import os, sys
os.fork()
os.execv("/bin/sh", ["sh", "-c", "while :; do :; done"])
