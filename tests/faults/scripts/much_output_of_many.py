# outcome: ok
# dropped: yes
import multiprocessing, os
def work():
    for _ in range(100):
        os.write(1, b"y" * 50_000)
if __name__ == "__main__":
    everyone = [multiprocessing.Process(target=work) for _ in range(20)]
    for process in everyone: process.start()
    for process in everyone: process.join()
