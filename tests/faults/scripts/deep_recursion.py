# outcome: exit -11 | error RecursionError | stopped memory
import sys, threading
sys.setrecursionlimit(10**9)
def deep(number):
    return deep(number + 1) + 1 if number else deep(1)
deep(0)
