"""`python -m spawnable.measure SUBJECT`: one subject, measured in this process, as JSON.

Kept small: under `spawn` and `forkserver` every child imports it.
"""

from __future__ import annotations

if __name__ == "__main__":
    from spawnable.measure.apart import main

    main()
