"""`spawnable.recipes.usable_cpus`: what the user says, else the CPUs allowed, else the time granted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.recipes import jobs_usable_cpus as jobs

from spawnable.recipes import file_of
from spawnable.recipes.usable_cpus import cpu_quota, usable_cpus

V2 = "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = (
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
    "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
)


class System:
    """A folder with files as Linux has them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> System:
        """Write a file below the folder."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return self

    def mount(self, group: str, mounts: str) -> System:
        """Say which groups the process is in, and where groups are mounted."""
        return self.write("proc/self/cgroup", group).write("proc/self/mountinfo", mounts)

    def limit(self, folder: str, quota: int, period: int) -> System:
        """Limit a group of version 1."""
        self.write(f"{folder}/cpu.cfs_quota_us", f"{quota}\n")
        return self.write(f"{folder}/cpu.cfs_period_us", f"{period}\n")


@pytest.fixture
def system(tmp_path: Path) -> System:
    """A system without any file."""
    return System(tmp_path)


@pytest.fixture(autouse=True)
def _four_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests run where four CPUs are allowed and nothing was said, whatever the machine has."""
    monkeypatch.setattr(os, "process_cpu_count", lambda: 4, raising=False)
    monkeypatch.delenv("PYTHON_CPU_COUNT", raising=False)
    monkeypatch.delitem(sys._xoptions, "cpu_count", raising=False)


@pytest.mark.parametrize(
    ("limit", "quota", "cpus"),
    [
        ("max 100000", None, 4),
        ("200000 100000", 2.0, 2),
        ("250000 100000", 2.5, 3),
        ("50000 100000", 0.5, 1),
        ("1000 1000000", 0.001, 1),
        ("900000 100000", 9.0, 4),
        ("", None, 4),
        ("nonsense", None, 4),
        ("5 0", None, 4),
    ],
)
def test_version_2(system: System, limit: str, quota: float | None, cpus: int) -> None:
    """The quota of a container is its time by its period, and rounded up it is how many CPUs are usable."""
    system.mount("0::/\n", V2).write("sys/fs/cgroup/cpu.max", f"{limit}\n")
    assert cpu_quota(system.root) == quota
    assert usable_cpus(system.root) == cpus


@pytest.mark.parametrize(("limit", "period", "quota"), [(-1, 100000, None), (150000, 100000, 1.5), (5000, 10000, 0.5)])
def test_version_1(system: System, limit: int, period: int, quota: float | None) -> None:
    """In version 1 the group of the controller `cpu` counts, and -1 is no limit."""
    system.mount("4:cpuset:/other\n3:cpu,cpuacct:/\n1:name=systemd:/x\n0::/\n", V1)
    system.limit("sys/fs/cgroup/cpu,cpuacct", limit, period).limit("sys/fs/cgroup/cpuset/other", 1, 1000)
    assert cpu_quota(system.root) == quota


def test_both_versions(system: System) -> None:
    """Where both versions are mounted the lesser limit holds."""
    system.mount("3:cpu,cpuacct:/a\n0::/b\n", V1 + V2.replace("/sys/fs/cgroup", "/sys/fs/cgroup/unified"))
    system.limit("sys/fs/cgroup/cpu,cpuacct/a", 300, 100).write("sys/fs/cgroup/unified/b/cpu.max", "max 100")
    assert cpu_quota(system.root) == 3
    system.write("sys/fs/cgroup/unified/cpu.max", "200 100")
    assert cpu_quota(system.root) == 2


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits=st.lists(st.none() | st.integers(1, 10_000), min_size=1, max_size=5))
def test_groups_inside_groups(system: System, limits: list[int | None]) -> None:
    """Of groups one inside another the least limit holds, wherever it is."""
    system.mount("0::" + "/g" * (len(limits) - 1) + "\n", V2)
    for depth, limit in enumerate(limits):
        name = "max" if limit is None else str(limit)
        system.write("sys/fs/cgroup" + "/g" * depth + "/cpu.max", f"{name} 1000\n")
    known = [limit / 1000 for limit in limits if limit is not None]
    assert cpu_quota(system.root) == min(known, default=None)


@pytest.mark.parametrize("group", ["/docker/abc", "/docker/abc/inner", "/", "/../elsewhere"])
def test_part_of_the_tree_is_mounted(system: System, group: str) -> None:
    """A container sees its own group as the top, and may be told the name that it has outside."""
    system.mount(f"0::{group}\n", V2.replace(" / ", " /docker/abc "))
    system.write("sys/fs/cgroup/cpu.max", "200000 100000").write("sys/fs/cgroup/inner/cpu.max", "100000 100000")
    assert cpu_quota(system.root) == (1 if group.endswith("inner") else 2)


def test_name_with_a_space(system: System) -> None:
    """A place whose name has a space is found, and a group whose name has a colon."""
    system.mount("0::/a:b\n", V2.replace("/sys/fs/cgroup", r"/sys/my\040groups"))
    system.write("sys/my groups/a:b/cpu.max", "100000 100000")
    assert cpu_quota(system.root) == 1


@pytest.mark.parametrize("odd", ["", "0", "3:cpu", "31 23 0:28 / - cgroup2", "- cgroup2 cgroup2 rw", " - ", "cgroup2"])
def test_line_that_is_not_understood(system: System, odd: str) -> None:
    """A line as no kernel writes it is left out, before and behind those that are understood."""
    system.mount(f"{odd}\n0::/\n{odd}\n", f"{odd}\n{V2}{odd}\n").write("sys/fs/cgroup/cpu.max", "200 100")
    assert cpu_quota(system.root) == 2


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.tuples(*[st.text(st.sampled_from("0123 :/\\,-\n\0cgroup2maxrw")) | st.text()] * 3))
def test_any_text(system: System, texts: tuple[str, str, str]) -> None:
    """Whatever stands in the files of the system, the answer is a number of CPUs."""
    group, mounts, limit = (text.encode("utf-8", "replace").decode() for text in texts)
    system.mount(f"{group}\n0::/\n", f"{V2}{mounts}").write("sys/fs/cgroup/cpu.max", limit)
    assert 1 <= usable_cpus(system.root) <= 4


def test_mount_with_a_name_that_no_file_has(system: System) -> None:
    """A place whose name has a NUL is no place."""
    system.mount("0::/\n", V2.replace("/sys/fs/cgroup", r"/sys\000"))
    assert cpu_quota(system.root) is None


def test_no_groups(system: System) -> None:
    """Where there are no such files, as on macOS and Windows, there is no quota."""
    assert cpu_quota(system.root) is None
    assert usable_cpus(system.root) == 4


def test_other_pythons(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `process_cpu_count` it is what the thread may run on, and without that, all CPUs; never 0."""
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5, 7}, raising=False)
    assert usable_cpus(system.root) == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert usable_cpus(system.root) == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cpus(system.root) == 1
    monkeypatch.setattr(os, "process_cpu_count", lambda: None, raising=False)
    assert usable_cpus(system.root) == 1


def test_user_says_it(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user says holds against all else, the option before the variable; `default` says nothing."""
    system.mount("0::/\n", V2).write("sys/fs/cgroup/cpu.max", "100 100")
    for text in (" 06", "+6", "6"):
        monkeypatch.setenv("PYTHON_CPU_COUNT", text)
        assert usable_cpus(system.root) == 6
    monkeypatch.setitem(sys._xoptions, "cpu_count", "9")
    assert usable_cpus(system.root) == 9
    monkeypatch.setitem(sys._xoptions, "cpu_count", "default")
    assert usable_cpus(system.root) == 1
    monkeypatch.delitem(sys._xoptions, "cpu_count")
    monkeypatch.setenv("PYTHON_CPU_COUNT", "default")
    assert usable_cpus(system.root) == 1
    monkeypatch.setenv("PYTHON_CPU_COUNT", "")
    assert usable_cpus(system.root) == 1


@pytest.mark.parametrize("text", ["many", "0", "-1", "1.5", " "])
def test_user_says_no_number(system: System, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Something else than a number over 0 is an error that shows it, as Python 3.13 makes it one at its start."""
    monkeypatch.setenv("PYTHON_CPU_COUNT", text)
    with pytest.raises(ValueError, match=f"no number of CPUs: '{text}'"):
        usable_cpus(system.root)


@pytest.mark.parametrize(
    ("options", "variable", "cpus"),
    [((), "5", 5), (("-X", "cpu_count=3"), "5", 3), (("-X", "cpu_count=default"), "5", None), (("-E",), "5", None)],
)
def test_user_says_it_to_a_real_python(options: tuple[str, ...], variable: str, cpus: int | None) -> None:
    """A Python that is started with an option or the variable counts as it was told, as does 3.13 itself."""
    program = (
        "import os, runpy, sys; recipe = runpy.run_path(sys.argv[1]); "
        "print(recipe['usable_cpus'](), getattr(os, 'process_cpu_count', recipe['usable_cpus'])())"
    )
    command = [sys.executable, *options, "-c", program, str(file_of("usable_cpus"))]
    run = subprocess.run(  # noqa: PLW1510
        command, env={**os.environ, "PYTHON_CPU_COUNT": variable}, capture_output=True, text=True
    )
    assert run.stderr == ""
    counts = {int(word) for word in run.stdout.split()}
    assert cpus is None or counts == {cpus}
    assert min(counts) >= 1


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only some systems confine a process to CPUs")
def test_process_that_is_confined(context: Any, system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that may run on one CPU only counts one, and counted all that were allowed before."""
    monkeypatch.undo()  # a forked process would be told of four, too
    monkeypatch.delenv("PYTHON_CPU_COUNT", raising=False)
    with context.Pool(1) as pool:
        before, after = pool.apply(jobs.count_with_one, (system.root,))
        pool.close()
        pool.join()
    assert (before, after) == (len(os.sched_getaffinity(0)), 1)
