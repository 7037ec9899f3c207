"""The initializer of a pool raises in each worker, the third of which is kept waiting."""

import multiprocessing


def prepare(semaphore):
    if semaphore.acquire(block=False):
        raise OSError("no database")
    semaphore.acquire()


if __name__ == "__main__":
    left = multiprocessing.Semaphore(2)
    with multiprocessing.Pool(1, prepare, (left,)) as pool:
        pool.map(abs, [1], chunksize=1)
