# outcome: leaves process
# forkserver: leaves process and leaves socket
import os, multiprocessing, time
if __name__ == "__main__":
    for _ in range(5):
        multiprocessing.Process(target=time.sleep, args=(1000,)).start()
    os._exit(0)
