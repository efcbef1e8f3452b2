"""Arrows from cell to cell: a network's connections (ECMA-376 part 1, 20.5.2.33 twoCellAnchor, 20.5.2.13 cxnSp)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

EMU_PER_POINT = 12_700
WIDTH = 9_525
"""Of a line, in English Metric Units."""
FIRST_IDENTITY = 1_000
"""Above those of the charts of a sheet."""
NAMESPACES = (
    'xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)


@dataclass(frozen=True, slots=True)
class Connector:
    """An arrow through the column `column`, from its left edge to its right or, `to_left`, back; `left` and `right` are
    (row, points below the row's top). Rows and columns count from 1; color: RRGGBB."""

    column: int
    left: tuple[int, float]
    right: tuple[int, float]
    color: str
    dashed: bool = False
    to_left: bool = False


def xml(connectors: Iterable[Connector]) -> Iterator[str]:
    """The arrows as parts of a sheet's drawing."""
    for identity, line in enumerate(connectors, FIRST_IDENTITY):
        upper, lower = sorted((line.left, line.right))
        flip = ' flipV="1"' if line.right < line.left else ""
        dash = '<a:prstDash val="dash"/>' if line.dashed else ""
        end = "headEnd" if line.to_left else "tailEnd"
        yield (
            f'<xdr:twoCellAnchor {NAMESPACES} editAs="twoCell">'
            f"<xdr:from>{_corner(line.column, upper)}</xdr:from><xdr:to>{_corner(line.column + 1, lower)}</xdr:to>"
            f'<xdr:cxnSp macro=""><xdr:nvCxnSpPr><xdr:cNvPr id="{identity}" name="connection {identity}"/>'
            f'<xdr:cNvCxnSpPr/></xdr:nvCxnSpPr><xdr:spPr><a:xfrm{flip}><a:off x="0" y="0"/>'
            f'<a:ext cx="0" cy="0"/></a:xfrm><a:prstGeom prst="line"><a:avLst/></a:prstGeom>'
            f'<a:ln w="{WIDTH}"><a:solidFill><a:srgbClr val="{line.color}"/></a:solidFill>{dash}'
            f'<a:{end} type="triangle"/></a:ln></xdr:spPr></xdr:cxnSp><xdr:clientData/></xdr:twoCellAnchor>'
        )


def _corner(column: int, place: tuple[int, float]) -> str:
    row, points = place
    return (
        f"<xdr:col>{column - 1}</xdr:col><xdr:colOff>0</xdr:colOff>"
        f"<xdr:row>{row - 1}</xdr:row><xdr:rowOff>{round(points * EMU_PER_POINT)}</xdr:rowOff>"
    )
