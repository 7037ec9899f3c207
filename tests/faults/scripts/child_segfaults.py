# outcome: child exit -11
import ctypes, multiprocessing
if __name__ == "__main__":
    process = multiprocessing.Process(target=ctypes.string_at, args=(0,))
    process.start()
    process.join()
