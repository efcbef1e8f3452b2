"""Scalars: labeled numbers of a sheet that are not in a table: η, an input that holds for all steps."""

from __future__ import annotations

from collections.abc import Mapping

from tracer.grading.book.cells import Position, Sheet
from tracer.grading.sheet.blocks import IN_TEXT, NOTE
from tracer.grading.sheet.conventions import Spelling
from tracer.grading.sheet.tables import Scalar, Table
from tracer.model.quantity import DERIVATIVES, Quantity, Role


def scalars(
    sheet: Sheet, texts: Mapping[Position, str], taken: set[Position], spelling: Spelling
) -> dict[Quantity, list[Scalar]]:
    """Labels with a number to their right, or below, or behind an equals sign."""
    found: dict[Quantity, list[Scalar]] = {}
    for (row, column), text in sorted(texts.items()):
        in_text = IN_TEXT.match(text)
        options = spelling(in_text[1]) if in_text else spelling(text)
        if not options or (NOTE.match(text) and not in_text):
            continue
        scalar = Scalar((row, column), float(in_text[2])) if in_text else _beside(sheet, (row, column), taken)
        if scalar:
            whole = scalar.value.is_integer()  # or it counts nothing: n is often typed for η
            likely = [option for option in options if whole or option.role is not Role.ITERATION] or options
            quantity = next((option for option in likely if option not in found), likely[0])
            found.setdefault(quantity, []).append(scalar)
    return found


def _beside(sheet: Sheet, label: Position, taken: set[Position]) -> Scalar | None:
    """The number to the right of a label, or below it."""
    row, column = label
    for place in ((row, column + 1), (row, column + 2), (row + 1, column)):
        cell = sheet.cells.get(place)
        if cell is not None and place not in taken and cell.number is not None:
            return Scalar(place, cell.number)
        if cell is not None and place != (row + 1, column):
            return None
    return None


def given_apart(tables: list[Table], sheet: Sheet) -> tuple[list[Table], dict[str, Scalar]]:
    """The tables without those of one step that hold given numbers only, and these numbers: inputs, targets and first
    weights that stand above a table hold for all of it."""
    apart = [t for t in tables if t.steps == 1 and not any(t.quantities[name].role in _COMPUTED for name in t.series)]
    if len(apart) == len(tables):
        return tables, {}
    scalars = {
        name: Scalar(place, number)
        for table in apart
        for name, (place,) in table.series.items()
        if (cell := sheet.cells.get(place)) and (number := cell.number) is not None
    }
    return [table for table in tables if table not in apart], scalars


_COMPUTED = frozenset(
    {Role.NET_INPUT, Role.ACTIVATION, Role.ERROR, Role.LOSS, Role.OWN, Role.BATCH_LOSS, Role.AFTER_UPDATE, *DERIVATIVES}
)
