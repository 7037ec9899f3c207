import multiprocessing

if __name__ == "__main__":
    queue = multiprocessing.Queue()
    queue.put(lambda: None)
    queue.close()
    queue.join_thread()
