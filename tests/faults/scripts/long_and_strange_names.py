# outcome: ok
# says: done
import ctypes, os, subprocess, sys, time
libc = ctypes.CDLL(None)
pids = []
for name in (b"x" * 200, b"\xff\xfe\n) R 1 1", b"<script>"):
    pid = os.fork()
    if not pid:
        libc.prctl(15, name, 0, 0, 0)
        time.sleep(0.1)
        os._exit(0)
    pids.append(pid)
subprocess.run([b"/bin/sh", b"-c", b"sleep 0.1", b"\xff\x00"[:1], b"multiprocessing.forkserver import main", b"y" * 100_000])
for pid in pids:
    os.waitpid(pid, 0)
print("done")
