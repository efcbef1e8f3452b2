"""Blocks of a sheet: a line of headers, and the lines of numbers that belong to them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from itertools import chain

from tracer.grading.book.cells import Cell, Fault, Position, Sheet
from tracer.grading.sheet.conventions import Settling, Spelling
from tracer.grading.sheet.headers import Headers, headers
from tracer.grading.sheet.spelling import after_update, is_parameter
from tracer.grading.sheet.tables import Column, Table
from tracer.model.naming import spell
from tracer.model.quantity import Quantity, Role

FEWEST = 4
"""Minimum recognized headers of a table."""
GAP = 4
"""Maximum lines between the headers and the first numbers, or between two numbers: units, formulas in words,
spacers, a line of text."""
FILLED = 0.8
"""Minimum share of a table's columns that must continue behind a gap."""

TOTALS = 1 / 3
"""Maximum share of a table's columns that a line of totals below it fills."""

IN_TEXT = re.compile(r"^([^=:]{1,40}?)\s*[=:]\s*([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)\s*$")
"""A name and its number: `lr = 0.1`."""
NOTE = re.compile(r".*=\s*\S")
"""A text such as `h1 = w1*i1 + w2*i2`, which is a header only above numbers."""


def blocks(sheet: Sheet, settle: Settling) -> tuple[list[Table], Spelling]:
    """Every block of a sheet, of few headers or many, in rows or in columns; and the spelling that knows what headers
    mean beside each other."""
    found: list[Table] = []
    for transposed in (True, False):
        cells = {_back(place, transposed): cell for place, cell in sheet.cells.items()}
        labels, plain = headers(cells, settle)
        found = [*_with_headers_in_a_row(cells, labels, plain, sheet.name, transposed), *found]
    return found, plain


def _back(place: Position, transposed: bool) -> Position:
    return (place[1], place[0]) if transposed else place


def _span(
    cells: Mapping[Position, Cell], row: int, first: int, segment: list[int], before: int, after: int | None
) -> range:
    """The columns of a block: up to two beyond its known ones, and on while headers follow without a gap; those of the
    blocks before and after it are theirs."""

    def headed(column: int) -> bool:
        return bool(_text(cells.get((row, column)))) and is_filled(cells.get((first, column)))

    left, right = min(segment) - 2, max(segment) + 2
    while headed(left - 1):
        left -= 1
    while headed(right + 1):
        right += 1
    return range(max(left, before + 1), right + 1 if after is None else min(right + 1, after))


def _series(column: int, rows: list[int], transposed: bool) -> tuple[Position, ...]:
    return tuple(_back((row, column), transposed) for row in rows)


def _text(cell: Cell | None) -> str:
    return cell.value.strip() if cell is not None and type(cell.value) is str else ""


def is_filled(cell: Cell | None) -> bool:
    """Whether a cell holds a number, or a formula that should give one."""
    return cell is not None and (isinstance(cell.value, (float, Fault)) or cell.formula is not None)


def _with_headers_in_a_row(
    cells: Mapping[Position, Cell], labels: Headers, spelling: Spelling, sheet: str, transposed: bool
) -> Iterable[Table]:
    lines: dict[int, list[int]] = {}
    for (row, column), text in sorted(labels.items()):
        if _is_label(cells, row, column, spelling(text)):
            continue
        if not NOTE.match(text) or is_filled(cells.get((row + 1, column))):
            lines.setdefault(row, []).append(column)
    headed = {row: set(columns) for row, columns in lines.items()}
    last = max((row for row, _ in cells), default=0)
    for row, columns in lines.items():
        segments = list(_segments(row, columns, labels, spelling))
        for index, segment in enumerate(segments):
            bounds = segments[index - 1][-1] if index else 0, segments[index + 1][0] if segments[index + 1 :] else None
            options = {column: spelling(labels[row, column]) for column in segment}
            chosen = assigned(list(options.values()), [labels[row, column].strip() for column in segment])
            quantities = {
                column: quantity
                for column, quantity in zip(segment, chosen, strict=True)
                if quantity
                and (
                    quantity.role is not Role.LEARNING_RATE
                    or _holds_its_rate(cells, labels[row, column], (row, column))
                )
            }
            known = {column: spell(quantity) for column, quantity in quantities.items()}
            filled, left_out = _filled_rows(cells, row, known, segment, headed, last)
            if not filled:
                continue
            unknown = [
                Column(_text(cells.get((row, c))), _back((row, c), transposed), _series(c, filled, transposed))
                for c in _span(cells, row, filled[0], segment, *bounds)
                if c not in known
                and (is_filled(cells.get((filled[0], c))) or (c in segment and _text(cells.get((row, c)))))
            ]
            yield Table(
                sheet,
                {name: _series(c, filled, transposed) for c, name in known.items()},
                {name: labels[row, c].strip() for c, name in known.items()},
                {name: _back((row, c), transposed) for c, name in known.items()},
                tuple(unknown),
                options={_back((row, c), transposed): tuple(map(spell, options[c])) for c in segment},
                quantities={spell(q): q for q in (*quantities.values(), *chain.from_iterable(options.values()))},
                left_out=left_out and _back(left_out, transposed),
            )


def _holds_its_rate(cells: Mapping[Position, Cell], header: str, place: Position) -> bool:
    """Whether a column holds the learning rate that its header states; `lr = 0.1` above losses only says whose they
    are."""
    stated = IN_TEXT.match(header.replace(",", "."))
    row, column = place
    below = (cells.get((row + distance, column)) for distance in range(1, GAP + 1))
    first = next((cell.number for cell in below if cell is not None and cell.number is not None), None)
    return stated is None or first is None or first == float(stated[2])


def _is_label(cells: Mapping[Position, Cell], row: int, column: int, options: tuple[Quantity, ...]) -> bool:
    """Whether a text among the headers is a label of the learning rate, with its number to its right."""
    beside, below = (cells.get(place) for place in ((row, column + 1), (row + 1, column)))
    is_rate = bool(options) and options[0].role is Role.LEARNING_RATE
    return is_rate and beside is not None and beside.number is not None and not is_filled(below)


def _filled_rows(
    cells: Mapping[Position, Cell],
    row: int,
    known: Mapping[int, str],
    segment: list[int],
    headed: Mapping[int, Set[int]],
    last: int,
) -> tuple[list[int], Position | None]:
    """The rows of a block: those with numbers, up to the headers of another block; behind a gap they have to go on in
    most of the columns. And the first cell of the first row that goes on in fewer, but in more than totals do."""
    found: list[int] = []
    left_out: Position | None = None
    at = row
    while at < last and at - (found[-1] if found else row) <= GAP:
        at += 1
        if found and len(known.keys() & headed.get(at, set())) >= min(FEWEST, len(known)):
            break
        if not found and _is_numbering(cells, at, segment):
            continue
        columns = [column for column in (known if found else segment) if is_filled(cells.get((at, column)))]
        behind_a_gap = bool(found) and at > found[-1] + 1
        width = sum(is_filled(cells.get((found[0], column))) for column in known) if behind_a_gap else 0
        if columns and len(columns) >= FILLED * width:
            found.append(at)
        elif len(columns) >= max(TOTALS * width, 2):
            left_out = left_out or (at, columns[0])
    return (found if any(is_filled(cells.get((r, c))) for r in found for c in known) else []), left_out


def _is_numbering(cells: Mapping[Position, Cell], row: int, columns: list[int]) -> bool:
    """Whether a row under headers only numbers the columns: 1, 2, 3, …"""
    values = [cell.value for column in columns if (cell := cells.get((row, column))) is not None]
    formulas = any((cell := cells.get((row, column))) is not None and cell.formula for column in columns)
    first = values[0] if values else None
    if len(values) < FEWEST + 1 or formulas or not isinstance(first, float):
        return False
    return values == [first + n for n in range(len(values))]


def _segments(row: int, columns: list[int], labels: Headers, spelling: Spelling) -> Iterable[list[int]]:
    """The headers of a row, parted where names begin again behind an empty column, or all of them come again, and
    where iterations are counted behind an empty column."""
    segment: list[int] = []
    seen: set[Quantity] = set()
    for column in columns:
        quantity = spelling(labels[row, column])[0]
        apart = bool(segment) and column > segment[-1] + 1
        again = quantity in seen and (apart or labels[row, column] == labels[row, segment[0]])
        if again or (apart and quantity.role is Role.ITERATION):
            yield segment
            segment, seen = [], set()
        segment.append(column)
        seen.add(quantity)
    if segment:
        yield segment


def assigned(candidates: list[tuple[Quantity, ...]], texts: list[str]) -> list[Quantity | None]:
    """One quantity for each header, none twice: first those that are spelled exactly as it, then those that can be one
    thing only, then the likeliest free one. A parameter that comes a second time is its value after the update.

    texts: the headers as written.
    """
    found: list[Quantity | None] = [None] * len(candidates)
    taken: set[Quantity] = set()
    ranks = [
        0 if options and spell(options[0]) == text else 1 if len(options) == 1 else 2
        for options, text in zip(candidates, texts, strict=True)
    ]
    for index in sorted(range(len(candidates)), key=ranks.__getitem__):
        options = candidates[index]
        again = map(after_update, filter(is_parameter, options))
        found[index] = next((quantity for quantity in (*options, *again) if quantity not in taken), None)
        taken |= {quantity} if (quantity := found[index]) else set()
    return found
