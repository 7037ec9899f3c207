import ctypes
import multiprocessing


def work():
    ctypes.string_at(0)


if __name__ == "__main__":
    process = multiprocessing.Process(target=work)
    process.start()
    process.join()
