# outcome: stopped processes | error RuntimeError
# limits: time=10
import threading
kept = []
while True:
    kept.append(threading.Thread(target=threading.Event().wait, daemon=True))
    kept[-1].start()
