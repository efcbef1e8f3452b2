"""Slips in the rules of optimizers: bias corrections, counts of iterations, functions, weight decay."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.formulas.paths import nodes, put
from tracer.formulas.tree import ADD, DIV, MUL, ONE, POW, SUB, Call, Expression, Name, Number, add
from tracer.grading.slips.slip import Parts, Setting
from tracer.model import naming

Edited = Iterator[tuple[Expression, Parts]]

_FUNCTIONS = {"sqrt": "root", "abs": "absolute value", "sign": "sign", "log": "logarithm", "exp": "exponential"}
"""Function → what a sentence calls its value."""
_DECAY = "weight_decay"


def without_corrections(right: Expression, setting: Setting) -> Edited:
    """m for m/(1 − beta1^k): one correction left out, or all of them."""
    found = [(path, node.args) for path, node in nodes(right) if isinstance(node, Call) and _is_corrected(node)]
    for chosen in [[one] for one in found] + ([found] if len(found) > 1 else []):
        wrong = right
        for path, (kept, _) in chosen:
            wrong = put(wrong, path, kept)
        yield wrong, {"missing": " and by ".join(setting.text(divisor) for _, (_, divisor) in chosen)}


def _is_corrected(node: Call) -> bool:
    divisor = node.args[-1]
    if node.function != DIV or not isinstance(divisor, Call) or divisor.function != SUB or divisor.args[0] != ONE:
        return False
    power = divisor.args[1]
    return isinstance(power, Call) and power.function == POW and _count(power.args[1]) is not None


def _count(part: Expression) -> tuple[Name, float] | None:
    """The number of the iteration, and what is added to it."""
    match part:
        case Name(naming.COUNT | naming.ITERATION):
            return part, 0.0
        case Call(function, (Name(naming.ITERATION) as name, Number(more))) if function == ADD:
            return name, more
    return None


def count_shifted(right: Expression, setting: Setting) -> Edited:
    """k − 1 or k + 1 for the number of the iteration, everywhere or in one place."""
    found = {path: (node, *count) for path, node in nodes(right) if (count := _count(node))}
    found = {path: count for path, count in found.items() if path[:-1] not in found}
    for shift in (-1.0, 1.0):
        for paths in ([[*found]] if len(found) > 1 else []) + [[path] for path in found]:
            wrong = right
            for path in paths:
                expected, name, more = found[path]
                wrong = put(wrong, path, add(name, Number(more + shift)))
            yield wrong, {"found": add(name, Number(more + shift)), "expected": expected}


def without_function(right: Expression, setting: Setting) -> Edited:
    """x for √x."""
    for path, node in nodes(right):
        if isinstance(node, Call) and node.function.name in _FUNCTIONS:
            yield put(right, path, node.args[0]), {"function": _FUNCTIONS[node.function.name], "argument": node.args[0]}


def with_decay(right: Expression, setting: Setting) -> Edited:
    """A gradient with the decay of its weight, where the update has it already."""
    decays = [Name(name) for name in setting.quantities if naming.label(name) == _DECAY]
    for path, node in nodes(right) if decays else ():
        if not isinstance(node, Name):
            continue
        for parameter in (Name(other, node.lag) for other in setting.quantities):
            decayed = Call(ADD, (node, Call(MUL, (*decays, parameter))))
            yield put(right, path, decayed), {"parameter": parameter, "gradient": node}
