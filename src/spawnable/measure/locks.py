"""What it takes to change a shared number, alone and with others, and how many changes are lost.

As many processes as `processes` add one to the same number, again and again, each as often as
the others; the number starts at 0, so what is missing at the end was lost.  `change_us` is the
time from the moment when all begin to the moment when the last is done, divided by all changes:
with locks that cost nothing, it would fall with each process.  `lost_percent` is the part of
the changes that nobody finds in the number, `slower_ratio` how many times as long a change takes as
in a process's own memory.

Parts: `change` is nothing but changes; in `work` each change follows some work of the process's
own, `work_us` long, as in a program that does more than count.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.managers import SyncManager
from typing import Any

from spawnable.measure.busy import loops_per_us, spin
from spawnable.measure.chart import Chart
from spawnable.measure.plan import Plan
from spawnable.measure.sampling import in_turns, spread, timed
from spawnable.measure.table import Row, Table, Value

__all__ = ["CHARTS", "WAYS", "measure"]

#: seconds of a round of one way with one number of processes
_ROUND, _TRIAL = 0.08, 0.002
_WORK_US = 100

CHARTS = (
    Chart(
        "A change of a shared number, by how many processes change it",
        x="way",
        y="change_us",
        series="processes",
        where={"part": "change"},
        log="y",
        y_title="time for each change",
        name="change",
    ),
    Chart(
        "Changes that two processes lost",
        x="way",
        y="lost_percent",
        where={"part": "change", "processes": 2},
        y_title="part of the changes",
        name="lost",
    ),
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way of adding one to a number again and again."""

    #: makes what the processes share, of a manager
    make: Callable[[SyncManager], tuple[Any, Any]]
    #: adds one so many times, each after so many loops of work
    add: Callable[[Any, Any, int, int], None]
    #: reads the number
    read: Callable[[Any], int]
    #: whether no change is lost
    safe: bool = True


def _own(number: Any, lock: Any, times: int, loops: int) -> None:
    del number, lock
    own = [0]
    for _ in range(times):
        spin(loops)
        own[0] += 1


def _value(number: Any, lock: Any, times: int, loops: int) -> None:
    del lock
    for _ in range(times):
        spin(loops)
        number.value += 1


def _locked(number: Any, lock: Any, times: int, loops: int) -> None:
    for _ in range(times):
        spin(loops)
        with lock:
            number.value += 1


def _once(number: Any, lock: Any, times: int, loops: int) -> None:
    own = 0
    for _ in range(times):
        spin(loops)
        own += 1
    with lock:
        number.value += own


def _dict(number: Any, lock: Any, times: int, loops: int) -> None:
    del lock
    for _ in range(times):
        spin(loops)
        number["n"] += 1


def _dict_locked(number: Any, lock: Any, times: int, loops: int) -> None:
    for _ in range(times):
        spin(loops)
        with lock:
            number["n"] += 1


def _raw(lock: Callable[[], Any]) -> Callable[[SyncManager], tuple[Any, Any]]:
    return lambda _: (multiprocessing.RawValue("q", 0), lock())


def _with_own_lock(_: SyncManager) -> tuple[Any, Any]:
    number = multiprocessing.Value("q", 0)
    return number, number.get_lock()


def _read(number: Any) -> int:
    return int(number.value)


def _item(number: Any) -> int:
    return int(number["n"])


#: by name, in the order of the tables
WAYS: dict[str, Way] = {
    "own memory": Way(lambda _: (None, None), _own, lambda _: -1),
    "RawValue, no lock": Way(_raw(lambda: None), _value, _read, safe=False),
    "Value +=": Way(_with_own_lock, _value, _read, safe=False),
    "Value, get_lock()": Way(_with_own_lock, _locked, _read),
    "RawValue, Lock": Way(_raw(multiprocessing.Lock), _locked, _read),
    "RawValue, RLock": Way(_raw(multiprocessing.RLock), _locked, _read),
    "RawValue, Semaphore": Way(_raw(multiprocessing.Semaphore), _locked, _read),
    "Manager dict": Way(lambda manager: (manager.dict(n=0), None), _dict, _item, safe=False),
    "Manager dict, Manager Lock": Way(lambda manager: (manager.dict(n=0), manager.Lock()), _dict_locked, _item),
    "Manager dict, Lock": Way(lambda manager: (manager.dict(n=0), multiprocessing.Lock()), _dict_locked, _item),
    "counted alone, added once": Way(_with_own_lock, _once, _read),
}


class _Crew:
    """Processes that change one number when told to, so often as told."""

    def __init__(self, way: Way, manager: SyncManager, processes: int, loops: int) -> None:
        self.way, self.processes = way, processes
        # a manager forgets what the parent no longer holds
        self.number, self.lock = way.make(manager)
        ends = [multiprocessing.Pipe() for _ in range(processes)]
        self.ends = [mine for mine, _ in ends]
        self.crew = [
            multiprocessing.Process(target=_work, args=(way.add, self.number, self.lock, loops, theirs))
            for _, theirs in ends
        ]
        for process in self.crew:
            process.start()
        for _, theirs in ends:
            theirs.close()

    def change(self, times: int) -> None:
        """Let each change the number so many times, and wait for all."""
        for end in self.ends:
            end.send(times)
        for end in self.ends:
            end.recv()

    def end(self) -> None:
        """Let all end, and wait for them."""
        for end in self.ends:
            with suppress(OSError):  # one that has failed has closed its end
                end.send(0)
            end.close()
        for process in self.crew:
            process.join()


def _work(add: Callable[[Any, Any, int, int], None], number: Any, lock: Any, loops: int, end: Connection) -> None:
    while times := end.recv():
        add(number, lock, times, loops)
        end.send(times)
    end.close()


@contextmanager
def _crew(way: Way, manager: SyncManager, processes: int, loops: int) -> Iterator[_Crew]:
    crew = _Crew(way, manager, processes, loops)
    try:
        yield crew
    finally:
        crew.end()


def measure(plan: Plan) -> Table:
    """Measure locks; see the module's text."""
    rows: list[Row] = []
    counts = (2,) if plan.quick else (1, 2, 4)
    loops = int(_WORK_US * loops_per_us())
    with multiprocessing.Manager() as manager:
        rows += _part("change", WAYS, counts, 0, manager, plan.part(0.75))
        if not plan.quick:
            rows += _part("work", WAYS, (2,), loops, manager, plan.part(0.15))
    return Table("locks", tuple(rows))


def _part(
    part: str, ways: Mapping[str, Way], counts: tuple[int, ...], loops: int, manager: SyncManager, plan: Plan
) -> Iterator[Row]:
    """Give the rows of a part; every round counts in each way with each number of processes."""
    lost: dict[tuple[str, int], list[float]] = {(name, count): [] for name in ways for count in counts}
    with ExitStack() as stack:
        cases = {}
        for (name, count), percent in lost.items():
            crew = stack.enter_context(_crew(ways[name], manager, count, loops))
            times = _times(crew, _TRIAL if plan.quick else _ROUND)
            cases[name, count] = partial(_change_us, crew, times, percent)
        found = in_turns(cases, plan, warm_up=0)
    for (name, count), each in found.items():
        own = found["own memory", count]
        slower = [one / other for one, other in zip(each, own, strict=True)]
        row: dict[str, Value] = {"part": part, "way": name, "processes": count}
        row |= {"work_us": _WORK_US} if loops else {}
        row |= {**spread("change_us", each), **spread("slower_ratio", slower)}
        yield row if name == "own memory" else {**row, **spread("lost_percent", lost[name, count])}


def _times(crew: _Crew, seconds: float) -> int:
    """Return how many changes of each process take about so many seconds."""
    few = 8
    took = min(timed(partial(crew.change, few)) for _ in range(2))
    some = max(few, int(few * seconds / took / 10))
    took = timed(partial(crew.change, some))
    return max(few, int(some * seconds / took))


def _change_us(crew: _Crew, times: int, lost: list[float]) -> float:
    """Return the microseconds of a change, and note the part of the changes that was lost."""
    before = crew.way.read(crew.number)
    seconds = timed(partial(crew.change, times))
    changes = times * crew.processes
    counted = crew.way.read(crew.number) - before
    lost.append((changes - counted) / changes * 100)
    return seconds / changes * 1e6
