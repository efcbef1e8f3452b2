"""A sheet as a plan of cells, and the mistakes that can be planted in it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from tests.walkthroughs.evaluator import FormulaError, Place, Values, column_name

Content = float | int | str
Cells = dict[Place, Content]


@dataclass(frozen=True)
class Step:
    """One update of the parameters: (X, X') pairs, and the loss as a formula, whether or not a cell holds it.

    sheet: the one that the formula is written for. rates: X → its learning rate, as a formula. gradients: where the
    update is not plain gradient descent, (X, cell) pairs; the cells hold factor · gradient.
    """

    sheet: str
    updates: tuple[tuple[Place, Place], ...]
    loss: str
    rates: Mapping[Place, str]
    gradients: tuple[tuple[Place, Place], ...] = ()
    factor: float = 1.0


@dataclass
class Plan:
    """Cells, what they are, and the mistakes that this layout knows. Formulas are texts that begin with =.

    arrays: height and width of array formulas, by their first cell. units: formula cell → what is copied, such as a
    column's name. slips: (slip, unit) → the wrong formulas by place. expected: the standing of the right sheet.
    watched: the cells of gradients and updates. rounding: the part of a gradient by which rounded cells may be off.
    merged: (sheet, range) of merged cells. written: what the file has in place of a cell's formula, which gives the
    same value but cannot be evaluated here.
    """

    layout: str
    cells: Cells = field(default_factory=dict)
    arrays: dict[Place, tuple[int, int]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    units: dict[Place, str] = field(default_factory=dict)
    slips: dict[tuple[str, str], dict[Place, str]] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    watched: set[Place] = field(default_factory=set)
    expected: str = "confirmed"
    loss_cell: bool = True
    rounding: float = 1e-6
    merged: list[tuple[str, str]] = field(default_factory=list)
    written: dict[Place, str] = field(default_factory=dict)

    @cached_property
    def values(self) -> Values:
        """The values of all cells."""
        return Values(self.cells, self.arrays, self.names)

    def put(self, place: Place, content: Content, unit: str = "") -> str:
        """Write a cell; returns its relative reference."""
        assert place not in self.cells, (self.layout, place, content, self.cells[place])
        assert place[1] > 0, place
        assert place[2] > 0, place
        self.cells[place] = content
        if unit:
            self.units[place] = unit
        return ref(place)

    def slip(self, name: str, unit: str, place: Place, formula: str) -> None:
        """A mistake that can be planted: this formula in this cell, with those of the same name and unit."""
        if self.cells[place] != formula:
            self.slips.setdefault((name, unit), {})[place] = formula

    def formulas(self) -> list[Place]:
        """The cells with formulas."""
        return [p for p, c in self.cells.items() if isinstance(c, str) and c.startswith("=")]

    def with_cells(self, changes: Mapping[Place, Content]) -> Plan:
        """The same plan with other contents in some cells."""
        other = replace(self, cells={**self.cells, **changes})
        other.__dict__["values"] = Values(other.cells, self.arrays, self.names, self.values)
        return other


def ref(place: Place, absolute: str = "") -> str:
    """A reference within its sheet. absolute: "both", "row", "column" or ""."""
    _, row, column = place
    dollar_column = "$" if absolute in ("both", "column") else ""
    dollar_row = "$" if absolute in ("both", "row") else ""
    return f"{dollar_column}{column_name(column)}{dollar_row}{row}"


def quoted(sheet: str) -> str:
    """A sheet's name before the ! of a reference."""
    return sheet if sheet.isascii() and sheet.isalnum() and not sheet[0].isdigit() else f"'{sheet}'"


def ref_from(sheet: str, place: Place, absolute: str = "") -> str:
    """A reference as a formula of a sheet writes it."""
    return ref(place, absolute) if place[0] == sheet else f"{quoted(place[0])}!{ref(place, absolute)}"


@dataclass(frozen=True)
class Mistake:
    """A wrong sheet. cells: those that differ from the right one. kind: the slip, or how the formula was changed.

    spoils: whether the gradients or updates no longer agree with the sheet's own loss (else only the copies differ).
    """

    plan: Plan
    cells: frozenset[Place]
    kind: str
    unit: str
    spoils: bool = True
    whole: bool = True


def differing(right: Plan, wrong: Plan, tolerance: float = 1e-6) -> set[Place]:
    """The watched cells whose values differ by more than this part of them; empty too where an error appears."""
    changed = set()
    for place in right.watched:
        a, b = right.values.values.get(place), wrong.values.values.get(place)
        if isinstance(b, FormulaError) or not isinstance(b, (int, float)) or not isinstance(a, (int, float)):
            return set()
        if abs(a - b) > tolerance * max(abs(a), abs(b), 1e-6):
            changed.add(place)
    return changed


@dataclass(frozen=True)
class Compared:
    """The gradients that a plan's updates take, and the true ones, of one step: X → (taken, true)."""

    gradients: Mapping[Place, tuple[float, float]]

    def errors(self, tolerance: float) -> dict[Place, float]:
        """X → the error as a part of the largest gradient, where it is more than this."""
        scale = max((abs(true) for _, true in self.gradients.values()), default=0.0) or 1.0
        errors = {x: abs(taken - true) / scale for x, (taken, true) in self.gradients.items()}
        return {x: error for x, error in errors.items() if error > tolerance}


def compared(plan: Plan) -> Iterator[Compared]:
    """Each step's gradients, as its updates or cells of gradients have them and by central differences of its loss."""
    values = plan.values
    for step in plan.steps:
        at = (step.sheet, 1, 1)
        if step.gradients:
            taken = {x: _value(values, g) / step.factor for x, g in step.gradients}
        else:
            taken = {
                x: (_value(values, x) - _value(values, new)) / values.formula(step.rates[x], at)
                for x, new in step.updates
            }
        above = values.above(step.loss, at)
        h = max(1e-5, plan.rounding)
        yield Compared({x: (gradient, values.slope(step.loss, at, x, above, h)) for x, gradient in taken.items()})


def gradient_errors(plan: Plan) -> dict[Place, float]:
    """Parameters whose update or gradient is not what central differences of the step's loss give: X → the error, as a
    part of the largest gradient of the step."""
    return {x: error for step in compared(plan) for x, error in step.errors(plan.rounding).items()}


def common_factor(plan: Plan) -> float | None:
    """The positive factor between the gradients that all updates take and the true ones; None if there is none."""
    common: float | None = None
    for step in compared(plan):
        scale = max(abs(true) for _, true in step.gradients.values())
        for taken, true in step.gradients.values():
            if abs(true) <= 1e-4 * scale:
                if abs(taken) > 1e-3 * scale:
                    return None
                continue
            common = taken / true if common is None else common
            if common <= 0.0 or abs(taken / true - common) > 1e-4 * common:
                return None
    return common


def _value(values: Values, place: Place) -> float:
    value = values.value(place)
    if isinstance(value, FormulaError):
        raise value
    return float(value or 0.0)


def chance(*seed: object) -> random.Random:
    """Random numbers that depend on these words alone."""
    return random.Random(":".join(map(str, seed)))
