# outcome: stuck
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, signal.NSIG))
while True:
    time.sleep(1)
