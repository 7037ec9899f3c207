"""A task ends its worker, and the pool waits for its result."""

import multiprocessing
import os

if __name__ == "__main__":
    with multiprocessing.Pool(1) as pool:
        pool.map(os._exit, [3])
