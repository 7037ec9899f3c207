# outcome: error EOFError
input("your name? ")
