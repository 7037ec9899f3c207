# outcome: error OSError
open("/dev/tty").read()
