import multiprocessing

if __name__ == "__main__":
    reader, writer = multiprocessing.Pipe(duplex=False)
    reader.close()
    writer.send("anybody there?")
