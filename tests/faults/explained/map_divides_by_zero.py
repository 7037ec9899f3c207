"""A map comes between the end of a pool's worker and the start of the next, which a long argument makes slow."""

import multiprocessing
import random
import time
from multiprocessing.connection import wait

if __name__ == "__main__":
    with multiprocessing.Pool(1, hash, (bytes(1_000_000),), 1) as pool:
        while True:
            workers = multiprocessing.active_children()
            pool.map(abs, [-1])
            for worker in workers:
                wait([worker.sentinel])
            time.sleep(random.random() / 200)
