# outcome: ok
# lacks: made
import shutil, subprocess
if shutil.which("unshare"):
    subprocess.run(["unshare", "-Urmpf", "--mount-proc", "sh", "-c", "mount -t tmpfs x /mnt && echo made"], stderr=subprocess.DEVNULL)
