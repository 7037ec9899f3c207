# outcome: leaves shared memory and leaves file
import os
for name in (b"hostile-\xff\xfe", b"hostile-\n\x1b[2J", "hostile-<script>alert(1)</script>".replace("/", "_").encode(), b"-rf"):
    open(name, "w").close()
    with open(b"/dev/shm/" + name, "w") as file:
        file.write("x")
