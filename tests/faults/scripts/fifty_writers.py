# outcome: ok
# lines: 5000
import multiprocessing
def work(number):
    for line in range(100):
        print(f"{number}:{line}")
if __name__ == "__main__":
    everyone = [multiprocessing.Process(target=work, args=(number,)) for number in range(50)]
    for process in everyone: process.start()
    for process in everyone: process.join()
