"""The process that does the runs: one for all of them on Linux, replaced where it was killed."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.waiting import until

import spawnable
from spawnable.python import Python
from spawnable.run import RunError, close, run
from spawnable.snippet import Limits, Snippet
from spawnable.transcript import Transcript

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or "SPAWNABLE_PORTABLE" in os.environ, reason="elsewhere each run has one of its own"
)
#: see `children` in conftest.py
Children = Callable[[], list[psutil.Process]]
SAYS = Snippet("wardens:says", "print('here')\n")
#: seconds in which a process of ours does what it is told on a busy machine
PATIENCE = 20


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """None before, and none after."""
    close()
    yield
    close()


def running() -> list[psutil.Process]:
    """The scripts that run."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it has ended
            if "main.py" in child.cmdline():
                found.append(child)
    return found


def said(transcript: Transcript) -> str:
    """All that a run printed."""
    return "".join(chunk.text for chunk in transcript.chunks)


def test_many_at_once(children: Children) -> None:
    """Runs at the same time are done by one process, each with its own output and its own process ids."""
    met: list[Transcript] = []
    gate = threading.Barrier(6)

    def ask(number: int) -> None:
        gate.wait()
        snippet = Snippet(f"wardens:{number}", f"import time\ntime.sleep(0.5)\nprint({number})\n")
        met.append(run(snippet, "spawn"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said(transcript) for transcript in met) == [f"{number}\n" for number in range(6)]
    assert len({transcript.processes[0].pid for transcript in met}) == 1
    assert len(children()) == 1


def test_killed_while_idle(children: Children) -> None:
    """The next run starts another one, and nothing of the old one stays."""
    run(SAYS, "fork")
    (old,) = children()
    keepers = old.children(recursive=True)
    old.kill()
    until(lambda: old.status() == psutil.STATUS_ZOMBIE)  # whoever asks sooner asks one that is about to end
    _, alive = psutil.wait_procs([*keepers], PATIENCE)
    assert not alive
    assert said(run(SAYS, "fork")) == "here\n"
    (new,) = children()
    assert new.pid != old.pid


def test_killed_while_it_works(children: Children) -> None:
    """The run that goes on is an error that says so, and the next one is done."""
    told: list[str] = []

    def ask() -> None:
        try:
            run(Snippet("wardens:sleeps", "import time\ntime.sleep(60)\n"), "fork")
        except RunError as error:
            told.append(str(error))

    thread = threading.Thread(target=ask)
    run(SAYS, "fork")
    (old,) = children()
    thread.start()
    while not running():
        assert thread.is_alive()
    os.kill(old.pid, signal.SIGKILL)
    thread.join(PATIENCE)
    assert told == ["wardens:sleeps: the process that watches the run ended before the run did"]
    assert said(run(SAYS, "fork")) == "here\n"


def test_stopped_while_it_works(children: Children, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what watches a run gives no word long after its limit, the error says so, and the next run is done."""
    for module in ("spawnable.run.linux.asked", "spawnable.run.client"):
        monkeypatch.setattr(f"{module}.PATIENCE", 0.5)
    told: list[str] = []

    def ask() -> None:
        try:
            run(Snippet("wardens:stopped", "import time\ntime.sleep(60)\n", limits=Limits(time=8)), "fork")
        except RunError as error:
            told.append(str(error))

    run(SAYS, "fork")
    (warden,) = children()
    thread = threading.Thread(target=ask)
    thread.start()
    while not (scripts := running()):
        assert thread.is_alive()
    watching = [parent for parent in scripts[0].parents() if warden in parent.parents()]
    for process in watching:
        process.suspend()
    thread.join(PATIENCE)
    assert told == [
        "wardens:stopped: no word of the run 0.5 s after its limit of 8 s: is the machine too busy to watch it?"
    ]
    assert said(run(SAYS, "fork")) == "here\n"
    _, alive = psutil.wait_procs([*watching, *scripts], PATIENCE)
    assert not alive


def test_other_limits_between() -> None:
    """A run with the network or another number of processes gets what it asks for, and the next one does not."""
    code = "import os\nprint(len(os.listdir('/sys/class/net')), len(open('/proc/net/dev').readlines()) - 2)\n"
    alone, network = Snippet("wardens:net", code), Snippet("wardens:net", code, limits=Limits(network=True))
    first = said(run(alone, "fork"))
    wide = said(run(network, "fork"))
    assert said(run(alone, "fork")) == first
    assert first.split()[1] == "1"
    assert int(wide.split()[1]) == len(Path("/proc/net/dev").read_text(encoding="ascii").splitlines()) - 2
    forks = "import os, time\nfor _ in range(10):\n    os.fork() or time.sleep(20)\n"
    few = Snippet("wardens:forks", forks, limits=Limits(processes=5))
    assert run(few, "fork").ended == "processes"
    assert said(run(SAYS, "fork")) == "here\n"


#: has six runs at once where no namespaces can be had, and tells how each ended and whether it says that it had none
NESTED = """
import threading

from spawnable.run import close, run
from spawnable.snippet import Snippet

told = []
gate = threading.Barrier(6)


def ask(number):
    gate.wait()
    transcript = run(Snippet(f"nested:{number}", "print(1)"), "fork")
    told.append((transcript.ended, any("refused it namespaces" in text for text in transcript.unknown)))


threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
close()
print(told.count(("exit", True)))
"""


def test_many_are_refused_at_once() -> None:
    """Where the system refuses namespaces, here as to any run, each of the first runs is done without."""
    with_package = replace(Python.current(), paths=(str(Path(spawnable.__file__).parents[1]),))
    limits = Limits(time=60, processes=400)
    transcript = run(Snippet("wardens:nested", NESTED, limits=limits), "fork", with_package)
    assert said(transcript) == "6\n"


def test_network_is_for_those_that_ask() -> None:
    """A keeper with the machine's network, asked for while others were on their way, serves no other run."""
    code = "print(len(open('/proc/net/dev').readlines()) - 2)\n"
    gate, met = threading.Barrier(6), []

    def ask(number: int) -> None:
        gate.wait()
        limits = Limits(network=number % 2 == 0)
        met.append((limits.network, said(run(Snippet(f"wardens:net-{number}", code, limits=limits), "fork"))))

    for _ in range(3):
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {interfaces for network, interfaces in met if not network} == {"1\n"}
    assert len({interfaces for network, interfaces in met if network}) == 1
