"""Diagrams as self-contained SVG for light and dark backgrounds; signs differ in color and in shape."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from tracer.charts.theme import BASE, FONTS, PHASES, SIGNS, begin, colored, sheet
from tracer.explain.picture.diagram import (
    NUMBER_SIZE,
    SIZES,
    Curve,
    Diagram,
    Item,
    Legend,
    Look,
    Number,
    Point,
    Shape,
    Text,
    Tiles,
    width,
)
from tracer.explain.picture.graph import Shown
from tracer.explain.picture.layout import Statistic

COLORS = BASE | SIGNS | PHASES
STRONGEST = 0.55
"""The opacity of the color behind a number, which has to stay readable."""
LEVELS = 5
"""Of the strength of a color among tiles that are drawn together."""
HEAD = 7.0
LEGEND_LINE = 20.0
DIGITS = 4
"""Significant digits of a number, one less before a power of ten; pointing at it shows all of them."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def svg(diagram: Diagram, values: Mapping[str, float], description: str) -> str:
    """The diagram as an SVG document, with the values of its quantities; NaN for what has none. description: for who
    cannot see it."""
    return "\n".join([*_Writer(diagram, values).document(description), ""])


def written(value: float) -> str:
    """A number as short as a picture needs it: 0.1234, 0.15, 4.39e−4, — for none."""
    if math.isnan(value):
        return "—"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{DIGITS}g}" if value else "0"
    if value and (abs(value) < 1e-3 or "e" in text):
        digits, _, power = f"{value:.{DIGITS - 2}e}".partition("e")
        text = f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    return text.replace("-", "−")


def _base(y: float, size: float) -> str:
    """The baseline of letters of this size whose middle is at `y`: not every reader knows dominant-baseline."""
    return f"{y + 0.35 * size:g}"


def plain(text: str) -> str:
    """Text that may stand in XML: escaped, without the characters that no XML document may contain."""
    return escape(_NOT_XML.sub("\ufffd", text))


class Strengths:
    """How large numbers are among those of their scale."""

    def __init__(self, scaled: Iterable[tuple[str, str]], values: Mapping[str, float]) -> None:
        """scaled: quantities with their scales; "" for none."""
        self.values = values
        self.largest: dict[str, float] = {}
        for name, scale in scaled:
            size = abs(values[name])
            if scale and math.isfinite(size):
                self.largest[scale] = max(self.largest.get(scale, 0.0), size)

    def of(self, name: str, scale: str) -> float:
        """The value as a share of the largest of its scale, from −1 to 1; 0 without a scale."""
        value, largest = self.values[name], self.largest.get(scale, 0.0)
        return value / largest if largest and math.isfinite(value) else 0.0


class _Writer:
    """The diagram, the values and their strengths, while it is written."""

    def __init__(self, diagram: Diagram, values: Mapping[str, float]) -> None:
        self.diagram, self.values = diagram, values
        self.strengths = Strengths((pair for item in diagram.items for pair in _scaled(item)), values)

    def document(self, description: str) -> Iterator[str]:
        diagram = self.diagram
        height = diagram.height + LEGEND_LINE * len(diagram.legend) + 12 * bool(diagram.legend)
        legend = max((_ASIDE + 20 + width(_ENTRIES[entry], SIZES[Look.NOTE]) for entry in diagram.legend), default=0.0)
        across, height = math.ceil(max(diagram.width, legend)), math.ceil(height)
        yield from begin(across, height, plain(description), sheet(COLORS, _rules()))
        for item in diagram.items:
            yield from self._item(item)
        for number, entry in enumerate(diagram.legend):
            yield from _legend(entry, diagram.height + LEGEND_LINE * (number + 0.5))
        yield "</svg>"

    def _item(self, item: Item) -> Iterator[str]:
        match item:
            case Text():
                yield _text(item)
            case Number():
                yield self._number(item)
            case Shape():
                yield self._shape(item)
            case Tiles():
                yield from self._tiles(item)
            case Curve():
                yield self._curve(item)

    def _number(self, item: Number) -> str:
        right, base = item.x + item.width - 4, _base(item.y, NUMBER_SIZE)
        if isinstance(item.shown, Statistic):
            value = item.shown.value(self.values)
            return f'<text class="number" x="{right:g}" y="{base}">{written(value)}</text>'
        shown = item.shown
        value, strength = self.values[shown.quantity], self.strengths.of(shown.quantity, shown.scale)
        box = ""
        if shown.scale and strength:
            box = (
                f'<rect class="{_sign(strength)}" fill-opacity="{abs(strength) * STRONGEST:.3f}" x="{item.x + 1:g}" '
                f'y="{item.y - 8:g}" width="{item.width - 2:g}" height="16" rx="3"/>'
            )
        text = "0 frozen" if shown.frozen else written(value)
        kind = "number faint" if shown.frozen else "number"
        place = f'x="{right:g}"'
        if item.centered:
            place = f'x="{item.x + item.width / 2:g}" style="text-anchor:middle"'
        return (
            f'<g data-quantity="{plain(shown.quantity)}"><title>{plain(shown.quantity)} = {value!r}</title>{box}'
            f'<text class="{kind}" {place} y="{base}">{text}</text></g>'
        )

    def _shape(self, item: Shape) -> str:
        strength = self.strengths.of(item.fill.quantity, item.fill.scale) if item.fill else 0.0
        if item.is_round:
            place = f'cx="{item.x + item.width / 2:g}" cy="{item.y + item.height / 2:g}" r="{item.width / 2:g}"'
            tag = "circle"
        else:
            place = f'x="{item.x:g}" y="{item.y:g}" width="{item.width:g}" height="{item.height:g}" rx="8"'
            tag = "rect"
        heat = ""
        if strength:
            heat = f'<{tag} class="{_sign(strength)}" fill-opacity="{abs(strength) * STRONGEST:.3f}" {place}/>'
        return (
            f'<g data-node="{plain(item.quantity)}"><{tag} class="node" {place}/>{heat}'
            f'<{tag} class="border {_class(item.kind)}" {place}/></g>'
        )

    def _curve(self, item: Curve) -> str:
        strength = self.strengths.of(item.shown.quantity, item.shown.scale) if item.shown else 0.0
        size = abs(strength)
        thickness = 1.2 if not item.shown else (0.8 + 2.2 * size if item.backward else 1.0 + 3.2 * size)
        kinds = ["curve"]
        if item.shown:
            kinds.append(_sign(strength) if strength else "zero")
        kinds += ["backward"] if item.backward else ["faint"] if item.is_faint else []
        head = _head(item.points, thickness, item.backward) if item.has_head else ""
        quantity = f' data-quantity="{plain(item.shown.quantity)}"' if item.shown else ""
        return (
            f'<g class="{" ".join(kinds)}" data-from="{plain(item.source)}" data-to="{plain(item.target)}"{quantity}>'
            f'<path class="stroke" stroke-width="{thickness:.2g}" d="{_path(item.points, item.has_head)}"/>{head}</g>'
        )

    def _tiles(self, item: Tiles) -> Iterator[str]:
        size, across = item.size, -(-item.columns // item.merged)
        tiles = _merged(item, self.values)
        down = -(-len(tiles) // across)
        frame = _box(item.x, item.y, across * size, down * size)
        yield f'<g data-quantity="{plain(item.title)}"><rect class="tiles" {frame}/>'
        places: dict[tuple[str, int], list[str]] = {}
        for index, name in enumerate(tiles):
            row, column = divmod(index, across)
            x, y = item.x + column * size, item.y + row * size
            strength = self.strengths.of(name, item.scale)
            sign, mark = _sign(strength), _tile(x, y, size, strength)
            if item.alone:
                yield (
                    f'<g data-quantity="{plain(name)}"><title>{plain(name)} = {self.values[name]!r}</title>'
                    f'<path class="{sign}" fill-opacity="{abs(strength):.3f}" d="{mark}"/>'
                    f'<rect class="touch" {_box(x, y, size, size)}/></g>'
                )
            elif strength:
                places.setdefault((sign, math.ceil(abs(strength) * LEVELS)), []).append(mark)
        for (sign, level), marks in places.items():
            yield f'<path class="{sign}" fill-opacity="{level / LEVELS:g}" d="{"".join(marks)}"/>'
        yield "</g>"


def _merged(item: Tiles, values: Mapping[str, float]) -> list[str]:
    """The quantity of every tile: of those that it stands for, the largest."""
    if item.merged == 1:
        return list(item.quantities)
    across = -(-item.columns // item.merged)
    found: dict[int, str] = {}
    for index, name in enumerate(item.quantities):
        row, column = divmod(index, item.columns)
        tile = row // item.merged * across + column // item.merged
        if tile not in found or abs(values[name]) > abs(values[found[tile]]):
            found[tile] = name
    return [found[tile] for tile in sorted(found)]


def _box(x: float, y: float, width: float, height: float) -> str:
    return f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"'


def _scaled(item: Item) -> Iterator[tuple[str, str]]:
    """The quantities of an item with their scales."""
    match item:
        case Tiles(quantities=quantities, scale=scale):
            yield from ((name, scale) for name in quantities)
        case Number(shown=Shown() as shown) | Shape(fill=Shown() as shown) | Curve(shown=Shown() as shown):
            yield shown.quantity, shown.scale


def _sign(strength: float) -> str:
    return "negative" if strength < 0 else "positive"


def _class(kind: str) -> str:
    return kind if kind in COLORS else "loss"


def _tile(x: float, y: float, size: float, strength: float) -> str:
    """A square above 0, a bar below 0, like a minus sign."""
    gap = 1.0 if size > 6 else 0.0
    side = size - gap
    if strength < 0:
        y, high = y + side * 0.3, side * 0.4
    else:
        high = side
    return f"M{x:.6g} {y:.6g}h{side:.4g}v{high:.4g}h-{side:.4g}z"


def _path(points: tuple[Point, ...], has_head: bool) -> str:
    """Level pieces and curves from point to point, up to where the arrowhead begins."""
    (x, y), *rest = points
    if has_head:
        end = rest[-1]
        back = HEAD if end[0] > (rest[-2] if len(rest) > 1 else points[0])[0] else -HEAD
        rest[-1] = (end[0] - back, end[1])
    pieces = [f"M{x:.5g} {y:.5g}"]
    for to_x, to_y in rest:
        if to_y == y:
            pieces.append(f"H{to_x:.5g}")
        else:
            middle = (x + to_x) / 2
            pieces.append(f"C{middle:.5g} {y:.5g} {middle:.5g} {to_y:.5g} {to_x:.5g} {to_y:.5g}")
        x, y = to_x, to_y
    return "".join(pieces)


def _head(points: tuple[Point, ...], thickness: float, is_open: bool) -> str:
    """The arrowhead at the end; that of a gradient is hollow."""
    x, y = points[-1]
    back = x - (HEAD if x > points[-2][0] else -HEAD)
    half = 2.6 + thickness / 2
    kind = "hollow" if is_open else "full"
    return f'<path class="{kind}" d="M{x:.5g} {y:.5g}L{back:.5g} {y - half:.5g}V{y + half:.5g}z"/>'


def _text(item: Text) -> str:
    quantity = f' data-quantity="{plain(item.quantity)}"' if item.quantity else ""
    anchor = "" if item.anchor == "start" else f' text-anchor="{item.anchor}"'
    whole = f"<title>{plain(item.whole)}</title>" if item.whole else ""
    place = f'x="{item.x:g}" y="{_base(item.y, SIZES[item.look])}"{anchor}'
    return f'<text class="{item.look}" {place}{quantity}>{whole}{plain(item.text)}</text>'


def _rules() -> dict[str, str]:
    """The style sheet of diagrams."""

    def of(name: str, what: str = "fill") -> str:
        return colored(name, COLORS, what)

    return {
        "text": f"font-family:{FONTS};{of('ink')}",
        **{f".{look}": f"font-size:{SIZES[look]:g}px" for look in Look},
        ".number": f"font-size:{NUMBER_SIZE:g}px;text-anchor:end;font-variant-numeric:tabular-nums",
        ".title,.head,.name": "font-weight:600",
        ".caption,.note,.label,text.faint": of("faint"),
        ".ground": of("ground"),
        ".node": of("box"),
        ".border": "fill:none;stroke-width:1.5",
        **{f".border.{phase}": of(phase, "stroke") for phase in PHASES},
        ".border.total": f"stroke-width:2.5;{of('total', 'stroke')}",
        ".tiles": f"{of('box')};{of('line', 'stroke')};stroke-width:.6",
        ".touch": "fill:none;pointer-events:all",
        ".curve": of("line", "color"),
        **{f".{sign}": of(sign) for sign in SIGNS},
        **{f".curve.{sign}": of(sign, "color") for sign in SIGNS},
        ".stroke": "fill:none;stroke:currentColor",
        ".full": "fill:currentColor",
        ".hollow": f"{of('ground')};stroke:currentColor",
        ".curve.negative .stroke": "stroke-dasharray:7 3",
        ".curve.negative.backward .stroke": "stroke-dasharray:2 2",
        ".backward": "opacity:.75",
        ".curve.faint": "opacity:.6",
    }


_ASIDE = 76
"""Where the words of the legend begin."""
_ENTRIES = {
    Legend.NUMBERS: "behind a number: orange above 0, blue below 0, stronger the larger it is among those of its kind",
    Legend.WEIGHTS: "forward, as wide as the weight is large: solid above 0, dashed below 0",
    Legend.BACKWARD: "backward, as wide as ∂E/∂w is large: solid above 0, dotted below 0",
    Legend.TILES: "a square: above 0; a bar: below 0; stronger the larger it is among those of its kind",
    Legend.GIVEN: "value, and below it the gradient, which comes back along the same arrows",
}


def _legend(entry: Legend, y: float) -> Iterator[str]:
    """A line of the legend, with an example of what it explains."""
    text = _ENTRIES[entry]
    x = 20.0
    match entry:
        case Legend.NUMBERS:
            for place, sign in enumerate(("positive", "negative")):
                yield (
                    f'<rect class="{sign}" fill-opacity="{STRONGEST}" x="{x + 24 * place:g}" y="{y - 6:g}" width="20" '
                    f'height="12" rx="3"/>'
                )
        case Legend.WEIGHTS | Legend.BACKWARD:
            is_back = entry is Legend.BACKWARD
            for place, sign in enumerate(("positive", "negative")):
                ends = ((x + 24 * place, y), (x + 24 * place + 21, y))
                ends = (ends[1], ends[0]) if is_back else ends
                kind = " backward" if is_back else ""
                yield (
                    f'<g class="curve {sign}{kind}"><path class="stroke" stroke-width="{1.6 if is_back else 2.4}" '
                    f'd="{_path(ends, True)}"/>{_head(ends, 1.6, is_back)}</g>'
                )
        case Legend.TILES:
            for place, (sign, strength) in enumerate((("positive", 1.0), ("negative", -1.0))):
                yield f'<path class="{sign}" d="{_tile(x + 24 * place, y - 6, 12, strength)}"/>'
        case Legend.GIVEN:
            ends = ((x, y), (x + 44, y))
            yield f'<g class="curve"><path class="stroke" d="{_path(ends, True)}"/>{_head(ends, 1.2, False)}</g>'
    yield f'<text class="note" x="{_ASIDE}" y="{_base(y, SIZES[Look.NOTE])}">{plain(text)}</text>'
