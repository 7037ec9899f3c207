# outcome: stuck
import multiprocessing
def work():
    while True:
        pass
if __name__ == "__main__":
    for _ in range(8):
        multiprocessing.Process(target=work).start()
