# outcome: error OSError | exit -7 | error OSError and leaves shared memory
# limits: disk=50_000_000
with open("/dev/shm/hostile-full", "wb") as file:
    while True:
        file.write(b"x" * 1_000_000)
