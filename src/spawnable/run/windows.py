"""What the portable runner needs of Windows alone: a job that ends all that is in it, exit codes, interpreters.

A job object holds a process and all that it starts, whether their parents live or not,
and the system ends them all when the last handle of the job is closed: at the latest when
the process that made it ends, however it does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["Job", "interpreter"]

#: with which `multiprocessing` ends a process, as `Process.terminate` does
_TERMINATED = 0x10000
_STILL_ACTIVE = 259
_LIST, _EXTENDED = 3, 9
_KILL_ON_CLOSE, _ACTIVE_PROCESSES = 0x2000, 0x8
_SET_QUOTA, _TERMINATE, _QUERY = 0x0100, 0x0001, 0x1000
#: process ids that are read at once
_MOST = 4096


class _Basic(ctypes.Structure):
    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_set", ctypes.c_size_t),
        ("most_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class _Extended(ctypes.Structure):
    _fields_ = (
        ("basic", _Basic),
        ("io", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("peak_process_memory", ctypes.c_size_t),
        ("peak_job_memory", ctypes.c_size_t),
    )


class _List(ctypes.Structure):
    _fields_ = (
        ("assigned", ctypes.c_uint32),
        ("listed", ctypes.c_uint32),
        ("ids", ctypes.c_size_t * _MOST),
    )


if sys.platform == "win32":
    _kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    for _name, _result, _arguments in (
        ("CreateJobObjectW", ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_wchar_p)),
        (
            "SetInformationJobObject",
            ctypes.c_int,
            (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32),
        ),
        (
            "QueryInformationJobObject",
            ctypes.c_int,
            (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p),
        ),
        ("AssignProcessToJobObject", ctypes.c_int, (ctypes.c_void_p, ctypes.c_void_p)),
        ("TerminateJobObject", ctypes.c_int, (ctypes.c_void_p, ctypes.c_uint32)),
        ("OpenProcess", ctypes.c_void_p, (ctypes.c_uint32, ctypes.c_int, ctypes.c_uint32)),
        ("GetExitCodeProcess", ctypes.c_int, (ctypes.c_void_p, ctypes.c_void_p)),
        ("CloseHandle", ctypes.c_int, (ctypes.c_void_p,)),
    ):
        _function = getattr(_kernel, _name)
        _function.restype, _function.argtypes = _result, _arguments

    def _done(result: int | None) -> int:
        """Return what a function returned; raise OSError where it failed."""
        if not result:
            raise ctypes.WinError(ctypes.get_last_error())
        return result

    class Job:
        """The processes of one run."""

        def __init__(self, processes: int) -> None:
            """Make a job in which at most so many processes may live at once."""
            self._handle = _done(_kernel.CreateJobObjectW(None, None))
            self._processes: dict[int, int] = {}
            limits = _Extended()
            limits.basic.flags = _KILL_ON_CLOSE | _ACTIVE_PROCESSES
            limits.basic.active_processes = processes
            _done(_kernel.SetInformationJobObject(self._handle, _EXTENDED, ctypes.byref(limits), ctypes.sizeof(limits)))

        def add(self, pid: int) -> None:
            """Take a process in; it must not have started another one yet."""
            process = _done(_kernel.OpenProcess(_SET_QUOTA | _TERMINATE, 0, pid))
            try:
                _done(_kernel.AssignProcessToJobObject(self._handle, process))
            finally:
                _kernel.CloseHandle(process)

        def pids(self) -> list[int]:
            """Return the ids of the processes that live."""
            found = _List()
            size = ctypes.sizeof(found)
            _kernel.QueryInformationJobObject(self._handle, _LIST, ctypes.byref(found), size, None)
            pids = [int(pid) for pid in found.ids[: found.listed]]
            for pid in pids:
                if pid not in self._processes and (handle := _kernel.OpenProcess(_QUERY, 0, pid)):
                    self._processes[pid] = handle
            return pids

        def exit_code(self, pid: int) -> int | None:
            """Return the exit code of a process that `pids` has named; None where it lives or is not known."""
            code = ctypes.c_uint32(_STILL_ACTIVE)
            if pid in self._processes:
                _kernel.GetExitCodeProcess(self._processes[pid], ctypes.byref(code))
            if code.value == _STILL_ACTIVE:
                return None
            return -int(signal.SIGTERM) if code.value == _TERMINATED else code.value

        def end(self) -> None:
            """End all processes."""
            _kernel.TerminateJobObject(self._handle, 1)

        def close(self) -> None:
            """End all processes, and give up what is known of them."""
            for handle in (*self._processes.values(), self._handle):
                _kernel.CloseHandle(handle)
            self._processes.clear()


def interpreter(executable: str) -> tuple[str, dict[str, str]]:
    """Return the program that an interpreter of a virtual environment only starts, and the variables it needs.

    So the script is run by the process that was started, not by a child of it.
    """
    with suppress(OSError):
        settings = Path(executable).parent.parent / "pyvenv.cfg"
        for line in settings.read_text(encoding="utf-8").splitlines():
            name, _, program = line.partition("=")
            found = program.strip() if name.strip() == "executable" else f"{program.strip()}\\python.exe"
            if name.strip() in ("executable", "home") and os.path.isfile(found):
                return found, {"__PYVENV_LAUNCHER__": executable}
    return executable, {}
