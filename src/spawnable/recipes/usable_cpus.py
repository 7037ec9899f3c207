# SPDX-License-Identifier: 0BSD
"""How many CPUs this process may use, in a container as well.

Copy this file; it needs the standard library alone.

>>> usable_cpus() >= 1
True
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["cpu_quota", "usable_cpus"]

_ROOT = Path("/")
#: a number of so many digits is no quota
_LONG = 20


def usable_cpus(root: Path = _ROOT) -> int:
    """Return how many processes can compute at once, at least 1.

    That is what the user has said by `-X cpu_count` or by
    PYTHON_CPU_COUNT, on Pythons before 3.13 too; or else the CPUs
    that this thread may run on, but no more than the time that a
    control group grants, rounded up.  Where the system tells
    neither, as macOS and Windows do not, it is all CPUs.  A line
    of such a file that is not understood is left out.

    `root` is where the files of the system are looked for.

    Raises ValueError where the user has not said a number.

    >>> usable_cpus() <= (os.cpu_count() or 1)
    True
    """
    said = _said()
    if said is not None:
        return said
    count = _allowed()
    quota = cpu_quota(root)
    return count if quota is None else min(count, math.ceil(quota))


def cpu_quota(root: Path = _ROOT) -> float | None:
    """Return how many CPUs' time the control groups grant.

    2.5 is two and a half seconds of computing in a second, by all
    processes of the group together.  None if there is no limit,
    or no control group.  Versions 1 and 2 are understood; of
    several limits, one inside another, it is the least.

    >>> cpu_quota(Path("no such folder")) is None
    True
    """
    quotas = [
        quota
        for mount, group in _groups(root)
        for folder in _upwards(mount, group)
        if (quota := _quota_of(folder)) is not None
    ]
    return min(quotas, default=None)


def _said() -> int | None:
    """Return the user's own number; the option comes first."""
    text: object = sys._xoptions.get("cpu_count")
    if text is None and not sys.flags.ignore_environment:
        text = os.environ.get("PYTHON_CPU_COUNT") or None
    if text is None or text == "default":
        return None
    if not re.fullmatch(r"\s*\+?0*[1-9][0-9]*", str(text)):
        raise ValueError(f"no number of CPUs: {text!r}")
    return int(str(text))


def _allowed() -> int:
    """Count the CPUs that this thread may run on."""
    if hasattr(os, "process_cpu_count"):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _groups(root: Path) -> Iterator[tuple[Path, Path]]:
    """Give mounts of control groups, and our folder in each."""
    ours = {}
    for line in _lines(root / "proc/self/cgroup"):
        match line.split(":", 2):
            case [_, "", path]:
                ours["cgroup2"] = path
            case [_, names, path] if "cpu" in names.split(","):
                ours["cgroup"] = path
    for line in _lines(root / "proc/self/mountinfo"):
        about, _, rest = line.partition(" - ")
        kind, *more = rest.split(" ")
        options = ",".join(more[1:]).split(",")
        if kind not in ours:
            continue
        if kind == "cgroup" and "cpu" not in options:
            continue
        match about.split(" "):
            case [_, _, _, top, point, *_]:
                top, point = _unescaped(top), _unescaped(point)
            case _:
                continue
        mount = root / point.lstrip("/")
        path = ours[kind]
        if not Path(path).is_relative_to(top):
            path = top  # in a container ours is the top
        yield mount, mount / Path(path).relative_to(top)


def _upwards(mount: Path, group: Path) -> Iterator[Path]:
    """Give the folders of a group and of the groups around it."""
    yield group
    while group != mount:
        group = group.parent
        yield group


def _quota_of(folder: Path) -> float | None:
    """Read the quota of one group, of either version."""
    words = " ".join(_lines(folder / "cpu.max")).split()
    if not words:
        names = "cpu.cfs_quota_us", "cpu.cfs_period_us"
        words = [w for name in names for w in _lines(folder / name)]
    # no limit is "max" in version 2, and -1 in version 1
    words = [w for w in words if w.isdecimal() and len(w) < _LONG]
    numbers = [int(word) for word in words]
    match numbers:
        case [most, period] if most and period:
            return most / period
    return None


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):  # a name with a NUL
        return []
    return text.splitlines()


def _unescaped(text: str) -> str:
    r"""Put back what stands as \040 in a table of mounts."""
    return re.sub(
        r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text
    )
