"""The likely slip behind cells whose right values are known: one other operand, factor or sign that gives them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

import numpy as np

from tracer.formulas.paths import Path, nodes, put
from tracer.formulas.tree import MUL, Call, Expression, Name, Number, distinct, with_names
from tracer.grading.book.cells import reference
from tracer.grading.graph.forms import of_arrays, slot
from tracer.grading.graph.graph import Array, Flags, Form, IntArray
from tracer.grading.judging.causes import Cause, Part
from tracer.grading.judging.findings import Kind
from tracer.grading.slips.slip import Setting
from tracer.grading.slips.table import SLIPS
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Fault, Judgement
from tracer.grading.training.nearby import Places, place_of_range
from tracer.grading.training.steps import NONE
from tracer.grading.training.wanted import Difference, difference, wanted

EXACT = 1e-6
"""How far a value may be off, as a part of the mistake in it."""
ROUNDING = 1e-11
"""How far it may be off as a part of itself."""
LEAST_TELLING = 3
"""Different wrong values that tell of a slip."""
MOST_SHOWN = 12
"""Cells of a fault that a slip is looked for in; it must explain all others too."""
MOST_CELLS = 400
"""Cells near a fault that may belong in its formula."""
MOST_SLOTS = 30
"""References of a formula that are tried."""
MOST_PARTS = 40
"""Parts of a formula that may lack a factor."""
MOST_FAULTS = 40
"""Faults of a training whose slips are looked for."""
MOST_NODES = 100_000
"""Cells of a workbook in which slips are looked for."""
MOST_TIMES = 100
"""The largest number of times, or part of it, that a value is said to be of the right one."""
FACTORS: Mapping[str, Callable[[Array], Array]] = {
    "{}": lambda c: c,
    "{0}·(1 − {0})": lambda c: c * (1.0 - c),
    "(1 − {}^2)": lambda c: 1.0 - c * c,
    "(1 − {})": lambda c: 1.0 - c,
    "({} > 0)": lambda c: np.where(np.isnan(c), np.nan, c > 0.0),
}
"""Factors that are made of one cell: a cell itself, and slopes of activation functions."""
APPLIED: Mapping[str, Callable[[Array, Array], Array]] = {
    "factor_missing": np.multiply,
    "factor_duplicated": np.divide,
}
"""Slips with a factor → how that makes the right values of theirs."""
_NAMED = {slip.name: slip for slip in SLIPS}
_SETTING = Setting((), 0)


def with_causes(case: Case, judgement: Judgement) -> Judgement:
    """The judgement with the likely cause of each fault that has none yet."""
    open_ones = [fault for fault in judgement.faults if fault.why is None and fault.spoils][:MOST_FAULTS]
    if not open_ones or len(case.graph.text) > MOST_NODES:
        return judgement
    ways = list(wanted(case, judgement))
    faults = []
    for fault in judgement.faults:
        found = None
        if fault in open_ones:
            differences = (difference(case, fault, way) for way in ways)
            found = next(filter(None, (_cause(case, judgement, fault, own) for own in differences if own)), None)
        faults.append(replace(fault, why=found) if found else fault)
    return replace(judgement, faults=tuple(faults))


def _named(slip: str, **parts: Part) -> Cause:
    return _NAMED[slip].cause({"where": "", **parts}, _SETTING)


def _cause(case: Case, judgement: Judgement, fault: Fault, own: Difference) -> Cause | None:
    rows = np.flatnonzero((own.steps >= 0) & np.isfinite(own.right).any(1))
    own = own.of(rows)
    known = np.isfinite(own.right)
    wrong = known & ~_same(own, own.right, own.theirs, slack=EXACT)
    size = float(np.abs(np.stack([own.right[known], own.theirs[known]])).max(initial=0.0))
    if min(_different(own.right[known], size), _different(own.theirs[wrong], size)) < LEAST_TELLING:
        return None
    return next(_Search(case, judgement, fault.kind, own).causes(), None)


def _different(numbers: Array, size: float) -> int:
    """How many different numbers there are beside one of that size, not counting 0."""
    rounded = np.unique(np.round(numbers / size, 9)) if size else np.empty(0)
    return int((rounded != 0.0).sum())


def _same(own: Difference, ours: Array, right: Array, slack: float = 0.0) -> Flags:
    """Which numbers are the right ones, far closer than theirs are."""
    size = np.abs(own.base) + np.abs(right)
    close: Flags = (
        np.abs(ours - right)
        <= EXACT * np.abs(own.theirs - own.right) * (slack == 0.0) + (ROUNDING + slack * (own.base == 0.0)) * size
    )
    return close


def _learning_rate(case: Case, judgement: Judgement) -> int:
    """The cell of the learning rate: a constant that most updates refer to; -1 if there is none."""
    if judgement.rate_at is not None:
        return case.graph.number[judgement.rate_at]
    updates = [update.node for row in case.training.updates for update in row if update is not None]
    used = Counter(node for update in updates for node in set(case.graph.operands_of(update).tolist()))
    shared = [(count, node) for node, count in used.items() if case.graph.text[node] < 0 and 2 * count > len(updates)]
    return max(shared)[1] if shared else NONE


class _Search:
    """Looks for the slip in the cells of a fault; its state is the cells that may belong in their formulas."""

    def __init__(self, case: Case, judgement: Judgement, kind: Kind, own: Difference) -> None:
        self._case, self._graph, self._kind, self._own = case, case.graph, kind, own
        self._at = np.stack([point.values for point in case.points], 1)
        self._part = own.of(np.unique(np.linspace(0, len(own.nodes) - 1, MOST_SHOWN).astype(int)))
        self._eta = _learning_rate(case, judgement)
        self._places = Places(case.graph)
        near = self._places.near(self._part.nodes, self._pool(), MOST_CELLS)
        self._references = [reference for reference, _ in near]
        self._cells = np.array([shown for _, shown in near], int).reshape(len(near), len(self._part.nodes))

    def causes(self) -> Iterator[Cause]:
        """The slips that give their values, the likeliest first."""
        if self._all(-self._own.theirs):
            yield _named("sign_flipped")
        if self._kind is Kind.UPDATE:
            yield from self._rate()
            yield from self._operands()
        yield from self._numbers()
        yield from self._factors()
        yield from self._operands()

    def _all(self, ours: Array) -> bool:
        """Whether these are the right values of all cells."""
        return bool(_matching(self._own, ours[None]))

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

    def _rate(self) -> Iterator[Cause]:
        if self._eta != NONE:
            for name, ours in (
                ("factor_missing", self._own.theirs * self._at[self._eta]),
                ("factor_duplicated", self._own.theirs / self._at[self._eta]),
            ):
                if self._all(ours):
                    yield self._factor(name, "{}", self._eta)

    def _numbers(self) -> Iterator[Cause]:
        with np.errstate(all="ignore"):
            ratio = float(np.nanmedian(self._own.theirs / self._own.right))
        times = max(abs(ratio), 1.0 / abs(ratio)) if np.isfinite(ratio) and ratio else 0.0
        if 1.5 < times <= MOST_TIMES and abs(times - round(times)) <= EXACT and self._all(self._own.theirs / ratio):
            yield _named("extra_factor", factor=float(f"{ratio:.6g}"))

    def _factors(self) -> Iterator[Cause]:
        for form, made in FACTORS.items():
            for name, applied in APPLIED.items():

                def ours(
                    of: Difference,
                    cells: IntArray,
                    made: Callable[[Array], Array] = made,
                    applied: Callable[[Array, Array], Array] = applied,
                ) -> Array:
                    with np.errstate(all="ignore"):
                        return applied(of.theirs, made(self._at[cells]))

                node = self._first(ours)
                if node is not None:
                    yield self._factor(name, form, node)
                    return

    def _first(self, ours: Callable[[Difference, IntArray], Array]) -> int | None:
        """The nearest cell that gives the right values, in the first formula. ours: the values of formulas with the
        cells given for each, [candidates, cells]."""
        matching = _matching(self._part, ours(self._part, self._cells)) if self._references else []
        for index in sorted(matching, key=lambda index: self._references[index].distance):
            everywhere = self._places.follow(self._references[index], self._own.nodes)
            if everywhere is not None and _matching(self._own, ours(self._own, everywhere[None])):
                return int(self._cells[index, 0])
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

    def _operands(self) -> Iterator[Cause]:
        """Other cells in place of one operand of their formula, another range, or a factor that one part lacks."""
        graph = self._graph
        forms = {int(graph.form[node]) for node in self._own.nodes.tolist()}
        if len(forms) != 1 or -1 in forms:
            return
        form = graph.forms[forms.pop()]
        first = form.operands[np.searchsorted(form.nodes, self._own.nodes[0])]
        if len(first) > MOST_SLOTS:
            return
        for index, expression in _replacing(form):
            node = self._first(self._with(form, expression))
            if node is not None:
                yield _named("wrong_quantity", found=self._text(int(first[index])), expected=self._text(node))
                return
        yield from self._ranges(form, first)
        for part, expression in _multiplying(form):
            node = self._first(self._with(form, expression))
            if node is not None and node not in first[part]:
                yield self._factor("factor_missing", "{}", node)
                return

    def _with(self, form: Form, expression: Expression) -> Callable[[Difference, IntArray], Array]:
        """The values of an expression of their slots, with each candidate in one more."""

        def ours(of: Difference, cells: IntArray) -> Array:
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

    def _ranges(self, form: Form, first: IntArray) -> Iterator[Cause]:
        """Another range in place of one that they refer to."""
        rows = np.searchsorted(form.nodes, self._own.nodes)
        for area in self._places.areas(first.tolist()):
            for node in sorted(set(self._cells[:, 0].tolist())):
                by = self._places.between(node, int(first[area[0]]))
                moved = self._places.shifted(form.operands[rows][:, area], by) if any(by) else None
                if moved is None:
                    continue
                operands = form.operands[rows].copy()
                operands[:, area] = moved
                ours = self._computed(form, form.expression, rows, operands[None]) - self._own.base
                if _matching(self._own, ours):
                    found, expected = first[area].tolist(), operands[0, area].tolist()
                    yield _named("wrong_quantity", found=self._text(*found), expected=self._text(*expected))
                    return


def _matching(own: Difference, ours: Array) -> list[int]:
    """Which rows of values, [candidates, cells, points], are all right."""
    known = np.isfinite(own.right)
    with np.errstate(all="ignore"):
        good = _same(own, ours, own.right) | ~known
    return np.flatnonzero(good.all((1, 2))).tolist()


def _replacing(form: Form) -> Iterator[tuple[int, Expression]]:
    """A form with one more slot in place of a slot, at each place alone, then at all of them; with its index."""
    new = slot(form.operands.shape[1])
    places: dict[int, list[Path]] = {}
    for path, node in nodes(form.expression):
        if isinstance(node, Name) and node.name[0] == "q":
            places.setdefault(int(node.name[1:]), []).append(path)
    for index, paths in places.items():
        for path in paths:
            yield index, put(form.expression, path, new)
    for index, paths in places.items():
        if len(paths) > 1:
            yield index, with_names(form.expression, {slot(index): new})


def _multiplying(form: Form) -> Iterator[tuple[list[int], Expression]]:
    """A form with each of its parts times one more slot; with the slots of the part."""
    new = slot(form.operands.shape[1])
    for path, node in islice(nodes(form.expression), 1, MOST_PARTS):
        if not isinstance(node, Number):
            slots = [int(name.name[1:]) for name in distinct(node) if name.name[0] == "q"]
            yield slots, put(form.expression, path, Call(MUL, (node, new)))
