"""What a task costs by a recipe, beside the library that does the same.

For each recipe with such a peer, both do the same tasks in turns.  Tasks do nothing, so what is
measured is what the way to do them costs:

- part `cost`: `task_us`, the time of a round divided by its tasks.
- part `beside`: `beside_ratio`, that of the recipe divided by that of the peer, round by round.

`result` and `time_limit` make a process for each task, as pebble's decorator does; the peer's pool,
which has a time limit for each task too, keeps its workers.  `progress` and tqdm's `process_map`
start two workers for each round, and so do those that log.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from spawnable.measure.chart import Chart
from spawnable.measure.peers import JOBS, Job
from spawnable.measure.plan import Plan
from spawnable.measure.sampling import in_turns, spread
from spawnable.measure.table import Row, Table
from spawnable.measure.ways import joblib_ended, libraries

__all__ = ["CHARTS", "measure"]

_WORKERS = 2

CHARTS = (
    Chart(
        "A task by a recipe takes so many times what it takes by its peer",
        x="pair",
        y="beside_ratio",
        where={"part": "beside"},
        log="y",
        x_title="recipe / peer",
        y_title="time beside the peer's",
        name="beside",
    ),
)


def measure(plan: Plan) -> Table:
    """Measure recipes beside their peers; see the module's text."""
    here = libraries(sorted({name for job in JOBS for name in job.libraries}))
    jobs = [job for job in JOBS if all(here[name] for name in job.libraries)]
    rows: list[Row] = []
    subjects = list(dict.fromkeys(job.recipe for job in jobs))
    with joblib_ended():
        for recipe in subjects:
            of_it = [job for job in jobs if job.recipe == recipe]
            rows += _compared(of_it, plan.part(0.5 / len(subjects)))
    missing = tuple(f"{name} is not installed." for name, there in here.items() if not there)
    return Table("recipes", tuple({**row, "workers": _WORKERS} for row in rows), missing)


def _compared(jobs: list[Job], plan: Plan) -> Iterator[Row]:
    """Give the rows of one recipe."""
    with ExitStack() as stack:
        cases = {}
        for job in jobs:
            tasks = 4 if plan.quick else job.tasks
            run = stack.enter_context(job.open(_WORKERS))
            cases[job.way] = partial(lambda run, tasks: run(tasks) / tasks * 1e6, run, tasks)
        found = in_turns(cases, plan, warm_up=0 if plan.quick else 1)
    for job in jobs:
        yield {"part": "cost", "recipe": job.recipe, "way": job.way, **spread("task_us", found[job.way])}
    for job in jobs:
        if not job.ours and job.recipe in found:
            ratios = [one / other for one, other in zip(found[job.recipe], found[job.way], strict=True)]
            row = {"part": "beside", "recipe": job.recipe, "peer": job.way, "pair": f"{job.recipe} / {job.way}"}
            yield {**row, **spread("beside_ratio", ratios)}
