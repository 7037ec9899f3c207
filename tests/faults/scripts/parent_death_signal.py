# outcome: ok | child exit -9
import ctypes, multiprocessing, time
def work():
    ctypes.CDLL(None).prctl(1, 9, 0, 0, 0)
    time.sleep(0.2)
if __name__ == "__main__":
    process = multiprocessing.Process(target=work)
    process.start()
    process.join()
