import multiprocessing


def work(connection):
    connection.close()


if __name__ == "__main__":
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=work, args=(there,))
    process.start()
    there.close()
    process.join()
    here.recv()
