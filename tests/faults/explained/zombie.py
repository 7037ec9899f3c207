import multiprocessing
import time

if __name__ == "__main__":
    process = multiprocessing.Process(target=print, args=("at work",))
    process.start()
    time.sleep(3)
