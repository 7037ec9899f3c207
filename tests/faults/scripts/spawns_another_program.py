# outcome: exit 3
import os, sys
pid = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 3"], {})
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
