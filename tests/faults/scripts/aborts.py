# outcome: exit -6
import os
os.abort()
