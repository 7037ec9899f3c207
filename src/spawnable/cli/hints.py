"""What a reader can do where a run failed for what this command gives it, or does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from spawnable.batch import Job
from spawnable.transcript import Transcript

__all__ = ["hints"]

_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")
_NO_FILE = re.compile(r"FileNotFoundError: \[Errno 2\] No such file or directory: '([^'/\\][^']*)'")
_NO_INPUT = "EOFError: EOF when reading a line"
_NO_SPACE = "[Errno 28] No space left on device"


def hints(job: Job, transcript: Transcript) -> Iterator[str]:
    """Give a sentence for each thing that a run lacked."""
    text = transcript.text
    if transcript.ended not in ("exit", "stuck"):
        yield f"`--{transcript.ended}` gives a run more"
    for name in dict.fromkeys(_NO_MODULE.findall(text)):
        yield f"{name} is not there for {job.python.executable}: install it, or name another interpreter by `--python`"
    folders = [Path(), Path(job.snippet.name).parent]
    for name in dict.fromkeys(_NO_FILE.findall(text)):
        here = next((folder / name for folder in folders if (folder / name).exists()), None)
        if here is not None:
            yield f"a run has a folder of its own: `--with {here}` lets it find {name}"
    if _NO_INPUT in text:
        yield "a run has no standard input: hand over what the script asks for as arguments"
    if _NO_SPACE in text:
        yield "`--disk` gives a run more room"
