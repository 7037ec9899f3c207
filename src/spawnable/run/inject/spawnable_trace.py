# mypy: ignore-errors
"""Imported by every Python process of a run that records messages: what it sends, receives, waits for and holds.

Adds lines to the log of `sitecustomize`:

- `pair A B`: the two ends of a two-way pipe;
- `send CHANNEL SIZE SUM BYTES`: before a message is written; `sent CHANNEL SECONDS`: after, where it took long;
- `recv CHANNEL SIZE SUM BYTES SECONDS`: after one was read, for which the reader waited so long;
- `called THING NAME`: what the script calls a pipe, queue or lock;
- `wait KIND THING`, `got KIND THING`, `freed KIND THING`, `set KIND THING`: locks, events, barriers.

What is sent is never changed.  Channels are inodes: both ends of a pipe have the same one.
Locks of the standard library's own (those inside a queue) are passed over.
"""

import os
import sys
from binascii import crc32
from time import monotonic

import sitecustomize

#: seconds from which on a write took long
_LONG = 0.002
#: bytes of a message that are summed up, and up to which it is kept whole
_SUMMED, _KEPT = 4096, 64
_OWN = ("multiprocessing", "threading", "concurrent", "spawnable_trace", "queue")
_named = set()


def _note(*words):
    sitecustomize._note("trace", *words)


def _channel(connection):
    try:
        return f"i{os.fstat(connection.fileno()).st_ino}"
    except (OSError, ValueError):
        return "i0"


def _message(buffer):
    view = bytes(memoryview(buffer)[:_SUMMED])
    whole = view.hex() if len(buffer) <= _KEPT else ""
    return f"n{len(buffer)} c{crc32(view):08x} h{whole}"


def _script_frame():
    """The innermost frame that is neither ours nor the standard library's; None in a thread of its own."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in _OWN:
        frame = frame.f_back
    return frame


def _call(thing, *objects):
    """Note what the script calls a thing, once: the variable that holds one of these objects, or what holds them."""
    if (os.getpid(), thing) in _named:
        return
    frame = _script_frame()
    if frame is None:
        return
    for names in (frame.f_locals, frame.f_globals):
        for name, value in list(names.items()):
            parts = getattr(value, "__dict__", {}) if type(value).__module__.startswith("multiprocessing") else {}
            if any(value is item or item in _held(parts) for item in objects):
                _named.add((os.getpid(), thing))
                _note("called", thing, name)
                return


def _held(parts):
    return [parts[key] for key in ("_reader", "_writer", "_lock", "_cond") if key in parts]


def _connection(module):
    kind = getattr(module, "Connection", None)
    if kind is None:
        return
    send, receive, pipe = kind._send_bytes, kind._recv_bytes, module.Pipe

    def _send_bytes(self, buffer):
        channel = _channel(self)
        _call(channel, self)
        _note("send", channel, _message(buffer))
        begin = monotonic()
        send(self, buffer)
        if monotonic() - begin > _LONG:
            _note("sent", channel, f"{monotonic() - begin:.6f}")

    def _recv_bytes(self, maxsize=None):
        channel, begin = _channel(self), monotonic()
        _call(channel, self)
        stream = receive(self, maxsize)
        if stream is not None:
            _note("recv", channel, _message(stream.getbuffer()), f"{monotonic() - begin:.6f}")
        return stream

    def Pipe(duplex=True):  # noqa: N802
        ends = pipe(duplex)
        if duplex:
            _note("pair", *map(_channel, ends))
        return ends

    kind._send_bytes, kind._recv_bytes, module.Pipe = _send_bytes, _recv_bytes, Pipe


def _by_script():
    """Whether the script itself made the call, and not the standard library."""
    return sys._getframe(2).f_globals.get("__name__", "").partition(".")[0] not in _OWN


def _identity(lock):
    return "l" + str(getattr(lock._semlock, "name", "") or id(lock)).lstrip("/")


def _acquired(lock, acquire, kind, *arguments, **options):
    thing = _identity(lock)
    _call(thing, lock)
    _note("wait", kind, thing)
    done = acquire(*arguments, **options)
    _note("got" if done is not False else "gave-up", kind, thing)
    return done


def _synchronize(module):
    _locks(module.SemLock)
    _waiting(module.Event, "wait", lambda event: event._flag)
    _waiting(module.Condition, "wait", lambda condition: condition._lock)
    _waiting(module.Barrier, "wait", lambda barrier: barrier._cond._lock)
    _telling(module.Event, "set", lambda event: event._flag)


def _locks(base):
    made, enter, leave = base._make_methods, base.__enter__, base.__exit__

    def _make_methods(self):
        made(self)
        acquire, release, kind = self.acquire, self.release, type(self).__name__

        def traced_acquire(*arguments, **options):
            if not _by_script():
                return acquire(*arguments, **options)
            return _acquired(self, acquire, kind, *arguments, **options)

        def traced_release(*arguments):
            if _by_script():
                _note("freed", kind, _identity(self))
            return release(*arguments)

        self.acquire, self.release = traced_acquire, traced_release

    def __enter__(self):  # noqa: N807
        if not _by_script():
            return enter(self)
        return _acquired(self, lambda: enter(self), type(self).__name__)

    def __exit__(self, *error):  # noqa: N807
        if _by_script():
            _note("freed", type(self).__name__, _identity(self))
        return leave(self, *error)

    base._make_methods, base.__enter__, base.__exit__ = _make_methods, __enter__, __exit__


def _waiting(kind, method, lock):
    """Note when a thing's method begins to wait and when it no longer does."""
    wait = getattr(kind, method)

    def waits(self, *arguments, **options):
        if not _by_script():
            return wait(self, *arguments, **options)
        thing = _identity(lock(self))
        _call(thing, self)
        _note("wait", kind.__name__, thing)
        done = wait(self, *arguments, **options)
        _note("passed", kind.__name__, thing)
        return done

    waits.__name__ = method  # by which a bound method is pickled
    setattr(kind, method, waits)


def _telling(kind, method, lock):
    """Note when a thing's method lets others go on."""
    tell = getattr(kind, method)

    def tells(self):
        if _by_script():
            _note("set", kind.__name__, _identity(lock(self)))
        return tell(self)

    tells.__name__ = method  # by which a bound method is pickled
    setattr(kind, method, tells)


def _both(first, then):
    def patch(module):
        first(module)
        then(module)

    return patch


_patches = sitecustomize._PATCHES
_patches["multiprocessing.connection"] = _connection
_patches["multiprocessing.synchronize"] = _both(_patches["multiprocessing.synchronize"], _synchronize)
