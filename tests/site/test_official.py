"""Names in scripts lead to the documentation of Python, without asking another host."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

import pytest
from bs4 import Tag

from spawnable.site.official import OFFICIAL, inventory, places

if TYPE_CHECKING:
    from tests.site.conftest import Site

PROCESS = {
    "name": "multiprocessing.Process",
    "kind": "class",
    "module": "multiprocessing",
    "link": "library/multiprocessing.html#multiprocessing.Process",
}
PAGE = """\
# Names

```{code-cell} python
---
name: named
start-methods: [spawn]
---
import multiprocessing
import os

if __name__ == "__main__":
    child = multiprocessing.Process(target=os.getpid)
    child.start()
    child.join()
```

```pycon
>>> import multiprocessing
>>> multiprocessing.Process(target=1).start()  # doctest: +SKIP
```
"""


def test_name_in_a_script_is_a_link(site: Site) -> None:
    """A listed name, and a variable of it, leads to its documentation, others nowhere; the script is what it was."""
    site.configure('extensions += ["spawnable.site.official"]\nspawnable_names = "names.json"\n')
    (site.folder / "names.json").write_text(json.dumps({"names": [PROCESS]}), encoding="utf-8")
    site.write(PAGE)
    build = site.build()
    assert build.code == 0, build.log
    code = build.cell("named").find("pre")
    assert isinstance(code, Tag)
    links = [(link.get_text(), link["href"]) for link in code.find_all("a")]
    assert links == [(name, OFFICIAL + PROCESS["link"]) for name in ("child", "multiprocessing.Process")]
    (prompt,) = build.page().select(".highlight-pycon a")
    assert prompt["href"] == OFFICIAL + PROCESS["link"]
    assert code.get_text().rstrip("\n") == PAGE.partition("---\nimport")[2].join(["import", ""]).partition("\n```\n")[0]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("multiprocessing.Process", "multiprocessing.context.Process"),
        ("multiprocessing.Process.start", "multiprocessing.process.BaseProcess.start"),
        ("concurrent.futures.ProcessPoolExecutor", "concurrent.futures.process.ProcessPoolExecutor"),
    ],
)
def test_definition_elsewhere_is_known(name: str, place: str) -> None:
    """What the library documents under another name than it is defined under is found by its definition."""
    assert places([name, "multiprocessing.no_such_name", "no_such_module.name"]) == {place: name}


def test_inventory_has_what_is_documented() -> None:
    """A line for each name with a link; names without one are left out."""
    made = inventory([PROCESS, {"name": "multiprocessing.secret", "kind": "data", "module": "multiprocessing"}])
    assert made.startswith(b"# Sphinx inventory version 2\n")
    lines = zlib.decompress(made.split(b"\n", 4)[4]).decode().splitlines()
    assert lines == [f"multiprocessing.Process py:class 1 {PROCESS['link']} -"]
