"""Check the types of extracted cells: `type_cells.py CELLS`, CELLS being `page/cell/file`.

Cells of one file are checked in one go, under the name of their page and cell; a cell
with companions is checked in its folder, where it finds them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

MYPY = [
    *(sys.executable, "-m", "mypy", "--strict"),
    "--config-file=",  # not the package's settings: cells lie outside of it
    "--python-version=3.15",  # a cell may show what is new
    "--ignore-missing-imports",  # and other distributions, which are not installed here
    "--disable-error-code=import-untyped",
    "--disable-error-code=var-annotated",  # `queue = Queue()` is how every reader writes it
    f"--cache-dir={Path('.mypy_cache/cells').resolve()}",
]


def main(cells: Path) -> int:
    """Return 0 if every cell is strictly typed; mypy tells the faults."""
    single = cells.with_name(f"{cells.name}-typed")
    shutil.rmtree(single, ignore_errors=True)
    single.mkdir(parents=True)
    folders = sorted({path.parent for path in cells.rglob("*.py")})
    failed = False
    for folder in folders:
        files = sorted(folder.glob("*.py"))
        if len(files) == 1:
            name = "__".join(re.sub(r"\W", "_", part) for part in folder.relative_to(cells).parts)
            shutil.copyfile(files[0], single / f"{name}.py")
            continue
        print(f"{folder}:", flush=True)
        failed |= subprocess.run([*MYPY, "."], cwd=folder, check=False).returncode != 0
    if any(single.iterdir()):
        print(f"{cells}, cells of one file:", flush=True)
        failed |= subprocess.run([*MYPY, str(single)], check=False).returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
