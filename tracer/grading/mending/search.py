"""The search for a small edit of one formula, in all its copies or in one odd cell, that makes all updates right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracer.grading.graph.graph import Array, Flags, IntArray
from tracer.grading.mending.costs import cost_of, is_activation
from tracer.grading.mending.edits import Edit, edits_of, filled
from tracer.grading.mending.formulas import Reader, Reading, Unreadable
from tracer.grading.mending.nearby import Candidates, Places
from tracer.grading.mending.rewriting import HOLE, Kind
from tracer.grading.mending.screening import Screen
from tracer.grading.mending.step import Step
from tracer.grading.mending.units import Formulas, Unit, lanes_of
from tracer.grading.mending.wrong import searched_steps
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Judgement

EXACT = 1e-6
"""Relative difference of the factors between updates and gradients that are the same: difference quotients."""
MOST_CANDIDATES = 60
"""Cells that are tried in place of a reference."""
MOST_REFERENCES, FOR_EACH = 4_000, 80
"""The budget of a search: references in the edited formulas, and how many each formula counts as besides."""
MOST_BESIDE = 6
"""References of a formula whose surroundings are tried."""
MOST_NUMBERS = 4_000_000
"""Values that are computed at once."""


@dataclass(frozen=True, slots=True)
class Mend:
    """An edit of one formula that makes all updates right.

    nodes: the cells with the formula. relative: what they read now. edit: what they should read. rate: the factor
    between updates and gradients after the edit; negative for gradient descent. value: the right value of the first
    cell. whole: whether cells of all searched steps have this very formula. cost: for comparing mends; the lowest is
    the likeliest.
    """

    nodes: tuple[int, ...]
    relative: str
    edit: Edit
    rate: float
    value: float
    whole: bool
    cost: tuple[float, ...]

    @property
    def is_sure(self) -> bool:
        """Whether it leaves no doubt that the forward pass is right: it gives a known rate in all steps, fits the other
        formulas no worse than before, and is no sign that a formula of the forward pass could have too many."""
        return self.cost[:2] <= (0.0, 0.0) and not (self.edit.kind is Kind.SIGN and self.edit.size > 0)


def mends(case: Case, judgement: Judgement, neighbors: Mapping[str, str]) -> list[Mend]:
    """The edits that make all updates of a wrong training right, the likeliest first. neighbors: odd formulas → those
    of the cells around, which are copies of each other."""
    with np.errstate(all="ignore"):
        search = _Search(case, judgement, neighbors)
        found = sorted(search.mends(), key=lambda mend: mend.cost)
        return [search.only_changed(found[0]), *found[1:]] if found else []


@dataclass(frozen=True, slots=True)
class _Tried:
    """An edit, and the values of its cells in a step, [candidates, cells, columns]: one candidate, or one for each
    nearby cell in its hole."""

    edit: Edit
    has_hole: bool
    values: Array


def _constant(rates: Array) -> Flags:
    """The rows with one value other than 0 in all columns."""
    middle = np.median(rates, 1)
    same = np.abs(rates - middle[:, None]) <= EXACT * np.abs(middle)[:, None]
    constant: Flags = same.all(1) & (middle != 0.0)
    return constant


class _Search:
    """Looks for mends. Holds a few steps of the training as small graphs."""

    def __init__(self, case: Case, judgement: Judgement, neighbors: Mapping[str, str]) -> None:
        self._case, self._graph, self._judgement, self._neighbors = case, case.graph, judgement, neighbors
        self._places = Places(case.graph)
        self._wrong, self._right = searched_steps(case, judgement)
        self._known = self._plain_rates()
        self._signs = {-1.0, 1.0} if judgement.ascent or judgement.rate is None else {-1.0}
        rates = [sign * rate for sign in self._signs for rate in self._known if judgement.rate is not None]
        self._screens = {step.number: Screen(step, rates) for step in self._wrong}
        self._readers: dict[bytes, Reader] = {}
        self._formulas = Formulas(case.graph, [*self._wrong, *self._right])

    # ---------------------------------------------------------------------------------------------- what is searched

    def _plain_rates(self) -> set[float]:
        """The numbers that may be the learning rate: those that updates refer to."""
        graph, found = self._graph, set()
        for step in self._wrong:
            for node in self._case.training.nodes[:, step.number].tolist():
                if node != NONE:
                    found |= {float(graph.values[o]) for o in graph.operands_of(node).tolist() if graph.form[o] < 0}
        if self._judgement.rate is not None:
            found.add(self._judgement.rate)
        if self._judgement.conflict is not None:  # the factor of a square may be left out, or the half before it
            found |= {factor * rate for rate in found for factor in (0.5, 2.0)}
        return {abs(rate) for rate in found}

    # ------------------------------------------------------------------------------------------------------ the search

    def mends(self) -> Iterator[Mend]:
        """All mends."""
        if not self._wrong:
            return
        if self._is_right(np.concatenate([step.own_rates() for step in self._wrong], 1)[0]):
            if self._has_right_gradients():
                return
            self._signs.discard(float(np.sign(self._wrong[0].own_rates()[0, 0])))  # all updates go the wrong way
        conflict = self._judgement.conflict
        errors = conflict.errors if conflict else ()  # there two losses differ
        known = [place for fault in self._judgement.faults if fault.exact for place in fault.places]
        exact = {self._graph.number[place] for place in errors or known}
        units = self._formulas.units(len(self._wrong))
        units = [unit for unit in units if not exact or exact.intersection(unit.nodes.tolist())]
        units = self._affordable(units)
        found = list(self._backward_first(units))
        lanes = self._affordable([lane for unit in units for lane in lanes_of(unit)])
        yield from found or self._backward_first(lanes)

    def _has_right_gradients(self) -> bool:
        """Whether only some updates are wrong while all cells of gradients are right: no edit of these would help."""
        spoiled = {parameter for fault in self._judgement.faults for parameter in fault.spoils}
        return self._wrong[0].compares_gradients and len(spoiled) < len(self._case.training.seeds)

    def _backward_first(self, units: Sequence[Unit]) -> Iterator[Mend]:
        """The mends of these units; of those that the loss depends on only where no other has a sure one, or where they
        differ from their neighbors."""
        sure = False
        last = [unit.relative not in self._neighbors and self._leads_to_loss(unit) for unit in units]
        for forward in (False, True):
            for unit in (
                unit for unit, late in zip(units, last, strict=True) if late == forward and not (late and sure)
            ):
                for mend in self._mends_of(unit):
                    sure = sure or mend.is_sure
                    yield mend

    def _leads_to_loss(self, unit: Unit) -> bool:
        step, own = self._parts(unit)[0]
        return step.leads_to_loss(own)

    def _affordable(self, units: Sequence[Unit]) -> list[Unit]:
        """As many units as are searched: those of the faults first, then those nearest to the updates."""
        number = self._graph.number
        blamed = {number[place] for fault in self._judgement.faults for place in fault.places}
        found, left = [], MOST_REFERENCES
        for unit in sorted(units, key=lambda u: (blamed.isdisjoint(u.nodes.tolist()), -float(np.median(u.nodes)))):
            own = np.concatenate(unit.own)
            left -= int((self._graph.starts[own + 1] - self._graph.starts[own]).sum()) + FOR_EACH
            if left < 0:
                break
            found.append(unit)
        return found

    def only_changed(self, mend: Mend) -> Mend:
        """The mend with only those of its cells that it changes."""
        nodes = np.array(mend.nodes)
        at = self._wrong[0].at
        before, after = (self._read(text, nodes).values(at)[0] for text in (mend.relative, mend.edit.text))
        changed = (np.abs(before - after) > EXACT * np.abs(before)).any(1)
        return replace(mend, nodes=tuple(nodes[changed].tolist())) if changed.any() else mend

    def _mends_of(self, unit: Unit) -> Iterator[Mend]:
        parts = self._parts(unit)
        if not self._may_mend(parts) or not all(self._is_understood(step, own, unit.relative) for step, own in parts):
            return
        near = self._near(parts)
        chunk: list[_Tried] = []
        size = 0
        for each in self._tried(unit, parts, near):
            chunk.append(each)
            size += each.values.size * len(parts[0][0].nodes)
            if size > MOST_NUMBERS:
                yield from self._met(unit, parts, near, chunk)
                chunk, size = [], 0
        if chunk:
            yield from self._met(unit, parts, near, chunk)

    def _parts(self, unit: Unit) -> list[tuple[Step, IntArray]]:
        """The searched steps that have cells of a unit, with these."""
        steps = [*self._wrong, *self._right]
        return [(step, own) for step, own in zip(steps, unit.own, strict=True) if len(own)]

    def _may_mend(self, parts: Sequence[tuple[Step, IntArray]]) -> bool:
        """Whether other values of these cells could make the wrong steps right."""
        if parts[0][0].only_shows(parts[0][1]):
            return False
        backward = ((step, own) for step, own in parts if step.number in self._screens and not step.leads_to_loss(own))
        return all(self._screens[step.number].may_mend(own) for step, own in backward)

    def _is_understood(self, step: Step, own: IntArray, text: str) -> bool:
        """Whether the values of the formula as it is are those of the graph, and no copy depends on another."""
        try:
            found = self._read(text, own).values(step.at)[0]
        except Unreadable:
            return False
        close = np.abs(found - step.at[own]) <= 1e-9 * np.abs(step.at[own]) + 1e-15
        return bool(close.all()) and not np.isin(own, step.influenced(own)).any()

    def _tried(self, unit: Unit, parts: Sequence[tuple[Step, IntArray]], near: Candidates) -> Iterator[_Tried]:
        """The edits of a unit, each with the values that its cells would have in the first step."""
        step, own = parts[0]
        holes = step.at[near.nodes[:, : len(own)]]
        constant = self._graph.form[near.nodes[:, 0]] < 0
        copied = self._neighbors.get(unit.relative)
        activates = step.leads_to_loss(own) and is_activation(self._graph.forms[self._graph.form[own[0]]].expression)
        for edit in (
            *([Edit(copied, Kind.COPY, 0)] if copied else []),
            *edits_of(unit.relative, self._formulas.others),
        ):
            has_hole = HOLE in edit.text
            if (has_hole and not near.texts) or (activates and edit.kind not in (Kind.COPY, Kind.REFERENCE)):
                continue
            try:
                values = self._read(edit.text, own).values(step.at, holes if has_hole else None)
                if edit.computed:
                    values[constant] = np.nan
            except Unreadable:
                continue
            yield _Tried(edit, has_hole, values)

    def _near(self, parts: Sequence[tuple[Step, IntArray]]) -> Candidates:
        """The references to cells that none of the copies leads to."""
        step, own = parts[0]
        pool = self._pool(step) - set(step.influenced(own).tolist()) - set(own.tolist())
        cells, beside = np.concatenate([own for _, own in parts]), self._graph.operands_of(int(own[0]))
        return self._places.candidates(cells, pool, MOST_CANDIDATES, beside[:MOST_BESIDE], self._shared(step))

    def _shared(self, step: Step, judged: bool = True) -> IntArray:
        """The constants that several updates refer to: learning rates. judged: whether the one of the judgement is
        among them."""
        graph, updates = self._graph, self._case.training.nodes[:, step.number]
        used = Counter(o for node in updates[updates != NONE].tolist() for o in graph.operands_of(node).tolist())
        rate = self._judgement.rate_at if judged else None
        found = [o for o, count in used.items() if count > 1 and graph.form[o] < 0]
        return np.array([*found, *([graph.number[rate]] if rate else [])], int)

    def _met(
        self, unit: Unit, parts: Sequence[tuple[Step, IntArray]], near: Candidates, tried: Sequence[_Tried]
    ) -> Iterator[Mend]:
        """The mends among edits: those with one factor between updates and gradients, in all steps that must agree."""
        step, own = parts[0]
        forward = step.leads_to_loss(own)
        rates = step.rates(own, np.concatenate([each.values for each in tried]))
        edited = {step.number for step, _ in parts}
        others = [step.own_rates()[0] for step in self._right if step.number not in edited]
        met = _constant(rates)
        at = 0
        for each in tried:
            for index in np.flatnonzero(met[at : at + len(each.values)]).tolist():
                text = filled(each.edit.text, near.texts[index]) if each.has_hole else each.edit.text
                further = self._further(parts, near, each, index)
                all_rates = np.concatenate([rates[at + index], *others, *further])
                if text != unit.relative and self._is_right(all_rates) and self._fits(text, unit, forward):
                    distance = near.distances[index] if each.has_hole else 0
                    value = float(each.values[index, 0, 0])
                    edit, rate = replace(each.edit, text=text), float(np.median(all_rates))
                    conformity = self._formulas.conformity(unit, edit)
                    if conformity > 0.0 or not (forward and edit.kind is Kind.MORE):
                        more = edit.kind is Kind.OPERATOR and edit.text.count("+") > unit.relative.count("+")
                        ascends = more and bool(np.isin(own, self._case.training.nodes).any())
                        whole = all(map(len, unit.own[: len(self._wrong)]))
                        cost = (
                            float(not (whole and self._is_plain(rate)) or self._has_no_rate(rate)),
                            -conformity,
                            cost_of(edit, forward, ascends),
                            float(distance),
                        )
                        yield Mend(tuple(unit.nodes.tolist()), unit.relative, edit, rate, value, whole, cost)
            at += len(each.values)

    def _fits(self, text: str, unit: Unit, forward: bool) -> bool:
        """Whether a formula has a meaning in all cells of a unit, and refers to no more empty cells than theirs; in the
        forward pass, to no fewer parameters."""
        try:
            now, then = (self._read(each, unit.nodes).operands for each in (unit.relative, text))
        except Unreadable:
            return False
        empty, parameters = len(self._graph.text), np.append(self._case.steps.parameters, False)
        kept = not forward or parameters[then].sum() >= parameters[now].sum()
        return bool(kept and (then == empty).sum() <= (now == empty).sum())

    def _is_right(self, rates: Array) -> bool:
        """Whether factors between updates and gradients are one learning rate, downhill."""
        rate = float(np.median(rates))
        known = self._judgement.rate is None or self._is_plain(rate)
        return bool(_constant(rates[None])[0]) and known and np.sign(rate) in self._signs

    def _has_no_rate(self, rate: float) -> bool:
        """Whether this is 1, while several updates refer to another learning rate."""
        rates = self._graph.values[self._shared(self._wrong[0], False)]
        return abs(abs(rate) - 1.0) <= EXACT and len(rates) > 0 and not (rates == 1.0).any()

    def _is_plain(self, rate: float) -> bool:
        return any(abs(abs(rate) - known) <= EXACT * known for known in self._known)

    def _further(
        self, parts: Sequence[tuple[Step, IntArray]], near: Candidates, tried: _Tried, index: int
    ) -> Iterator[Array]:
        """The factors that an edit has in the other steps; NaN where it has no meaning there."""
        start = len(parts[0][1])
        for step, own in parts[1:]:
            hole = step.at[near.nodes[index : index + 1, start : start + len(own)]] if tried.has_hole else None
            start += len(own)
            try:
                yield step.rates(own, self._read(tried.edit.text, own).values(step.at, hole))[0]
            except Unreadable:
                yield np.array([np.nan])

    def _pool(self, step: Step) -> set[int]:
        """The cells that may belong in a formula of a step."""
        graph = self._graph
        pool = set(step.nodes.tolist())
        for node in step.nodes.tolist():
            pool |= set(graph.operands_of(node).tolist())
        return pool

    def _read(self, text: str, cells: IntArray) -> Reading:
        """What a formula means in cells. Raises Unreadable."""
        key = cells.tobytes()
        if key not in self._readers:
            self._readers[key] = Reader(self._places, cells)
        return self._readers[key].reading(text)
