import multiprocessing


def main():
    def work():
        print("at work")

    process = multiprocessing.Process(target=work)
    process.start()
    process.join()


if __name__ == "__main__":
    main()
