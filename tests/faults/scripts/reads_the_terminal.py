# outcome: error FileNotFoundError
open("/dev/tty").read()
