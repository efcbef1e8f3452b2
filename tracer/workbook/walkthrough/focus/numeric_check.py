"""The numeric check on the Workings sheet: two more forward passes, with the quantity of the focus moved by ±ε."""

from __future__ import annotations

from dataclasses import dataclass

from tracer.explain.numeric_check import forward_pass, moved
from tracer.formulas.evaluation import NO_NUMBER
from tracer.formulas.notation import render
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.primitives import unrounded
from tracer.formulas.tree import Expression
from tracer.workbook.trace.context import Context
from tracer.workbook.walkthrough.titles import WORKINGS
from tracer.workbook.walkthrough.workings import HEAD_ROW, Workings, here
from tracer.workbook.xlsx.sheetdata import NOT_AVAILABLE

COLUMN = "\x01"
"""Stands for the letters of either column in a formula."""
HEADS = {"quantity": 16.0, "at + ε": 18.0, "at − ε": 18.0}
MOST_FORMULAS = 30_000
"""Formulas of the two passes, times the runs that can be chosen, to each of which the looked-up ones refer."""


@dataclass(frozen=True, slots=True)
class Passes:
    """The cells of the loss at q + ε and at q − ε."""

    above: str
    below: str


def fits(context: Context) -> bool:
    """Whether there are few enough formulas of the two passes to lay them out."""
    system = context.system
    rows = len(system.data) + len(system.parameters) + len(forward_pass(system))
    return 2 * rows * len(context.traces) <= MOST_FORMULAS


def lay_out(
    context: Context, workings: Workings, numbers: dict[str, int], chosen: str, epsilon: str, first: tuple[str, float]
) -> Passes:
    """Lay out the two passes. numbers: of what can be chosen; chosen, epsilon: the cells of the chosen number and of ε;
    first: the quantity and the ε in the step first shown."""
    system, step = context.system, workings.step
    heads = {context.spell(head): width for head, width in HEADS.items()}
    title = context.spell("The numeric check: two more forward passes, the focus moved by ε")
    table = workings.table(title, heads)
    rows: dict[str, int] = {}
    letters = [here(table.cell(1, side)).rstrip("0123456789") for side in (1, 2)]
    passes = []
    for by in (first[1], -first[1]):
        try:
            passes.append(moved(system, step.first, first[0], by))
        except NO_NUMBER:
            passes.append({})

    def add(name: str, formula: str) -> None:
        by = f"IF({here(chosen)}={numbers[name]},{here(epsilon)},0)" if name in numbers else ""
        cells = (
            (values.get(name, NOT_AVAILABLE), formula.replace(COLUMN, letter) + (sign + by if by else ""))
            for sign, letter, values in zip("+-", letters, passes, strict=True)
        )
        table.add(context.spell(name), *cells)
        rows[name] = table.rows + HEAD_ROW

    for name in (*system.data, *(parameter.name for parameter in system.parameters)):
        add(name, step.formula(name))
    for name in forward_pass(system):
        add(name, render(_written(context, name), EXCEL, lambda of: f"{COLUMN}{rows[of.name]}"))
    above, below = (f"{WORKINGS}!${letter}${rows[system.loss]}" for letter in letters)
    return Passes(above, below)


def _written(context: Context, name: str) -> Expression:
    """An equation in a form that holds in every run that can be chosen, not rounded."""
    first, *others = (trace.formulas[name] for trace in context.traces)
    if any(other != first for other in others):
        first = max(first, *others, key=lambda form: len(render(form, EXCEL, lambda of: of.name)))
    return unrounded(first)
