# outcome: leaves file
import os
os.symlink("/", "hostile-root")
os.symlink("/etc", f"{os.environ['TMPDIR']}/hostile-etc")
os.symlink(".", "hostile-loop")
for name in ("hostile-root/etc/hostile", "hostile-root/usr/hostile"):
    try:
        open(name, "w").close()
        print("written")
    except OSError:
        pass
