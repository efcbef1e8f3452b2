"""The lines of the focus on the Workings sheet: factors, products, their sum, the numeric check, the update.

There is a row for each line that any choice could need, with the number of the row of the block that shows it; where a
choice does not need it, it has the number of the one before, which MATCH finds first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tracer.explain.derivation import Factor
from tracer.explain.explanation import (
    MOST_FACTOR_LINES,
    MOST_PRODUCT_LINES,
    Explained,
    check_in_words,
    check_lines,
    difference_in_words,
    factor_lines,
    is_rounded,
    loss_of,
    product_lines,
    rest_in_words,
    rounded_in_words,
    sum_line,
)
from tracer.explain.numeric_check import EPSILON, NumericCheck, epsilon
from tracer.explain.numeric_check import numeric_check as checked
from tracer.explain.templates import template, written
from tracer.explain.words import words
from tracer.formulas.evaluation import NO_NUMBER
from tracer.formulas.expansion import expand, far_conditions
from tracer.formulas.notation import render, shortest
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.notation.typesetting import CUT, LONGEST_SUM
from tracer.formulas.tree import Name, Number
from tracer.model import naming
from tracer.model.system import System
from tracer.workbook.trace.context import Context
from tracer.workbook.walkthrough.focus import numeric_check
from tracer.workbook.walkthrough.focus.tables import (
    COLUMN,
    COMMON,
    FIRST_FACTOR,
    FIRST_PRODUCT,
    FURTHER,
    GRADIENT,
    NEUTRAL,
    PRODUCTS,
    SELF,
    SHARED,
    SUM,
    TRAINED,
    FocusTables,
)
from tracer.workbook.walkthrough.focus.update import FocusUpdate
from tracer.workbook.walkthrough.workings import Computed, Table, Workings, computed, here, literal
from tracer.workbook.xlsx.sheetdata import Value

HEADS = {"line": 34.0, "with numbers": 34.0, "result": 16.0, "row": 9.0, "factor": 8.0, "text": 12.0, "further": 12.0}
LINE, NUMBERS, RESULT, ROW, FACTOR, TEXT, NEXT = range(7)
FACTORS = {"factor": 34.0, "column": 9.0, "value, without one": 16.0, "with numbers, if not its value": 34.0}
LONGEST_TEXT = 8_000
"""Characters of a formula that puts numbers in; a longer one is left out."""
NUMBER = 10
"""Characters of a number in a text, about."""
NARROW, WIDE = 0.59, 1.18
"""The width of a narrow character and of any other in Calibri, in those of an average one (see `grid.CHARACTER`)."""
_NARROW = frozenset(" ().,:;·/|₀₁₂₃₄₅₆₇₈₉fijlrt")


@dataclass(slots=True)
class FocusLines:
    """The lines while they are laid out.

    found: the table of what is found of the chosen quantity; number, name, kind: its cells in there. first: the values
    of the step first shown. shown: the lines that the block shows of what is chosen at first, each with its row.
    """

    context: Context
    workings: Workings
    tables: FocusTables
    found: Table
    number: str
    name: str
    kind: str
    table: Table = field(init=False)
    steps: str = field(init=False)
    first: dict[str, float] = field(init=False)
    shown: list[tuple[Value, ...]] = field(init=False, default_factory=list)
    of_updates: list[tuple[float, float]] = field(init=False, default_factory=list)
    of_factors: dict[Factor, tuple[float, float]] = field(init=False, default_factory=dict)
    sentence: Computed = field(init=False)
    _scalars: dict[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        derivation, step = self.tables.default.derivation, self.workings.step
        letters = list(self.context.traces[0].letters.values())
        self.steps = step.column(letters[0], letters[-1])
        self.first = dict(step.first)
        gradient = self.first.setdefault(derivation.gradient, derivation.value(self.first))
        products = product_lines(derivation, self.first, self.context.names)
        factors = self._factors()
        self.table = self.workings.table("The lines of the focus, and the row of the block that shows each", HEADS)
        self.table.add("", "", 1, 0, 0, "", "")
        self._factor_lines(factors)
        begin = self.table.rows + 1
        self._product_lines(products)
        results = self._column(RESULT, begin, self.table.rows)
        own = self._of_list(GRADIENT)
        found = f"IF({own}>0,INDEX({self.steps},{step.place.row},{own}),SUM({results}))"
        at = self._found("its gradient", gradient, found)
        self._sum_lines(products, begin, results)
        self._rounded_line(gradient, own, at)
        self._check_lines(gradient, at)
        update = FocusUpdate(
            self.context, self.workings, self.tables, self.number, self.name, self.steps, at, self.first
        )  # fmt: skip
        if self.context.system.updates:
            for line, numbers, result in update.lines():
                self._add(line, numbers, result, f"{self.kind}={TRAINED}", self.tables.default.kind == TRAINED)
                self.of_updates.append((size(str(computed(line)[0])), size(str(computed(numbers)[0])) + NUMBER))
        self.sentence = update.sentence(self.kind)

    # ------------------------------------------------------------------------------------ what is found, and a line

    def _found(self, what: str, value: Value, formula: str) -> str:
        return self.found.add(what, (value, formula))[1]

    def _of_list(self, head: str) -> str:
        """The cell with what the table of what can be chosen has of it."""
        if head not in self._scalars:
            value = self.tables.row(self.tables.default)[head]
            self._scalars[head] = self._found(head, value, self.tables.of_list(head, self.number))
        return self._scalars[head]

    def _add(
        self, line: Computed, numbers: Computed, result: Computed, condition: str, holds: bool, *more: Computed
    ) -> None:
        """A line that is shown under a condition; holds: whether it is at first."""
        if holds:
            self.shown.append((self.table.rows + 1, *(computed(cell)[0] for cell in (line, numbers, result))))
        above = here(self.table.cell(self.table.rows, ROW))
        self.table.add(line, numbers, result, (len(self.shown), f"{above}+IF({condition},1,0)"), *more)

    def _column(self, place: int, first: int, last: int) -> str:
        return f"{here(self.table.cell(first, place))}:{here(self.table.cell(last, place))}"

    # ------------------------------------------------------------------------------------ factors

    def _factors(self) -> Table:
        """The table of all factors."""
        spell, places = self.context.spell, self.tables.places
        table = self.workings.table("All factors", FACTORS)
        for factor in self.tables.factors:
            expression = factor.expression
            text: Computed = ""
            if not isinstance(expression, Name):
                text = self.workings.text(("= ", *template(expression)))
                if len(text[1]) > LONGEST_TEXT:
                    text = f"= {CUT}"
            value: Computed = 0
            if isinstance(expression, Number):
                value = expression.value
            elif factor.column is None:
                written_out = expand(expression, far=bool(far_conditions(expression)))
                value = factor.value(self.first), render(written_out, EXCEL, self.workings.value)
            symbols = spell(f"{factor.symbol} = {words(expression, self.context.names)}")
            self.of_factors[factor] = size(symbols), size(str(computed(text)[0])) + NUMBER
            table.add(symbols, places[factor.column] if factor.column else 0, value, text)
        return table

    def _factor_lines(self, factors: Table) -> None:
        spell, row, found = self.context.spell, self.workings.step.place.row, self._of_list
        shared, further, begin = found(SHARED), found(FURTHER), found(FIRST_FACTOR)
        count = f"{shared}+{further}"
        chosen = self.tables.default.derivation.factors
        lines = factor_lines(self.tables.default.derivation, self.first, self.context.names)
        equations, columns, values, texts = (factors.cells(place) for place in range(4))
        for place in range(1, self.tables.most_factors + 1):
            now = self.table.cell(self.table.rows + 1, FACTOR)
            line = lines[place - 1] if place <= len(lines) else Explained("", "", 1.0)
            column = f"INDEX({columns},{now})"
            looked_up = f"IF({column}>0,INDEX({self.steps},{row},{column}),INDEX({values},{now}))"
            number = self.workings.number(f"factor {place} of the focus", line.result, f"IF({now}=0,1,{looked_up})")
            identity = (
                f"IF({place}<={shared},INDEX({self.tables.shared.cells(0)},{begin}+{place - 1}),"
                f"IF({place}<={count},{self.tables.tail(self.number, f'{place}-{shared}')},0))"
            )
            put_in = f'IF({now}=0,"",IF(INDEX({texts},{now})="","= "&{number.text},INDEX({texts},{now})))'
            is_one = bool(line.line)
            self._add(
                (spell(line.line), f'IF({now}=0,"",INDEX({equations},{now}))'), (spell(line.numbers), put_in),
                (line.result, number.value), f"AND({now}>0,{count}<={MOST_FACTOR_LINES})",
                is_one and len(lines) <= MOST_FACTOR_LINES,
                (self.tables.factors[chosen[place - 1]] if is_one else 0, identity),
                (spell(written(line.result)), number.text),
                (spell(f"·{written(line.result, signed=False)}") if is_one else "",
                 f'IF({now}=0,"",{literal(spell("·"))}&{number.bracketed})'),
            )  # fmt: skip

    # ------------------------------------------------------------------------------------ products and their sum

    def _product_lines(self, lines: list[Explained]) -> None:
        spell, found, products = self.context.spell, self._of_list, self.tables.products
        count, first, shared = found(PRODUCTS), found(FIRST_PRODUCT), found(SHARED)
        of_all = {place: self._column(place, 1, self.table.rows) for place in (RESULT, TEXT, NEXT)}
        derivation = self.tables.default.derivation

        def further(place: int, number: int) -> str:
            return f"INDEX({of_all[place]},{NEUTRAL}+{shared}+{number})"

        values = [factor.value(self.first) for factor in derivation.tail]
        tail = 1.0
        for value in values:
            tail *= value
        texts = "".join(f"·{written(value, signed=False)}" for value in values[0 if derivation.terms else 1 :])
        begin = f'IF({shared}=0,"",{further(NEXT, 1)})'
        numbers = [begin, *(further(NEXT, n) for n in range(2, self.tables.tails + 1))]
        common_text = self._found("further factors with numbers", spell(texts), "&".join(numbers))
        common = self._found(
            "their product", tail, "*".join(further(RESULT, n) for n in range(1, self.tables.tails + 1))
        )
        symbols, gradient = found(COMMON), literal(spell(naming.derivative(loss_of(self.context.system), "")))
        for place in range(max(len(entry.derivation.paths) for entry in self.tables.entries)):
            at = f"{first}+{place}"
            factors = [f"INDEX({products.cells(n)},{at})" for n in range(1, self.tables.longest + 1)]
            begins = f"INDEX({of_all[TEXT]},IF({shared}=0,{NEUTRAL + 1},{factors[0] if factors else NEUTRAL}))"
            text = "&".join([begins, *(f"INDEX({of_all[NEXT]},{n})" for n in factors[1:]), common_text])
            product = "*".join([*(f"INDEX({of_all[RESULT]},{n})" for n in factors), common])
            line = lines[place] if place < len(lines) else Explained("", "", 0.0)
            beyond = f"{place + 1}>{count}"
            number = self.workings.number(
                f"product {place + 1} of the focus", line.result, f"IF({beyond},0,{product})"
            )  # fmt: skip
            alone = f'IF({count}=1,{gradient}&{self.name}&" = ","")&' if place == 0 else ""
            term = f'" + "&{number.bracketed}'
            if place >= LONGEST_SUM:
                piece = f'IF({place + 1}={count},{term},"")'
            elif place >= 3:
                dots = literal(spell(f" + {CUT}")) if place == 3 else '""'
                piece = f"IF(OR({count}<={LONGEST_SUM},{place + 1}={count}),{term},{dots})"
            else:
                piece = term
            last = f"IF({count}>{MOST_PRODUCT_LINES},{MOST_PRODUCT_LINES - 1},{count})"
            shown = f"AND({place + 1}<={last},OR({count}>1,{found(SHARED)}+{found(FURTHER)}>1))"
            in_block = place < (len(lines) if len(lines) <= MOST_PRODUCT_LINES else MOST_PRODUCT_LINES - 1)
            self._add(
                (spell(line.line), f'IF({beyond},"",{alone}INDEX({products.cells(0)},{at})&{symbols})'),
                (spell(line.numbers), f'IF({beyond},"","= "&{text})'), (line.result, number.value), shown,
                in_block and (len(lines) > 1 or len(derivation.factors) > 1), 0,
                (spell(written(line.result)), number.text),
                (spell(self._piece(lines, place)), f'IF({beyond},"",{piece})' if place else '""'),
            )  # fmt: skip

    def _piece(self, lines: list[Explained], place: int) -> str:
        """What a product is in the sum of all, as a text: of many only the first ones and the last one."""
        if not 0 < place < len(lines):
            return ""
        if len(lines) > LONGEST_SUM and 3 <= place < len(lines) - 1:
            return f" + {CUT}" if place == 3 else ""
        return f" + {written(lines[place].result, signed=False)}"

    def _sum_lines(self, products: list[Explained], begin: int, results: str) -> None:
        count, end = self._of_list(PRODUCTS), self.table.rows
        spell, derivation = self.context.spell, self.tables.default.derivation
        most = MOST_PRODUCT_LINES - 1
        if end - begin >= MOST_PRODUCT_LINES:
            rest = sum(line.result for line in products[most:]) if len(products) > MOST_PRODUCT_LINES else 0.0
            before, _, after = spell(rest_in_words(most - 1)).partition("0")
            words_of_rest = spell(rest_in_words(len(products))) if len(products) > MOST_PRODUCT_LINES else ""
            formula = f'IF({count}>{MOST_PRODUCT_LINES},{literal(before)}&({count}-{most})&{literal(after)},"")'
            shown = len(products) > MOST_PRODUCT_LINES
            self._add(
                (words_of_rest, formula), "", (rest, f"SUM({self._column(RESULT, begin + most, end)})"),
                f"{count}>{MOST_PRODUCT_LINES}", shown, 0, "", "",
            )  # fmt: skip
        line = sum_line(self.context.system, derivation, self.first, self.context.names)
        first = here(self.table.cell(begin, TEXT))
        further = "".join(f"&{here(self.table.cell(number, NEXT))}" for number in range(begin + 1, end + 1))
        numbers = f'IF({count}=0,"","= "&{first}{further})'
        self._add(
            (spell(line.line), self._of_list(SUM)), (spell(line.numbers), numbers), (line.result, f"SUM({results})"),
            f"{count}<>1", len(products) != 1, 0, "", "",
        )  # fmt: skip

    def _rounded_line(self, gradient: float, own: str, cell: str) -> None:
        """The gradient as the run has it; own: the cell with its column, 0 if it has none."""
        system, derivation = self.context.system, self.tables.default.derivation
        if system.decimals is not None:
            line = rounded_in_words(system, derivation.quantity, self.context.names)
            self._add(
                (self.context.spell(line), self._said_of(rounded_in_words)), "", (gradient, here(cell)), f"{own}>0",
                is_rounded(system, derivation), 0, "", "",
            )  # fmt: skip

    def _said_of(self, in_words: Callable[[System, str], str]) -> str:
        """The formula of a text about the chosen quantity."""
        text = self.context.spell(in_words(self.context.system, SELF))
        return f'SUBSTITUTE({literal(text)},"{SELF}",{self.name})'

    # ------------------------------------------------------------------------------------ the numeric check

    def _check_lines(self, gradient: float, cell: str) -> None:
        """The central difference; of a network too wide for it, that of the step and the quantity first shown."""
        system, spell, row = self.context.system, self.context.spell, self.workings.step.place.row
        quantity = self.tables.default.derivation.quantity
        check = _checked(system, self.first, quantity)
        first, second = check_lines(system, quantity, check, gradient, self.context.names)
        what, against = map(self._said_of, (check_in_words, difference_in_words))
        if not numeric_check.fits(self.context):
            place = self.workings.step.place
            beforehand = f"AND({self.number}={self.tables.default_number},{place.run}=1,{row}=1)"
            said = literal(spell(f"check: computed beforehand for {quantity} in iteration 1; not here"))
            self._add(
                (spell(first.line), f"IF({beforehand},{literal(spell(first.line))},{said})"),
                (spell(first.numbers), f'IF({beforehand},{literal(spell(first.numbers))},"")'),
                (first.result, f'IF({beforehand},{first.result!r},"")'), "TRUE", True, 0, "", "",
            )  # fmt: skip
            return
        value = f"INDEX({self.steps},{row},{self._of_list(COLUMN)})"
        moved = self._found(spell("ε"), check.epsilon, f"{shortest(EPSILON).upper()}*MAX(1,ABS({value}))")
        start = quantity, check.epsilon
        passes = numeric_check.lay_out(self.context, self.workings, self.tables.numbers, self.number, moved, start)
        size = self.workings.number(spell("ε of the focus"), check.epsilon, moved)
        difference = f"IFERROR({passes.above}-{passes.below},0)"
        change = self.workings.number(spell("change of the loss by 2ε"), check.above - check.below, difference)
        self._add(
            (spell(first.line), f"{what}&{size.text}"),
            (spell(first.numbers), f'"= "&{change.text}&"/(2{spell("·")}"&{size.text}&")"'),
            (first.result, f"{change.value}/(2*{size.value})"), "TRUE", True, 0, "", "",
        )  # fmt: skip
        slope = here(self.table.cell(self.table.rows, RESULT))
        largest = f"MAX(ABS({slope}),ABS({here(cell)}))"
        formula = f"IF({largest}=0,0,ABS({slope}-{here(cell)})/{largest})"
        self._add((spell(second.line), against), "", (second.result, formula), "TRUE", True, 0, "", "")


def size(text: str) -> float:
    """How long a text is, in characters of average width."""
    return sum(NARROW if character in _NARROW else WIDE for character in text)


def _checked(system: System, step: Mapping[str, float], quantity: str) -> NumericCheck:
    """The check in a step; where a loss has no value, as if the two were the same."""
    try:
        return checked(system, step, quantity)
    except NO_NUMBER:
        return NumericCheck(epsilon(step[quantity]), 0.0, 0.0)
