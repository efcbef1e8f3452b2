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
MOST_VALUES, MOST_SECONDS = 8_000_000, 60.0
"""Values of curves in a block; and what it takes, roughly."""
APPEARANCE = frozenset({"name", "description", "columns", "charts", "output", "csv"})
"""Keys of a config that have no effect on a run."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A sweep that can begin. experiment: at the first point of the grid. loss: the quantity to minimize.
    columns: the number of quantities of a step. parameters: their number."""

    plan: Plan
    experiment: Experiment
    loss: str
    columns: int
    parameters: int

    @property
    def seconds(self) -> float:
        """Roughly the work of a run, on one core."""
        rows = self.experiment.batches.size
        return SECONDS_A_POINT + SECONDS_A_VALUE * self.columns * self.experiment.iterations * rows

    @property
    def workers(self) -> int:
        """The processes of this machine that the sweep is worth."""
        return cores() if self.seconds * len(self.plan.grid) > WORTHWHILE else 1

    @property
    def kept(self) -> int:
        """Values of the curves of a run."""
        return self.experiment.iterations * {"final": 0, "loss": 1, "all": 1 + self.parameters}[self.plan.keep]

    def blocks(self, workers: int) -> list[Block]:
        """The runs in blocks, for so many processes."""
        total = len(self.plan.grid)
        most = min(RUNS, int(MOST_SECONDS / self.seconds), MOST_VALUES // self.kept if self.kept else RUNS)
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
    first = plan.experiment((0,) * len(grid.varied))
    if len(first.learning_rates) > 1 and RATE not in {varied.key for varied in grid.varied}:
        grid = Grid((*grid.varied, Varied(RATE, list(first.learning_rates))))
        plan = replace(plan, grid=grid)
    order = sorted(range(len(grid.varied)), key=lambda place: place not in plan.shaping)
    grid = Grid(tuple(grid.varied[place] for place in order))
    plan = replace(plan, grid=grid)
    _check_values(plan)
    grid = grid if sample is None else grid.sampled(sample, seed)
    grid.check()
    first = plan.experiment((0,) * len(grid.varied))
    system = assemble(first)
    return Planned(replace(plan, grid=grid), first, system.loss, len(system.columns()), len(system.parameters))


def _check_values(plan: Plan) -> None:
    """Raise ConfigError, with every problem, for keys or values that cannot be used."""
    problems: list[str] = []
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
                problems += error.problems
        if len(varied.values) > 1 and found and not _differ(found) and not _matters_elsewhere(plan, place):
            problems.append(f"--vary {varied.key}: has no effect; no value of it changes a run of this config")
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))


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
