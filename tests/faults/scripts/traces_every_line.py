# outcome: ok
# says: done
import multiprocessing, sys, threading
def trace(frame, event, argument):
    raise SystemExit if frame.f_code.co_name == "nothing" else None
if __name__ == "__main__":
    sys.settrace(lambda *arguments: None)
    threading.settrace(lambda *arguments: None)
    process = multiprocessing.Process(target=int)
    process.start()
    process.join()
    print("done")
