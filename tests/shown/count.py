"""Count the names of the standard library that the built site shows: `nox -s coverage`.

For each Python that ran scripts, prints how many of the names that it has are used by a script
which did there as declared.  Ends with exit status 1 if a name is shown on none.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from spawnable.names import exercised

__all__ = ["count", "main"]


def count(known: list[dict[str, str]], snippets: list[dict[str, Any]], folder: Path) -> dict[str, set[str]]:
    """Return the names that are shown on each Python, by its minor version."""
    scripts = {snippet["file"]: (folder / snippet["file"]).read_text(encoding="utf-8") for snippet in snippets}
    users = exercised([item["name"] for item in known], scripts)
    ran: dict[str, set[str]] = {}
    for snippet in snippets:
        for run in snippet["runs"]:
            minor = ".".join(run["python"].split(".")[:2])
            ran.setdefault(minor, set()).add(snippet["file"])
    for snippet in snippets:
        for run in snippet["runs"]:
            if not run["met"]:
                ran[".".join(run["python"].split(".")[:2])].discard(snippet["file"])
    return {
        minor: {item["name"] for item in known if _has(minor, item) and files.intersection(users[item["name"]])}
        for minor, files in ran.items()
    }


def _has(minor: str, item: dict[str, str]) -> bool:
    """Tell whether a Python has a name."""
    return _order(minor) >= _order(item.get("since", "3.11"))


def _order(minor: str) -> tuple[int, ...]:
    return tuple(map(int, minor.split(".")))


@click.command
@click.argument("site", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("names", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(site: Path, names: Path) -> None:
    """Count what the SITE shows of the NAMES."""
    known = json.loads(names.read_text(encoding="utf-8"))["names"]
    shown = count(known, json.loads((site / "snippets.json").read_text(encoding="utf-8")), site)
    for minor in sorted(shown, key=_order):
        has = sum(_has(minor, item) for item in known)
        click.echo(f"Python {minor}: {len(shown[minor])} of its {has} names are used by scripts that ran on it")
    everywhere = set().union(*shown.values())
    click.echo(f"together: {len(everywhere)} of {len(known)}")
    if missing := [item["name"] for item in known if item["name"] not in everywhere]:
        click.echo("no script that ran uses: " + ", ".join(missing))
        sys.exit(1)


if __name__ == "__main__":
    main()
