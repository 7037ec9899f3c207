"""Many runs at once, as many as the machine bears."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait
from typing import Self

from spawnable.admission import Admission, default_workers
from spawnable.python import Python
from spawnable.snippet import Snippet
from spawnable.store import Job, Store, StoreError, job_key
from spawnable.transcript import Transcript

__all__ = ["BatchError", "Job", "default_workers", "run_all"]

_log = logging.getLogger(__name__)
#: seconds after which the waiting looks whether it was interrupted, where the system does not wake it
_GLANCE = 0.5

Runner = Callable[[Snippet, str, Python | None], Transcript]
Done = Callable[[Job, Transcript, bool], object]
Sound = Callable[[Job, Transcript], bool]


class BatchError(RuntimeError):
    """Runs that could not be done; what the others did is in `transcripts`."""

    def __init__(self, errors: dict[Job, Exception], transcripts: dict[Job, Transcript]) -> None:
        #: what was raised, by job
        self.errors = errors
        #: all that was done
        self.transcripts = transcripts
        told = [
            f"{job.snippet.where}: under {job.start_method} on Python {job.python.version}: {error}"
            for job, error in errors.items()
        ]
        super().__init__(
            "\n".join([f"{len(errors)} of {len(errors) + len(transcripts)} runs could not be done", *told])
        )


def run_all(
    jobs: Iterable[Job],
    store: Store | None = None,
    workers: int | None = None,
    done: Done | None = None,
    run: Runner | None = None,
    sound: Sound | None = None,
) -> dict[Job, Transcript]:
    """Run each job once, unless the store knows what it does; return what each did, in the order of the jobs.

    `workers` run at once; where none are given, as many as the machine bears: see
    `spawnable.admission`.  `done` is called in this thread after each, with whether
    the store knew it.  `run` is `spawnable.run.run` where none is given.  What the store
    knows is run again where `sound` denies it.  Raises BatchError when all others are done,
    where some could not be run.  After KeyboardInterrupt no further job is started and
    running ones are ended; what was done is in the store.
    """
    jobs = list(dict.fromkeys(jobs))
    batch = _Batch(done)
    waiting = []
    for key, twins in _by_key(jobs).items():
        transcript = store.read(key) if store else None
        if transcript is not None and sound is not None and not all(sound(job, transcript) for job in twins):
            transcript = None
        if transcript is None:
            waiting.append((key, twins))
        else:
            batch.note(twins, transcript, stored=True)
    waiting.sort(key=lambda item: _haste(item[1][0]))
    admission = Admission(workers)
    with _Pool(store, min(admission.most, len(waiting) or 1), run) as pool:
        batch.gather(pool, admission, deque(waiting))
    if batch.errors:
        raise BatchError({job: batch.errors[job] for job in jobs if job in batch.errors}, batch.transcripts)
    return {job: batch.transcripts[job] for job in jobs}


def _haste(job: Job) -> tuple[bool, float]:
    """Return what sorts first that which takes longest, so that it is not what all wait for at the end."""
    expectation = job.snippet.expectations.of(job.start_method, job.python.minor)
    return "stuck" not in expectation.kinds, -job.snippet.limits.time


def _by_key(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    """Return the jobs, those together that differ only in what is expected or where they stand."""
    found: dict[str, list[Job]] = {}
    for job in jobs:
        found.setdefault(job_key(job), []).append(job)
    return found


class _Batch:
    """What became of the jobs so far."""

    def __init__(self, done: Done | None) -> None:
        self.transcripts: dict[Job, Transcript] = {}
        self.errors: dict[Job, Exception] = {}
        self._done = done

    def note(self, twins: list[Job], transcript: Transcript, *, stored: bool) -> None:
        for job in twins:
            self.transcripts[job] = transcript
            if self._done is not None:
                self._done(job, transcript, stored)

    def gather(self, pool: _Pool, admission: Admission, waiting: deque[tuple[str, list[Job]]]) -> None:
        running: dict[Future[Transcript], list[Job]] = {}
        while waiting or running:
            while waiting and admission.admits(len(running)):
                key, twins = waiting.popleft()
                running[pool.submit(key, twins[0])] = twins
            more = waiting and len(running) < admission.most
            finished, _ = wait(running, timeout=admission.pause if more else _GLANCE, return_when=FIRST_COMPLETED)
            for future in finished:
                self._ended(future, running.pop(future))

    def _ended(self, future: Future[Transcript], twins: list[Job]) -> None:
        error = future.exception()
        if error is None:
            self.note(twins, future.result(), stored=False)
        elif isinstance(error, Exception):
            self.errors |= dict.fromkeys(twins, error)
        else:
            raise error


class _Pool:
    """Threads that run jobs; left by an exception, it ends what runs."""

    def __init__(self, store: Store | None, workers: int, run: Runner | None) -> None:
        self._store = store
        self._run = run or _default_run
        self._stopped = threading.Event()
        self._futures: list[Future[Transcript]] = []
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="run")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._stopped.set()
            self._threads.shutdown(wait=False, cancel_futures=True)
            _close()
            while wait(self._futures, timeout=_GLANCE).not_done:  # one that was just about to begin
                _close()
        self._threads.shutdown(wait=True)

    def submit(self, key: str, job: Job) -> Future[Transcript]:
        future = self._threads.submit(self._do, key, job)
        self._futures.append(future)
        return future

    def _do(self, key: str, job: Job) -> Transcript:
        python = job.python.with_packages(job.snippet.packages)
        if self._stopped.is_set():
            raise CancelledError
        transcript = self._run(job.snippet, job.start_method, python)
        # a run that was ended from here did not do what it would have done
        if self._store is not None and not self._stopped.is_set():
            try:
                self._store.write(key, transcript)
            except StoreError as error:
                # what was run is worth more than its memory
                _log.error("%s", error)
                self._store = None
        return transcript


def _default_run(snippet: Snippet, start_method: str, python: Python | None) -> Transcript:
    from spawnable.run import run

    return run(snippet, start_method, python)


def _close() -> None:
    from spawnable.run import close

    close()
