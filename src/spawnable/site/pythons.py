"""Which Pythons a site's cells are run on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from spawnable.environments import Environments
from spawnable.python import Python, find_pythons
from spawnable.snippet import Snippet

__all__ = ["Pythons"]


class Pythons:
    """The Pythons of a site, in the order of its configuration; without any, the one that builds it.

    What snippets need is installed in the folder `environments`, if there is one.
    Raises PythonError where one of them can not be used.
    """

    def __init__(self, wanted: Sequence[str], environments: str = "") -> None:
        self.chosen = [Python.probe(name) for name in dict.fromkeys(wanted)] or [Python.current()]
        self._environments = Environments(environments)

    @cached_property
    def _others(self) -> list[Python]:
        return find_pythons()

    def of(self, snippet: Snippet) -> list[Python]:
        """Return those that can run a snippet, with its packages; else the first other one that is there.

        Raises PythonError where the snippet's packages are neither installed nor can be.
        """
        fitting = [python for python in self.chosen if snippet.runs_on(python.minor)]
        if not fitting:
            fitting = [python for python in self._others if snippet.runs_on(python.minor)][:1]
        if not snippet.packages:
            return fitting
        return [self._environments.equip(python, snippet.packages) for python in fitting]

    @property
    def identity(self) -> str:
        """What changes when other Pythons are chosen, or one of them is another build."""
        return " ".join(f"{python.version}:{python.digest[:16]}" for python in self.chosen)
