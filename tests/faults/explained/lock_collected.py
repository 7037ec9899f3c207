import multiprocessing


def work(lock):
    print("at work")


def start():
    process = multiprocessing.Process(target=work, args=(multiprocessing.Lock(),))
    process.start()
    return process


if __name__ == "__main__":
    start().join()
