# outcome: stuck
import multiprocessing, os, time
folder = os.environ["SPAWNABLE_FOLDER"]
def work(number):
    path = f"{folder}/stack-{os.getpid()}"
    os.remove(path)
    if number == 0:
        os.mkfifo(path)
    elif number == 1:
        os.symlink("/dev/zero", path)
    elif number == 2:
        os.mkdir(path)
    elif number == 3:
        os.symlink("/etc/shadow", path)
    else:
        with open(path, "wb") as file:
            file.truncate(300_000_000)
    time.sleep(1000)
if __name__ == "__main__":
    for number in range(5):
        multiprocessing.Process(target=work, args=(number,)).start()
