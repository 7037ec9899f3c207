import multiprocessing

if __name__ == "__main__":
    queue = multiprocessing.JoinableQueue()
    queue.put(1)
    queue.get()
    queue.join()
