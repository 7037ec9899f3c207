import multiprocessing


def work():
    print("at work")


process = multiprocessing.Process(target=work)
process.start()
process.join()
