# outcome: exit 1 | error EOFError
input("your name? ")
