"""The search for one other operand, factor or sign that makes cells right: the slip in their formula."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from tracer.formulas.paths import Path, nodes, put
from tracer.formulas.tree import ADD, MUL, Call, Expression, Name, Number, distinct, with_names
from tracer.grading.book.cells import Place, reference
from tracer.grading.culprits.nearby import Places, Reference, place_of_range
from tracer.grading.culprits.rewriting import (
    Rewrite,
    divided,
    made_of,
    moved_by,
    negated,
    summed,
    times,
    with_cell_for,
    with_factor,
    with_parts,
    without_factor,
)
from tracer.grading.culprits.wanted import EXACT, Demand
from tracer.grading.graph.forms import of_arrays, slot
from tracer.grading.graph.graph import Array, Form, IntArray
from tracer.grading.judging.causes import Cause, Part, cause_of
from tracer.grading.judging.findings import Kind
from tracer.grading.slips.patterns import instead
from tracer.grading.slips.slip import Setting
from tracer.grading.slips.table import SLIPS
from tracer.grading.steps.steps import NONE
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Judgement

MOST_SHOWN = 12
"""Cells of a fault that a slip is looked for in; it must explain all others too."""
MOST_CELLS = 200
"""Cells near a fault that may belong in its formula."""
MOST_SUMMED = 50
"""Cells of a sum of which one alone is used."""
MOST_SLOTS = 30
"""References of a formula that are tried."""
MOST_TIMES = 100
"""The largest number of times, or part of it, that a value is said to be of the right one."""
MOST_PARTS = 40
"""Parts of a formula that may lack a factor."""
FACTORS: Mapping[str, Callable[[Array], Array]] = {
    "{}": lambda c: c,
    "{0}·(1 − {0})": lambda c: c * (1.0 - c),
    "(1 − {}^2)": lambda c: 1.0 - c * c,
    "(1 − {})": lambda c: 1.0 - c,
}
"""Factors that are made of one cell: a cell itself, and slopes of activation functions."""
APPLIED: Mapping[str, Callable[[Array, Array], Array]] = {
    "factor_missing": np.multiply,
    "factor_duplicated": np.divide,
}
"""Slips with a factor → how that makes the right values of theirs."""
TANH_TO_SIGMOID = instead("1 - a^2", "a*(1 - a)")
"""The edits from a slope of tanh to that of a sigmoid."""
_NAMED = {slip.name: slip for slip in SLIPS}
_SETTING = Setting((), 0)


def _named(slip: str, **parts: Part) -> Cause:
    return _NAMED[slip].cause({"where": "", **parts}, _SETTING)


def learning_rate(case: Case, judgement: Judgement) -> int:
    """The cell of the learning rate: a constant that most updates refer to; -1 if there is none."""
    if judgement.rate_at is not None:
        return case.graph.number[judgement.rate_at]
    updates = [update.node for row in case.training.updates for update in row if update is not None]
    used = Counter(node for update in updates for node in set(case.graph.operands_of(update).tolist()))
    shared = [(count, node) for node, count in used.items() if case.graph.text[node] < 0 and 2 * count > len(updates)]
    return max(shared)[1] if shared else NONE


class Search:
    """Looks for the slip in the cells of a fault; its state is the cells that may belong in their formulas."""

    def __init__(self, case: Case, judgement: Judgement, kind: Kind, own: Demand) -> None:
        self._case, self._graph, self._kind, self._own = case, case.graph, kind, own
        self._at = np.stack([point.values for point in case.points], 1)
        self._part = own.first(MOST_SHOWN)
        self._eta = learning_rate(case, judgement)
        self._places = Places(case.graph)
        near = self._places.near(self._part.nodes, self._pool(), MOST_CELLS)
        self._references = [reference for reference, _ in near]
        self._cells = np.array([shown for _, shown in near], int).reshape(len(near), len(self._part.nodes))

    def causes(self) -> Iterator[tuple[Cause, Rewrite | None]]:
        """The slips that give their values, the likeliest first, each with what makes their formulas right."""
        if self._all(-self._own.theirs):
            yield _named("sign_flipped"), negated
        if self._kind is Kind.UPDATE:
            yield from self._rate()
            yield from self._operands()
        yield from self._numbers()
        yield from self._factors()
        yield from self._operands()

    def _all(self, ours: Array) -> bool:
        """Whether these are the right values of all cells."""
        return bool(self._own.met(ours[None]))

    def _pool(self) -> set[int]:
        """The cells of the step, and what these refer to."""
        case, graph = self._case, self._graph
        first, step = int(self._part.nodes[0]), int(self._part.steps[0])
        pool = set(np.flatnonzero(case.cells.step == step).tolist()) | set(graph.operands_of(first).tolist())
        pool |= {int(n) for n in (*case.training.seeds[:, step], *case.training.nodes[:, step]) if n >= 0}
        for node in list(pool)[: 4 * MOST_CELLS]:
            pool |= set(graph.operands_of(node).tolist())
        return (pool | {self._eta}) - {first, NONE}

    def _text(self, *nodes: int) -> str:
        home = self._graph.places[int(self._own.nodes[0])][0]
        first, last = place_of_range([self._graph.places[node] for node in nodes])
        text = reference(first[1]) if first == last else f"{reference(first[1])}:{reference(last[1])}"
        return text if first[0] == home else f"{first[0]}!{text}"

    # ---------------------------------------------------------------------------------------------------- one factor

    def _rate(self) -> Iterator[tuple[Cause, Rewrite | None]]:
        if self._eta != NONE:
            for name, ours in (
                ("factor_missing", self._own.theirs * self._at[self._eta]),
                ("factor_duplicated", self._own.theirs / self._at[self._eta]),
            ):
                if self._all(ours):
                    where = self._graph.places[self._eta]
                    missing = name == "factor_missing"
                    rewrite = with_factor(where) if missing else without_factor(self._eta)
                    yield self._factor(name, "{}", self._eta), rewrite

    def _numbers(self) -> Iterator[tuple[Cause, Rewrite | None]]:
        with np.errstate(all="ignore"):
            effect, lacks = self._own.effect(self._own.theirs[None])
            ratio = float(np.nanmedian(effect[0] / (effect[0] + lacks)))
        many = max(abs(ratio), 1.0 / abs(ratio)) if np.isfinite(ratio) and ratio else 0.0
        if 1.5 < many <= MOST_TIMES and abs(many - round(many)) <= EXACT and self._all(self._own.theirs / ratio):
            rewrite = None if ratio < 0 else divided(round(many)) if ratio > 1 else times(round(many))
            if self._kind is Kind.UPDATE and self._eta != NONE:
                typed = ratio * float(self._at[self._eta, 0])
                rewrite = with_cell_for(typed, self._graph.places[self._eta], rewrite)
            yield _named("extra_factor", factor=float(f"{ratio:.6g}")), rewrite

    def _factors(self) -> Iterator[tuple[Cause, Rewrite | None]]:
        for form, made in FACTORS.items():
            for name, applied in APPLIED.items():

                def ours(
                    of: Demand,
                    cells: IntArray,
                    made: Callable[[Array], Array] = made,
                    applied: Callable[[Array, Array], Array] = applied,
                ) -> Array:
                    with np.errstate(all="ignore"):
                        return applied(of.theirs, made(self._at[cells]))

                found = self._first(ours)
                if found is not None:
                    node, reference = found
                    missing = name == "factor_missing"
                    rewrite = with_parts(made_of(form), reference) if missing else without_factor(node)
                    yield self._factor(name, form, node), rewrite
                    return

    def _first(self, ours: Callable[[Demand, IntArray], Array]) -> tuple[int, Reference] | None:
        """The nearest cell that gives the right values, in the first formula, and the reference to it. ours: the values
        of formulas with the cells given for each, [candidates, cells]."""
        matching = self._part.met(ours(self._part, self._cells)) if self._references else []
        for index in sorted(matching, key=lambda index: self._references[index].distance):
            everywhere = self._places.follow(self._references[index], self._own.nodes)
            if everywhere is not None and self._own.met(ours(self._own, everywhere[None])):
                return int(self._cells[index, 0]), self._references[index]
        return None

    def _factor(self, name: str, form: str, node: int) -> Cause:
        text = form.format(self._text(node))
        if node == self._eta and form == "{}":
            text = f"η ({text})"
            if name == "factor_missing":
                return _named("learning_rate_missing", missing=text)
        if name == "factor_duplicated":
            return _named(name, duplicated=text)
        return _named("factor_missing" if form == "{}" else "activation_slope_missing", missing=text)

    # ------------------------------------------------------------------------------------------------- other operands

    def _operands(self) -> Iterator[tuple[Cause, Rewrite | None]]:
        """Other cells in place of one operand of their formula, another range, or a factor that one part lacks."""
        graph = self._graph
        forms = {int(graph.form[node]) for node in self._own.nodes.tolist()}
        if len(forms) != 1 or -1 in forms:
            return
        form = graph.forms[forms.pop()]
        first = form.operands[np.searchsorted(form.nodes, self._own.nodes[0])]
        if len(first) > MOST_SLOTS:
            return
        for index, expression, everywhere in _replacing(form):
            other = self._first(self._with(form, expression))
            if other is not None and other[0] != first[index]:
                node, cell = other[0], int(first[index])
                cause = _named("wrong_quantity", found=self._text(cell), expected=self._text(node))
                yield cause, moved_by(self._operands_of(form, [index]), self._places.between(node, cell), everywhere)
                return
        yield from self._summed(form, first)
        yield from self._rewritten(form, first)
        yield from self._ranges(form, first)
        for part, expression in _multiplying(form):
            other = self._first(self._with(form, expression))
            if other is not None and other[0] not in first[part]:
                yield self._factor("factor_missing", "{}", other[0]), None
                return

    def _summed(self, form: Form, first: IntArray) -> Iterator[tuple[Cause, Rewrite | None]]:
        """The sum of a column or a row of cells in place of its first one."""
        for index in range(len(first)):
            for by in ((0, 1, 0), (0, 0, 1)):
                run = self._run(form, index, by)
                if len(run) < 2:
                    continue
                new = Call(ADD, tuple(slot(form.operands.shape[1] + number) for number in range(len(run))))
                rows = np.searchsorted(form.nodes, self._own.nodes)
                operands = np.concatenate([form.operands[rows], np.stack(run, 1)], 1)[None]
                expression = with_names(form.expression, {slot(index): new})
                if self._own.met(self._computed(form, expression, rows, operands) - self._own.base):
                    one, all_ = self._text(int(first[index])), self._text(*(int(nodes_[0]) for nodes_ in run))
                    cause = cause_of("single_term", found=one, expected=f"SUM({all_})")
                    yield cause, summed(self._operands_of(form, [index]), by, len(run))
                    return

    def _operands_of(self, form: Form, slots: list[int]) -> Callable[[int], list[Place]]:
        """What is in these slots, by the cell with the formula."""
        places = self._graph.places
        return lambda node: [places[n] for n in form.operands[np.searchsorted(form.nodes, node), slots].tolist()]

    def _run(self, form: Form, index: int, by: tuple[int, int, int]) -> list[IntArray]:
        """What a slot refers to, and the cells after these with the same formula, in one direction."""
        rows = np.searchsorted(form.nodes, self._own.nodes)
        found = [form.operands[rows, index]]
        while len(found) < MOST_SUMMED:
            following = self._places.shifted(found[-1], by)
            if following is None or (self._graph.form[following] != self._graph.form[found[0]]).any():
                break
            found.append(following)
        return found

    def _rewritten(self, form: Form, first: IntArray) -> Iterator[tuple[Cause, Rewrite | None]]:
        """The slope of another activation function."""
        rows = np.searchsorted(form.nodes, self._own.nodes)
        cells = {slot(index): Name(self._text(node)) for index, node in enumerate(first.tolist())}
        for expression, parts in TANH_TO_SIGMOID(form.expression, _SETTING):
            ours = self._computed(form, expression, rows, form.operands[rows][None]) - self._own.base
            activation = parts["a"]
            if isinstance(activation, Name) and self._own.met(ours):
                text = cells[activation].name
                yield _named("derivative_of_tanh", expected=f"{text}·(1 − {text})"), None
                return

    def _with(self, form: Form, expression: Expression) -> Callable[[Demand, IntArray], Array]:
        """The values of an expression of their slots, with each candidate in one more."""

        def ours(of: Demand, cells: IntArray) -> Array:
            rows = np.searchsorted(form.nodes, of.nodes)
            operands = np.broadcast_to(form.operands[rows], (len(cells), *form.operands[rows].shape))
            return self._computed(form, expression, rows, np.concatenate([operands, cells[:, :, None]], 2)) - of.base

        return ours

    def _computed(self, form: Form, expression: Expression, rows: IntArray, operands: IntArray) -> Array:
        """An expression with these operands, [candidates, cells, slots], as values, [candidates, cells, points]."""
        slots = np.moveaxis(self._at[operands], 3, 2)
        shape = slots.shape[:3]
        numbers = np.broadcast_to(form.numbers[rows][None, :, None, :], (*shape, form.numbers.shape[1]))
        count = int(np.prod(shape))
        return of_arrays(expression, slots.reshape(count, -1), numbers.reshape(count, -1)).reshape(shape)

    def _ranges(self, form: Form, first: IntArray) -> Iterator[tuple[Cause, Rewrite | None]]:
        """Another cell or range in place of one that they refer to, as far from it in each formula."""
        targets = sorted(set(self._cells[:, 0].tolist()))
        for area in [*self._places.areas(first.tolist()), *([index] for index in range(len(first)))]:
            ways = {self._places.between(node, int(first[area[0]])) for node in targets} - {(0, 0, 0)}
            found = [(by, moved) for by in ways if (moved := self._moved(form, self._part, area, by)) is not None]
            matching = (
                self._part.met(self._with_operands(form, self._part, [moved for _, moved in found])) if found else []
            )
            for by, moved in sorted((found[index] for index in matching), key=lambda entry: np.abs(entry[0]).sum()):
                everywhere = self._moved(form, self._own, area, by)
                if everywhere is not None and self._own.met(self._with_operands(form, self._own, [everywhere])):
                    theirs, expected = first[area].tolist(), moved[0, area].tolist()
                    cause = _named("wrong_quantity", found=self._text(*theirs), expected=self._text(*expected))
                    yield cause, moved_by(self._operands_of(form, area), by, True)
                    return

    def _moved(self, form: Form, of: Demand, area: list[int], by: tuple[int, int, int]) -> IntArray | None:
        operands = form.operands[np.searchsorted(form.nodes, of.nodes)].copy()
        moved = self._places.shifted(operands[:, area], by)
        if moved is None:
            return None
        operands[:, area] = moved
        return operands

    def _with_operands(self, form: Form, of: Demand, operands: Sequence[IntArray]) -> Array:
        rows = np.searchsorted(form.nodes, of.nodes)
        return self._computed(form, form.expression, rows, np.stack(operands)) - of.base


def _replacing(form: Form) -> Iterator[tuple[int, Expression, bool]]:
    """A form with one more slot in place of a slot, at each place alone, then at all of them; with its index, and
    whether it is at all of them."""
    new = slot(form.operands.shape[1])
    places: dict[int, list[Path]] = {}
    for path, node in nodes(form.expression):
        if isinstance(node, Name) and node.name[0] == "q":
            places.setdefault(int(node.name[1:]), []).append(path)
    for index, paths in places.items():
        for path in paths:
            yield index, put(form.expression, path, new), len(paths) == 1
    for index, paths in places.items():
        if len(paths) > 1:
            yield index, with_names(form.expression, {slot(index): new}), True


def _multiplying(form: Form) -> Iterator[tuple[list[int], Expression]]:
    """A form with each of its parts times one more slot; with the slots of the part."""
    new = slot(form.operands.shape[1])
    for path, node in islice(nodes(form.expression), 1, MOST_PARTS):
        if not isinstance(node, Number):
            slots = [int(name.name[1:]) for name in distinct(node) if name.name[0] == "q"]
            yield slots, put(form.expression, path, Call(MUL, (node, new)))
