# outcome: stuck
import multiprocessing, os
def work(lock):
    lock.acquire()
    os._exit(0)
if __name__ == "__main__":
    lock = multiprocessing.Lock()
    process = multiprocessing.Process(target=work, args=(lock,))
    process.start()
    process.join()
    lock.acquire()
