"""What the shape of a formula says: whether it copies a cell, adds to one, or compares a prediction with a target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from tracer.formulas.primitives import FUNCTIONS, ROUND
from tracer.formulas.tree import (
    ADD,
    COMPARISONS,
    DIV,
    MUL,
    NEG,
    ONE,
    SUB,
    ZERO,
    Call,
    Expression,
    Name,
    Number,
    distinct,
    sub,
)
from tracer.grading.graph.forms import calls

IF, ABS = FUNCTIONS["if"], FUNCTIONS["abs"]
MOST_TERMS = 512
"""Terms of a sum that may be an update: a weight and the changes that each sample asks for."""


def slot_of(name: Expression) -> int | None:
    """The number of the slot that a name of a form stands for; None for anything else."""
    return int(name.name[1:]) if isinstance(name, Name) and name.name[0] == "q" else None


def is_copy(form: Expression) -> bool:
    """Whether the formula only shows another cell: `=J30`."""
    return slot_of(form) is not None


Path = tuple[int, ...]
"""Which argument of which argument of … a formula."""


class Lead(NamedTuple):
    """A cell that a formula adds to: `w − η·g` is the cell w, times 1, and the rest −η·g. paths: where it stands."""

    slot: int
    times: Expression
    paths: tuple[Path, ...]


@lru_cache(maxsize=4_096)
def leads(form: Expression) -> tuple[Lead, ...]:
    """The cells that a formula adds something to, in order of appearance; none of a formula that is a cell itself."""
    return tuple(lead for lead in _leads(form, ()) if lead.paths != ((),))


def _leads(node: Expression, path: Path) -> Iterator[Lead]:
    slot = slot_of(node)
    if slot is not None:
        yield Lead(slot, ONE, (path,))
    if not isinstance(node, Call):
        return
    function, args = node.function, node.args
    if function == ADD and len(args) <= MOST_TERMS:
        for index, arg in enumerate(args):
            yield from _leads(arg, (*path, index))
    elif function in (SUB, ROUND):
        yield from _leads(args[0], (*path, 0))
    elif function == IF:
        yield from _in_both_branches(node, path)
    elif function == MUL:
        yield from _scaled(args, path)


def _in_both_branches(choice: Call, path: Path) -> Iterator[Lead]:
    _, yes, no = choice.args
    otherwise = {lead.slot: lead for lead in _leads(no, (*path, 2))}
    for lead in _leads(yes, (*path, 1)):
        other = otherwise.get(lead.slot)
        if other is not None and other.times == lead.times:
            yield Lead(lead.slot, lead.times, lead.paths + other.paths)


def _scaled(factors: tuple[Expression, ...], path: Path) -> Iterator[Lead]:
    """A cell times what does not refer to it."""
    for index, factor in enumerate(factors):
        slot = slot_of(factor)
        others = factors[:index] + factors[index + 1 :]
        if slot is not None and not any(factor in distinct(other) for other in others):
            yield Lead(slot, others[0] if len(others) == 1 else Call(MUL, others), (path,))


@lru_cache(maxsize=4_096)
def rest(form: Expression, lead: Lead) -> Expression:
    """What a formula adds to the cell."""
    for path in lead.paths:
        form = _without(form, path)
    return form


def _without(node: Expression, path: Path) -> Expression:
    if not path:
        return ZERO
    assert isinstance(node, Call)
    args = list(node.args)
    args[path[0]] = _without(args[path[0]], path[1:])
    return Call(node.function, tuple(args))


@lru_cache(maxsize=4_096)
def appearances(form: Expression) -> Counter[int]:
    """How often each slot appears in a formula."""
    return Counter(slot for call in calls(form) for slot in map(slot_of, call.args) if slot is not None)


def condition_slots(form: Expression) -> frozenset[int]:
    """The slots that only decide which branch of an IF is taken at the top of the formula."""
    if not isinstance(form, Call) or form.function != IF:
        return frozenset()
    condition, yes, no = form.args
    return _slots(condition) | condition_slots(yes) | condition_slots(no)


@lru_cache(maxsize=4_096)
def has_tolerance(form: Expression) -> bool:
    """Whether a formula's condition compares a size: `IF(ABS(g) < 0.001, w, w − η·g)`."""
    if not isinstance(form, Call) or form.function != IF:
        return False
    condition, yes, no = form.args
    return ABS in (call.function for call in calls(condition)) or has_tolerance(yes) or has_tolerance(no)


def _slots(expression: Expression) -> frozenset[int]:
    return frozenset(slot for slot in map(slot_of, distinct(expression)) if slot is not None)


@lru_cache(maxsize=4_096)
def cancels(form: Expression) -> bool:
    """Whether a formula subtracts a cell from itself: `y − y`."""
    return any(
        call.function == SUB and call.args[0] == call.args[1] and slot_of(call.args[0]) is not None
        for call in calls(form)
    )


class Pair(NamedTuple):
    """Two slots that a formula subtracts, or compares for equality."""

    first: int
    second: int


@lru_cache(maxsize=4_096)
def pairs(form: Expression) -> tuple[Pair, ...]:
    """The pairs of cells in a formula that may be a prediction and its target: `a − y`, `y − a`, `a = y`, `a <> y`."""
    found = (_pair(call) for call in calls(form))
    return tuple(dict.fromkeys(pair for pair in found if pair is not None))


def scaled_pair(form: Expression) -> Pair | None:
    """The pair of a formula that is their difference times something: (a − y)·a·(1 − a); None of any other formula."""
    while isinstance(form, Call) and form.function in (NEG, DIV):
        form = form.args[0]
    if not isinstance(form, Call):
        return None
    factors = form.args if form.function == MUL else (form,)
    found = [pair for factor in factors if isinstance(factor, Call) and (pair := _pair(factor))]
    return found[0] if found else None


def _pair(call: Call) -> Pair | None:
    args = call.args
    if call.function in (COMPARISONS["="], COMPARISONS["<>"], SUB):
        first, second = args
    elif call.function == ADD and len(args) == 2:
        first, second = args
        if isinstance(first, Call):
            first, second = second, first
        if not (isinstance(second, Call) and second.function == NEG):
            return None
        second = second.args[0]
    else:
        return None
    slots = slot_of(first), slot_of(second)
    return None if slots[0] is None or slots[1] is None else Pair(slots[0], slots[1])


def margins(form: Expression) -> tuple[Pair, ...]:
    """The cells whose product a formula compares, as `t*net <= 0`."""
    sides = (side for call in calls(form) if call.function in _ORDERS for side in call.args)
    return tuple(dict.fromkeys(pair for side in sides if (pair := product(side)) is not None))


def compared_slots(form: Expression) -> frozenset[int]:
    """The slots that a formula compares with a number."""
    sides = (call.args for call in calls(form) if call.function in _ORDERS)
    found = (slot_of(side) for args in sides if any(isinstance(arg, Number) for arg in args) for side in args)
    return frozenset(slot for slot in found if slot is not None)


def product(form: Expression) -> Pair | None:
    """The two slots that a formula multiplies; None of any other formula."""
    if not isinstance(form, Call) or form.function != MUL or len(form.args) != 2:
        return None
    first, second = map(slot_of, form.args)
    return None if first is None or second is None else Pair(first, second)


class Difference(NamedTuple):
    """A part of a formula that subtracts a target from a prediction, or the other way round."""

    prediction: Expression
    target: int


@lru_cache(maxsize=4_096)
def differences(form: Expression) -> tuple[Difference, ...]:
    """The parts `(w·x + b) − y` and `y − (w·x + b)` of a formula, in which the prediction is no cell."""
    found = []
    for call in calls(form):
        if call.function == SUB:
            for prediction, other in (call.args, call.args[::-1]):
                target = slot_of(other)
                if target is not None and isinstance(prediction, Call) and _slots(prediction):
                    found.append(Difference(prediction, target))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4_096)
def threshold(form: Expression) -> Expression | None:
    """What a step function compares with its threshold, as a difference that grows with its value: M − F of
    `IF(M > F, 1, 0)`, z of `SIGN(z)`; None of a formula that is no step function."""
    for call in calls(form):
        if call.function == IF and isinstance(call.args[0], Call) and call.args[0].function in _ORDERS:
            above, below = call.args[0].args if ">" in call.args[0].function.name else reversed(call.args[0].args)
            yes, no = (_typed(branch) for branch in call.args[1:])
            return sub(above, below) if yes >= no else sub(below, above)
        if call.function == FUNCTIONS["sign"]:
            return call.args[0]
    return None


_ORDERS = frozenset(COMPARISONS[symbol] for symbol in ("<", "<=", ">", ">="))


def _typed(branch: Expression) -> float:
    """The mean of the numbers that a branch may give."""
    if isinstance(branch, Number):
        return branch.value
    if isinstance(branch, Call) and branch.function == NEG:
        return -_typed(branch.args[0])
    if isinstance(branch, Call) and branch.function == IF:
        return sum(map(_typed, branch.args[1:])) / 2
    return 0.0


def literals(form: Expression) -> frozenset[float]:
    """The numbers typed into a formula."""
    return frozenset(arg.value for call in calls(form) for arg in call.args if isinstance(arg, Number))
