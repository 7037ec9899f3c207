# outcome: stopped memory
# limits: memory=300_000_000 time=10
import threading
def work():
    kept = []
    while True:
        kept.append(b"x" * 1_000_000)
for _ in range(10):
    threading.Thread(target=work).start()
