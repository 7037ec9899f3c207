"""`spawnable.tracebacks`: which exceptions a text tells of."""

from __future__ import annotations

import subprocess
import sys
import time
from textwrap import dedent

import pytest

from spawnable.tracebacks import Raised, exceptions, raised

FRAMES = '  File "main.py", line 1, in <module>\n    work()\n'
HEADER = "Traceback (most recent call last):\n"
DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"


def traceback(last: str) -> str:
    """Return a traceback with this as its last line or lines."""
    return f"{HEADER}{FRAMES}{last}\n"


def stderr_of(code: str) -> str:
    """Return what a script prints on stderr under this Python."""
    done = subprocess.run([sys.executable, "-I", "-c", dedent(code)], capture_output=True, text=True, check=False)
    return done.stderr


@pytest.mark.parametrize(
    ("last", "name"),
    [
        ("ValueError: bad", "ValueError"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("RuntimeError: ", "RuntimeError"),
        ("_queue.Empty", "Empty"),
        ("multiprocessing.context.AuthenticationError: digest sent was rejected", "AuthenticationError"),
        ("__mp_main__.Mine: x", "Mine"),
        ("main.<locals>.Mine", "Mine"),
        ("ValueError: first line\nsecond line: of the message\n    third", "ValueError"),
        ("RuntimeError: \n        An attempt has been made to start a new process before\n\n   is", "RuntimeError"),
    ],
)
def test_name(last: str, name: str) -> None:
    """A traceback is named by the class on its last line, without module, whatever the message holds."""
    assert exceptions(traceback(last)) == [name]


@pytest.mark.parametrize("text", ["", "hello\n", "ValueError: said a print\n", HEADER, HEADER + FRAMES])
def test_no_traceback(text: str) -> None:
    """A text without traceback tells of no exception, nor does one that was cut before its last line."""
    assert exceptions(text) == []


def test_behind_a_prompt() -> None:
    """What was written without a newline may stand before the header: `input()` at the end of its input."""
    assert exceptions("Name? " + traceback("EOFError: EOF when reading a line")) == ["EOFError"]
    assert exceptions(stderr_of("import sys; sys.stderr.write('Name? '); raise EOFError")) == ["EOFError"]
    group = "import sys; sys.stderr.write('? '); raise ExceptionGroup('g', [ValueError(1), KeyError(2)])"
    assert exceptions(stderr_of(group)) == ["ExceptionGroup"]
    assert exceptions("it begins with Traceback (most recent call last):\nValueError: no frame\n") == []


def test_several() -> None:
    """Tracebacks one after the other count each, in order."""
    text = "hello\n" + traceback("ValueError: 1") + "between\n" + traceback("KeyError: 2")
    assert exceptions(text) == ["ValueError", "KeyError"]


@pytest.mark.parametrize("link", [DURING, CAUSE])
def test_chain(link: str) -> None:
    """Chained tracebacks count as their last."""
    assert exceptions(traceback("ValueError: 1") + link + traceback("KeyError: 2")) == ["KeyError"]


@pytest.mark.parametrize("link", [DURING, CAUSE])
def test_chain_of_a_cause_without_frames(link: str) -> None:
    """A cause that was never raised has no traceback and does not hide one that stands before it."""
    text = traceback("KeyError: 1") + "OSError: disk\n" + link + traceback("RuntimeError: 2")
    assert exceptions(text) == ["KeyError", "RuntimeError"]


def test_chain_that_ends_without_frames() -> None:
    """The last exception of a chain counts even where it was never raised."""
    assert exceptions(traceback("ValueError: 1") + CAUSE + "RuntimeError: 2\n") == ["RuntimeError"]


def test_chain_after_a_long_message() -> None:
    """A message of several lines does not break the chain."""
    assert exceptions(traceback("ValueError: 1\nsecond line") + DURING + traceback("TypeError: 2")) == ["TypeError"]


def test_remote_traceback() -> None:
    """An exception that came from another process counts once, not once a process."""
    inner = 'multiprocessing.pool.RemoteTraceback: \n"""\n' + traceback("ValueError: bad 1\nsecond line") + '"""\n'
    assert exceptions(inner + CAUSE + traceback("ValueError: bad 1\nsecond line")) == ["ValueError"]


def test_remote_error() -> None:
    """The traceback that a manager's RemoteError quotes is not counted."""
    fence = "-" * 75
    text = traceback(f"multiprocessing.managers.RemoteError: \n{fence}\n{traceback('KeyError: 1')}{fence}")
    assert exceptions(text) == ["RemoteError"]


def test_exception_group() -> None:
    """An exception group counts as the group, its members do not count."""
    text = stderr_of(
        """
        try:
            raise ExceptionGroup("a", [ValueError("1"), ExceptionGroup("b", [KeyError(2)])])
        except ExceptionGroup as error:
            raise ExceptionGroup("c", [OSError("3")]) from error
        """
    )
    assert text.count("Exception Group Traceback") == 2
    assert raised(text) == [Raised("ExceptionGroup")]


def test_group_in_a_chain() -> None:
    """A group that an exception follows in a chain is not the chain's last."""
    text = stderr_of(
        """
        try:
            raise ExceptionGroup("a", [ValueError("1")])
        except ExceptionGroup:
            raise RuntimeError("2")
        """
    )
    assert exceptions(text) == ["RuntimeError"]


def test_syntax_error_of_the_script() -> None:
    """A script that can not be compiled has a traceback without header."""
    assert exceptions(stderr_of("x = = 1")) == ["SyntaxError"]
    assert exceptions(stderr_of("if True:\nx = 1")) == ["IndentationError"]


def test_syntax_error_of_an_import() -> None:
    """A SyntaxError within a traceback counts once."""
    assert exceptions(stderr_of("exec('x = = 1')")) == ["SyntaxError"]


@pytest.mark.parametrize(
    "before",
    [
        "Process Process-1:",
        "Process SpawnPoolWorker-2:",
        "Exception in thread Thread-1 (work):",
        "Exception ignored in: <function D.__del__ at 0x7f7b134d1760>",
        "Exception ignored while calling deallocator <function D.__del__ at 0x7f03ac8bafb0>:",
    ],
)
def test_contained(before: str) -> None:
    """What ended a process or a thread, or was ignored, counts, and is told from what ended the interpreter."""
    assert raised(f"{before}\n{traceback('ValueError: 1')}") == [Raised("ValueError", contained=True)]
    chain = traceback("ValueError: 1") + DURING + traceback("KeyError: 2")
    assert raised(f"{before}\n{chain}") == [Raised("KeyError", contained=True)]


def test_ignored_without_frames() -> None:
    """An ignored exception counts where Python prints no frames of it."""
    text = "Exception ignored in: <_io.TextIOWrapper name='<stdout>'>\nBrokenPipeError: [Errno 32] Broken pipe\n"
    assert raised(text) == [Raised("BrokenPipeError", contained=True)]


def test_real_thread_and_finalizer() -> None:
    """This Python's own words for threads and finalizers are known."""
    text = stderr_of(
        """
        import threading
        class D:
            def __del__(self):
                1 / 0
        D()
        thread = threading.Thread(target=int, args=("x",))
        thread.start()
        thread.join()
        raise KeyError(1)
        """
    )
    assert raised(text) == [Raised("ZeroDivisionError", True), Raised("ValueError", True), Raised("KeyError")]


def test_colours() -> None:
    """Colours that a script asked for do not hide a traceback."""
    text = (
        "\x1b[1mTraceback (most recent call last):\x1b[0m\n"
        + FRAMES
        + "\x1b[1;35mValueError\x1b[0m: \x1b[35mx\x1b[0m\n"
    )
    assert exceptions(text) == ["ValueError"]


def test_output_within() -> None:
    """A line of output that came between a traceback's lines is not its name."""
    assert exceptions(HEADER + FRAMES + "hello world!\n" + FRAMES + "ValueError: 1\n") == ["ValueError"]


@pytest.mark.parametrize(
    "line",
    [HEADER, '  File "x", line 3\n', "Exception ignored in: x\n", CAUSE, "  + Exception Group " + HEADER, "a." * 40],
)
def test_hostile_text_is_read_in_time(line: str) -> None:
    """A megabyte of any one line that the reader looks for takes seconds at most."""
    start = time.process_time()
    exceptions(line * (1_000_000 // len(line)))
    assert time.process_time() - start < 10
