"""A small site and a store, and programs that work on both and may be killed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from tests.waiting import PATIENCE

from spawnable.store import Store

pytest.importorskip("sphinx")
pytest.importorskip("myst_nb")

QUICK = """
import multiprocessing

if __name__ == "__main__":
    process = multiprocessing.Process(target=print, args=({number},))
    process.start()
    process.join()
"""
SLOW = """
import multiprocessing
import time

if __name__ == "__main__":
    process = multiprocessing.Process(target=time.sleep, args=(90,))
    process.start()
    process.join()
"""


def cell(name: str, code: str) -> str:
    """Return a cell that may take 100 seconds."""
    return f"```{{code-cell}} python\n---\nname: {name}\ntimeout: 100\nstart-methods: [fork]\n---{code}```\n"


class Works:
    """A site, a store, a temporary folder, and the programs that were started there."""

    def __init__(self, folder: Path) -> None:
        #: stands in the command line or the environment of all that a program started
        self.mark = uuid.uuid4().hex
        self.site = folder / "site"
        self.temporary = folder / self.mark
        self.store = Store(folder / "store")
        self.programs: list[subprocess.Popen[bytes]] = []
        self.logs: list[Path] = []
        self.site.mkdir()
        self.temporary.mkdir()
        self.configure()
        self.variables = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "TMPDIR": str(self.temporary),
        }

    def configure(self, more: str = "") -> None:
        """Write the site's configuration."""
        (self.site / "conf.py").write_text(
            "project = 'site'\nextensions = ['spawnable.site']\nhtml_theme = 'basic'\n"
            f"spawnable_store = {str(self.store.folder)!r}\n{more}",
            encoding="utf-8",
        )

    def write(self, *, quick: int, slow: int = 0, pages: int = 1) -> None:
        """Write pages with cells that end at once, and others that do not end."""
        names = [f"page{number}" for number in range(1, pages)]
        toctree = "```{toctree}\n" + "\n".join(names) + "\n```\n" if names else ""
        cells = [cell(f"quick{number}", QUICK.format(number=number)) for number in range(quick)]
        cells += [cell(f"slow{number}", SLOW + f"    print({number})\n") for number in range(slow)]
        for page, name in enumerate(["index", *names]):
            text = "\n".join(cells[page::pages])
            (self.site / f"{name}.md").write_text(f"# {name}\n\n{text}\n{toctree if not page else ''}", "utf-8")

    def start(self, *command: str, wrapper: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """Start a Python program in a process group of its own."""
        log = self.site.parent / f"{len(self.logs)}.log"
        with log.open("wb") as output:
            program = subprocess.Popen(
                [*wrapper, sys.executable, "-m", *command],
                cwd=self.site.parent,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.logs.append(log)
        self.programs.append(program)
        return program

    def start_build(self, *options: str, out: str = "out", wrapper: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        """Start a build; any warning makes its exit code 1."""
        folders = ["-d", f"{out}.doctrees", str(self.site), out]
        return self.start("sphinx", "-W", "--keep-going", "-N", *options, *folders, wrapper=wrapper)

    def start_check(self) -> subprocess.Popen[bytes]:
        """Start `spawnable check`."""
        return self.start("spawnable", "check", str(self.site), "--store", str(self.store.folder))

    def end(self, program: subprocess.Popen[bytes]) -> tuple[int, str]:
        """Wait for a program; return its exit code and what it printed."""
        code = program.wait(PATIENCE)
        return code, self.logs[self.programs.index(program)].read_text("utf-8", "replace")

    def build(self, *options: str, out: str = "out") -> str:
        """Build; return the log of a build that went well."""
        code, log = self.end(self.start_build(*options, out=out))
        assert code == 0, log
        return log

    def processes(self, script: str = "") -> list[psutil.Process]:
        """Return the processes that programs have started and that live; with `script` only those of runs."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                words = [*process.cmdline(), *map("=".join, process.environ().items())]
                if process.status() != psutil.STATUS_ZOMBIE and any(self.mark in word for word in words):
                    found.append(process)
        return [process for process in found if script in " ".join(process.cmdline())] if script else found

    @property
    def folders(self) -> list[Path]:
        """The folders of runs."""
        return sorted(self.temporary.glob("spawnable-run-*"))


def counts(log: str) -> tuple[int, int]:
    """Return how many runs a build did, and how many it remembered."""
    found = re.findall(r"^cells: (\d+) runs in [\d.]+ s, (\d+) remembered", log, re.MULTILINE)
    return sum(int(runs) for runs, _ in found), sum(int(remembered) for _, remembered in found)


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    """A site without pages; what still runs at the end is killed."""
    works = Works(tmp_path)
    yield works
    for program in works.programs:
        program.kill()
        program.wait()
    for process in works.processes():
        with suppress(psutil.Error):
            process.kill()


@pytest.fixture(params=["native", "portable"])
def both(request: pytest.FixtureRequest, works: Works) -> Works:
    """The same, with runs watched as on this system, and by a pipe and psutil."""
    if request.param == "portable":
        works.variables["SPAWNABLE_PORTABLE"] = "1"
    return works
