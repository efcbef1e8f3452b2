"""Tables of a foreign sheet, as plain data: which cell is which quantity in which step."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tracer.grading.book.cells import Position, reference
from tracer.model.quantity import Quantity

NOWHERE: Position = (0, 0)
"""Position of a quantity that a step does not show."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A labeled number outside of a table."""

    position: Position
    value: float


class Column(NamedTuple):
    """A column of a table; its header as written, "" if it has none."""

    header: str
    header_cell: Position
    places: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a sheet, independent of its orientation.

    series: quantity → its cell in every step. headers: quantity → its header as written. header_cells: where these
    stand. unknown: columns whose headers name nothing known. scalars: numbers of the sheet that stand once; where a
    label stands several times, the one nearest to the table. rates: all learning rates that are labeled on the sheet.
    options: the cells of headers → all that these may stand for, the likeliest first. quantities: what the names of all
    of these stand for. left_out: the first cell of the first line behind a gap that too few of the columns continue in.
    """

    sheet: str
    series: Mapping[str, tuple[Position, ...]]
    headers: Mapping[str, str]
    header_cells: Mapping[str, Position]
    unknown: tuple[Column, ...] = ()
    scalars: Mapping[str, Scalar] = field(default_factory=dict)
    rates: tuple[Scalar, ...] = ()
    options: Mapping[Position, tuple[str, ...]] = field(default_factory=dict)
    quantities: Mapping[str, Quantity] = field(default_factory=dict)
    left_out: Position | None = None

    @property
    def steps(self) -> int:
        return max(map(len, self.series.values()), default=0)

    @property
    def named(self) -> frozenset[str]:
        """The quantities whose headers name them; others are identified by their formulas."""
        return frozenset(name for name, cell in self.header_cells.items() if self.options.get(cell))

    def places(self, quantities: Collection[str]) -> frozenset[Position]:
        """The cells of some quantities, in all steps."""
        return frozenset(place for name, series in self.series.items() if name in quantities for place in series)

    def corners(self) -> tuple[Position, Position]:
        """The first and the last cell of the rectangle that the table fills."""
        shown = [cell for series in self.series.values() for cell in series if cell != NOWHERE]
        cells = shown + list(self.header_cells.values())
        rows, columns = [row for row, _ in cells], [column for _, column in cells]
        return (min(rows), min(columns)), (max(rows), max(columns))

    @property
    def area(self) -> str:
        """From the first header to the last cell: A32:AE100."""
        return ":".join(map(reference, self.corners()))

    @property
    def gap(self) -> str:
        """What is said of the line that is left out; "" where none is."""
        if self.left_out is None or any(self.left_out in series for series in self.series.values()):
            return ""
        where = reference(self.left_out)
        return f"what stands from {where} on, behind a gap, is not read: most of the columns do not go on there"

    def columns(self) -> dict[Position, tuple[str, Column]]:
        """The cell of a header → the quantity that its column has, "" for none, and the column."""
        known = {
            cell: (name, Column(self.headers[name], cell, self.series[name]))
            for name, cell in self.header_cells.items()
        }
        return known | {column.header_cell: ("", column) for column in self.unknown}

    def called(self, names: Mapping[Position, str]) -> Table:
        """The table with some columns called otherwise, by the cells of their headers, and in this order behind the
        others; "" for an unknown column."""
        before = self.columns()
        columns = [before[cell] for cell in before if cell not in names]
        columns += [(name, before[cell][1]) for cell, name in names.items()]
        return replace(
            self,
            series={name: column.places for name, column in columns if name},
            headers={name: column.header for name, column in columns if name},
            header_cells={name: column.header_cell for name, column in columns if name},
            unknown=tuple(column for name, column in columns if not name),
        )

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The headers that name no known quantity."""
        return tuple(column.header for column in self.unknown if column.header)

    def distance(self, scalar: Scalar) -> int:
        """The distance of a number from the table, in cells; numbers below count as farther."""
        (top, left), (bottom, right) = self.corners()
        row, column = scalar.position
        return max(top - row, 3 * (row - bottom), 0) + max(left - column, column - right, 0)
