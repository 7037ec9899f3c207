import multiprocessing
import os

if __name__ == "__main__":
    lock = multiprocessing.Lock()
    process = multiprocessing.Process(target=print, args=("at work",))
    process.start()
    process.join()
    os._exit(0)
