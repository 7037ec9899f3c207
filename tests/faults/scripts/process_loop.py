# outcome: stopped processes
# limits: time=20
import multiprocessing, time
if __name__ == "__main__":
    while True:
        multiprocessing.Process(target=time.sleep, args=(1000,)).start()
