# outcome: ok
import multiprocessing
if __name__ == "__main__":
    process = multiprocessing.Process(target=print, args=("named",), name='<script>alert(1)</script>" onload="x\n\x1b[2J\udcff')
    process.start()
    process.join()
