# outcome: ok
# forkserver: stuck
# says: done
import multiprocessing, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if __name__ == "__main__":
    process = multiprocessing.Process(target=int)
    process.start()
    process.join()
    print("done")
