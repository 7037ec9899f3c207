import multiprocessing


def work():
    multiprocessing.Process(target=print, args=("grandchild",)).start()


if __name__ == "__main__":
    process = multiprocessing.Process(target=work, daemon=True)
    process.start()
    process.join()
