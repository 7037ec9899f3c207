# outcome: stuck
while True:
    pass
