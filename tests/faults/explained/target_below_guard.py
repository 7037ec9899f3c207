import multiprocessing

if __name__ == "__main__":

    def work():
        print("at work")

    process = multiprocessing.Process(target=work)
    process.start()
    process.join()
