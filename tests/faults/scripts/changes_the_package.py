# outcome: ok | leaves file
import os, sitecustomize
for change in (lambda: open(sitecustomize.__file__, "a"), lambda: os.remove(sitecustomize.__file__), lambda: os.chmod(sitecustomize.__file__, 0), lambda: os.utime(sitecustomize.__file__), lambda: os.rename(os.path.dirname(sitecustomize.__file__), "/tmp/hostile")):
    try:
        change()
        print("changed")
    except OSError:
        print("refused")
