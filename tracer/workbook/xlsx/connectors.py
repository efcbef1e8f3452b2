"""Lines from cell to cell: the connections of a network (ECMA-376 part 1, 20.5.2.33 twoCellAnchor, 20.5.2.13 cxnSp)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

EMU_PER_POINT = 12_700
COLOR, WIDTH = "94A3B8", 9_525
"""Of a line: RRGGBB, and English Metric Units."""
FIRST_IDENTITY = 1_000
"""Above those of the charts of a sheet."""
NAMESPACES = (
    'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)


@dataclass(frozen=True, slots=True)
class Connector:
    """A line through the column `column`, from its left edge to its right; `start` and `end` are (row, points below the
    row's top). Rows and columns count from 1."""

    column: int
    start: tuple[int, float]
    end: tuple[int, float]


def xml(connectors: Iterable[Connector]) -> Iterator[str]:
    """The lines as parts of a sheet's drawing."""
    for identity, line in enumerate(connectors, FIRST_IDENTITY):
        upper, lower = sorted((line.start, line.end))
        flip = ' flipV="1"' if line.end < line.start else ""
        yield (
            f'<xdr:twoCellAnchor {NAMESPACES} editAs="twoCell">'
            f"<xdr:from>{_corner(line.column, upper)}</xdr:from><xdr:to>{_corner(line.column + 1, lower)}</xdr:to>"
            f'<xdr:cxnSp macro=""><xdr:nvCxnSpPr><xdr:cNvPr id="{identity}" name="connection {identity}"/>'
            f'<xdr:cNvCxnSpPr/></xdr:nvCxnSpPr><xdr:spPr><a:xfrm{flip}><a:off x="0" y="0"/>'
            f'<a:ext cx="0" cy="0"/></a:xfrm><a:prstGeom prst="line"><a:avLst/></a:prstGeom>'
            f'<a:ln w="{WIDTH}"><a:solidFill><a:srgbClr val="{COLOR}"/></a:solidFill></a:ln></xdr:spPr></xdr:cxnSp>'
            "<xdr:clientData/></xdr:twoCellAnchor>"
        )


def _corner(column: int, place: tuple[int, float]) -> str:
    row, points = place
    return (
        f"<xdr:col>{column - 1}</xdr:col><xdr:colOff>0</xdr:colOff>"
        f"<xdr:row>{row - 1}</xdr:row><xdr:rowOff>{round(points * EMU_PER_POINT)}</xdr:rowOff>"
    )
