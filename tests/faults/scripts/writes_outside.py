# outcome: ok | leaves file
import os, pwd, sysconfig, multiprocessing, sitecustomize
home = pwd.getpwuid(os.getuid()).pw_dir
package = os.path.dirname(os.path.dirname(sitecustomize.__file__))
for folder in (home, "/etc", "/usr/local/lib", "/opt", package, f"{package}/inject/__pycache__", sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), "/sys/fs/cgroup", "/dev", "/run", "/"):
    try:
        with open(f"{folder}/hostile", "w"):
            assert folder.startswith('/tmp/')  # a copy of it
    except OSError:
        pass
