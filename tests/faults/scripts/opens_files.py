# outcome: error OSError
# says: Too many open files
kept = []
while True:
    kept.append(open("/dev/null"))
