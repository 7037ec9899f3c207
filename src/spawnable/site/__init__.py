"""The Sphinx extension: runs every cell as a script, and shows what every process did.

    page.md ──▶ reader ──▶ cells ──▶ execute ──▶ results ──▶ panel ──▶ page.html
               (MyST-NB)  (options)  (one batch)             (HTML)

`Site` holds what one build executed: all cells of the pages to be read run before the
first page is read; as each page has been read, its cells are replaced.  What runs and
renders is imported when a page is to be read, so that a build in which nothing changed
takes no longer for it.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.i18n import format_date

from spawnable.python import PythonError
from spawnable.recipes import file_of
from spawnable.site import measured
from spawnable.site.claims import ClaimDirective, ClaimRole, LedgerDirective, claim, fill_ledgers, ledger, note_claims
from spawnable.site.domain import SpawnableDomain
from spawnable.site.elements import add_elements
from spawnable.site.language import CATALOG
from spawnable.site.matrix import MatrixDirective, fill_matrices, matrix
from spawnable.site.option_table import CellOptionsDirective
from spawnable.site.others import news
from spawnable.site.pythons import Pythons
from spawnable.site.values import RunRole, ValueLookupError, run_value, value
from spawnable.site.words import platform

if TYPE_CHECKING:
    from spawnable.site.execute import Executed

__all__ = ["setup"]

_log = logging.getLogger(__name__)
#: counts changes of what is kept of a page; a greater one reads all pages again
_VERSION = 3
#: bytes in which nothing that a build still has to write finds room
_LEAST_FREE = 20_000


class Site:
    """One build: what was executed for it, by page."""

    def __init__(self) -> None:
        self.executed: dict[str, Executed] = {}
        self.changed = False
        self.pythons: Pythons | None = None

    def configure(self, _app: Sphinx, config: Config) -> None:
        """Give MyST-NB the reader, and find the Pythons."""
        reader = "spawnable.site.reader.read_leniently"
        options = {"extensions": sorted(config.myst_enable_extensions)}
        config.nb_custom_formats = {**config.nb_custom_formats, ".md": [reader, options, False]}
        try:
            self.pythons = Pythons(config.spawnable_pythons, config.spawnable_environments)
        except PythonError as error:
            raise ConfigError(f"spawnable_pythons: {error}") from error
        config.spawnable_identity = self.pythons.identity

    def outdated(
        self, app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], removed: set[str]
    ) -> list[str]:
        """Name the pages to be read again: something was wrong on them, or the store has further runs of theirs."""
        self.changed = bool(removed)
        domain = _domain(env)
        further = news(_store(app), {docname: page["known"] for docname, page in domain.pages.items()})
        return [docname for docname in {*domain.faulty(), *further} if docname in env.found_docs]

    def execute(self, app: Sphinx, env: BuildEnvironment, docnames: Sequence[str]) -> None:
        """Run the cells of the pages that are to be read."""
        if self.pythons is None:
            raise ConfigError("the Pythons are not known: was the configuration read?")
        if not docnames:
            return
        from spawnable.site.execute import execute
        from spawnable.site.workers import end_workers_with_this
        from spawnable.store import Store

        self.changed = True
        # a build that is killed before it writes this anew must not leave that of the build before
        (Path(app.outdir) / "snippets.json").unlink(missing_ok=True)
        end_workers_with_this()
        store = Store(_store(app))
        extensions = tuple(sorted(app.config.myst_enable_extensions))
        self.executed = execute(env, docnames, self.pythons, store, extensions)

    def attach(self, app: Sphinx, document: nodes.document) -> None:
        """Put into a page that was read what its cells did."""
        docname = app.env.docname
        executed = self.executed.pop(docname, None)
        domain = _domain(app.env)
        cells = executed.page.cells if executed is not None else {}
        results = executed.results if executed is not None else {}
        if executed is not None and (cells or executed.faulty):
            from spawnable.site.attach import replace_cells
            from spawnable.site.record import page_record

            replace_cells(document, docname, cells, results)
            for recipe in sorted({name for cell in cells.values() for name in cell.options.recipes}):
                app.env.note_dependency(str(file_of(recipe)))
            domain.pages[docname] = page_record(docname, executed, document)
        names = {container["cell_metadata"].get("name") for container in _kernel_cells(document)}
        note_claims(document, domain, docname, set(cells) | names)
        for node in list(document.findall(run_value)):
            text = node["wanted"]
            try:
                text = value(text, results)
            except ValueLookupError as error:
                _log.warning("run: %s", error, location=(docname, node.line), type="spawnable", subtype="run")
                domain.note_fault(docname)
            node.replace_self(nodes.inline("", text, classes=["measured"]))

    def tables(self, _app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Name the pages that show all claims or all runs: they are written anew where any page was read or is gone."""
        return sorted(_domain(env).ledgers | _domain(env).matrices) if self.changed else []

    def finish(self, app: Sphinx, error: Exception | None) -> None:
        """Write what the output folder tells of the cells, where any page was read or is gone; leave no process."""
        folder = Path(app.outdir)
        if not self.changed and (folder / "snippets.json").exists():
            return
        from spawnable.run import close
        from spawnable.site.record import write_records

        close()
        if error is None and app.builder.format == "html":
            pages = _domain(app.env).pages
            write_records(folder, [pages[docname] for docname in sorted(pages)])


def _tell_full(app: Sphinx, error: Exception | None) -> None:
    """Say what to do where the build ended, or is about to, because a disk is full."""
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    for folder in (Path(app.outdir), Path(app.doctreedir)):
        if is_full or shutil.disk_usage(folder).free < _LEAST_FREE:
            _log.error(
                "no space is left in %s: free some and build again; what was run is remembered in %s",
                *(folder, _store(app)),
            )
            return


def _store(app: Sphinx) -> Path:
    """Return the folder of the transcripts."""
    return Path(app.confdir) / (app.config.spawnable_store or app.outdir.parent / "transcripts")


def _kernel_cells(document: nodes.document) -> list[nodes.container]:
    return [node for node in document.findall(nodes.container) if node.get("nb_element") == "cell_code"]


def _domain(env: BuildEnvironment) -> SpawnableDomain:
    return cast("SpawnableDomain", env.domains["spawnable"])


def _add_executed(
    app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _document: nodes.document | None
) -> None:
    """Tell the templates when, where and with what a page's cells were run."""
    page = _domain(app.env).pages.get(pagename)
    if page is None or not page["pythons"]:
        context["spawnable_executed"] = None
        return
    moment = time.gmtime(float(os.environ.get("SOURCE_DATE_EPOCH") or time.time()))
    context["spawnable_executed"] = {
        "date": format_date(_("%b %d, %Y"), language=app.config.language),
        "iso": time.strftime("%Y-%m-%d", moment),
        "python": page["pythons"][0],
        "pythons": page["pythons"],
        "platform": platform(page["platform"]),
    }


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.setup_extension("myst_nb")
    app.add_message_catalog(CATALOG, str(Path(__file__).parent / "locale"))
    app.add_config_value("spawnable_pythons", [], "env", types=(list, tuple))
    app.add_config_value("spawnable_environments", "", "", types=(str, Path))
    app.add_config_value("spawnable_store", "", "", types=(str, Path))
    app.add_config_value("spawnable_identity", "", "env", types=(str,))
    app.add_domain(SpawnableDomain)
    add_elements(app)
    app.add_node(claim, override=True)
    app.add_node(ledger)
    app.add_node(matrix)
    app.add_node(run_value)
    app.add_directive("claim", ClaimDirective)
    app.add_directive("ledger", LedgerDirective)
    app.add_directive("matrix", MatrixDirective)
    app.add_directive("cell-options", CellOptionsDirective)
    app.add_role("claim", ClaimRole())
    app.add_role("run", RunRole())
    measured.setup(app)
    site = Site()
    app.connect("config-inited", site.configure, priority=100)
    app.connect("env-get-outdated", site.outdated)
    app.connect("env-before-read-docs", site.execute)
    app.connect("doctree-read", site.attach)
    app.connect("env-updated", site.tables)
    app.connect("doctree-resolved", fill_ledgers)
    app.connect("doctree-resolved", fill_matrices)
    app.connect("html-page-context", _add_executed)
    app.connect("build-finished", _tell_full, priority=100)  # before a handler fails for that reason
    app.connect("build-finished", site.finish)
    return {"version": "0.1.0", "env_version": _VERSION, "parallel_read_safe": True, "parallel_write_safe": True}
