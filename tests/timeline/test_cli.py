"""`spawnable run --timeline`."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("click")

SVG = "{http://www.w3.org/2000/svg}"
SCRIPT = """\
import multiprocessing


def work(queue):
    queue.put("done & dusted")


if __name__ == "__main__":
    queue = multiprocessing.Queue()
    child = multiprocessing.Process(target=work, args=(queue,))
    child.start()
    print(queue.get())
    child.join()
"""


def invoke(*arguments: str) -> tuple[int, str]:
    """Return the exit code of the command, and what it printed."""
    from click.testing import CliRunner

    from spawnable.cli import main

    result = CliRunner().invoke(main, ["run", *arguments])
    return result.exit_code, result.output


def test_every_start_method_is_drawn_into_one_file(tmp_path: Path) -> None:
    """The file is well formed, holds a drawing for each start method with its message, and no id twice."""
    script, file = tmp_path / "script.py", tmp_path / "out.svg"
    script.write_text(SCRIPT, encoding="utf-8")
    code, said = invoke("--start-method", "fork", "--start-method", "spawn", "--timeline", str(file), str(script))
    assert code == 0, said
    root = ET.parse(file).getroot()  # noqa: S314 - our own
    drawings = root.findall(f"{SVG}svg")
    assert [drawing.findtext(f"{SVG}title") for drawing in drawings] == ["Timeline under fork", "Timeline under spawn"]
    assert all(
        "Messages from Process-1 to main through queue: 1." in (d.findtext(f"{SVG}desc") or "") for d in drawings
    )
    ids = [item.attrib["id"] for item in root.iter() if "id" in item.attrib]
    assert len(ids) == len(set(ids))
    assert "done & dusted" in "".join(root.itertext())


def test_a_file_that_can_not_be_written(tmp_path: Path) -> None:
    """It is told what and where, with exit status 2."""
    script = tmp_path / "script.py"
    script.write_text("print(1)\n", encoding="utf-8")
    code, said = invoke("--start-method", "fork", "--timeline", str(tmp_path / "none" / "out.svg"), str(script))
    assert code == 2
    assert "out.svg can not be written: No such file or directory" in " ".join(said.split())
