import multiprocessing
import threading
import warnings

if __name__ == "__main__":
    warnings.simplefilter("default")
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    process = multiprocessing.Process(target=print, args=("at work",))
    process.start()
    process.join()
    end.set()
    thread.join()
