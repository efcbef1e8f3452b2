"""Walking through the iterations of runs one equation at a time: the position, and the moves from there.

The equations of an iteration come in the order of the blocks: those of a sample for each row of a batch, then those
that the batch has in common, then the updates.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tracer.errors import nearest
from tracer.execution.progress import Progress
from tracer.execution.replay import Iteration, Replay
from tracer.explain.blocks import Block, Line, blocks
from tracer.explain.lesson.asked import spellings
from tracer.formulas.tree import distinct
from tracer.model import naming
from tracer.model.quantity import Role
from tracer.model.system import Phase, System


@dataclass(frozen=True, slots=True)
class Place:
    """Where one is. run: counted from 0. iteration: from 1. row: of the batch, from 0; 0 for what a batch has once.
    line: the equation, by its place in `Walk.lines`."""

    run: int = 0
    iteration: int = 1
    row: int = 0
    line: int = 0


@dataclass(slots=True)
class Walk:
    """All places of some runs of a system, which differ in their hyper-parameters.

    lines: the equations of an iteration, those of a sample once. blocks: their headings; block_of: which block each
    line belongs to. of_sample: how many of the lines are computed for every sample.
    """

    system: System
    runs: tuple[Replay, ...]
    blocks: tuple[Block, ...] = field(init=False)
    lines: tuple[Line, ...] = field(init=False)
    block_of: tuple[int, ...] = field(init=False)
    of_sample: int = field(init=False)
    _line_of: dict[str, int] = field(init=False, default_factory=dict)
    _spellings: Mapping[str, str] = field(init=False, default_factory=dict)
    _users: dict[str, list[int]] = field(init=False, default_factory=dict)
    _stops: dict[tuple[int, int], int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.blocks = tuple(blocks(self.system))
        placed = [(number, line) for number, b in enumerate(self.blocks) for group in b.groups for line in group.lines]
        self.lines = tuple(line for _, line in placed)
        self.block_of = tuple(number for number, _ in placed)
        once = {Phase.BATCH, Phase.PARAMETER}
        self.of_sample = sum(self.blocks[number].phase not in once for number in self.block_of)
        for place, line in enumerate(self.lines):
            self._line_of[naming.after_update(line.quantity) if line.is_update else line.quantity] = place

    # ------------------------------------------------------------------------------------------------- the iteration

    def iteration(self, place: Place, progress: Progress | None = None) -> Iteration:
        """The numbers of the iteration of a place."""
        return self.runs[place.run].iteration(place.iteration, progress)

    def count(self, place: Place) -> int:
        """How many equations one can stop at in the iteration of a place; where the run stops in it, the last of them
        is the one that has no finite number."""
        found = self.iteration(place)
        whole = len(found.rows) * self.of_sample + len(self.lines) - self.of_sample
        if found.divergence is None:
            return whole
        key = place.run, place.iteration
        if key not in self._stops:
            stops = (index for index in range(whole) if not math.isfinite(self.result(self._at(place, index))))
            self._stops[key] = next(stops, whole - 1) + 1
        return self._stops[key]

    def index(self, place: Place) -> int:
        """The number of a place in its iteration, from 0."""
        if place.line < self.of_sample:
            return place.row * self.of_sample + place.line
        return (len(self.iteration(place).rows) - 1) * self.of_sample + place.line

    def _at(self, place: Place, index: int) -> Place:
        """The place of that number in the same iteration."""
        rows = len(self.iteration(place).rows)
        if index < rows * self.of_sample:
            row, line = divmod(index, self.of_sample)
            return replace(place, row=row, line=line)
        return replace(place, row=0, line=index - (rows - 1) * self.of_sample)

    def _within(self, place: Place) -> Place:
        """The place, or the nearest one before it where its iteration has no such one."""
        found = self.iteration(place)
        place = replace(place, iteration=found.number, row=min(place.row, len(found.rows) - 1))
        return self._at(place, min(self.index(place), self.count(place) - 1))

    # -------------------------------------------------------------------------------------------------- what is known

    def row(self, place: Place) -> int:
        """The row of the batch whose numbers a place shows: of what a batch has once, the last one."""
        return place.row if place.line < self.of_sample else len(self.iteration(place).rows) - 1

    def result(self, place: Place) -> float:
        """What the equation of a place gives; NaN if it has no number."""
        line, found = self.lines[place.line], self.iteration(place)
        if line.is_update:
            return found.after.get(line.quantity, math.nan)
        return found.rows[self.row(place)][line.quantity]

    def known(self, place: Place, name: str) -> float | None:
        """The number of a quantity as soon as it is computed, the equation of the place included; None before. A
        parameter after its update has a name of its own, see `naming.after_update`."""
        found, line = self.iteration(place), self._line_of.get(name)
        if line is not None and line > place.line:
            return None
        if line is not None and self.lines[line].is_update:
            return self.result(replace(place, line=line))
        return found.rows[self.row(place)].get(name)

    def users(self, quantity: str) -> list[int]:
        """The lines that use a quantity, in their order."""
        if not self._users:
            for place, line in enumerate(self.lines):
                for name in distinct(line.expression):
                    if not name.lag:
                        self._users.setdefault(name.name, []).append(place)
        return self._users.get(quantity, [])

    # -------------------------------------------------------------------------------------------------------- going on

    def is_last(self, place: Place) -> bool:
        """Whether nothing follows."""
        return place.iteration >= self.runs[place.run].last and self.index(place) + 1 >= self.count(place)

    def next(self, place: Place) -> Place:
        """The following equation, also that of the next iteration; at the end of the run the same."""
        if self.index(place) + 1 < self.count(place):
            return self._at(place, self.index(place) + 1)
        return self._first(place, place.iteration + 1)

    def back(self, place: Place) -> Place:
        """The equation before; at the beginning the same."""
        if index := self.index(place):
            return self._at(place, index - 1)
        return self._end(place)

    def next_block(self, place: Place) -> Place:
        """The beginning of the following block."""
        for index in range(self.index(place) + 1, self.count(place)):
            if self.begins(at := self._at(place, index)):
                return at
        return self._first(place, place.iteration + 1)

    def previous_block(self, place: Place) -> Place:
        """The beginning of the block, or of the one before where one is at the beginning."""
        at = self.back(place)
        while not self.begins(at):
            at = self.back(at)
        return at

    def begins(self, place: Place) -> bool:
        """Whether a place is the first of its block."""
        return not place.line or self.block_of[place.line] != self.block_of[place.line - 1]

    def _first(self, place: Place, iteration: int) -> Place:
        """The beginning of an iteration, if there is one; else the place."""
        at = Place(place.run, iteration)
        return at if self.iteration(at).number == iteration else self._within(place)

    def _end(self, place: Place) -> Place:
        """The end of the iteration before; at the beginning of the run the place."""
        if place.iteration == 1:
            return place
        before = Place(place.run, place.iteration - 1)
        return self._at(before, self.count(before) - 1)

    # -------------------------------------------------------------------------------------------------------- going to

    def to_iteration(self, place: Place, iteration: int, progress: Progress | None = None) -> Place:
        """The same equation in another iteration, or in the last one of the run where it stops before. progress: see
        `Replay.iteration`."""
        at = replace(place, iteration=max(1, iteration))
        return self._within(replace(at, iteration=self.iteration(at, progress).number))

    def to_run(self, place: Place, run: int, progress: Progress | None = None) -> Place:
        """The same equation in another run."""
        return self.to_iteration(replace(place, run=run), place.iteration, progress)

    def to_sample(self, place: Place, sample: int, progress: Progress | None = None) -> Place:
        """The same equation of a sample (from 1): in this iteration, or in the nearest one after it that takes the
        sample, or before it at the end of the run. Raises LookupError for an unknown one."""
        batches = self.system.batches
        if not 1 <= sample <= batches.samples:
            raise LookupError(f"There is no sample {sample}; choose one from 1 to {batches.samples:,}.")
        line = min(place.line, self.of_sample - 1)
        later = min(place.iteration + 2 * batches.per_pass, self.runs[place.run].last)
        earlier = max(1, place.iteration - 2 * batches.per_pass)
        for number, taken in [
            *self._taken(place.iteration, later),
            *reversed([*self._taken(earlier, place.iteration)]),
        ]:
            if sample - 1 in taken:
                at = replace(place, row=taken.index(sample - 1), line=line)
                return self.to_iteration(at, number, progress)
        raise LookupError(f"The run ends before it takes sample {sample}.")

    def _taken(self, first: int, last: int) -> Iterator[tuple[int, list[int]]]:
        """The iterations (from 1) with the samples (from 0) that they take."""
        return zip(range(first, last + 1), self.system.batches.taken(first - 1), strict=False)

    def to_quantity(self, place: Place, spelling: str) -> Place:
        """Where a quantity is computed in this iteration, a parameter where it is updated. spelling: in any alphabet.
        Raises LookupError, with a sentence, where it is not computed."""
        name = self._name(spelling)
        line = self._line_of.get(naming.after_update(name), self._line_of.get(name))
        if line is None and name in self.system.columns():
            raise LookupError(f"{name} is given: no equation computes it.")
        if line is None:
            raise LookupError(f"No quantity is called '{spelling}'.{nearest(spelling, self._spellings)}")
        at = replace(place, row=place.row if line < self.of_sample else 0, line=line)
        if self.index(at) >= self.count(at):
            raise LookupError(f"The run stops before {name} is computed.")
        return at

    def _name(self, spelling: str) -> str:
        """The name of the quantity that is spelled so; the spelling itself where there is none."""
        quantities = self.system.quantities
        if spelling in quantities:
            return spelling
        self._spellings = self._spellings or spellings(self.system)
        if spelling in self._spellings:
            return self._spellings[spelling]
        quantity = naming.read(spelling, quantities)
        if quantity and quantity.role in (Role.AFTER_UPDATE, Role.CHANGE) and quantity.of:
            quantity = quantity.of
        return naming.spell(quantity) if quantity else spelling

    def places(self, place: Place) -> Iterator[Place]:
        """All places of an iteration, in their order."""
        return (self._at(place, index) for index in range(self.count(place)))
