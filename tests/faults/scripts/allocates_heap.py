# outcome: stopped memory
# limits: memory=300_000_000 time=10
kept = []
while True:
    kept.append(b"x" * 1_000_000)
