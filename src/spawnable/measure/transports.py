"""How long a message takes from one process to another, and how many bytes pass in a second.

One to one: a child waits for a message of 8 bytes to 64 MiB by each transport.  `latency_us` is
the time from just before the parent sends until the child has the whole message, of one message
at a time, by a clock that all processes share; `send_us` is the part of it for which the
sender is held up.  `throughput_mb_s` and `messages_per_s` are those of many messages sent one
after the other, from the first one sent until the last one received.

Many to many: three processes put into one queue and three take from it.

Messages are `bytes`.  Each transport and size is measured in each round, in turns.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection
from typing import Any

from spawnable.measure.channels import QUEUES, Channel, channels
from spawnable.measure.chart import Chart
from spawnable.measure.plan import Plan
from spawnable.measure.sampling import spread
from spawnable.measure.table import Row, Table

__all__ = ["CHARTS", "measure"]

_SIZES = (8, 1 << 10, 1 << 14, 1 << 16, 1 << 20, 1 << 24, 1 << 26)
_SIZES_OF_MANY = (8, 1 << 10, 1 << 16, 1 << 20)
_MANY = 3
#: messages whose latency is measured in a round, and the bytes after which there are fewer
_MESSAGES, _BYTES = 100, 1 << 25
#: the same of messages that are sent one after the other
_STREAM, _STREAM_BYTES = 500, 1 << 25
#: samples below which a 99th percentile is that of one accident
_P99 = 200
#: of the time, what is for one to one
_ONE = 0.75
#: seconds in which a child ends that was told to
_PATIENCE = 30

_LATENCY = ("Pipe", "SimpleQueue", "Queue", "Manager queue", "shared_memory", "Listener, TCP")
CHARTS = (
    Chart(
        "A small message waits for the processes, a large one for its copies",
        x="size",
        y="latency_us",
        series="transport",
        where={"pattern": "one to one", "transport": _LATENCY},
        log="xy",
        x_title="size of the message",
        y_title="time until it has arrived",
        name="latency",
    ),
    Chart(
        "A message of 8 bytes, one at a time",
        x="transport",
        y="latency_us",
        where={"pattern": "one to one", "size": 8},
        log="y",
        ordered=True,
        y_title="time until it has arrived",
        name="small",
    ),
    Chart(
        "Bytes that pass in a second",
        x="size",
        y="throughput_mb_s",
        series="transport",
        where={"pattern": "one to one", "transport": _LATENCY},
        log="xy",
        x_title="size of each message",
        y_title="throughput",
        name="throughput",
    ),
    Chart(
        "For how long the sender is held up",
        x="size",
        y="send_us",
        series="transport",
        where={"pattern": "one to one", "transport": ("Pipe", "SimpleQueue", "Queue", "Manager queue")},
        log="xy",
        x_title="size of the message",
        y_title="time of the call that sends",
        name="feeder",
    ),
    Chart(
        "What is not pickled is copied less often",
        x="transport",
        y="throughput_mb_s",
        where={"pattern": "one to one", "size": 1 << 24, "transport": ("Pipe", "Pipe, bytes", "Pipe, out of band")},
        y_title="throughput of messages of 16 MiB",
        name="buffers",
    ),
    Chart(
        "Three that put and three that take",
        x="transport",
        y="messages_per_s",
        series="pattern",
        where={"size": 1024, "transport": tuple(QUEUES)},
        y_title="messages of 1 KiB in a second",
        name="many",
    ),
)


@dataclass(slots=True)
class _Samples:
    """What was measured of one transport with one size."""

    latency_us: list[float] = field(default_factory=list)
    send_us: list[float] = field(default_factory=list)
    throughput_mb_s: list[float] = field(default_factory=list)
    messages_per_s: list[float] = field(default_factory=list)

    def add_stream(self, size: int, count: int, seconds: float) -> None:
        self.throughput_mb_s.append(size * count / seconds / 1e6)
        self.messages_per_s.append(count / seconds)

    def cells(self) -> Row:
        """Return the columns of a row."""
        found: dict[str, Any] = {}
        if self.latency_us:
            found |= spread("latency_us", self.latency_us, p99=len(self.latency_us) >= _P99)
            found |= spread("send_us", self.send_us)
        return found | spread("throughput_mb_s", self.throughput_mb_s) | spread("messages_per_s", self.messages_per_s)


def serve(channels_: Mapping[str, Channel], orders: Connection) -> None:
    """Receive and send as a parent orders, in a child, until there is nothing more."""
    while (order := orders.recv()) is not None:
        what, name, size, count = order
        channel = channels_[name]
        if what == "latency":
            arrived = []
            for _ in range(count):
                channel.receive(size)
                arrived.append(time.perf_counter_ns())
                orders.send_bytes(b"")
            orders.send(arrived)
        elif what == "receive":
            for _ in range(count):
                channel.receive(size)
            orders.send(time.perf_counter_ns())
        else:
            message = bytes(size)
            orders.send(time.perf_counter_ns())
            for _ in range(count):
                channel.send(message)


def measure(plan: Plan) -> Table:
    """Measure all transports, as the module says."""
    # a child that is a copy of this process would hold the ends of all pipes
    context: Any = get_context("forkserver" if "forkserver" in get_all_start_methods() else "spawn")
    sizes = (8, 1 << 16) if plan.quick else _SIZES
    sizes_of_many = (1 << 10,) if plan.quick else _SIZES_OF_MANY
    rows = [*_one_to_one(context, plan.part(_ONE), sizes), *_many_to_many(context, plan.part(1 - _ONE), sizes_of_many)]
    return Table("transports", tuple(rows))


def _one_to_one(context: Any, plan: Plan, sizes: Sequence[int]) -> Iterator[Row]:
    with channels(context, max(sizes)) as found, _children(context, found, 1) as (orders,):
        cases = [(name, size) for size in sizes for name in found if name != "Value" or size == sizes[0]]
        samples = {case: _Samples() for case in cases}
        for name, size in cases:  # what warms up does not count
            _latency(found[name], orders, (name, size, 2), _Samples())
        few = 10 if plan.quick else 1
        for turn in plan.rounds():
            at = turn * 5 % len(cases)
            for name, size in cases[at:] + cases[:at]:
                latency = (name, size, _count(size, _MESSAGES // few, _BYTES))
                _latency(found[name], orders, latency, samples[name, size])
                stream = (name, size, _count(size, _STREAM // few, _STREAM_BYTES))
                _stream(found[name], orders, stream, samples[name, size])
    for (name, size), measured in samples.items():
        yield {"pattern": "one to one", "transport": name, "size": size, **measured.cells()}


def _count(size: int, most: int, most_bytes: int) -> int:
    return max(2, min(most, most_bytes // size))


def _latency(channel: Channel, order: Connection, messages: tuple[str, int, int], samples: _Samples) -> None:
    """Send one message after another, each when the one before has arrived."""
    _name, size, count = messages
    message = bytes(size)
    order.send(("latency", *messages))
    sent, held = [], []
    for _ in range(count):
        begin = time.perf_counter_ns()
        channel.send(message)
        held.append((time.perf_counter_ns() - begin) / 1e3)
        sent.append(begin)
        order.recv_bytes()
    arrived = order.recv()
    samples.latency_us += [(end - begin) / 1e3 for begin, end in zip(sent, arrived, strict=True)]
    samples.send_us += held


def _stream(channel: Channel, order: Connection, messages: tuple[str, int, int], samples: _Samples) -> None:
    """Send messages as fast as they are taken."""
    _name, size, count = messages
    message = bytes(size)
    order.send(("receive", *messages))
    begin = time.perf_counter_ns()
    for _ in range(count):
        channel.send(message)
    samples.add_stream(size, count, (order.recv() - begin) / 1e9)


def _many_to_many(context: Any, plan: Plan, sizes: Sequence[int]) -> Iterator[Row]:
    with context.Manager() as manager:
        made = {name: make(context, manager) for name, make in QUEUES.items()}
        with _children(context, made, 2 * _MANY) as orders:
            samples = {(name, size): _Samples() for size in sizes for name in made}
            cases = list(samples)
            for turn in plan.rounds():
                at = turn % len(cases)
                for name, size in cases[at:] + cases[:at]:
                    count = _count(size, _STREAM // (10 if plan.quick else 1), _STREAM_BYTES // _MANY)
                    _crowd(orders, (name, size, count), samples[name, size])
    for (name, size), found in samples.items():
        yield {"pattern": "many to many", "transport": name, "size": size, **found.cells()}


def _crowd(orders: Sequence[Connection], messages: tuple[str, int, int], samples: _Samples) -> None:
    """Let half of the children send and the others receive, each as many."""
    _name, size, count = messages
    senders, receivers = orders[:_MANY], orders[_MANY:]
    for order in receivers:
        order.send(("receive", *messages))
    for order in senders:
        order.send(("send", *messages))
    begin = min(order.recv() for order in senders)
    end = max(order.recv() for order in receivers)
    samples.add_stream(size, count * _MANY, (end - begin) / 1e9)


@contextmanager
def _children(context: Any, found: Mapping[str, Channel], count: int) -> Iterator[list[Connection]]:
    """Give the pipes by which so many children, who have all channels, are told what to do; end them afterwards."""
    orders, processes = [], []
    try:
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(found, theirs), daemon=True)
            process.start()
            theirs.close()
            orders.append(ours)
            processes.append(process)
        yield orders
        for order in orders:
            order.send(None)
        for process in processes:
            process.join(_PATIENCE)
    finally:
        for process in processes:
            process.kill()
            process.join()
        for order in orders:
            order.close()
