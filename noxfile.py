"""Every task of the project: `nox -s docs` builds the guide, `nox -l` lists the others.

What a session installs is named in pyproject.toml and pinned in constraints.txt.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.envdir = os.environ.get("NOX_ENVDIR", ".nox")
nox.options.sessions = ["docs", "tests", "doctest", "lint", "types"]

PROJECT = nox.project.load_toml("pyproject.toml")
SITE = Path("docs/_build/html")
#: sentences that no script of their page shows, each with one that does
PROOFS = "tests/shown/proofs"
#: where scripts are extracted to, by what they stand in
EXTRACTED = {"docs": "docs/_build/cells", PROOFS: "docs/_build/proofs"}
TRANSCRIPTS = Path("docs/_build/transcripts")
#: a phone shows so many columns of code
CELL_WIDTH = "68"


def default_start_method(platform: str, version: tuple[int, int]) -> str:
    """Return how `multiprocessing` starts processes there if a program does not choose."""
    if platform == "linux":
        return "forkserver" if version >= (3, 14) else "fork"
    # Windows has no other, and macOS's own libraries may crash in a forked child
    return "spawn"


def install(session: nox.Session, *groups: str, project: str = ".[cli,site]") -> None:
    """Install the project, editable, and dependency groups, at the pinned versions."""
    requirements = nox.project.dependency_groups(PROJECT, *groups) if groups else ()
    session.install("--constraint", "constraints.txt", "--editable", project, *requirements)


def extract(session: nox.Session) -> None:
    """Write every cell of the pages as the script that a reader copies."""
    for pages, folder in EXTRACTED.items():
        shutil.rmtree(folder, ignore_errors=True)
        session.run("spawnable", "extract", pages, folder)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the guide, running every script in it; `-- --serve`, or a terminal, previews it live."""
    arguments = [argument for argument in session.posargs if argument != "--serve"]
    serve = session.interactive or "--serve" in session.posargs
    install(session, *(["preview"] if serve else []))
    sphinx = [
        "-n",  # warn of every reference that leads nowhere
        *("-j", "auto"),  # read and write pages in parallel
        *("-b", "html"),
        *arguments,
        *("docs", str(SITE)),
    ]
    session.run(
        "sphinx-build",
        "-W",  # a warning is an error
        "--keep-going",  # but tell all of them
        *sphinx,
        success_codes=range(256) if serve else [0],
    )
    session.log(f"The site: {(SITE / 'index.html').resolve().as_uri()}")
    if serve:
        session.run("sphinx-autobuild", "--watch=src", "--ignore=*/_build/*", *sphinx)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, in parallel; what follows `--` goes to pytest."""
    install(session, "tests")
    session.run("pytest", "-n", "auto", "--dist", "loadfile", *session.posargs)


@nox.session(default=False)
def portable(session: nox.Session) -> None:
    """Run the runner's and the builder's tests with runs watched as on macOS and Windows: by a pipe and psutil."""
    install(session, "tests")
    chosen = ["tests/test_run.py", "tests/test_close.py", "tests/test_portable.py", "tests/build", "tests/cli"]
    session.run("pytest", "--portable", "-n", "auto", "--dist", "loadfile", *chosen, *session.posargs)


def run_doctests(session: nox.Session, start_method: str) -> None:
    """Run the examples of docstrings and pages with that start method as the default."""
    if sys.platform == "win32" and start_method != "spawn":
        session.skip(f"Windows has no {start_method}")
    if sys.platform == "darwin" and start_method == "fork":
        session.skip("macOS's own libraries may crash in a forked child, so fork proves nothing there")
    install(session, "tests")
    method = f"--start-method={start_method}"
    session.run("pytest", method, "--doctest-modules", "src", *session.posargs)
    nothing_found = 5
    pages = ["--doctest-glob=*.md", "README.md", "CONTRIBUTING.md", "docs"]
    session.run("pytest", method, *pages, *session.posargs, success_codes=[0, nothing_found])


@nox.session
@nox.parametrize("start_method", ["fork", "forkserver", "spawn"], ids=["fork", "forkserver", "spawn"])
def doctest(session: nox.Session, start_method: str) -> None:
    """Run the examples of docstrings and pages under a start method."""
    run_doctests(session, start_method)


def doctest_as_on(platform: str) -> None:
    """Define the session `doctest(linux)` and its like: the platform's default for the session's Python."""

    @nox.session(name=f"doctest({platform})", default=False)
    def alias(session: nox.Session) -> None:
        """Run the examples under the start method that is the platform's default."""
        version = session.run("python", "-c", "import sys; print(*sys.version_info[:2])", silent=True)
        major, minor = map(int, str(version).split())
        run_doctests(session, default_start_method(platform, (major, minor)))


for _platform in ("linux", "macos", "windows"):
    doctest_as_on(_platform)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the code's style, and that of every script in the pages."""
    install(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--diff", ".")
    extract(session)
    cells = ["--no-respect-gitignore", f"--line-length={CELL_WIDTH}", *EXTRACTED.values()]
    session.run("ruff", "check", *cells)
    session.run("ruff", "format", "--diff", *cells)


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the code on every platform, and of every script in the pages."""
    install(session, "types")
    session.run("mypy", "src", "tests", "noxfile.py", "conftest.py")
    for platform in ("darwin", "win32"):
        session.run("mypy", f"--platform={platform}", "--exclude", "run/linux/", "src")
    extract(session)
    for folder in EXTRACTED.values():
        session.run("python", ".ci/type_cells.py", folder)


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Build the guide and look at it in a real Chromium; what follows `--` goes to pytest."""
    install(session, "browser")
    find_chromium(session)
    session.run("sphinx-build", "-n", "-W", "--keep-going", "-j", "auto", "-b", "html", "docs", str(SITE))
    tests = ["tests/browser", "-n", "auto", *session.posargs]
    # what a browser leaves there when it is ended lies in the environment
    folder = session.create_tmp()
    session.run("pytest", *tests, env={"SPAWNABLE_SITE": str(SITE), "TMPDIR": folder, "XDG_CONFIG_HOME": folder})


def find_chromium(session: nox.Session) -> None:
    """Find a Chromium, or install one: that of Debian with all it needs, else that of Playwright."""
    names = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
    if any(map(shutil.which, names)):
        return
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        # lists may be missing or old; where they can not be fetched, those that are here may do
        session.run("apt-get", "update", "-qq", external=True, success_codes=range(256))
        packages = ["chromium", "fonts-dejavu-core"]  # without any font a page has no text to look at
        session.run(
            *("apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages),
            external=True,
            env=quiet,
            success_codes=range(256),
        )
        if any(map(shutil.which, names)):
            return
    try:
        session.run("playwright", "install", "chromium-headless-shell")
    except nox.command.CommandFailed:
        session.error("there is no Chromium, and none could be fetched: install Chromium or Google Chrome")


@nox.session(default=False)
def snippets(session: nox.Session) -> None:
    """Run every script of the pages on every Python that is here, of 3.11 to 3.15, but for runs that are remembered."""
    install(session)
    pythons = [] if "--python" in session.posargs else ["--python", "all"]
    # several rounds do without what is remembered
    session.run("spawnable", "check", "docs", PROOFS, "--store", str(TRANSCRIPTS), *pythons, *session.posargs)


@nox.session(default=False)
def matrix(session: nox.Session) -> None:
    """Run every script of the pages on every Python that is here, then build the guide with all of it.

    After `--`: `--python 3.13` runs them on that one alone, `--merge FILE…` adds runs made
    elsewhere, `--export FILE` packs all runs instead of building.
    """
    parser = argparse.ArgumentParser(prog="nox -s matrix --")
    parser.add_argument("--python", action="append", default=[])
    parser.add_argument("--merge", nargs="+", default=[])
    parser.add_argument("--export")
    given = parser.parse_args(session.posargs)
    install(session)
    store = str(TRANSCRIPTS)
    for file in given.merge:
        session.run("spawnable", "store", "merge", store, file)
    environments = Path(session.virtualenv.location).resolve().parent / "pythons"
    where = ["--store", store, "--environments", str(environments)]
    pythons = [f"--python={name}" for name in given.python or ["all"]]
    # what a cell needs is installed at the pinned version, if it is pinned
    pins = {"PIP_CONSTRAINT": str(Path("constraints.txt").resolve())}
    failed = False
    try:
        session.run("spawnable", "check", "docs", *pythons, *where, env=pins)
    except nox.command.CommandFailed:
        failed = True  # which scripts did not do as declared is of use as well: it is shown
    if given.export:
        session.run("spawnable", "store", "export", store, given.export)
    else:
        session.run("sphinx-build", "-n", "-W", "--keep-going", "-j", "auto", "-b", "html", "docs", str(SITE), env=pins)
        session.log(f"Every run: {(SITE / 'reference/matrix.html').resolve().as_uri()}")
    if failed:
        session.error("not every script did as its cell declares: see above")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure what running costs, each baseline beside it; `-- growth --small` shows that a part works."""
    install(session)
    session.run("python", "tests/bench/bench.py", *session.posargs, env={"PYTHONPATH": str(Path.cwd())})


@nox.session(default=False)
def measure(session: nox.Session) -> None:
    """Measure what multiprocessing costs, for the pages of docs/performance; `-- transports` measures one subject."""
    install(session, project=".[cli,measure]")
    subjects = session.posargs or ["all"]
    session.run("spawnable", "measure", *subjects, "--json", "docs/performance/data/")


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Count the names, messages and questions that the scripts show; first `nox -s matrix`, for all Pythons."""
    install(session)
    if not (SITE / "snippets.json").exists():
        session.error("there is no built site: run `nox -s matrix`, or `nox -s docs` for one Python")
    lists = ["docs/reference/names.json", "docs/failures/questions.json"]
    session.run("python", "tests/shown/count.py", str(SITE), *lists)


@nox.session(default=False)
def soak(session: nox.Session) -> None:
    """Run the scripts of the pages ten thousand times, as many at once as a build; `-- --runs 500` is shorter."""
    install(session)
    session.run("python", "tests/bench/soak.py", *session.posargs, env={"PYTHONPATH": str(Path.cwd())})


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Run every hostile script under each start method, each beside a run that must not notice; Linux."""
    install(session, "tests")
    session.run("pytest", "tests/faults", "--run-faults", "-n", "2", *session.posargs)


@nox.session(default=False)
def recipes(session: nox.Session) -> None:
    """Inject a thousand random faults into each recipe, over all start methods; `-- --soak-faults 50` is shorter."""
    install(session, "tests")
    # the last of two such options counts
    faults = ["-k", "faults", "--soak-faults", "1000", "-o", "faulthandler_timeout=600"]
    session.run("pytest", "tests/recipes", *faults, *session.posargs)


@nox.session(default=False)
def lines(session: nox.Session) -> None:
    """Measure which lines of the recipes their tests run, in children too, and fail below 95 %."""
    install(session, "tests")
    what = ["tests/recipes", "src/spawnable/recipes", "--doctest-modules", "--soak-faults", "60"]
    found = {"COVERAGE_FILE": str(Path(session.create_tmp()).resolve() / "coverage")}
    session.run("coverage", "erase", env=found)
    session.run("coverage", "run", "-m", "pytest", *what, *session.posargs, env=found)
    session.run("coverage", "combine", "--quiet", env=found)
    session.run("coverage", "report", "--fail-under=95", env=found)


@nox.session(default=False)
def hosts(session: nox.Session) -> None:
    """Run a sweep over several hosts, each a network namespace, and cut one off: as root, on Linux."""
    install(session, "hosts")
    session.run("python", ".ci/hosts.py", *(session.posargs or ["docs/beyond/hosts.txt"]))


@nox.session(default=False)
def constraints(session: nox.Session) -> None:
    """Pin anew what the sessions install, for every Python and system, in constraints.txt."""
    session.install("uv")
    groups = [f"--group={name}" for name in PROJECT["dependency-groups"]]
    what = ["--universal", "--python-version=3.11.5", "--all-extras", *groups, "pyproject.toml"]
    quiet = ["--quiet", "--no-header", "--no-annotate", "--no-emit-index-url"]
    pins = session.run("uv", "pip", "compile", *quiet, *what, silent=True)
    header = "# What the sessions install, on every Python and system: written by `nox -s constraints`.\n"
    Path("constraints.txt").write_text(header + str(pins), encoding="utf-8")


if __name__ == "__main__":
    nox.main()
