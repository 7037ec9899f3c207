import multiprocessing


def work(queue):
    while queue.get() is not None:
        pass


if __name__ == "__main__":
    queue = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=work, args=(queue,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    queue.put(None)
    for worker in workers:
        worker.join()
