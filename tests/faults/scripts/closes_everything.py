# outcome: ok | exit 120 | exit 1
import os
os.closerange(0, 1025)
