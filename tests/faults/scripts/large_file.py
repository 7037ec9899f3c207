# outcome: error OSError
# limits: disk=50_000_000
with open("hostile-large", "wb") as file:
    for _ in range(2000):
        file.write(b"x" * 1_000_000)
