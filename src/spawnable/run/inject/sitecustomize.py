# mypy: ignore-errors
"""Imported by every Python process of a run, before the script: how it is watched.

Sets line buffering as at a terminal, makes the run's start method the platform's
default, lets a signal print the stacks, and notes in the run's log what only the
process itself knows: its birth, its name, its exit code, the signals it sends, the
names of what it makes.  All in one file: a second one would cost each process the time
to find it.  Nothing here stays on the stack of the script's own code,
and nothing is imported that the script does not import.
"""

import os
import sys
from time import monotonic


def _note(*words, pid=os.getpid, opened=os.open, write=os.write, close=os.close):
    """Add a line to the log; what a script does to `os` or to the log is no matter."""
    try:
        text = " ".join(map(str, words)).replace("\n", "\\n")
        line = f"{monotonic():.6f} {pid()} {text}\n".encode(errors="replace")
        log = opened(_LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            write(log, line)
        finally:
            close(log)
    except Exception:
        pass


def _arm(opened=os.open, dup2=os.dup2, close=os.close):
    """Let a signal, or the end of the run's time, print the stack of every thread to a file of this process.

    The file has a high number, so that those the script opens are numbered as without it.
    """
    global _stacks
    try:
        import faulthandler

        path = f"{_FOLDER}/stack-{os.getpid()}"
        new = opened(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
        for number in filter(_free, (1023, 511, 255)) if _stacks is None else (_stacks,):
            try:
                _stacks = dup2(new, number, False)
            except OSError:  # more than the limit
                continue
            close(new)
            break
        else:
            _stacks = new
        if _SIGNAL:
            faulthandler.register(_SIGNAL, file=_stacks, all_threads=True)
        else:
            faulthandler.dump_traceback_later(max(0.05, _TIME - monotonic()), file=_stacks)
    except Exception:  # a subinterpreter can not
        pass


def _free(number, fstat=os.fstat):
    """Tell whether no file has this number."""
    try:
        fstat(number)
    except OSError:
        return True
    return False


def _forked(getpid=os.getpid):
    """Note the birth of a fork; its parent may be gone already."""
    global _pid
    parent, _pid = _pid, getpid()
    _note("born", parent, "fork")
    if _SIGNAL or _TIME:
        _arm()


def _born():
    """Note the birth of this program, and whether multiprocessing started it for its own use."""
    kind = "python"
    for word in sys.orig_argv:
        for module in ("forkserver", "resource_tracker"):
            if f"from multiprocessing.{module} import main" in word:
                kind = module
    _note("born", os.getppid(), kind)


class _Noted:
    """An attribute that is kept as any other; `note` is called after each setting."""

    def __init__(self, name, note):
        self.name, self.note = name, note

    def __get__(self, owner, kind=None):
        if owner is None:
            return self
        try:
            return owner.__dict__[self.name]
        except KeyError:
            raise AttributeError(self.name) from None

    def __set__(self, owner, value):
        owner.__dict__[self.name] = value
        try:
            self.note(owner, value)
        except Exception:
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


def _popen(module):
    """Note which child a process started, and the exit code that it learned."""
    module.Popen.pid = _Noted("pid", _started)
    module.Popen.returncode = _Noted("returncode", _returned)
    if hasattr(module, "TERMINATE"):  # on Windows it is no signal
        module.Popen.terminate = module.Popen.kill = _terminating(module.Popen.terminate)


def _started(_popen, pid):
    child = sys._getframe(2).f_locals.get("process_obj")
    if pid and child is not None:
        _note("started", pid, int(bool(child.daemon)), child.name)


def _returned(popen, code):
    if code is not None:
        _note("reaped", popen.pid, code)


def _terminating(terminate):
    def noted(popen):
        if popen.returncode is None:
            _note("kill", popen.pid, 15)
        terminate(popen)

    return noted


def _subprocess(module):
    module.Popen.terminate = module.Popen.kill = _terminating(module.Popen.terminate)


def _threading(module):
    """Note the threads that keep the interpreter from ending, when it wants to."""

    def holding():
        try:
            for thread in module.enumerate():
                if not thread.daemon and thread not in (module.main_thread(), module.current_thread()):
                    _note("holds", _work(thread), thread.name)
        except Exception:
            pass

    module._register_atexit(holding)


def _work(thread):
    """Return the function that a thread was started with.

    Not from its frames: to look at them makes some live longer, which Python 3.12 does not survive at its end.
    """
    target = getattr(thread, "_target", None) or type(thread).run
    return getattr(target, "__qualname__", type(target).__qualname__).replace(" ", "_")


def _tempfile(module):
    """Note the random part of the name of what is made."""
    following = module._RandomNameSequence.__next__

    def noted(names):
        name = following(names)
        if sys._getframe(1).f_code.co_name != "_make_name":  # of a semaphore: it may keep none
            _note("made", name)
        return name

    module._RandomNameSequence.__next__ = noted


def _shared_memory(module):
    module.SharedMemory._name = _Noted("_name", _segment)


def _segment(_owner, name):
    if sys._getframe(2).f_locals.get("create"):
        _note("made", name.removeprefix("/"))


def _synchronize(module):
    """Note the names of semaphores that keep one: under `fork` they have none."""
    make = module.SemLock._make_name

    def noted():
        name = make()
        if not sys._getframe(1).f_locals.get("unlink_now"):
            _note("made", f"sem.{name.removeprefix('/')}")
        return name

    module.SemLock._make_name = staticmethod(noted)


def _managers(module):
    """Note which process serves a manager: its main thread looks about once a second and waits all the same."""
    module.Server.stop_event = _Noted("stop_event", lambda *_: _note("serves"))


class _Spec:
    """What a module's specification becomes a kind of: `patch` is called once the module is executed."""

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name == "_initializing" and not value:
            self.__class__ = type(self).__bases__[1]
            _patch(self.name)


_PATCHES = {
    "multiprocessing.context": _context,
    "multiprocessing.popen_fork": _popen,
    "multiprocessing.popen_spawn_win32": _popen,
    "multiprocessing.managers": _managers,
    "multiprocessing.shared_memory": _shared_memory,
    "multiprocessing.synchronize": _synchronize,
    "tempfile": _tempfile,
    "threading": _threading,
}
if os.name == "nt":  # elsewhere it ends processes by a signal
    _PATCHES["subprocess"] = _subprocess


def _patch(name):
    module = sys.modules.get(name)
    if module is not None:
        try:
            _PATCHES[name](module)
        except Exception:  # a file of the script's own that is called so
            pass


class _Watch:
    """A finder that finds nothing itself: it has a few modules patched once they are imported."""

    def find_spec(self, name, path=None, target=None):
        if name not in _PATCHES:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                kind = type(spec)
                spec.__class__ = type(kind.__name__, (_Spec, kind), {})
                return spec
        return None


class _Kill:
    """`os.kill` and `os.killpg`: from when they are first asked for, their calls are heard.

    A function in their place would stand in the traceback of a call that fails.
    """

    def __init__(self, name):
        self.name = name

    def __get__(self, module, kind=None):
        _hear(module)
        return vars(module)[self.name]

    def __set__(self, module, value):
        _hear(module)
        vars(module)[self.name] = value

    def __delete__(self, module):
        _hear(module)
        del vars(module)[self.name]


def _hear(module):
    global _heard
    module.__class__ = type(sys)
    if not _heard:
        _heard = True
        sys.addaudithook(_sent)


def _pickled(module, protocol):
    """Pickle `os` as the pickler that asks pickles any module: some, such as cloudpickle's, look that up by class."""
    pickler = sys._getframe(1).f_locals.get("self")
    reduce = getattr(pickler, "dispatch_table", {}).get(type(sys))
    return reduce(module) if reduce else object.__reduce_ex__(module, protocol)


def _sent(event, arguments):
    if event in ("os.kill", "os.killpg"):
        try:
            target, number = map(int, arguments)
            _note(event[3:], target, number)
        except Exception:
            pass


def _exit(code, leave=os._exit):
    _note("exit", code)
    leave(code)


def _main_interpreter():
    """Tell whether this is no subinterpreter: signals are for the main one alone."""
    import _signal

    try:
        _signal.set_wakeup_fd(-1)
    except ValueError:
        return False
    return True


_FOLDER = os.environ.get("SPAWNABLE_FOLDER")
_METHOD = os.environ.get("SPAWNABLE_START_METHOD")
_SIGNAL = int(os.environ.get("SPAWNABLE_STACK_SIGNAL", "0")) if hasattr(os, "fork") else 0
_TIME = float(os.environ.get("SPAWNABLE_STACK_TIME", "0"))
_LOG = f"{_FOLDER}/log"
_stacks = None
_heard = False
_pid = os.getpid()

if _FOLDER:
    if hasattr(sys.stdout, "reconfigure"):  # errors are written line by line anyway
        sys.stdout.reconfigure(line_buffering=True)
    sys.meta_path.insert(0, _Watch())
    for _name in _PATCHES:  # what another package had imported before this
        _patch(_name)
    if _main_interpreter():
        _born()
        os._exit = _exit
        _kills = {name: _Kill(name) for name in ("kill", "killpg") if hasattr(os, name)}
        os.__class__ = type("module", (type(os),), {"__reduce_ex__": _pickled, **_kills})
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_forked)
        if _SIGNAL or _TIME:
            _arm()
    os.environ.get("SPAWNABLE_TRACE") and __import__("spawnable_trace")
    # the script finds its modules where it would without this, and as fast
    if os.path.dirname(__file__) in sys.path:
        sys.path.remove(os.path.dirname(__file__))
