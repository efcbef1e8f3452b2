"""Tables in a foreign sheet: any place, headers in a row or in a column, one value a quantity or a hundred.

A table is found by its headers: a row (or a column) of texts that name quantities, with numbers below (or beside) them.
Labels that stand alone with a number beside them are scalars: η, or an input that holds for all steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from tracer import naming
from tracer.grading.cells import Cell, Fault, Position, Sheet, reference
from tracer.grading.conventions import Spelling
from tracer.grading.headers import Headers, headers
from tracer.grading.spelling import NEXT

_T = TypeVar("_T")

FEWEST = 4
"""Recognised headers that make a table."""
MOST_TABLES = 40
"""Of a sheet; the largest are checked."""
GAP = 3
"""So many lines may lie between the headers and the first numbers: units, formulas in words."""

NOTE = re.compile(r".*=\s*\S")
"""A text such as `h1 = w1*i1 + w2*i2`, which is a header only where numbers stand below it."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number that stands once, beside its label."""

    position: Position
    value: float


class Stranger(NamedTuple):
    """A column of a table whose header names nothing known, "" where it has none."""

    header: str
    header_cell: Position
    places: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a sheet, turned so that it does not matter how it lies.

    series: quantity → its cell in every step. headers: quantity → its header as written. header_cells: where these
    stand. strangers: columns whose headers name nothing known. scalars: numbers of the sheet that stand once; where a
    label stands several times, the one nearest to the table. rates: all learning rates that are labelled on the sheet.
    options: the cells of headers → all that these may stand for, the likeliest first.
    """

    sheet: str
    series: Mapping[str, tuple[Position, ...]]
    headers: Mapping[str, str]
    header_cells: Mapping[str, Position]
    strangers: tuple[Stranger, ...] = ()
    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    rates: tuple[Scalar, ...] = ()
    options: Mapping[Position, tuple[str, ...]] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        return max(map(len, self.series.values()), default=0)

    def corners(self) -> tuple[Position, Position]:
        """The first and the last cell of the rectangle that the table fills."""
        cells = [cell for series in self.series.values() for cell in series] + list(self.header_cells.values())
        rows, columns = [row for row, _ in cells], [column for _, column in cells]
        return (min(rows), min(columns)), (max(rows), max(columns))

    @property
    def area(self) -> str:
        """From the first header to the last cell: A32:AE100."""
        return ":".join(map(reference, self.corners()))

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The headers that name nothing known."""
        return tuple(stranger.header for stranger in self.strangers if stranger.header)

    def distance(self, scalar: Scalar) -> int:
        """How many cells a number lies away from the table; what lies below counts as further off."""
        (top, left), (bottom, right) = self.corners()
        row, column = scalar.position
        return max(top - row, 3 * (row - bottom), 0) + max(left - column, column - right, 0)


def find_tables(sheet: Sheet, spelling: Spelling) -> list[Table]:
    """The tables of a sheet, from the top; the scalars of the sheet go with each of them."""
    texts = {place: cell.value for place, cell in sheet.cells.items() if type(cell.value) is str}
    found: list[Table] = []
    for turned in (True, False):
        cells = _turned(sheet.cells, turned)
        labels, plain = headers(cells, spelling)
        found = [*_with_headers_in_a_row(cells, labels, plain, sheet.name, turned), *found]
    spelling = plain
    found.sort(key=lambda table: -len(table.series) * min(table.steps, 20))
    chosen: list[Table] = []
    taken: set[Position] = set()
    for table in found:
        if len(chosen) == MOST_TABLES:
            break
        own = set(table.header_cells.values()) | {cell for series in table.series.values() for cell in series}
        if not own & taken:
            chosen.append(table)
            taken |= own
    scalars = _scalars(sheet, {place: text for place, text in texts.items() if place not in taken}, taken, spelling)
    chosen.sort(key=lambda table: min(table.header_cells.values()))
    chosen = _merged(chosen)
    chosen, given = _given_apart(chosen, sheet)
    every = {**scalars, **{name: [scalar, *scalars.get(name, [])] for name, scalar in given.items()}}
    if not chosen:
        chosen = _form(sheet, {name: found[0] for name, found in every.items()}, texts)
    return [
        replace(
            table,
            scalars={n: min(found, key=table.distance) for n, found in every.items() if n not in table.series},
            rates=tuple(every.get(naming.ETA, ())),
        )
        for table in chosen
    ]


def _turned(cells: Mapping[Position, _T], turned: bool) -> Mapping[Position, _T]:
    return {(column, row): cell for (row, column), cell in cells.items()} if turned else cells


def _back(place: Position, turned: bool) -> Position:
    return (place[1], place[0]) if turned else place


def _span(cells: Mapping[Position, Cell], row: int, first: int, segment: list[int]) -> range:
    """The columns of a table: up to two beyond its known ones, and on while headers follow without a gap."""

    def headed(column: int) -> bool:
        return bool(_text(cells.get((row, column)))) and is_filled(cells.get((first, column)))

    left, right = max(min(segment) - 2, 1), max(segment) + 2
    while headed(left - 1):
        left -= 1
    while headed(right + 1):
        right += 1
    return range(left, right + 1)


def _series(column: int, first: int, end: int, turned: bool) -> tuple[Position, ...]:
    return tuple(_back((row, column), turned) for row in range(first, end))


def _text(cell: Cell | None) -> str:
    return cell.value.strip() if cell is not None and type(cell.value) is str else ""


def is_filled(cell: Cell | None) -> bool:
    """Whether a cell holds a number, or a formula that should give one."""
    return cell is not None and (isinstance(cell.value, (float, Fault)) or cell.formula is not None)


def _with_headers_in_a_row(
    cells: Mapping[Position, Cell], labels: Headers, spelling: Spelling, sheet: str, turned: bool
) -> Iterable[Table]:
    lines: dict[int, list[int]] = {}
    for (row, column), text in sorted(labels.items()):
        if not NOTE.match(text) or is_filled(cells.get((row + 1, column))):
            lines.setdefault(row, []).append(column)
    last = max((row for row, _ in cells), default=0)
    for row, columns in lines.items():
        for segment in _segments(row, columns, labels, spelling):
            first = next(
                (r for r in range(row + 1, row + 1 + GAP) if any(is_filled(cells.get((r, c))) for c in segment)), None
            )
            if first is None:
                continue
            options = {column: spelling(labels[row, column]) for column in segment}
            names = assigned(list(options.values()), [labels[row, column].strip() for column in segment])
            names = [
                None if name == naming.ETA and not _holds_its_rate(cells, labels[row, c], (first, c)) else name
                for c, name in zip(segment, names, strict=True)
            ]
            known = [(column, name) for column, name in zip(segment, names, strict=True) if name]
            if len(known) < FEWEST:
                continue
            end = first
            while end <= last and any(is_filled(cells.get((end, c))) for c, _ in known):
                if sum(c in segment for c in lines.get(end, ())) >= FEWEST:
                    break  # the headers of another table
                end += 1
            filled = [(c, name) for c, name in known if any(is_filled(cells.get((r, c))) for r in range(first, end))]
            if not filled:
                continue
            taken = {column for column, _ in known}
            strangers = [
                Stranger(_text(cells.get((row, c))), _back((row, c), turned), _series(c, first, end, turned))
                for c in _span(cells, row, first, segment)
                if c not in taken
                and (is_filled(cells.get((first, c))) or (c in segment and _text(cells.get((row, c)))))
            ]
            yield Table(
                sheet,
                {name: _series(c, first, end, turned) for c, name in known},
                {name: labels[row, c].strip() for c, name in known},
                {name: _back((row, c), turned) for c, name in known},
                tuple(strangers),
                options={_back((row, c), turned): options[c] for c in segment},
            )


def _holds_its_rate(cells: Mapping[Position, Cell], header: str, first: Position) -> bool:
    """Whether a column holds the learning rate that its header states; `lr = 0.1` above losses only says whose they
    are."""
    stated, cell = _IN_TEXT.match(header.replace(",", ".")), cells.get(first)
    return stated is None or cell is None or cell.number is None or cell.number == float(stated[2])


def _segments(row: int, columns: list[int], labels: Headers, spelling: Spelling) -> Iterable[list[int]]:
    """The headers of a row, parted where names begin again behind an empty column, or all of them come again, and
    where iterations are counted behind an empty column."""
    segment: list[int] = []
    seen: set[str] = set()
    for column in columns:
        name = spelling(labels[row, column])[0]
        apart = bool(segment) and column > segment[-1] + 1
        again = name in seen and (apart or labels[row, column] == labels[row, segment[0]])
        if again or (apart and name == naming.ITERATION):
            yield segment
            segment, seen = [], set()
        segment.append(column)
        seen.add(name)
    if segment:
        yield segment


def assigned(candidates: list[tuple[str, ...]], texts: list[str]) -> list[str | None]:
    """One quantity for each header, none twice: first those that are spelt exactly as it, then those that can be one
    thing only, then the likeliest free one. A parameter that comes a second time is its value after the update.

    texts: the headers as written.
    """
    names: list[str | None] = [None] * len(candidates)
    taken: set[str] = set()
    ranks = [
        0 if options[:1] == (text,) else 1 if len(options) == 1 else 2
        for options, text in zip(candidates, texts, strict=True)
    ]
    for index in sorted(range(len(candidates)), key=ranks.__getitem__):
        options = candidates[index]
        again = [f"{name}{NEXT}" for name in options if _PARAMETER.fullmatch(name)]
        name = next((name for name in (*options, *again) if name not in taken), None)
        if name:
            names[index] = name
            taken.add(name)
    return names


_PARAMETER = re.compile(r"[wb]\d+|b_[ho]\d+")
_IN_TEXT = re.compile(r"^([^=:]{1,40}?)\s*[=:]\s*([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)\s*$")


def _scalars(
    sheet: Sheet, texts: Mapping[Position, str], taken: set[Position], spelling: Spelling
) -> dict[str, list[Scalar]]:
    """Labels with a number to their right, or below, or behind an equals sign."""
    found: dict[str, list[Scalar]] = {}
    for (row, column), text in sorted(texts.items()):
        in_text = _IN_TEXT.match(text)
        options = spelling(in_text[1]) if in_text else spelling(text)
        if not options or (NOTE.match(text) and not in_text):
            continue
        scalar = Scalar((row, column), float(in_text[2])) if in_text else _beside(sheet, (row, column), taken)
        if scalar:
            whole = scalar.value.is_integer()  # or it counts nothing: n is often typed for η
            named = [option for option in options if whole or option != naming.ITERATION] or [naming.ITERATION]
            name = next((option for option in named if option not in found), named[0])
            found.setdefault(name, []).append(scalar)
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


def _given_apart(tables: list[Table], sheet: Sheet) -> tuple[list[Table], dict[str, Scalar]]:
    """The tables without those of one step that hold given numbers only, and these numbers: inputs, targets and first
    weights that stand above a table hold for all of it."""
    apart = [t for t in tables if t.steps == 1 and not any(_COMPUTED.match(name) for name in t.series)]
    if len(apart) == len(tables):
        return tables, {}
    scalars = {
        name: Scalar(place, number)
        for table in apart
        for name, (place,) in table.series.items()
        if (cell := sheet.cells.get(place)) and (number := cell.number) is not None
    }
    return [table for table in tables if table not in apart], scalars


_COMPUTED = re.compile(r"h\d|o\d|a_|E|∂|.*\+$")


def _merged(tables: list[Table]) -> list[Table]:
    """Tables of as many steps that share no quantity are parts of one."""
    merged: list[Table] = []
    for table in tables:
        partner = next(
            (
                index
                for index, other in enumerate(merged)
                if other.steps == table.steps and not _names(other) & _names(table)
            ),
            None,
        )
        if partner is None:
            merged.append(table)
            continue
        other = merged[partner]
        merged[partner] = replace(
            other,
            series={**other.series, **table.series},
            headers={**other.headers, **table.headers},
            header_cells={**other.header_cells, **table.header_cells},
            strangers=(*other.strangers, *table.strangers),
            options={**other.options, **table.options},
        )
    return merged


def _names(table: Table) -> set[str]:
    return set(table.series) - {naming.ITERATION, naming.ETA}


def _form(sheet: Sheet, scalars: Mapping[str, Scalar], texts: Mapping[Position, str]) -> list[Table]:
    """Labels and values all over the sheet, as a table of one step."""
    if len(scalars) < FEWEST:
        return []
    series = {name: (scalar.position,) for name, scalar in scalars.items()}
    headers = {name: name for name in scalars}
    cells = {name: scalar.position for name, scalar in scalars.items()}
    return [Table(sheet.name, series, headers, cells)]
