"""The scripts that are measured; a number makes each another one."""

from __future__ import annotations

__all__ = ["COMPUTES", "COUNTS", "QUEUE", "SLEEPS", "plain", "script"]

#: starts one child and takes its answer from a queue
QUEUE = """\
import multiprocessing


def work(queue):
    queue.put("child NUMBER")


if __name__ == "__main__":
    queue = multiprocessing.Queue()
    child = multiprocessing.Process(target=work, args=(queue,))
    child.start()
    print(queue.get())
    child.join()
"""
#: has one child compute
COMPUTES = """\
import multiprocessing


def work(limit):
    print("NUMBER:", sum(number * number for number in range(limit)))


if __name__ == "__main__":
    child = multiprocessing.Process(target=work, args=(2_500_000,))
    child.start()
    child.join()
"""
#: sleeps for SECONDS
SLEEPS = """\
import time

if __name__ == "__main__":
    time.sleep(SECONDS)
    print("NUMBER: slept")
"""
#: prints LINES lines from each of four processes, some of them in many pieces
COUNTS = """\
import multiprocessing
import sys


def work(letter):
    for number in range(LINES):
        sys.stdout.write(f"{letter} {number} {letter * (number % 200)}\\n")
        if number % 50 == 0:
            sys.stderr.write(f"{letter} wrote {number}\\n")


if __name__ == "__main__":
    children = [multiprocessing.Process(target=work, args=(letter,)) for letter in "abc"]
    for child in children:
        child.start()
    work("m")
    for child in children:
        child.join()
"""
_DEFAULT = """\
import multiprocessing.context

_contexts = multiprocessing.context._concrete_contexts
multiprocessing.context._default_context._default_context = _contexts["METHOD"]
"""


def script(template: str, number: int = 0, **values: object) -> str:
    """Return a script that is told from others by its number; `values` replace names in capitals."""
    for name, value in {"number": number, **values}.items():
        template = template.replace(name.upper(), str(value))
    return template


def plain(code: str, start_method: str) -> str:
    """Return a script that itself makes a start method the default, as a run does for it."""
    return _DEFAULT.replace("METHOD", start_method) + code
