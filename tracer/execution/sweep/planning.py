"""Checks a sweep before it begins, and divides it into blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from tracer.config import Override, Prepared
from tracer.config.grid import Grid, Varied
from tracer.errors import ConfigError
from tracer.execution.sweep import KEEP
from tracer.execution.sweep.points import RATE, Plan
from tracer.execution.sweep.sharing import SECONDS_A_POINT, SECONDS_A_VALUE, WORTHWHILE, Block, cores
from tracer.model.assembly import assemble
from tracer.model.experiment import Experiment

MOST_TRIED, MOST_COMBINED, OF_OTHERS = 200, 32, 4
"""Values of a key whose config is read in advance; where a key has no effect, points of the other keys at which it is
tried, and values of each of these."""
RUNS = 4096
"""In a block, unless that is too many values to keep, or too much time."""
LEAST_RUNS = 256
"""In a block, where there would be a block for every process."""
MOST_VALUES, MOST_SECONDS, MOST_STARTED = 32_000_000, 60.0, 2_000_000
"""Values of curves in a block, 256 MB (fewer runs at once take longer each); what it takes, roughly; and the
numbers that its runs start from."""
MOST_COMPUTED = 10**15
"""Quantities that a sweep computes: two weeks of one core."""
MOST_OF_A_RUN = 100_000_000
"""Numbers of the curves of a run: 800 MB."""
APPEARANCE = frozenset({"name", "description", "columns", "charts", "output", "csv"})
"""Keys of a config that have no effect on a run."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A sweep that can begin. experiment: at the first point of the grid. loss: the quantity to minimize.
    columns, parameters, rows, iterations: the most that a run has: quantities of a step, parameters, samples of a
    batch, iterations."""

    plan: Plan
    experiment: Experiment
    loss: str
    columns: int
    parameters: int
    rows: int
    iterations: int

    @property
    def values(self) -> int:
        """The quantities that a run computes."""
        return self.columns * self.rows * self.iterations

    @property
    def seconds(self) -> float:
        """Roughly the work of a run, on one core."""
        return SECONDS_A_POINT + SECONDS_A_VALUE * self.values

    @property
    def workers(self) -> int:
        """The processes of this machine that the sweep is worth."""
        return cores() if self.seconds * len(self.plan.grid) > WORTHWHILE else 1

    @property
    def kept(self) -> int:
        """Values of the curves of a run."""
        return self.iterations * {"final": 0, "loss": 1, "all": 1 + self.parameters}[self.plan.keep]

    def blocks(self, workers: int) -> list[Block]:
        """The runs in blocks, for so many processes."""
        total = len(self.plan.grid)
        most = min(RUNS, int(MOST_SECONDS / self.seconds), MOST_STARTED // max(self.parameters, 1))
        most = min(most, MOST_VALUES // self.kept) if self.kept else most
        count = math.ceil(total / max(most, 1))
        count = max(count, min(workers * math.ceil(count / workers), total // LEAST_RUNS))
        size = math.ceil(total / count)
        return [(first, min(first + size, total)) for first in range(0, total, size)]


def planned(
    config: Prepared,
    settings: Sequence[Override],
    grid: Grid,
    keep: str = "final",
    sample: int | None = None,
    seed: int = 0,
) -> Planned:
    """A sweep over a grid; keys that change the equations are moved to its front, so that runs of one shape follow each
    other. Where the config has several learning rates, and none is varied, these are.

    settings: values in place of the config's that hold for all runs. keep: one of KEEP. sample: how many points are
    drawn, with this seed. Raises ConfigError: values that the config cannot have, keys without effect, too many points.
    """
    if keep not in KEEP:
        raise ConfigError([f"--keep: '{keep}' is not one of {', '.join(KEEP)}"])
    plan = Plan(config, tuple(settings), grid, keep)
    first = _first(plan)
    if len(first.learning_rates) > 1 and RATE not in {varied.key for varied in grid.varied}:
        grid = Grid((*grid.varied, Varied(RATE, list(first.learning_rates), listed=True)))
        plan = replace(plan, grid=grid)
    order = sorted(range(len(grid.varied)), key=lambda place: place not in plan.shaping)
    grid = Grid(tuple(grid.varied[place] for place in order))
    plan = replace(plan, grid=grid)
    tried = _tried(plan)
    grid = grid if sample is None else grid.sampled(sample, seed)
    grid.check()
    first, widest = tried[0], max(tried, key=lambda experiment: len(experiment.start))
    system = assemble(widest)
    found = Planned(
        replace(plan, grid=grid),
        first,
        (system if widest is first else assemble(first)).loss,
        len(system.columns()),
        len(system.parameters),
        max(experiment.batches.size for experiment in tried),
        max(experiment.iterations for experiment in tried),
    )
    _check_size(found)
    return found


def _first(plan: Plan) -> Experiment:
    """The config at the first point of the grid. Raises ConfigError."""
    point = (0,) * len(plan.grid.varied)
    try:
        return plan.several(point)
    except ConfigError as error:
        given, own = ", ".join(override.origin for override in plan.grid.overrides(point)), _own_problems(plan)
        raise ConfigError([problem if problem in own else _at(problem, given) for problem in error.problems]) from None


def _own_problems(plan: Plan) -> Sequence[str]:
    """What is wrong with the config where nothing varies."""
    try:
        plan.config.experiment(plan.settings)
    except ConfigError as error:
        return error.problems
    return ()


def _check_size(planned: Planned) -> None:
    """Raise ConfigError, with the figure, for a sweep that would take too long, or too much memory."""
    runs, problems = len(planned.plan.grid), []
    if planned.values * runs > MOST_COMPUTED:
        hours = planned.seconds * runs / 3600
        problems.append(
            f"the sweep would compute {planned.values * runs:,} values, in about {hours:,.0f} hours of one core; more "
            f"than {MOST_COMPUTED:,} are too many: use fewer iterations, or draw some of the points with --sample"
        )
    if planned.kept > MOST_OF_A_RUN:
        what = f"the curves of a run would be {planned.kept:,} numbers, more than {MOST_OF_A_RUN:,}"
        problems.append(f"--keep {planned.plan.keep}: {what}; keep less, or use fewer iterations")
    if problems:
        raise ConfigError(problems)


def _tried(plan: Plan) -> list[Experiment]:
    """Configs of points of the grid, that of the first point before others: with each value of every key, or some of
    them. Raises ConfigError, with every problem, for keys or values that cannot be used."""
    problems: list[str] = []
    tried: list[Experiment] = []
    zero = [0] * len(plan.grid.varied)
    for place, varied in enumerate(plan.grid.varied):
        if varied.key.split(".")[0] in APPEARANCE:
            what = f"'{varied.key}' has no effect on a run; vary a key that has"
            problems.append(f"--vary {varied.key}: {what}")
            continue
        found = []
        for number in _spread(len(varied.values), MOST_TRIED):
            try:
                found.append(plan.experiment([*zero[:place], number, *zero[place + 1 :]]))
            except ConfigError as error:
                problems += [_at(problem, varied.override(number).origin) for problem in error.problems]
        if not problems and len(found) > 1 and not _differ(found) and not _matters_elsewhere(plan, place):
            problems.append(f"--vary {varied.key}: has no effect; no value of it changes a run of this config")
        tried += found
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return tried


def _at(problem: str, origin: str) -> str:
    """A problem of a config, with the value that leads to it where it does not name one."""
    first, newline, rest = problem.partition("\n")
    return problem if "--vary" in first else f"{first} (with {origin}){newline}{rest}"


def _spread(count: int, most: int) -> list[int]:
    """Numbers from 0 to below `count`, at most so many, the first and the last among them."""
    return sorted({round(part * (count - 1) / (most - 1)) for part in range(most)}) if count > most else [*range(count)]


def _differ(experiments: Sequence[Experiment]) -> bool:
    first = experiments[0]
    return any(not _same_runs(first, other) for other in experiments[1:])


def _same_runs(a: Experiment, b: Experiment) -> bool:
    """Whether two configs are run alike."""

    def parts(e: Experiment) -> Iterator[object]:
        yield from (e.start, e.samples, e.learning_rates, e.batches, e.iterations, e.optimizer, e.clip, e.decimals)
        yield from (e.frozen, e.inputs, e.targets, e.rule, e.until, e.schedule, e.model)

    try:
        return all(mine == theirs for mine, theirs in zip(parts(a), parts(b), strict=True))
    except RecursionError:  # formulas too deep to compare
        return False


def _matters_elsewhere(plan: Plan, place: int) -> bool:
    """Whether the values of a key make a difference where others have other values than their first."""
    sizes = [len(varied.values) for varied in plan.grid.varied]
    others = [[0] if at == place else _spread(size, OF_OTHERS) for at, size in enumerate(sizes)]
    for point in islice(product(*others), MOST_COMBINED):
        ends = [plan.experiment([*point[:place], number, *point[place + 1 :]]) for number in (0, sizes[place] - 1)]
        if _differ(ends):
            return True
    return False
