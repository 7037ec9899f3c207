import multiprocessing
import os
import signal


def work():
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    process = multiprocessing.Process(target=work)
    process.start()
    process.join()
