import multiprocessing
import threading


def work(lock):
    print("at work")


if __name__ == "__main__":
    process = multiprocessing.Process(target=work, args=(threading.Lock(),))
    process.start()
    process.join()
