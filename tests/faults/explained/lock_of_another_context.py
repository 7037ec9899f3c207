import multiprocessing

if __name__ == "__main__":
    lock = multiprocessing.get_context("fork").Lock()
    process = multiprocessing.get_context("spawn").Process(target=print, args=(lock,))
    process.start()
    process.join()
