"""What a build does for a cell that shows its messages."""

from __future__ import annotations

from typing import Any

from spawnable.site.options import parse_options

CELL = """\
```{code-cell} python
---
name: talk
timeline: messages
start-methods: [fork]
---
import multiprocessing


def work(end):
    end.send("hello")


if __name__ == "__main__":
    mine, theirs = multiprocessing.Pipe()
    child = multiprocessing.Process(target=work, args=(theirs,))
    child.start()
    print(mine.recv())
    child.join()
```
"""


def test_a_second_run_is_drawn(site: Any) -> None:
    """A cell that shows messages is run once more to record them; both runs are remembered, the first is shown."""
    site.write(f"# Title\n\n{CELL}")
    built = site.build()
    assert built.code == 0, built.log
    assert built.runs == 2
    cell = built.cell("talk")
    assert [pre.get_text() for pre in cell.select(".output > pre")] == ["hello\n"]
    (drawing,) = cell.select("svg.timeline-drawing")
    assert len([line for line in drawing.select("line.m") if "key" not in str(line.parent.get("class"))]) == 1
    assert "sends 'hello' through" in cell.select("figure table")[0].get_text()
    assert len(built.snippets[0]["runs"]) == 1
    assert site.build("html", "-E").runs == 0


def test_a_wrong_value_says_what_is_right() -> None:
    """A timeline that is none of those there are is told of; true and false are two of them."""
    _, faults = parse_options({"name": "a", "timeline": "mesages"})
    assert faults == ["option 'timeline': unknown timeline 'mesages': expected true, false, messages or compare"]
    assert parse_options({"name": "a", "timeline": True})[0].timeline == "processes"
    assert not parse_options({"name": "a", "timeline": False})[0].timeline
