import multiprocessing

if __name__ == "__main__":
    process = multiprocessing.Process(target=lambda: print("at work"))
    process.start()
    process.join()
