"""A task of an executor can not be pickled: the traceback in its error is of the parent, and no worker raised."""

from concurrent.futures import ProcessPoolExecutor

if __name__ == "__main__":
    with ProcessPoolExecutor(1) as executor:
        executor.submit(lambda: 1).result()
