"""Sites of any size, built as anyone builds one, with what that cost."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["OURS", "STOCK", "WITHOUT", "BenchError", "Build", "Site"]

#: `extensions` and more, of a site whose cells are run as scripts
OURS = 'extensions = ["spawnable.site"]\nspawnable_store = "_store"\n'
#: the same pages, and nothing runs
WITHOUT = 'extensions = ["myst_nb"]\nnb_execution_mode = "off"\n'
#: the same pages, and MyST-NB runs each with a kernel of its own
STOCK = 'extensions = ["myst_nb"]\nnb_execution_mode = "force"\nnb_execution_raise_on_error = True\n'
_CONFIGURATION = 'project = "site"\nhtml_theme = "basic"\nexclude_patterns = ["_build", "_store"]\n'
_KERNEL = "kernelspec: {name: python3, display_name: Python 3, language: python}"
_FRONT = f"---\nfile_format: mystnb\n{_KERNEL}\n---\n"
_INDEX = "# Site\n\n```{toctree}\n:glob:\n\npage-*\n```\n"


class BenchError(RuntimeError):
    """A build that failed, so that its time says nothing; the message is its log."""


@dataclass(frozen=True, slots=True)
class Build:
    """One finished build."""

    #: seconds of wall time
    wall: float
    #: seconds of processor time, its own and of what it waited for; of runs, only a part
    cpu: float
    #: bytes, the most that one of its processes held
    memory: int
    log: str

    @property
    def runs(self) -> int:
        """How many runs were done, not counting those that were remembered."""
        return sum(int(count) for count in re.findall(r"^cells: (\d+) runs", self.log, re.MULTILINE))


@dataclass(frozen=True, slots=True)
class Site:
    """A folder of pages."""

    folder: Path

    def write(self, number: int, cells: Sequence[str], options: str = "") -> None:
        """Write a page with these scripts as its cells, all with the same options."""
        blocks = [
            f"```{{code-cell}} python\n---\nname: cell-{index}\n{options}---\n{code}```\n\nText.\n"
            for index, code in enumerate(cells, 1)
        ]
        self.folder.mkdir(parents=True, exist_ok=True)
        text = f"{_FRONT}\n# Page {number}\n\n" + "\n".join(blocks)
        (self.folder / f"page-{number}.md").write_text(text, encoding="utf-8")

    def configure(self, configuration: str) -> None:
        """Write the configuration and the first page, where they are not the same already."""
        for name, text in (("conf.py", _CONFIGURATION + configuration), ("index.md", _INDEX)):
            path = self.folder / name
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")

    def build(self, configuration: str, output: str = "html", *, fresh: bool = True, jobs: str = "1") -> Build:
        """Build it with these lines in its configuration; into an empty folder, if `fresh`.

        Raises BenchError where Sphinx warns of anything.
        """
        self.configure(configuration)
        target = self.folder / "_build" / output
        target.parent.mkdir(exist_ok=True)
        if fresh:
            shutil.rmtree(target, ignore_errors=True)
        command = [sys.executable, "-m", "sphinx", "-W", "-N", "-b", "html", "-j", jobs, str(self.folder), str(target)]
        return _timed(command, target.with_suffix(".log"))


def _timed(command: Sequence[str], log: Path) -> Build:
    with log.open("wb") as file:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    text = log.read_text(encoding="utf-8", errors="replace")
    if process.returncode:
        raise BenchError(f"{' '.join(command)} ended with exit code {process.returncode}:\n{text[-4000:]}")
    return Build(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, text)
