"""A map comes between the end of a pool's worker and the start of the next, which a long argument makes slow."""

import multiprocessing
import os
import random
import time
from multiprocessing.connection import wait


def work(_):
    return os.getpid()


if __name__ == "__main__":
    with multiprocessing.Pool(1, hash, (bytes(1_000_000),), 1) as pool:
        while True:
            (pid,) = pool.map(work, [1])
            for worker in multiprocessing.active_children():
                if worker.pid == pid:
                    wait([worker.sentinel])
            time.sleep(random.random() / 200)
