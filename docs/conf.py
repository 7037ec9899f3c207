"""Sphinx configuration of the guide: every setting that differs from the default, with its reason."""

from __future__ import annotations

import os
import tomllib
from importlib.util import find_spec
from pathlib import Path

project = "Spawnable"
author = "the Spawnable authors"
language = "en"

extensions = [
    "myst_nb",  # pages are MyST Markdown, cells are notebook cells
    "spawnable.site",  # runs every cell as a script and hands MyST-NB the outputs
    "spawnable.site.shown",  # reference/names.md: which script uses which name
    "spawnable.site.official",  # links those names, in scripts, to Python's documentation
    "spawnable.site.charts",  # performance/: what was measured, drawn and held against
    "spawnable.site.messages",  # failures/messages.md: where each message is explained
    "spawnable.site.finding",  # the index of the search
    "spawnable.site.plain",  # each page as Markdown, and llms.txt
    "spawnable.site.furniture",  # tool tips of terms, sitemap
    "notfound.extension",  # 404.html, with addresses from the site's root
    "sphinx_reredirects",  # redirects.toml
    "sphinx_copybutton",  # copies a script exactly as it was run
    "sphinx.ext.autodoc",  # reference/package.md is read from the docstrings
]
if find_spec("sphinx_click"):
    extensions.append("sphinx_click")  # reference/cli.md is read from the commands

# Where scripts are run, the page's Python first: the one that builds, unless others are named.  What the store of
# transcripts has from further Pythons and systems is shown too: `nox -s matrix` fills it.
spawnable_pythons = os.environ.get("SPAWNABLE_PYTHONS", "").split()
# Distributions that a script needs are installed there, beside nox's environments.
spawnable_environments = str(Path(__file__).parent.parent / os.environ.get("NOX_ENVDIR", ".nox") / "pythons")

spawnable_names = "reference/names.json"  # those that reference/names.md lists, and the inventory of links

spawnable_measured = {  # figures for sentences
    "bench": "reference/bench.json",  # what `nox -s bench` wrote
    "soak": "reference/soak.json",  # what `nox -s soak` wrote
    "hosts": "beyond/hosts.json",  # what `nox -s hosts` wrote
}

exclude_patterns = ["_build"]  # what nox builds there is no source
templates_path = ["_templates"]

# What the package's own docstrings name of the standard library is not in that inventory.
nitpick_ignore_regex = [("py:.*", r"(?!spawnable\.).*")]
nitpick_ignore = [("py:class", "spawnable.agreement.Key")]  # a type variable: nothing to link to
autodoc_member_order = "bysource"  # modules are written to be read from the top
toc_object_entries_show_parents = "hide"  # `parse()`, not `Outcome.parse()`: the class stands above it
autodoc_typehints_format = "short"  # `Snippet`, as the code says it

gettext_compact = False  # a catalog a page, so that pages are translated one at a time
myst_heading_anchors = 3  # pages link to each other's headings

# Scripts are copied, outputs are not.  Neither are sessions: in a file, theirs would lack the main guard.
copybutton_selector = "div:not(.output):not(.highlight-pycon) > div.highlight pre"

redirects = tomllib.loads((Path(__file__).parent / "redirects.toml").read_text(encoding="utf-8"))

html_theme = "furo"
html_title = "Spawnable"
html_baseurl = os.environ.get("SPAWNABLE_BASE_URL", "")  # canonical links, where the site has an address
notfound_template = "404.html"
notfound_urls_prefix = "/" + html_baseurl.partition("://")[2].partition("/")[2]  # the path of that address
repository = os.environ.get("SPAWNABLE_REPOSITORY", "")  # the edit link of each page, where the source has an address
html_theme_options = (
    {"source_repository": repository, "source_branch": "main", "source_directory": "docs/"} if repository else {}
)
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["spawnable.css", "timeline.css"]
html_show_copyright = False  # the licence says who holds it
html_copy_source = False  # each script is offered for download, the page's source is not
html_permalinks_icon = "#"  # a plain sign that every font has
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/start-method.html",  # the reader's start method, for all scripts of the site
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
# Both keep 4.5:1 on the backgrounds of spawnable.css, but for comments, whose colour stands there, and are told apart
# by colour-blind readers.  Until a build has ended, pygments.css has the light style alone; Furo then adds the other.
pygments_style = "github-light-colorblind"
pygments_dark_style = "github-dark-colorblind"
