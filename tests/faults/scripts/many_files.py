# outcome: error OSError | leaves file
# limits: time=20
for number in range(1_000_000):
    open(f"hostile-{number}", "w").close()
