"""The likely slip behind cells whose right values are known: one other operand, factor or sign that gives them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from tracer.formulas.paths import Path, nodes, put
from tracer.formulas.tree import Expression, Name
from tracer.grading.book.cells import Place, reference
from tracer.grading.graph.forms import of_arrays, slot
from tracer.grading.graph.graph import Array, Flags, Form, IntArray
from tracer.grading.judging.causes import Cause, Part
from tracer.grading.judging.findings import Kind
from tracer.grading.slips.slip import Setting
from tracer.grading.slips.table import SLIPS
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Fault, Judgement
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
_NAMED = {slip.name: slip for slip in SLIPS}
_SETTING = Setting((), 0)


def with_causes(case: Case, judgement: Judgement) -> Judgement:
    """The judgement with the likely cause of each fault that has none yet."""
    open_ones = [fault for fault in judgement.faults if fault.why is None and fault.spoils]
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
    return next(_Search(case, judgement, fault, own).causes(), None)


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


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A cell that may belong in the formulas: its node for each of them."""

    nodes: IntArray
    distance: int


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

    def __init__(self, case: Case, judgement: Judgement, fault: Fault, own: Difference) -> None:
        self._case, self._graph, self._judgement, self._fault, self._own = case, case.graph, judgement, fault, own
        self._at = np.stack([point.values for point in case.points], 1)
        self._chosen = np.unique(np.linspace(0, len(own.nodes) - 1, MOST_SHOWN).astype(int))
        sheets: dict[str, int] = {}
        for place in self._graph.places:
            sheets.setdefault(place[0], len(sheets))
        self._sheets, self._names = sheets, list(sheets)
        self._several = len({self._graph.places[node][0] for node in own.nodes.tolist()}) > 1
        self._eta = _learning_rate(case, judgement)
        self._candidates = self._near()
        self._values = np.stack([self._at[c.nodes] for c in self._candidates]) if self._candidates else np.empty((0,))

    def causes(self) -> Iterator[Cause]:
        """The slips that give their values, the likeliest first."""
        if self._all(-self._own.theirs):
            yield _named("sign_flipped")
        if self._fault.kind is Kind.UPDATE:
            yield from self._rate()
            yield from self._operands()
        yield from self._factors()
        yield from self._operands()

    def _all(self, ours: Array) -> bool:
        """Whether these are the right values of all cells; of the chosen ones where these alone are given."""
        own = self._own
        known = np.isfinite(own.right)
        return bool(_same(own, ours, own.right)[known].all())

    def _matching(self, ours: Array) -> list[int]:
        """Which rows of values for the chosen cells, [candidates, cells, points], are all right."""
        chosen = self._part()
        known = np.isfinite(chosen.right)
        with np.errstate(all="ignore"):
            good = _same(chosen, ours, chosen.right) | ~known
        return np.flatnonzero(good.all((1, 2))).tolist()

    def _part(self) -> Difference:
        return self._own.of(self._chosen)

    # ------------------------------------------------------------------------------------------- cells that may belong

    def _near(self) -> list[_Candidate]:
        """The cells of the same step, and constants, as they are referred to from all chosen cells."""
        part = self._part()
        first = int(part.nodes[0])
        here = self._graph.places[first]
        found: dict[tuple[int, ...], _Candidate] = {}
        pool = sorted(self._pool(int(part.steps[0]), first), key=lambda node: _distance(self._graph.places[node], here))
        for node in pool[:MOST_CELLS]:
            for place in self._copies(self._graph.places[node], here):
                nodes_ = [self._graph.number.get(p, -1) for p in place([self._graph.places[n] for n in part.nodes])]
                if -1 not in nodes_:
                    distance = _distance(self._graph.places[node], here)
                    found.setdefault(tuple(nodes_), _Candidate(np.array(nodes_), distance))
        return list(found.values())

    def _pool(self, step: int, first: int) -> set[int]:
        case, graph = self._case, self._graph
        pool = set(np.flatnonzero(case.cells.step == step).tolist()) | set(graph.operands_of(first).tolist())
        pool |= {int(n) for n in (*case.training.seeds[:, step], *case.training.nodes[:, step]) if n >= 0}
        for node in list(pool)[: 4 * MOST_CELLS]:
            pool |= set(graph.operands_of(node).tolist())
        if self._eta != NONE:
            pool.add(self._eta)
        return pool - {first}

    def _copies(self, to: Place, here: Place) -> Iterator[Callable[[list[Place]], list[Place]]]:
        """The ways to refer to a cell that are copied along: relative, or fixed in its row, its column or both."""
        sheets, names = self._sheets, self._names
        along = sheets[to[0]] - sheets[here[0]]
        for fixed_row in (False, True):
            for fixed_column in (False, True):
                for fixed_sheet in (False, True) if self._several else (to[0] != here[0],):

                    def places(
                        of: list[Place], r: bool = fixed_row, c: bool = fixed_column, s: bool = fixed_sheet
                    ) -> list[Place]:
                        return [
                            (
                                to[0] if s else names[min(max(sheets[sheet] + along, 0), len(names) - 1)],
                                (
                                    to[1][0] if r else row + to[1][0] - here[1][0],
                                    to[1][1] if c else column + to[1][1] - here[1][1],
                                ),
                            )
                            for sheet, (row, column) in of
                        ]

                    yield places

    def _best(self, matching: list[int]) -> int | None:
        """The nearest of these candidates."""
        return min(matching, key=lambda index: self._candidates[index].distance, default=None)

    def _text(self, node: int) -> str:
        place, home = self._graph.places[node], self._graph.places[int(self._own.nodes[0])]
        return reference(place[1]) if place[0] == home[0] else f"{place[0]}!{reference(place[1])}"

    # ---------------------------------------------------------------------------------------------------- one factor

    def _rate(self) -> Iterator[Cause]:
        node = self._eta
        if node != NONE:
            for name, ours in (
                ("factor_missing", self._own.theirs * self._at[node]),
                ("factor_duplicated", self._own.theirs / self._at[node]),
            ):
                if self._all(ours):
                    yield self._factor(name, "{}", node)

    def _factors(self) -> Iterator[Cause]:
        own, part = self._own, self._part()
        with np.errstate(all="ignore"):
            ratio = float(np.nanmedian(own.theirs / own.right))
        whole = max(abs(ratio), 1.0 / abs(ratio)) if ratio else 0.0
        if 1.0 < round(whole) <= MOST_TIMES and abs(whole - round(whole)) <= EXACT and self._all(own.theirs / ratio):
            yield _named("extra_factor", factor=float(f"{ratio:.6g}"))
            return
        for form, made in FACTORS.items() if len(self._candidates) else ():
            with np.errstate(all="ignore"):
                values = made(self._values)
                missing, extra = part.theirs * values, part.theirs / values
            for name, ours in (("factor_missing", missing), ("factor_duplicated", extra)):
                best = self._best(self._matching(ours))
                if best is not None:
                    yield self._factor(name, form, int(self._candidates[best].nodes[0]))
                    return

    def _factor(self, name: str, form: str, node: int) -> Cause:
        text = form.format(self._text(node))
        if node == self._eta and form == "{}":
            text = f"η ({text})"
            if name == "factor_missing":
                return _named("learning_rate_missing", missing=text)
        if name == "factor_duplicated":
            return _named(name, duplicated=text)
        return _named("factor_missing" if form == "{}" else "activation_slope_missing", missing=text)

    # --------------------------------------------------------------------------------------------------- one operand

    def _operands(self) -> Iterator[Cause]:
        """Other cells in place of one operand of their formula."""
        graph, part = self._graph, self._part()
        forms = {int(graph.form[node]) for node in part.nodes}
        if len(forms) != 1 or -1 in forms or not self._candidates:
            return
        form = graph.forms[forms.pop()]
        slots = form.operands.shape[1]
        if slots > MOST_SLOTS:
            return
        rows = np.searchsorted(form.nodes, part.nodes)
        for index, paths in _references(form):
            expression = form.expression
            for path in paths:
                expression = put(expression, path, slot(slots))
            ours = self._replaced(form, expression, rows) - part.base
            best = self._best(self._matching(ours))
            if best is not None:
                found, expected = int(form.operands[rows[0], index]), int(self._candidates[best].nodes[0])
                yield _named("wrong_quantity", found=self._text(found), expected=self._text(expected))
                return

    def _replaced(self, form: Form, expression: Expression, rows: IntArray) -> Array:
        """The values with each candidate in the last slot, [candidates, cells, points]."""
        count, points = len(self._candidates), self._at.shape[1]
        theirs = np.moveaxis(self._at[form.operands[rows]], 1, 2)  # [cells, points, slots]
        shape = (count, len(rows), points, form.operands.shape[1] + 1)
        slots = np.empty(shape)
        slots[..., :-1] = theirs
        slots[..., -1] = self._values
        numbers = np.broadcast_to(form.numbers[rows][None, :, None, :], (*shape[:3], form.numbers.shape[1]))
        flat = of_arrays(expression, slots.reshape(-1, shape[3]), numbers.reshape(slots[..., 0].size, -1))
        return flat.reshape(shape[:3])


def _references(form: Form) -> Iterator[tuple[int, list[Path]]]:
    """The slots of a form with the places where they stand: each place alone, then all of a slot."""
    places: dict[int, list[Path]] = {}
    for path, node in nodes(form.expression):
        if isinstance(node, Name) and node.name[0] == "q":
            places.setdefault(int(node.name[1:]), []).append(path)
    for index, paths in places.items():
        yield from ((index, [path]) for path in paths)
    for index, paths in places.items():
        if len(paths) > 1:
            yield index, paths


def _distance(to: Place, here: Place) -> int:
    return 1000 * (to[0] != here[0]) + abs(to[1][0] - here[1][0]) + abs(to[1][1] - here[1][1])
