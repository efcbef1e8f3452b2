"""Finds the tables of a sheet: anywhere, headers in a row or in a column, one value per quantity or many.

A table is found by its headers: a line of texts that name quantities, with numbers beside them. Parts of one table may
lie apart: side by side, below each other, one step after another. Labels that stand alone with a number beside them
are scalars: η, or an input that holds for all steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

from tracer.grading.book.cells import Position, Sheet
from tracer.grading.book.formula import references
from tracer.grading.book.relative import UnknownFormula
from tracer.grading.sheet.blocks import FEWEST, blocks
from tracer.grading.sheet.conventions import Settling
from tracer.grading.sheet.scalars import given_apart, scalars
from tracer.grading.sheet.spelling import is_parameter
from tracer.grading.sheet.tables import NOWHERE, Scalar, Table
from tracer.model import naming
from tracer.model.naming import spell

MOST_TABLES = 40
"""Maximum tables of a sheet; the largest are checked."""
MOST_PARTS = 400
"""Maximum blocks of a few headers that are examined."""
SHARED = 0.6
"""Minimum share of a table's quantities that its continuation must show."""


def find_tables(sheet: Sheet, settle: Settling) -> list[Table]:
    """The tables of a sheet, from the top; the scalars of the sheet go with each of them."""
    found, spelling = blocks(sheet, settle)
    found.sort(key=lambda table: -len(table.series) * min(table.steps, 20))
    taken: set[Position] = set()
    chosen = _apart([block for block in found if len(block.series) >= FEWEST], taken, MOST_TABLES)
    chosen = _joined(sorted(chosen, key=_start), _fits, _both)
    parts = _apart([block for block in found if len(block.series) < FEWEST], taken, MOST_PARTS) if chosen else []
    chosen, taken = _with_parts(chosen, parts)
    texts = {place: cell.value for place, cell in sheet.cells.items() if type(cell.value) is str and place not in taken}
    labeled = scalars(sheet, texts, taken, spelling)
    quantities = {name: quantity for block in found for name, quantity in block.quantities.items()}
    quantities |= {spell(quantity): quantity for quantity in labeled}
    every = {spell(quantity): numbers for quantity, numbers in labeled.items()}
    chosen, given = given_apart(_joined(chosen, partial(_goes_on, sheet), _after), sheet)
    every = {**every, **{name: [scalar, *every.get(name, [])] for name, scalar in given.items()}}
    chosen = [_with_labels(table, every) for table in chosen] or _form(sheet, every)
    return [
        replace(
            table,
            scalars={n: min(found, key=table.distance) for n, found in every.items() if n not in table.series},
            rates=tuple(every.get(naming.ETA, ())),
            quantities=quantities,
        )
        for table in chosen
    ]


def _start(table: Table) -> Position:
    return min(table.header_cells.values())


def _cells(table: Table) -> set[Position]:
    return set(table.header_cells.values()) | {cell for series in table.series.values() for cell in series}


def _apart(found: list[Table], taken: set[Position], most: int) -> list[Table]:
    """The first of the tables that share no cell with each other, or with those that are taken; these grow."""
    chosen: list[Table] = []
    for table in found:
        own = _cells(table)
        if len(chosen) < most and not own & taken:
            chosen.append(table)
            taken |= own
    return chosen


# ------------------------------------------------------------------------------------------- parts of one table


def _joined(
    tables: list[Table], belongs: Callable[[Table, Table], bool], both: Callable[[Table, Table], Table]
) -> list[Table]:
    """The tables, each that belongs to one before it as a part of that one."""
    joined: list[Table] = []
    for table in tables:
        partner = next((n for n, other in enumerate(joined) if belongs(other, table)), None)
        if partner is None:
            joined.append(table)
        else:
            joined[partner] = both(joined[partner], table)
    return joined


def _with_parts(tables: list[Table], parts: list[Table]) -> tuple[list[Table], set[Position]]:
    """The tables, each with the blocks of a few headers near it that show what it does not; and all their cells."""
    for part in sorted(parts, key=_start):
        near = sorted(
            (n for n, table in enumerate(tables) if _fits(table, part)),
            key=lambda n: min(tables[n].distance(Scalar(cell, 0.0)) for cell in part.header_cells.values()),
        )
        if near:
            tables[near[0]] = _both(tables[near[0]], part)
    return tables, set().union(*map(_cells, tables))


def _fits(table: Table, part: Table) -> bool:
    """Whether two tables have as many steps and share no quantity."""
    return table.steps == part.steps and bool(_names(part)) and not _names(table) & _names(part)


def _names(table: Table) -> set[str]:
    return set(table.series) - {naming.ITERATION, naming.ETA}


def _both(table: Table, part: Table) -> Table:
    return replace(
        table,
        series={**table.series, **part.series},
        headers={**table.headers, **part.headers},
        header_cells={**table.header_cells, **part.header_cells},
        unknown=(*table.unknown, *part.unknown),
        options={**table.options, **part.options},
        quantities={**table.quantities, **part.quantities},
    )


# ----------------------------------------------------------------------------------------- one step after another


def _goes_on(sheet: Sheet, before: Table, table: Table) -> bool:
    """Whether the first weights of a table are computed from the last line of another: an iteration below the other,
    headers that are repeated."""
    if len(_names(before) & _names(table)) < SHARED * len(_names(table)):
        return False
    for name in (name for name in table.series if is_parameter(table.quantities[name])):
        place = table.series[name][0]
        cell = sheet.cells.get(place)
        if cell is not None and cell.formula is not None:
            last = {series[-1] for other, series in before.series.items() if other != name}
            with suppress(UnknownFormula):
                if last & set(references(cell.formula, place)):
                    return True
    return False


def _after(before: Table, table: Table) -> Table:
    """Both tables as one; a quantity that one of them lacks has no cells there."""
    one, two = (NOWHERE,) * before.steps, (NOWHERE,) * table.steps
    unknown = {column.header: column for column in reversed(table.unknown)}
    known = {column.header for column in before.unknown}
    return replace(
        before,
        series={
            name: before.series.get(name, one) + table.series.get(name, two)
            for name in (*before.series, *(name for name in table.series if name not in before.series))
        },
        headers={**table.headers, **before.headers},
        header_cells={**table.header_cells, **before.header_cells},
        unknown=(
            *(
                s._replace(places=s.places + (unknown[s.header].places if s.header in unknown else two))
                for s in before.unknown
            ),
            *(s._replace(places=one + s.places) for s in table.unknown if s.header not in known),
        ),
    )


# -------------------------------------------------------------------------------------------- labels with a value


def _with_labels(table: Table, labels: Mapping[str, list[Scalar]]) -> Table:
    """A table of one step, with the labeled numbers elsewhere on the sheet."""
    if table.steps != 1:
        return table
    apart = {n: min(found, key=table.distance) for n, found in labels.items() if n not in table.series}
    return _both(table, _of_labels(table.sheet, {n: s for n, s in apart.items() if n != naming.ETA}))


def _of_labels(sheet: str, labels: Mapping[str, Scalar]) -> Table:
    return Table(
        sheet,
        {name: (scalar.position,) for name, scalar in labels.items()},
        {name: name for name in labels},
        {name: scalar.position for name, scalar in labels.items()},
    )


def _form(sheet: Sheet, labels: Mapping[str, list[Scalar]]) -> list[Table]:
    """Labels and values all over the sheet, as a table of one step."""
    return [_of_labels(sheet.name, {name: found[0] for name, found in labels.items()})] if len(labels) >= FEWEST else []
