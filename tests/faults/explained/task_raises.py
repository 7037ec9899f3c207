"""A task of a pool raises an exception."""

import multiprocessing


def divide(number):
    return 1 // number


if __name__ == "__main__":
    with multiprocessing.Pool(1) as pool:
        pool.map(divide, [0])
