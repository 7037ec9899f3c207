import multiprocessing


def work(queue):
    queue.put(bytes(1_000_000))


if __name__ == "__main__":
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=work, args=(queue,))
    process.start()
    process.join()
    queue.get()
