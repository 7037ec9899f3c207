"""How processes ended, as far as another process or a thread had to do with it."""

from __future__ import annotations

from spawnable.transcript import Event, Process, Transcript

__all__ = ["held", "killer"]

#: seconds that a signal may have been sent after the end that it caused was seen, and that count as no waiting
_CLOSE = 0.05


def killer(process: Process, transcript: Transcript) -> str:
    """Return the name of the process that ended another one by a signal; empty where none is known to have done so."""
    if process.exit_code is None or process.exit_code >= 0 or process.death is None:
        return ""
    sent = [
        event
        for event in transcript.events
        if event.what == "kill" and event.time <= process.death + _CLOSE and _meant(event, process)
    ]
    sender = transcript.process(sent[-1].pid) if sent else None
    return "itself" if sender is process else sender.name if sender else ""


def _meant(event: Event, process: Process) -> bool:
    """Tell whether a signal that was sent is the one that ended the process, and reached it."""
    number, _, reach = event.detail.partition(" ")
    return number == str(-(process.exit_code or 0)) and (bool(reach) or event.target == process.pid)


def held(transcript: Transcript) -> list[tuple[Process, str, float]]:
    """Return the processes that wanted to end and stayed for a thread: the process, the thread, for how many seconds.

    The thread is told by its name and the function that it was started with.
    """
    found = []
    for event in transcript.events:
        process = transcript.process(event.pid)
        if event.what == "holds" and process is not None:
            name, _, function = event.detail.rpartition(" in ")
            seconds = (transcript.wall if process.death is None else process.death) - event.time
            if seconds >= _CLOSE:
                found.append((process, f"{name}, in `{function}`", round(seconds, 3)))
    return found
