"""A small evaluator of Excel formulas: the independent reading of a plan's cells."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

Place = tuple[str, int, int]
"""Sheet, row, column; rows and columns from 1."""
Node = tuple[Any, ...]

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)
    |(?P<text>"(?:[^"]|"")*")
    |(?P<ref>(?:(?:'[^']+'|[^\W\d][\w.]*)!)?\$?[A-Za-z]{1,3}\$?\d+(?![\w(]))
    |(?P<function>[A-Za-z][\w.]*)\(
    |(?P<name>[^\W\d][\w.]*)
    |(?P<operator><=|>=|<>|[-+*/^&=<>%(),:]))""",
    re.VERBOSE,
)
_REFERENCE = re.compile(r"(?:('[^']+'|[^\W\d][\w.]*)!)?\$?([A-Za-z]{1,3})\$?(\d+)")
_PRECEDENCE = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}


class FormulaError(Exception):
    """A formula that cannot be read, or whose value is an error such as #DIV/0!."""


def column_name(column: int) -> str:
    """1 → A, 27 → AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_number(name: str) -> int:
    """A → 1, AA → 27."""
    number = 0
    for letter in name.upper():
        number = 26 * number + ord(letter) - 64
    return number


def tokens(text: str) -> list[tuple[str, str]]:
    """The tokens of a formula: (kind, text)."""
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise FormulaError(f"cannot read {text[at:]!r}")
        found.append((cast(str, match.lastgroup), match[cast(str, match.lastgroup)]))
        at = match.end()
    return found


class _Parser:
    """State of one pass over the tokens of a formula."""

    def __init__(self, text: str, place: Place, names: Mapping[str, str]) -> None:
        self.tokens, self.at, self.place, self.names = tokens(text), 0, place, names

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> tuple[str, str]:
        if self.at >= len(self.tokens) or (expected and self.peek() != expected):
            raise FormulaError(f"{expected or 'more'} expected")
        self.at += 1
        return self.tokens[self.at - 1]

    def expression(self, least: int = 0) -> Node:
        left = self.operand()
        while self.at < len(self.tokens):
            operator = self.peek()
            if operator == "%":
                self.take()
                left = ("/", left, ("number", 100.0))
                continue
            precedence = _PRECEDENCE.get(operator, 0)
            if self.tokens[self.at][0] != "operator" or precedence <= least:
                break
            self.take()
            left = (operator, left, self.expression(precedence))
        return left

    def operand(self) -> Node:
        kind, text = self.take()
        if kind == "number":
            return ("number", float(text))
        if kind == "text":
            return ("text", text[1:-1].replace('""', '"'))
        if kind == "ref":
            first = self.cell(text)
            if self.peek() != ":":
                return ("cell", first)
            self.take()
            last = self.cell(self.take()[1])
            rows, columns = sorted((first[1], last[1])), sorted((first[2], last[2]))
            return ("range", first[0], rows[0], columns[0], rows[1], columns[1])
        if kind == "function":
            arguments: list[Node] = []
            while self.peek() != ")":
                if self.peek() == ",":
                    self.take()
                    continue
                arguments.append(self.expression())
            self.take(")")
            return ("call", text.upper(), tuple(arguments))
        if kind == "name":
            if text.upper() in ("TRUE", "FALSE"):
                return ("number", float(text.upper() == "TRUE"))
            if text not in self.names:
                raise FormulaError(f"unknown name {text}")
            return _Parser(self.names[text], self.place, self.names).expression()
        if text == "(":
            inner = self.expression()
            self.take(")")
            return inner
        if text in "+-":
            return ("negative", self.expression(6)) if text == "-" else self.expression(6)
        raise FormulaError(f"{text} is out of place")

    def cell(self, text: str) -> Place:
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise FormulaError(f"{text} is not a cell")
        sheet = match[1].strip("'") if match[1] else self.place[0]
        return sheet, int(match[3]), column_number(match[2])


def parse(formula: str, place: Place, names: Mapping[str, str]) -> Node:
    """The tree of a formula (without its =) in a cell."""
    parser = _Parser(formula, place, names)
    tree = parser.expression()
    if parser.at < len(parser.tokens):
        raise FormulaError(f"{parser.peek()} is out of place")
    return tree


def operands(tree: Node) -> Iterator[Place]:
    """The cells that a formula refers to."""
    if tree[0] == "cell":
        yield tree[1]
    elif tree[0] == "range":
        _, sheet, top, left, bottom, right = tree
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                yield sheet, row, column
    elif tree[0] == "call":
        for argument in tree[2]:
            yield from operands(argument)
    else:
        for part in tree[1:]:
            if isinstance(part, tuple):
                yield from operands(part)


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0.0
    if isinstance(value, list):
        if len(value) == 1 and len(value[0]) == 1:
            return _number(value[0][0])
        raise FormulaError("#VALUE!")
    if isinstance(value, str):
        raise FormulaError("#VALUE!")
    return float(value)


def _matrix(value: Any) -> list[list[Any]]:
    return value if isinstance(value, list) else [[value]]


def _elementwise(function: Callable[..., Any], *values: Any) -> Any:
    """A function of scalars on matrices, with single rows, columns and values repeated."""
    if not any(isinstance(value, list) for value in values):
        return function(*values)
    matrices = [_matrix(value) for value in values]
    height, width = max(len(m) for m in matrices), max(len(m[0]) for m in matrices)
    if any(len(m) not in (1, height) or len(m[0]) not in (1, width) for m in matrices):
        raise FormulaError("#N/A")
    return [
        [function(*(m[0 if len(m) == 1 else i][0 if len(m[0]) == 1 else j] for m in matrices)) for j in range(width)]
        for i in range(height)
    ]


def _flat(values: Iterable[Any]) -> list[float]:
    """The numbers among arguments; texts and empty cells are left out."""
    found = []
    for value in values:
        for row in _matrix(value):
            found += [float(x) for x in row if isinstance(x, (int, float))]
    return found


def _power(base: float, exponent: float) -> float:
    result: Any = base**exponent
    if isinstance(result, complex):
        raise FormulaError("#NUM!")
    return float(result)


def _compare(operator: str, left: Any, right: Any) -> bool:
    """Texts are greater than numbers; an empty cell is 0, and "" beside a text."""
    left, right = (
        "" if left is None and isinstance(right, str) else left,
        "" if right is None and isinstance(left, str) else right,
    )
    a: Any = (1, left) if isinstance(left, str) else (0, _number(left))
    b: Any = (1, right) if isinstance(right, str) else (0, _number(right))
    order = int(a > b) - int(a < b)
    return {"=": order == 0, "<>": order != 0, "<": order < 0, ">": order > 0, "<=": order <= 0, ">=": order >= 0}[
        operator
    ]


_BINARY: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: _number(a) + _number(b),
    "-": lambda a, b: _number(a) - _number(b),
    "*": lambda a, b: _number(a) * _number(b),
    "/": lambda a, b: _number(a) / _number(b),
    "^": lambda a, b: _power(_number(a), _number(b)),
    "&": lambda a, b: f"{_shown(a)}{_shown(b)}",
}


def _shown(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else "" if value is None else str(value)


def _round(value: float, digits: float) -> float:
    scale = 10.0 ** int(digits)
    return math.copysign(math.floor(abs(value) * scale + 0.5), value) / scale


_SCALAR: Mapping[str, Callable[..., Any]] = {
    "EXP": math.exp, "LN": math.log, "TANH": math.tanh, "SQRT": math.sqrt, "ABS": abs, "INT": math.floor,
    "SIGN": lambda x: (x > 0) - (x < 0), "ROUND": _round, "POWER": _power, "MOD": lambda x, y: x - y * math.floor(x / y),
    "LOG10": math.log10, "LOG": lambda x, base=10.0: math.log(x, base), "COSH": math.cosh, "SINH": math.sinh,
    "QUOTIENT": lambda x, y: math.trunc(x / y), "SIN": math.sin, "COS": math.cos,
}  # fmt: skip


def _mmult(left: Any, right: Any) -> list[list[float]]:
    a, b = _matrix(left), _matrix(right)
    if len(a[0]) != len(b):
        raise FormulaError("#VALUE!")
    return [
        [math.fsum(_number(x) * _number(y) for x, y in zip(r, c, strict=True)) for c in zip(*b, strict=True)] for r in a
    ]


def _sumproduct(*values: Any) -> float:
    shapes = {(len(_matrix(v)), len(_matrix(v)[0])) for v in values}
    if len(shapes) > 1:
        raise FormulaError("#VALUE!")
    total = 0.0
    for row in zip(*(_matrix(v) for v in values), strict=True):
        for parts in zip(*row, strict=True):
            total += math.prod(float(p) if isinstance(p, (int, float)) else 0.0 for p in parts)
    return total


def _index(values: Any, row: float, column: float | None = None) -> Any:
    matrix = _matrix(values)
    if column is None and len(matrix) == 1:
        row, column = 1, row
    i, j = int(row), int(column if column is not None else 1)
    if not (0 <= i <= len(matrix) and 0 <= j <= len(matrix[0])):
        raise FormulaError("#REF!")
    rows = matrix if i == 0 else [matrix[i - 1]]
    return [r if j == 0 else [r[j - 1]] for r in rows] if 0 in (i, j) else rows[0][j - 1]


def _match(wanted: Any, values: Any, how: float = 1.0) -> float:
    items = [x for row in _matrix(values) for x in row]
    if how == 0:
        if wanted not in items:
            raise FormulaError("#N/A")
        return items.index(wanted) + 1.0
    return float(max(i + 1 for i, x in enumerate(items) if x is not None and x <= wanted))


def _average(*values: Any) -> float:
    numbers = _flat(values)
    return sum(numbers) / len(numbers)


def _spread(*values: Any) -> float:
    numbers = _flat(values)
    mean = sum(numbers) / len(numbers)
    return sum((x - mean) ** 2 for x in numbers)


_WHOLE: Mapping[str, Callable[..., Any]] = {
    "SUM": lambda *v: sum(_flat(v)), "AVERAGE": _average, "MAX": lambda *v: max(_flat(v)), "MIN": lambda *v: min(_flat(v)),
    "COUNT": lambda *v: float(len(_flat(v))), "SUMSQ": lambda *v: sum(x * x for x in _flat(v)), "MMULT": _mmult,
    "PRODUCT": lambda *v: math.prod(_flat(v)), "SUMPRODUCT": _sumproduct, "INDEX": _index, "MATCH": _match,
    "TRANSPOSE": lambda v: [list(c) for c in zip(*_matrix(v), strict=True)],
    "SUMXMY2": lambda a, b: sum((x - y) ** 2 for x, y in zip(_flat([a]), _flat([b]), strict=True)),
    "VARP": lambda *v: _spread(*v) / len(_flat(v)), "STDEVP": lambda *v: math.sqrt(_spread(*v) / len(_flat(v))),
    "AND": lambda *v: all(_flat(v)), "OR": lambda *v: any(_flat(v)),
    "ROWS": lambda v: float(len(_matrix(v))), "COLUMNS": lambda v: float(len(_matrix(v)[0])),
    "COUNTIF": lambda v, wanted: float(sum(x == wanted for row in _matrix(v) for x in row)),
}  # fmt: skip


class Values:
    """The values of a plan's cells: computed on demand, then recomputed only below what was changed.

    State: the trees, the values and the order of evaluation, which is an order of dependence.
    """

    def __init__(
        self,
        cells: Mapping[Place, Any],
        arrays: Mapping[Place, tuple[int, int]],
        names: Mapping[str, str],
        before: Values | None = None,
    ) -> None:
        """cells: constants, and formulas as texts that begin with =. arrays: height and width of array formulas.
        before: the values of the same cells with a few other contents."""
        self.cells, self.arrays, self.names = cells, arrays, names
        self._busy: set[Place] = set()
        self._local: dict[Place, Any] | None = None
        sys.setrecursionlimit(100_000)
        if before is not None:
            self._continue(before)
            return
        self.owner = {
            (s, r + i, c + j): (s, r, c) for (s, r, c), (h, w) in arrays.items() for i in range(h) for j in range(w)
        }
        self.trees: dict[Place, Node] = {}
        self.values: dict[Place, Any] = {}
        self.order: list[Place] = []
        self.users: dict[Place, list[Place]] = {}
        for place in cells:
            self.value(place)
        self._count(self.trees)

    def _continue(self, before: Values) -> None:
        changes = [place for place, content in self.cells.items() if before.cells.get(place) != content]
        affected = set(before.below(changes)) | {before.owner.get(place, place) for place in changes}
        self.owner = before.owner
        self.trees = {place: tree for place, tree in before.trees.items() if place not in changes}
        self.values = {p: v for p, v in before.values.items() if before.owner.get(p, p) not in affected}
        self.order = [place for place in before.order if place not in affected]
        self.users = dict(before.users)
        for place in changes:
            for operand in set(operands(before.trees[place])) if place in before.trees else ():
                used = before.owner.get(operand, operand)
                self.users[used] = [user for user in self.users.get(used, ()) if user != place]
        for place in affected:
            self.value(place)
        self._count(place for place in changes if place in self.trees)

    def _count(self, places: Iterable[Place]) -> None:
        for place in places:
            for used in {self.owner.get(operand, operand) for operand in operands(self.trees[place])}:
                self.users[used] = [*self.users.get(used, ()), place]
        self.rank = {place: i for i, place in enumerate(self.order)}

    def value(self, place: Place) -> Any:
        """The value of a cell: a number, a text, None where empty, a FormulaError."""
        if self._local is not None and place in self._local:
            return self._local[place]
        if place in self.values:
            return self.values[place]
        anchor = self.owner.get(place, place)
        content = self.cells.get(anchor)
        if not (isinstance(content, str) and content.startswith("=")):
            return float(content) if isinstance(content, (int, float)) else content
        if anchor in self._busy:
            raise FormulaError("circular reference")
        self._busy.add(anchor)
        try:
            self._store(anchor, self._compute(anchor, content), self.values)
        finally:
            self._busy.discard(anchor)
        self.order.append(anchor)
        return self.values.get(place)

    def _compute(self, anchor: Place, content: str) -> Any:
        try:
            if anchor not in self.trees:
                self.trees[anchor] = parse(content[1:], anchor, self.names)
            result = self._of(self.trees[anchor], anchor)
        except FormulaError as error:
            return error
        except (ArithmeticError, ValueError, TypeError, LookupError) as error:
            return FormulaError(str(error))
        return result

    def _store(self, anchor: Place, result: Any, into: dict[Place, Any]) -> None:
        sheet, row, column = anchor
        if anchor not in self.arrays:
            single = result[0][0] if isinstance(result, list) else result
            into[anchor] = float(single) if isinstance(single, (bool, int)) else single
            return
        height, width = self.arrays[anchor]
        matrix = _matrix(result)
        for i in range(height):
            for j in range(width):
                inside = (i < len(matrix) or len(matrix) == 1) and (j < len(matrix[0]) or len(matrix[0]) == 1)
                cell = matrix[min(i, len(matrix) - 1)][min(j, len(matrix[0]) - 1)] if inside else FormulaError("#N/A")
                into[sheet, row + i, column + j] = float(cell) if isinstance(cell, (bool, int)) else cell

    def above(self, text: str, place: Place) -> set[Place]:
        """The cells that a formula depends on, directly or not."""
        seen: set[Place] = set()
        waiting = list(operands(parse(text, place, self.names)))
        while waiting:
            cell = self.owner.get(waiting[-1], waiting.pop())
            if cell not in seen:
                seen.add(cell)
                waiting += operands(self.trees[cell]) if cell in self.trees else ()
        return seen

    def below(self, places: Iterable[Place]) -> list[Place]:
        """The formulas that depend on these cells, in an order of dependence."""
        seen: set[Place] = set()
        waiting = [self.owner.get(p, p) for p in places]
        while waiting:
            for user in self.users.get(waiting.pop(), ()):
                if user not in seen:
                    seen.add(user)
                    waiting.append(user)
        return sorted(seen, key=self.rank.__getitem__)

    def moved(self, changes: Mapping[Place, float], only: set[Place] | None = None) -> dict[Place, Any]:
        """The values that differ when these cells hold other numbers, whatever their formulas. only: the cells that
        are asked for."""
        self._local = dict(changes)
        try:
            for place in self.below(changes):
                if place not in changes and (only is None or place in only):
                    local = self._local
                    computed: dict[Place, Any] = {}
                    self._store(place, self._compute(place, self.cells[place]), computed)
                    local.update({p: v for p, v in computed.items() if p not in changes})
            return self._local
        finally:
            self._local = None

    def formula(self, text: str, place: Place) -> float:
        """The value of a formula that stands in no cell."""
        return _number(self._of(parse(text, place, self.names), place))

    def slope(self, text: str, place: Place, by: Place, only: set[Place], h: float = 1e-5) -> float:
        """The derivative of a formula, which stands in no cell, by a cell: central differences.

        only: what the formula depends on (`above`). h: the relative step.
        """
        tree, at = parse(text, place, self.names), _number(self._read(by))
        h *= max(abs(at), 0.1)
        results = []
        for shift in (h, -h):
            self._local = self.moved({by: at + shift}, only)
            try:
                results.append(_number(self._of(tree, place)))
            finally:
                self._local = None
        return (results[0] - results[1]) / (2 * h)

    def _read(self, place: Place) -> Any:
        value = self.value(place)
        if isinstance(value, FormulaError):
            raise value
        return value

    def _of(self, tree: Node, at: Place) -> Any:
        kind = tree[0]
        if kind in ("number", "text"):
            return tree[1]
        if kind == "cell":
            return self._read(tree[1])
        if kind == "range":
            _, sheet, top, left, bottom, right = tree
            return [[self._read((sheet, r, c)) for c in range(left, right + 1)] for r in range(top, bottom + 1)]
        if kind == "negative":
            return _elementwise(lambda x: -_number(x), self._of(tree[1], at))
        if kind != "call":
            left, right = self._of(tree[1], at), self._of(tree[2], at)
            if kind in _BINARY:
                return _elementwise(_BINARY[kind], left, right)
            return _elementwise(lambda a, b: _compare(kind, a, b), left, right)
        return self._call(tree[1], tree[2], at)

    def _call(self, name: str, arguments: tuple[Node, ...], at: Place) -> Any:
        if name in ("ROW", "COLUMN"):
            place = arguments[0][1] if arguments and arguments[0][0] == "cell" else at
            return float(place[1 if name == "ROW" else 2])
        if name == "IFERROR":
            try:
                return self._of(arguments[0], at)
            except (FormulaError, ArithmeticError):
                return self._of(arguments[1], at)
        if name == "IF":
            condition = self._of(arguments[0], at)
            if not isinstance(condition, list):
                branch = 1 if condition and condition != "" else 2
                return self._of(arguments[branch], at) if branch < len(arguments) else False
            branches = [self._of(a, at) for a in arguments[1:]]
            return _elementwise(lambda c, a, b=0.0: a if c else b, condition, *branches)
        if name in _SCALAR:
            return _elementwise(
                lambda *v: _SCALAR[name](*(_number(x) for x in v)), *(self._of(a, at) for a in arguments)
            )
        if name == "NOT":
            return not self._of(arguments[0], at)
        if name in _WHOLE:
            return _WHOLE[name](*(self._of(a, at) for a in arguments))
        raise FormulaError(f"{name} is not evaluated")
