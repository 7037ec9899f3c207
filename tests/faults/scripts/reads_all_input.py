# outcome: ok
# says: 0 bytes
import sys
print(len(sys.stdin.read()), "bytes")
