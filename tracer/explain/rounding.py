"""The sentences about runs whose quantities are rounded as they are computed."""

from __future__ import annotations

from itertools import islice

from tracer.execution.interpreter import Interpreter
from tracer.execution.program import program_of
from tracer.execution.runs import Run
from tracer.formulas.evaluation import NO_NUMBER
from tracer.formulas.primitives import ROUND
from tracer.formulas.tree import Call, Expression, Name
from tracer.model.system import System

MOST_STEPS = 1_000
"""In which a quantity that is always 0 is computed without rounding."""
MOST_NAMES = 6
"""That a sentence lists."""


def of_every_quantity(decimals: int | None) -> str:
    """A sentence that says how the quantities are rounded; empty if they are not."""
    return "" if decimals is None else f"Every computed quantity is rounded to {decimals} decimals."


def lost(system: System, run: Run) -> str:
    """A sentence on the quantities that are 0 in every step only because they are rounded; empty if there are none."""
    found = _rounded_to_zero(system, run)
    if not found:
        return ""
    names, more = ", ".join(found[:MOST_NAMES]), len(found) - MOST_NAMES
    more_of_them = f" and {more:,} more" if more > 0 else ""
    return f"Rounded to 0 in every step: {names}{more_of_them}; more decimals would show them."


def _rounded_to_zero(system: System, run: Run) -> list[str]:
    formulas: dict[str, Expression] = {}
    for equation in system.equations:
        match equation.expression:
            case Call(function, (unrounded, _)) if function == ROUND:
                if not any(run[equation.quantity][: run.complete]):
                    formulas[equation.quantity] = unrounded
    if not formulas or not run.complete:
        return []
    program = program_of(system)
    start = {**program.start, **{Name(name): value for name, value in run.hyper.items()}}
    steps = min(run.complete, MOST_STEPS)
    iterations = run.batches.iteration(steps - 1) + 1
    taken = islice(run.batches.taken(0), iterations)
    sizes = [len(batch) for batch in taken] if run.batches.several else []
    rows = [run.step(index) for index in range(sum(sizes) or steps)]
    walk = Interpreter(program, start, rows, sizes, formula=formulas.get)

    def is_lost(name: str) -> bool:
        for index, row in enumerate(rows):
            del row[name]
            try:
                unrounded = walk.value(name, index)
            except NO_NUMBER:
                unrounded = 0.0
            row[name] = 0.0
            if unrounded:
                return True
        return False

    return [name for name in formulas if is_lost(name)]
