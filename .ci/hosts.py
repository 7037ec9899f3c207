"""One sweep over several hosts, one of which is cut off in the middle: `hosts.py FILE.txt`, as root on Linux.

Each host is a network namespace with an address of its own; a bridge in one more is the
switch between them.  The scheduler and the program run on the first host, a worker on
each other.  What every host printed, and what was done to it, goes into FILE; figures go
into the JSON file beside it.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from spawnable.site.cells import read_cells
from spawnable.site.reader import read

PAGE = Path(__file__).parents[1] / "docs/beyond/hosts.md"
HOSTS = ("scheduler", "north", "south", "west")
CUT = "south"
#: results that are stored when the host is cut off
MIDDLE = 20
TASKS = 40
#: what Dask logs there: the scheduler tells of a worker that is gone, and a worker that is cut off of much more
LOGGED = dict.fromkeys(HOSTS, "critical") | {"scheduler": "warning"}
PATIENCE = 300
PORT = 8786


class HostsError(RuntimeError):
    """Why there can be no hosts here; the message says what to do."""


@dataclass
class Told:
    """What was printed and done, in order."""

    begin: float = field(default_factory=time.monotonic)
    lines: list[str] = field(default_factory=list)

    def add(self, host: str, text: str) -> None:
        """Note a line and show it."""
        self.lines.append(f"{time.monotonic() - self.begin:6.1f}  {host:9}  {text}".rstrip())
        print(self.lines[-1], flush=True)


def ip(*words: str) -> None:
    """Call iproute2's `ip`; raise HostsError where it refuses."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise HostsError(f"`ip {' '.join(words)}` failed: {done.stderr.strip()}")


@contextmanager
def namespaces(mark: str) -> Iterator[dict[str, str]]:
    """Make the hosts and the switch between them; give each host's address.

    All of it is removed at the end, with the processes that are still in it.
    """
    with ExitStack() as stack:
        for name in (*HOSTS, "switch"):
            ip("netns", "add", f"{mark}-{name}")
            stack.callback(_remove, f"{mark}-{name}")
            ip("-n", f"{mark}-{name}", "link", "set", "lo", "up")
        switch = f"{mark}-switch"
        ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", switch, "link", "set", "bridge", "up")
        addresses = {}
        for number, name in enumerate(HOSTS, 1):
            addresses[name] = f"10.77.0.{number}"
            host = f"{mark}-{name}"
            ip("-n", switch, "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", host)
            ip("-n", switch, "link", "set", name, "master", "bridge", "up")
            ip("-n", host, "address", "add", f"{addresses[name]}/24", "dev", "eth0")
            ip("-n", host, "link", "set", "eth0", "up")
        yield addresses


def _remove(namespace: str) -> None:
    """End what runs in a namespace, and remove it."""
    found = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False)
    for pid in found.stdout.split():
        subprocess.run(["kill", "-KILL", pid], check=False, stderr=subprocess.DEVNULL)
    subprocess.run(["ip", "netns", "delete", namespace], check=False)


def start(told: Told, mark: str, host: str, words: list[str], folder: Path) -> subprocess.Popen[str]:
    """Start a Python program on a host, in a folder of its own; note what it prints."""
    own = folder / host
    own.mkdir(exist_ok=True)
    told.add(host, f"$ {' '.join(['python', *words])}")
    process = subprocess.Popen(
        ["ip", "netns", "exec", f"{mark}-{host}", sys.executable, *words],
        cwd=own,
        env=os.environ | {"TMPDIR": str(own), "DASK_LOGGING__DISTRIBUTED": LOGGED[host]},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )

    def listen() -> None:
        for line in process.stdout or ():
            told.add(host, line.rstrip())

    threading.Thread(target=listen, daemon=True).start()
    return process


def stored(file: Path) -> list[str]:
    """Return the host of each result that the program has stored."""
    if not file.exists():
        return []
    try:
        store = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            return [host for (host,) in store.execute("SELECT host FROM peaks")]
        finally:
            store.close()
    except sqlite3.Error:  # there is no table yet
        return []


def wait_for(what: str, process: subprocess.Popen[str], file: Path, count: int) -> None:
    """Wait until so many results are stored."""
    until = time.monotonic() + PATIENCE
    while len(stored(file)) < count:
        if process.poll() is not None or time.monotonic() > until:
            raise HostsError(f"{what}: there were {len(stored(file))} results, and not {count}")
        time.sleep(0.02)


def run(told: Told, mark: str, folder: Path) -> dict[str, object]:
    """Run the sweep, cut a host off in the middle, and return what became of the results."""
    (folder / "scheduler").mkdir()
    page = read_cells(read(PAGE.read_text(encoding="utf-8")), "beyond/hosts", str(PAGE))
    sweep = folder / "scheduler/sweep.py"
    sweep.write_text(page.cells["sweep"].snippet.code, encoding="utf-8")
    file = folder / "scheduler/sweep.db"
    with namespaces(mark) as addresses:
        for name, address in addresses.items():
            told.add(name, f"has the address {address}")
        here = ["--no-dashboard", "--host", addresses["scheduler"]]
        start(told, mark, "scheduler", ["-m", "dask", "scheduler", *here, "--port", str(PORT)], folder)
        address = f"tcp://{addresses['scheduler']}:{PORT}"
        for name in HOSTS[1:]:
            words = ["-m", "dask", "worker", address, "--host", addresses[name], "--name", name]
            start(told, mark, name, [*words, "--nthreads", "1", "--no-nanny"], folder)
        program = start(told, mark, "scheduler", ["sweep.py", address], folder)
        wait_for("before the cut", program, file, MIDDLE)
        ip("-n", f"{mark}-switch", "link", "set", CUT, "down")
        cut, before = time.monotonic(), stored(file)
        told.add("switch", f"link to {CUT} down: {len(before)} results are stored, {before.count(CUT)} of them its own")
        code = program.wait(timeout=PATIENCE)
        after = stored(file)
        told.add("switch", f"the program has ended, exit code {code}")
        counts = {name: after.count(name) for name in HOSTS[1:]}
        told.add("scheduler", f"stored, by host: {counts}")
        return {
            "exit": code,
            "tasks": TASKS,
            "results": len(after),
            "before": len(before),
            "seconds": round(time.monotonic() - cut),
            "own": counts[CUT],
        }


def needed() -> None:
    """Raise HostsError where no hosts can be made."""
    if sys.platform != "linux":
        raise HostsError("network namespaces are a thing of Linux: run this session there")
    if os.geteuid() != 0:
        raise HostsError("network namespaces are made by root alone: run this session as root, in a container perhaps")
    if shutil.which("ip") is None:
        raise HostsError("there is no `ip`: install iproute2, such as by `apt-get install iproute2`")


def main(file: Path) -> int:
    """Return 0 if the sweep lost nothing; write FILE then."""
    try:
        needed()
        told = Told()
        with tempfile.TemporaryDirectory(prefix="hosts-") as folder:
            done = run(told, f"hosts{secrets.token_hex(2)}", Path(folder))
    except HostsError as error:
        print(error, file=sys.stderr)
        return 2
    content = {
        "date": time.strftime("%Y-%m-%d"),
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "dask": version("distributed"),
        "cut": CUT,
        **done,
    }
    if done["exit"] or done["results"] != done["tasks"]:
        print(f"not every result is there: {done}", file=sys.stderr)
        return 1
    file.write_text("\n".join(told.lines) + "\n", encoding="utf-8")
    file.with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
