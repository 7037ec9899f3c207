"""What keeps a run apart from the machine, and what is told where a part of that is missing."""

from __future__ import annotations

import os
import platform
import socket
import tempfile
from pathlib import Path

import pytest

from spawnable.python import Python
from spawnable.run import RunError, close, run
from spawnable.snippet import Limits, Snippet
from spawnable.transcript import Transcript

pytestmark = pytest.mark.skipif(platform.system() != "Linux", reason="namespaces are Linux's")


def did(code: str, **limits: float) -> Transcript:
    """Run a script under fork."""
    return run(Snippet("x", code, limits=Limits(**limits)), "fork")  # type: ignore[arg-type]


@pytest.fixture
def contained() -> None:
    """Skip where the system lets a run have no namespaces."""
    transcript = did("print()")
    if transcript.watched != "namespace" or transcript.unknown:
        pytest.skip(f"the system refuses: {transcript.unknown}")


def test_a_script_has_no_privileges(contained: None) -> None:
    """No capability is left, none can be had again, and a system call filter is in place."""
    code = "print(*(line for line in open('/proc/self/status') if line.startswith(('Cap', 'NoNewPrivs'))), sep='')"
    fields = dict(line.split(":\t") for line in did(code).text.split("\n") if line)
    assert fields.pop("NoNewPrivs") == "1"
    assert {name: int(value, 16) for name, value in fields.items()} == dict.fromkeys(fields, 0)
    assert "CapBnd" in fields


@pytest.mark.parametrize(
    "call",
    [
        "resource.prlimit(1, resource.RLIMIT_NOFILE, (5, 5))",
        "os.sched_setaffinity(1, [0])",
        "os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0))",
        "os.setpriority(os.PRIO_PROCESS, 1, 19)",
        "os.setpriority(os.PRIO_USER, 0, 19)",
        "os.open('/proc/1/fd/0', os.O_RDONLY)",
        "open('/proc/1/mem', 'rb')",
        "checked(libc.unshare(0x10000000))",  # CLONE_NEWUSER
        "checked(libc.unshare(0x20000))",  # CLONE_NEWNS
        "checked(libc.mount(b'none', b'/mnt', b'tmpfs', 0, None))",
        "checked(libc.mount(None, b'/', None, 0x1020, None))",  # remounted writable
        "checked(libc.umount2(b'/proc/sys', 2))",
        "checked(libc.ptrace(16, 1, None, None))",  # PTRACE_ATTACH
        "os.mknod('disk', 0o60600, os.makedev(8, 0))",
        "os.chown('main.py', 1, 1)",
        "os.chroot('.')",
        "open('/proc/sys/kernel/core_pattern', 'w')",
        "open('/proc/sysrq-trigger', 'w')",
        "open('/sys/power/state', 'w')",
        "os.mkdir('/dev/own')",
        "open('/dev/sda', 'wb')",
        "open('/dev/kmsg', 'w')",
        "open('/dev/tty', 'w')",
    ],
)
def test_the_machine_and_the_watcher_are_out_of_reach(contained: None, call: str) -> None:
    """Each fails with an OSError that the script sees; nothing is changed."""
    code = f"""
import ctypes, os, resource

libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result:
        raise OSError(ctypes.get_errno(), "refused")


try:
    {call}
    print("done")
except OSError:
    print("refused")
"""
    assert did(code).text == "refused\n"


def test_what_a_script_needs_of_dev_is_there(contained: None) -> None:
    """The null device, random bytes, a pseudo-terminal, its own shared memory; no device of the machine."""
    code = """
import os, sys
from multiprocessing import shared_memory

with open("/dev/null", "w") as null:
    null.write("x")
with open("/dev/urandom", "rb") as random, open("/dev/zero", "rb") as zero:
    print(len(random.read(8)), zero.read(2))
own, other = os.openpty()
print(os.ttyname(other))
memory = shared_memory.SharedMemory(create=True, size=10)
memory.close()
memory.unlink()
print("again", file=sys.stderr)
print(sorted(os.listdir("/dev")))
"""
    names = "['fd', 'full', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'urandom', 'zero']"
    assert did(code).text == f"8 b'\\x00\\x00'\n/dev/pts/0\nagain\n{names}\n"


def test_the_sockets_of_the_machine_can_not_be_reached(contained: None) -> None:
    """Neither one in a temporary folder, nor one in /run, nor one elsewhere."""
    # the path of a socket has at most 107 bytes
    folders = [Path(tempfile.gettempdir()), Path("/run"), Path("/var/lib"), Path.cwd()]
    names = [str(folder / f"spawnable {os.getpid()}") for folder in folders if os.access(folder, os.W_OK)]
    sockets = [socket.socket(socket.AF_UNIX) for _ in names]
    try:
        for name, listening in zip(names, sockets, strict=True):
            listening.bind(name)
            listening.listen()
        code = f"""
import socket

for name in {names!r}:
    try:
        socket.socket(socket.AF_UNIX).connect(name)
        print("connected")
    except OSError:
        print("refused")
"""
        assert did(code).text == "refused\n" * len(names)
    finally:
        for name, listening in zip(names, sockets, strict=True):
            listening.close()
            Path(name).unlink(missing_ok=True)


def test_a_missing_interpreter_is_an_error_that_names_it() -> None:
    """It is no run that ended with some exit code."""
    python = Python("/nowhere/python3.99", "3.99.0", "0" * 64)
    with pytest.raises(RunError, match=r"/nowhere/python3\.99 could not be started: .*No such file"):
        run(Snippet("x", "print()"), "fork", python)
    assert did("print('well')").text == "well\n"


def test_a_run_without_namespaces_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not kept apart is among what was not observed."""
    close()
    monkeypatch.setenv("SPAWNABLE_NO_NAMESPACE", "1")
    try:
        transcript = did("print('well')")
    finally:
        close()
    assert transcript.text == "well\n"
    assert [text for text in transcript.unknown if "namespaces" in text]
