"""Workbooks as people make them by hand: right ones in many layouts and spellings, and mistakes planted in them.

The formulas come from the project's own equations; the layout, the spelling and the mistakes are made here. Every cell
carries the value that its formula gives, as in a file that Excel saved.
"""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

import tracer
from tracer.formulas import tree as ex
from tracer.formulas.expansion import expand
from tracer.formulas.notation import render
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.tree import Call, Expression, Name, names, replace
from tracer.grading.book.cells import Book, Cell, Formula, Position, Sheet, reference
from tracer.grading.book.recalculation import recalculated
from tracer.grading.book.relative import text_at
from tracer.model import naming
from tracer.model.backward import compact

ETA = naming.ETA
Spell = Callable[[str], str]


# ------------------------------------------------------------------------------------------------- spellings


def _parts(name: str) -> tuple[str, str]:
    stem = name.rstrip("0123456789")
    return stem, name[len(stem) :]


def _spelling(
    act: str,
    net: str,
    total: str,
    slope: str,
    data: tuple[str, str] = ("i", "t"),
    new: str = "w{}+",
    step: str = "Δw{}",
) -> Spell:
    """Headers in a manner of writing: act and net with {} for a neuron, slope with {} for a parameter."""

    def spell(name: str) -> str:
        stem, number = _parts(name)
        if name.endswith("+"):
            return new.format(name[1:-1]) if name[0] == "w" else f"{name[:-1]} new"
        if name[0] == "Δ":
            return step.format(name[2:]) if name[1] == "w" else name
        if name == naming.TOTAL:
            return total
        if name.startswith("∂E/∂") and name[4:] and name[4] in "wb":
            return slope.format(name[4:])
        if name.startswith("a_"):
            return act.format(name[2:])
        if stem in ("h", "o"):
            return net.format(name)
        if stem in ("i", "t"):
            return data[stem == "t"] + number
        return name

    return spell


SPELLINGS: Mapping[str, Spell] = {
    "classic": _spelling("a_{}", "{}", "E_tot", "∂E/∂{}"),
    "out and net": _spelling("out_{}", "net_{}", "E_total", "∂E_total/∂{}", ("i", "target")),
    "no underscores": _spelling("a{}", "z{}", "Etotal", "dE/d{}", ("x", "y"), "new w{}"),
    "capitals": _spelling("A_{}", "Net {}", "ETotal", "∂E∂{}", ("X", "T"), "W{} new"),
    "short": _spelling("act_{}", "{}", "Error", "d{}", ("x", "t"), "w{}'"),
    "sigma": _spelling("sig({})", "{}", "E_t", "grad_{}", ("i", "t"), "w{} (new)"),
    "delta": _spelling("{}_out", "{}_in", "E_TOTAL", "δE_tot/δ{}", ("input ", "target "), "w{}_new"),
    "glued": _spelling("out{}", "net{}", "E total", "Etotald{}", ("i", "t"), "w{}next"),
}


# --------------------------------------------------------------------------------------------------- layouts


@dataclass(frozen=True)
class Layout:
    """How a homework is written down.

    steps: rows of the table. corner: the first header's cell. turned: quantities lie in rows. spelling: see SPELLINGS.
    full: with the factors of the chain rule. dropped: quantities without a column. shuffled: seed of the order of the
    columns, None for the usual one. updates: "row" (a weight from the row above), "same row" (w1+ columns) or "steps"
    (Δw columns). eta: "label", "formula" (typed into the updates), "name" (of the sheet), "below".
    """

    steps: int = 8
    corner: Position = (4, 2)
    turned: bool = False
    spelling: str = "classic"
    full: bool = False
    dropped: frozenset[str] = frozenset()
    shuffled: int | None = None
    updates: str = "row"
    eta: str = "label"
    iteration: bool = True
    notes: bool = True
    values: Mapping[str, object] = field(default_factory=dict)


CONFIG: Mapping[str, object] = {
    "inputs": [0.05, 0.1],
    "targets": [0.01, 0.99],
    "layers": [
        {"name": "h", "neurons": 2, "activation": "sigmoid"},
        {"name": "o", "neurons": 2, "activation": "sigmoid"},
    ],
    "weights": [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55],
    "learning_rate": 0.5,
    "iterations": 1,
}


@dataclass
class Homework:
    """A sheet in the making: every quantity's formula, which may be replaced before it is written."""

    layout: Layout
    formulas: dict[str, Expression]
    start: dict[str, float]
    data: dict[str, float]
    eta: float
    order: list[str]
    texts: dict[str, Callable[[str], str]] = field(default_factory=dict)
    typed: dict[tuple[str, int], float] = field(default_factory=dict)
    rounded: Mapping[str, int] = field(default_factory=dict)
    sliding: set[str] = field(default_factory=set)
    edges: dict[tuple[str, int], Expression] = field(default_factory=dict)
    by_hand: int | None = None
    """To how many decimals every formula rounds."""

    @property
    def computed(self) -> list[str]:
        """What has formulas."""
        return [name for name in self.order if name in self.formulas]

    def place(self, name: str, step: int) -> Position:
        down, along = self.layout.corner
        index = self.order.index(name)
        across = (down + 1 + step, along + index)
        return (down + index, along + 1 + step) if self.layout.turned else across

    def header(self, name: str) -> Position:
        down, along = self.layout.corner
        index = self.order.index(name)
        return (down + index, along) if self.layout.turned else (down, along + index)

    @property
    def eta_cell(self) -> Position:
        down, along = self.layout.corner
        return (down - 2, along + 3)

    def formula(self, name: str, step: int) -> str:
        """The Excel formula of a quantity in a step."""

        def spell(n: Name) -> str:
            if n.name == ETA:
                if self.layout.eta in ("formula", "name"):
                    return repr(self.eta)
                row, column = self.eta_cell
                if name in self.sliding:
                    return reference((row + step - 1, column))
                letters = reference((1, column))[:-1]
                return f"${letters}${row}"
            return reference(self.place(n.name, step - n.lag))

        text = render(expand(self.edges.get((name, step), self.formulas[name])), EXCEL, spell)
        return self.texts[name](text) if name in self.texts else text

    def book(self) -> Book:
        """The workbook, with its values."""
        cells: dict[Position, Cell] = {}
        layout = self.layout
        for name in self.order:
            cells[self.header(name)] = Cell(
                "iteration" if name == naming.ITERATION else SPELLINGS[layout.spelling](name)
            )
            for step in range(layout.steps):
                cells[self.place(name, step)] = self.cell(name, step)
        down, along = layout.corner
        if layout.eta == "label":
            cells[down - 2, along + 2] = Cell("η =")
            cells[self.eta_cell] = Cell(self.eta)
        if layout.notes:
            cells[1, 1] = Cell("Homework 6: backpropagation by hand")
            cells[2, 1] = Cell("h1 = w1*i1 + w2*i2")
        sheet = Sheet(f"lr = {self.eta}" if layout.eta == "name" else "Sheet1", cells)
        book = recalculated(Book((sheet,), {}))
        if self.rounded:
            book = self._pasted(book)
        return book

    def cell(self, name: str, step: int) -> Cell:
        if (name, step) in self.typed:
            return Cell(self.typed[name, step])
        if name == naming.ITERATION:
            return Cell(float(step + 1))
        if name in self.data:
            return Cell(self.data[name])
        if name in self.start and (not step or name not in self.formulas):
            return Cell(self.start[name])
        row, column = self.place(name, step)
        text = self.formula(name, step)
        return Cell(None, Formula(text if self.by_hand is None else f"ROUND({text},{self.by_hand})", row, column))

    def _pasted(self, book: Book) -> Book:
        """The values of some quantities in place of their formulas, rounded to so many decimals."""
        (sheet,) = book.sheets
        cells = dict(sheet.cells)
        for name, digits in self.rounded.items():
            for step in range(self.layout.steps):
                value = cells[self.place(name, step)].number
                assert value is not None
                cells[self.place(name, step)] = Cell(round(value, digits))
        return Book((Sheet(sheet.name, cells),), {})


def homework(layout: Layout) -> Homework:
    """A right homework in a layout."""
    config = {**CONFIG, **layout.values}
    system = tracer.assemble(tracer.load(config))
    shown = system if layout.full else compact(system)
    formulas = {e.quantity: e.expression for e in shown.equations}
    updates = dict(system.updates)
    extra: dict[str, Expression] = {}
    if layout.updates != "row":
        for parameter, update in updates.items():
            now = replace(update, {n: Name(n.name, 0) for n in names(update)})
            if layout.updates == "same row":
                extra[f"{parameter}+"] = now
                updates[parameter] = Name(f"{parameter}+", 1)
            else:
                assert isinstance(now, Call)
                step = replace(now, {Name(parameter): Name("zero")})
                change = step.args[1] if isinstance(step, Call) else step
                extra[f"Δ{parameter}"] = Call(ex.NEG, (change,))
                updates[parameter] = Call(
                    ex.ADD,
                    (Name(parameter, 1), Name(f"Δ{parameter}", 1)),
                )
    order = [name for name in shown.columns() if name not in layout.dropped]
    order += [name for name in extra if name not in layout.dropped]
    if layout.shuffled is not None:
        random.Random(layout.shuffled).shuffle(order)
    if layout.iteration:
        order.insert(0, naming.ITERATION)
    everything = {**formulas, **extra, **updates}
    kept = {name: _without(everything[name], layout.dropped, everything) for name in everything if name in order}
    return Homework(
        layout, kept, {p.name: p.start for p in system.parameters}, dict(zip(system.data, system.samples[0], strict=True)), 0.5, order
    )  # fmt: skip


def _without(expression: Expression, dropped: frozenset[str], formulas: Mapping[str, Expression]) -> Expression:
    """The formula with what has no column put in."""
    while True:
        inside = {n: formulas[n.name] for n in set(names(expression)) if n.name in dropped}
        if not inside:
            return expression
        shifted: dict[Expression, Expression] = {
            n: replace(e, {m: Name(m.name, m.lag + n.lag) for m in set(names(e))}) if n.lag else e
            for n, e in inside.items()
        }
        expression = replace(expression, shifted)


# ----------------------------------------------------------------------------------------------------- files


def write(book: Book, path: Path) -> Path:
    """The workbook as an .xlsx file of the plainest kind."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        kinds = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for n in range(1, len(book.sheets) + 1)
        )
        package.writestr(
            "[Content_Types].xml",
            f'{_XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{kinds}</Types>',
        )
        package.writestr(
            "_rels/.rels",
            f'{_XML}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_KIND}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(
            f'<sheet name="{escape(s.name, {chr(34): "&quot;"})}" sheetId="{n}" r:id="rId{n}"/>'
            for n, s in enumerate(book.sheets, 1)
        )
        package.writestr(
            "xl/workbook.xml", f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_KIND}"><sheets>{listed}</sheets></workbook>'
        )
        related = "".join(
            f'<Relationship Id="rId{n}" Type="{_KIND}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(book.sheets) + 1)
        )
        package.writestr(
            "xl/_rels/workbook.xml.rels", f'{_XML}<Relationships xmlns="{_RELATIONS}">{related}</Relationships>'
        )
        for number, sheet in enumerate(book.sheets, 1):
            package.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>{_rows(sheet)}</sheetData></worksheet>',
            )
    return path


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def _rows(sheet: Sheet) -> str:
    rows: dict[int, list[str]] = {}
    for place, cell in sorted(sheet.cells.items()):
        formula = f"<f>{escape(text_at(cell.formula, place))}</f>" if cell.formula else ""
        if isinstance(cell.value, float):
            xml = f'<c r="{reference(place)}">{formula}<v>{cell.value!r}</v></c>'
        elif cell.value is None:
            xml = f'<c r="{reference(place)}">{formula}</c>'
        elif formula:
            xml = f'<c r="{reference(place)}" t="e">{formula}<v>{escape(cell.value)}</v></c>'
        else:
            xml = f'<c r="{reference(place)}" t="inlineStr"><is><t>{escape(cell.value)}</t></is></c>'
        rows.setdefault(place[0], []).append(xml)
    return "".join(f'<row r="{row}">{"".join(cells)}</row>' for row, cells in rows.items())


# -------------------------------------------------------------------------------------------------- mistakes


@dataclass(frozen=True)
class Planted:
    """A mistake: what it is in, and words of which one has to be in the cause."""

    quantity: str
    words: tuple[str, ...]


Planter = Callable[[Homework, random.Random], Planted | None]


def _nodes(expression: Expression, path: tuple[int, ...] = ()) -> list[tuple[tuple[int, ...], Expression]]:
    found = [(path, expression)]
    if isinstance(expression, Call):
        for index, arg in enumerate(expression.args):
            found += _nodes(arg, (*path, index))
    return found


def _put(expression: Expression, path: tuple[int, ...], new: Expression) -> Expression:
    if not path:
        return new
    assert isinstance(expression, Call)
    args = list(expression.args)
    args[path[0]] = _put(args[path[0]], path[1:], new)
    return Call(expression.function, tuple(args))


def _family(name: str) -> str:
    return name.rstrip("0123456789")


def _pick(hw: Homework, rng: random.Random, fits: Callable[[str, Expression], bool]) -> str | None:
    options = [name for name in hw.computed if fits(name, hw.formulas[name])]
    return rng.choice(options) if options else None


def _products(e: Expression, least: int = 2) -> list[tuple[tuple[int, ...], Call]]:
    return [(p, n) for p, n in _nodes(e) if isinstance(n, Call) and n.function == ex.MUL and len(n.args) >= least]


def plant_neighbour(hw: Homework, rng: random.Random) -> Planted | None:
    """a_h1 for a_h2, everywhere in a formula."""

    def others(e: Expression) -> list[tuple[Name, str]]:
        return [
            (n, q) for n in dict.fromkeys(names(e)) for q in hw.order if q != n.name and _family(q) == _family(n.name) and "∂" not in q
        ]  # fmt: skip

    name = _pick(hw, rng, lambda q, e: bool(others(e)))
    if name is None:
        return None
    old, new = rng.choice(others(hw.formulas[name]))
    hw.formulas[name] = replace(hw.formulas[name], {old: Name(new, old.lag)})
    return Planted(name, ("instead",))


def plant_swap(hw: Homework, rng: random.Random) -> Planted | None:
    """Two weights exchanged."""

    def pairs(e: Expression) -> list[tuple[Name, Name]]:
        found = [n for n in dict.fromkeys(names(e)) if _family(n.name) == "w"]
        return [(a, b) for i, a in enumerate(found) for b in found[i + 1 :]]

    name = _pick(hw, rng, lambda q, e: bool(pairs(e)))
    if name is None:
        return None
    one, two = rng.choice(pairs(hw.formulas[name]))
    hw.formulas[name] = replace(hw.formulas[name], {one: two, two: one})
    return Planted(name, ("swapped",))


def plant_missing_factor(hw: Homework, rng: random.Random) -> Planted | None:
    """A factor left out."""
    name = _pick(hw, rng, lambda q, e: bool(_products(e)))
    if name is None:
        return None
    path, node = rng.choice(_products(hw.formulas[name]))
    gone = rng.randrange(len(node.args))
    rest = node.args[:gone] + node.args[gone + 1 :]
    hw.formulas[name] = _put(hw.formulas[name], path, rest[0] if len(rest) == 1 else Call(ex.MUL, rest))
    return Planted(name, ("missing",))


def plant_twice(hw: Homework, rng: random.Random) -> Planted | None:
    """A factor twice."""
    name = _pick(hw, rng, lambda q, e: bool(_products(e)))
    if name is None:
        return None
    path, node = rng.choice(_products(hw.formulas[name]))
    hw.formulas[name] = _put(hw.formulas[name], path, Call(ex.MUL, (*node.args, rng.choice(node.args))))
    return Planted(name, ("twice", "instead"))


def _pairs_of_brackets(text: str) -> list[tuple[int, int]]:
    stack, found = [], []
    for index, c in enumerate(text):
        if c == "(":
            stack.append(index)
        elif c == ")":
            start = stack.pop()
            if not (start and text[start - 1].isalpha()):
                found.append((start, index))
    return found


def plant_brackets(hw: Homework, rng: random.Random) -> Planted | None:
    """A pair of brackets left out."""
    name = _pick(hw, rng, lambda q, e: bool(_pairs_of_brackets(hw.formula(q, 1))))
    if name is None:
        return None
    which = rng.randrange(len(_pairs_of_brackets(hw.formula(name, 1))))

    def without(text: str) -> str:
        pair = _pairs_of_brackets(text)[which]
        return "".join(c for i, c in enumerate(text) if i not in pair)

    hw.texts[name] = without
    return Planted(name, ("parentheses", "sign", "instead"))


def plant_sign(hw: Homework, rng: random.Random) -> Planted | None:
    """A difference the other way round, or a + for a −."""

    def differences(q: str, e: Expression) -> list[tuple[tuple[int, ...], Call]]:
        inside = [(p, n) for p, n in _nodes(e) if isinstance(n, Call) and n.function == ex.SUB]
        return [] if q[0] == "E" else inside

    name = _pick(hw, rng, lambda q, e: bool(differences(q, e)))
    if name is None:
        return None
    path, node = rng.choice(differences(name, hw.formulas[name]))
    turned = Call(ex.SUB, (node.args[1], node.args[0])) if rng.random() < 0.5 else Call(ex.ADD, node.args)
    hw.formulas[name] = _put(hw.formulas[name], path, turned)
    return Planted(name, ("sign", "swapped", "+ is used"))


def plant_half(hw: Homework, rng: random.Random) -> Planted | None:
    """½ or 2 too much or too little."""
    name = _pick(hw, rng, lambda q, e: _family(q) == "E" or q.startswith("∂E/∂"))
    if name is None:
        return None
    e = hw.formulas[name]
    if _family(name) == "E" and rng.random() < 0.5 and isinstance(e, Call):
        hw.texts[name] = lambda text: text.removeprefix("0.5*")
        return Planted(name, ("½", "2"))
    hw.formulas[name] = Call(ex.MUL, (ex.Number(rng.choice([0.5, 2.0])), e))
    return Planted(name, ("½", "2", "instead"))


def plant_no_derivative(hw: Homework, rng: random.Random) -> Planted | None:
    """The activation's derivative left out."""

    def slopes(e: Expression) -> list[tuple[tuple[int, ...], Call, int]]:
        return [
            (p, n, i)
            for p, n in _products(e, 3)
            for i in range(len(n.args) - 1)
            if n.args[i + 1] == Call(ex.SUB, (ex.ONE, n.args[i]))
        ]

    name = _pick(hw, rng, lambda q, e: bool(slopes(e)))
    if name is None:
        return None
    path, node, index = rng.choice(slopes(hw.formulas[name]))
    rest = node.args[:index] + node.args[index + 2 :]
    hw.formulas[name] = _put(hw.formulas[name], path, rest[0] if len(rest) == 1 else Call(ex.MUL, rest))
    return Planted(name, ("derivative",))


def plant_other_row(hw: Homework, rng: random.Random) -> Planted | None:
    """The previous row's weights, or the next row's, in a gradient."""
    if hw.layout.steps < 4:
        return None

    def weights(e: Expression) -> list[Name]:
        return [n for n in dict.fromkeys(names(e)) if _family(n.name) == "w" and not n.lag]

    name = _pick(hw, rng, lambda q, e: q.startswith("∂E/∂w") and bool(weights(e)))
    if name is None:
        return None
    shift = rng.choice([1, -1])
    moved: dict[Expression, Expression] = {n: Name(n.name, shift) for n in weights(hw.formulas[name])}
    right = hw.formulas[name]
    hw.formulas[name] = replace(right, moved)
    edge = 0 if shift == 1 else hw.layout.steps - 1
    hw.edges[name, edge] = right
    return Planted(name, ("row",))


def plant_no_eta(hw: Homework, rng: random.Random) -> Planted | None:
    """η left out of an update."""
    name = _pick(hw, rng, lambda q, e: q[0] in "wb" and any(n.name == ETA for n in names(e)))
    if name is None:
        return None
    hw.formulas[name] = replace(hw.formulas[name], {Name(ETA): ex.ONE, Name(ETA, 1): ex.ONE})
    return Planted(name, (f"{ETA} is missing", ETA))


def plant_sliding(hw: Homework, rng: random.Random) -> Planted | None:
    """η's reference without its dollar signs."""
    if hw.layout.eta != "label" or hw.layout.turned or hw.layout.updates != "row" or hw.layout.steps < 6:
        return None
    name = _pick(hw, rng, lambda q, e: _family(q) == "w")
    if name is None:
        return None
    hw.sliding.add(name)
    return Planted(name, ("slides", ETA))


def plant_constant(hw: Homework, rng: random.Random) -> Planted | None:
    """A typed number in place of a formula, in one row."""
    if hw.layout.steps < 5:
        return None
    name = _pick(hw, rng, lambda q, e: q[0] != naming.ITERATION[0])
    if name is None:
        return None
    hw.typed[name, rng.randrange(2, hw.layout.steps - 1)] = round(rng.uniform(0.6, 0.9), 3)
    return Planted(name, ("constant",))


MISTAKES: Mapping[str, Planter] = {
    "neighbour": plant_neighbour,
    "weights exchanged": plant_swap,
    "factor missing": plant_missing_factor,
    "factor twice": plant_twice,
    "brackets": plant_brackets,
    "sign": plant_sign,
    "half": plant_half,
    "no derivative": plant_no_derivative,
    "other row": plant_other_row,
    "no eta": plant_no_eta,
    "sliding": plant_sliding,
    "constant": plant_constant,
}
