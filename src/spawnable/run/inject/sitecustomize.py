# mypy: ignore-errors
"""Imported by every Python process of a run, before the script: how it is watched.

Sets line buffering as at a terminal, makes the run's start method the platform's
default, and notes births, names, exits and signals in the run's log.  Nothing here
stays on the stack of the script's own code.
"""

import os
import sys
from time import monotonic


def _note(*words):
    line = f"{monotonic():.6f} {os.getpid()} {' '.join(map(str, words))}\n".encode(errors="replace")
    try:
        log = os.open(_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError:
        return
    try:
        os.write(log, line)
    except OSError:
        pass
    finally:
        os.close(log)


def _arm():
    """Let a signal print the stack of every thread to a file of this process."""
    global _stacks  # noqa: PLW0603
    if _SIGNAL:
        try:
            import faulthandler

            path = f"{_FOLDER}/stack-{os.getpid()}"
            _stacks = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            faulthandler.register(_SIGNAL, file=_stacks, all_threads=True)
        except (ImportError, OSError, ValueError, AttributeError):  # a subinterpreter can not
            pass


def _context(module):
    """The run's start method is the platform's default; each child notes its name."""
    method = module._concrete_contexts.get(_METHOD)
    if method is not None:
        module._default_context._default_context = method
    for kind in (module.process.BaseProcess, getattr(module, "SpawnProcess", None)):
        if "_after_fork" in vars(kind or object):
            kind._after_fork = staticmethod(_naming(module.process, kind._after_fork))


def _naming(process, after_fork):
    """Let a child note its name, as its first step."""

    def named():
        this, parent = process.current_process(), process.parent_process()
        _note("name", parent.pid if parent else 0, int(bool(this.daemon)), this.name)
        after_fork()

    return named


class _Returned:
    """The exit code of a child as multiprocessing learns it, noted when it does."""

    def __get__(self, popen, owner=None):
        return self if popen is None else popen.__dict__["returncode"]

    def __set__(self, popen, code):
        popen.__dict__["returncode"] = code
        if code is not None:
            _note("reaped", popen.pid, code)


class _Started:
    """The id of a child as its parent learns it, noted with the child's name."""

    def __get__(self, popen, owner=None):
        return self if popen is None else popen.__dict__["pid"]

    def __set__(self, popen, pid):
        popen.__dict__["pid"] = pid
        child = sys._getframe(1).f_locals.get("process_obj")
        if pid and child is not None:
            _note("started", pid, int(bool(child.daemon)), child.name)


def _popen(module):
    module.Popen.returncode = _Returned()
    module.Popen.pid = _Started()


class _Watch:
    """A finder that finds nothing itself: it patches two modules as they are imported."""

    patches = {"multiprocessing.context": _context, "multiprocessing.popen_fork": _popen}  # noqa: RUF012

    def find_spec(self, name, path=None, target=None):
        patch = self.patches.pop(name, None)
        if patch is None:
            return None
        found = (finder.find_spec(name, path, target) for finder in sys.meta_path[1:])
        spec = next(filter(None, found), None)
        if spec is not None:
            run = spec.loader.exec_module

            def exec_module(module):
                run(module)
                patch(module)

            spec.loader.exec_module = exec_module
        return spec


def _exit(code, leave=os._exit):
    _note("exit", code)
    leave(code)


def _kill(pid, sig, /, kill=os.kill):
    _note("kill", pid, int(sig))
    kill(pid, sig)


_FOLDER = os.environ.get("SPAWNABLE_FOLDER")
_METHOD = os.environ.get("SPAWNABLE_START_METHOD")
_SIGNAL = int(os.environ.get("SPAWNABLE_STACK_SIGNAL", "0"))
_LOG = f"{_FOLDER}/log"
_stacks = None

if _FOLDER:
    for _stream in (sys.stdout, sys.stderr):
        if _stream is not None:
            _stream.reconfigure(line_buffering=True)
    os._exit = _exit
    os.kill = _kill
    sys.meta_path.insert(0, _Watch())
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_arm)
    _arm()
    os.environ.get("SPAWNABLE_TRACE") and __import__("spawnable_trace")
