"""The difference between a formula and the right one: the innermost parts that differ, and the slip that this is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tracer.formulas.tree import NEG, POW, Call, Expression, Name, Number
from tracer.grading.book.cells import Place, Position
from tracer.grading.book.relative import UnknownFormula, absolute, parts, place
from tracer.grading.graph.graph import Graph, IntArray
from tracer.grading.steps.steps import NONE
from tracer.grading.wording.ranges import area, cells_in, range_of
from tracer.grading.wording.shapes import (
    OPERATORS,
    Told,
    is_mask,
    is_slope,
    other_operator,
    other_slope,
    reversed_sides,
)
from tracer.grading.wording.syntax import factors, in_cells, leaves, only, product, terms, total, written

MOST_LISTED = 4
"""Quantities that a sentence lists."""
Names = Callable[[Sequence[Sequence[Place]]], str | None]
"""The name of what has these cells, one in each step; of a range, which has two corners, the name of the matrix."""
_TRANSPOSE = "TRANSPOSE"
_TOTALS = ("SUM", "AVERAGE")


@dataclass(frozen=True, slots=True)
class Words:
    """What cells are called.

    graph: the cells. names: what texts call them. rate: the node of the learning rate, `NONE` where there is none.
    steps: the step that each node belongs to, `NONE` where it belongs to none or to several.
    """

    graph: Graph
    names: Names
    rate: int
    steps: IntArray


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares a formula with the right one, from the outside in. homes: the cells that they belong to."""

    words: Words
    homes: Sequence[Place]

    @property
    def home(self) -> Place:
        """The first of the cells."""
        return self.homes[0]

    def whole(self, theirs: Expression, right: Expression) -> Told | None:
        """The difference of two whole formulas."""
        return self._references(theirs, right) or self._parts(theirs, right)

    def _place(self, name: Expression, home: Place | None = None) -> Place | None:
        """The cell that a reference means in a formula, the first one by default, if it means a single one."""
        if not isinstance(name, Name) or parts(name.name) is None:
            return None
        own, at = home or self.home
        sheet, where = place(name.name, at)
        return sheet or own, where

    def _node(self, name: Expression) -> int:
        found = self._place(name)
        return NONE if found is None else self.words.graph.number.get(found, NONE)

    def _is_rate(self, part: Expression) -> bool:
        return self.words.rate != NONE and self._node(part) == self.words.rate

    def _shown(self, part: Expression) -> Expression | str:
        """A part of a formula; a cell or a range with its name."""
        name = "η" if self._is_rate(part) else self._name(part)
        return f"{name} ({in_cells(part, self.home[1])})" if name else part

    def _name(self, part: Expression) -> str | None:
        """The name of what a reference means in all the formulas."""
        if not isinstance(part, Name):
            return None
        first, _, last = part.name.partition(":")
        ends = [
            [found for home in self.homes if (found := self._place(Name(end), home)) is not None]
            for end in ([first, last] if last else [first])
        ]
        return self.words.names([list(dict.fromkeys(end)) for end in ends]) if all(ends) else None

    def _step(self, part: Expression) -> int:
        first = part.name.partition(":")[0] if isinstance(part, Name) else ""
        node = self._node(Name(first))
        return NONE if node == NONE else int(self.words.steps[node])

    # ------------------------------------------------------------------------------------------------------ references

    def _references(self, theirs: Expression, right: Expression) -> Told | None:
        """One other reference, wherever it appears; two that are swapped, or that both differ."""
        pairs = leaves(theirs, right)
        distinct = list(dict.fromkeys(pairs or ()))
        if len(distinct) == 1:
            return self._leaf(*distinct[0])
        if not 1 < len(distinct) <= MOST_LISTED or not all(
            isinstance(leaf, Name) for pair in distinct for leaf in pair
        ):
            return None
        if len(distinct) == 2 and distinct[0] == distinct[1][::-1]:
            inner = self._parts(theirs, right)
            if inner is not None and inner[0] == "difference_reversed":
                return inner
            return "quantities_swapped", {"one": self._shown(distinct[0][0]), "other": self._shown(distinct[0][1])}
        found, expected = zip(*distinct, strict=True)
        return "wrong_quantities", {"found": self._listed(found), "expected": self._listed(expected)}

    def _listed(self, several: Sequence[Expression]) -> str:
        return enumerated([self._text(self._shown(part)) for part in several])

    def _text(self, part: Expression | str | float) -> str:
        return in_cells(part, self.home[1]) if isinstance(part, Expression) else str(part)

    def _leaf(self, found: Expression, expected: Expression) -> Told:
        if isinstance(found, Number) and isinstance(expected, Number):
            return "wrong_number", {"found": found, "expected": expected}
        if isinstance(found, Number):
            return "typed_constant", {"found": found, "expected": self._shown(expected)}
        if isinstance(found, Name) and isinstance(expected, Name):
            return self._fixed(found, expected) or self._range(found, expected) or self._other(found, expected)
        return self._other(found, expected)

    def _other(self, found: Expression, expected: Expression) -> Told:
        theirs, right = self._shown(found), self._shown(expected)
        one, other = self._step(found), self._step(expected)
        if NONE not in (one, other) and one != other and not self._is_rate(found) and not self._is_rate(expected):
            which = "previous" if one == other - 1 else "next" if one == other + 1 else ""
            which = which or ("a later" if one > other else "an earlier")
            which = which if which[0] == "a" else f"the {which}"
            return "wrong_step", {"found": theirs, "which": which, "expected": right}
        return "wrong_quantity", {"found": theirs, "expected": right}

    def _fixed(self, found: Name, expected: Name) -> Told | None:
        """A reference that moves along where it should not, or the other way round."""
        one, other = parts(found.name), parts(expected.name)
        if one is None or other is None:
            return None
        home = self.home[1]
        fixed = absolute(expected.name, home)
        loose = (one[2] and not other[2]) or (one[4] and not other[4])
        stuck = (other[2] and not one[2]) or (other[4] and not one[4])
        theirs, right = self._place(found), self._place(expected)
        beside = (
            theirs is not None and right is not None and (theirs[1][0] == right[1][0] or theirs[1][1] == right[1][1])
        )
        if loose and (theirs == right or (beside and self._is_rate(expected))):
            what = "η" if self._is_rate(expected) else in_cells(expected, home)
            return "reference_slides", {"what": what, "fixed": fixed}
        if stuck and theirs == right:
            return "reference_stuck", {"found": absolute(found.name, home), "fixed": fixed}
        return None

    def _range(self, found: Name, expected: Name) -> Told | None:
        """A range that leaves cells out, or has too many."""
        one, other = self._corners(found), self._corners(expected)
        if one is None or other is None or one[0] != other[0]:
            return None
        inner, outer = set(cells_in(*one[1:])), set(cells_in(*other[1:]))
        if inner < outer and (rest := area(outer - inner)):
            return "range_short", {"found": found, "missing": in_cells(range_of(one[0], *rest), self.home[1])}
        if inner > outer and (rest := area(inner - outer)):
            return "range_long", {"found": found, "extra": in_cells(range_of(one[0], *rest), self.home[1])}
        return None

    def _corners(self, name: Name) -> tuple[str, Position, Position] | None:
        """The sheet and the corners of what a reference means."""
        front, _, end = name.name.partition(":")
        first = self._place(Name(front))
        last = self._place(Name(end)) if end else first
        if first is None or last is None:
            return None
        (_, one), (_, other) = first, last
        sheet = front.rpartition("!")[0]
        return sheet, (min(one[0], other[0]), min(one[1], other[1])), (max(one[0], other[0]), max(one[1], other[1]))

    # ----------------------------------------------------------------------------------------------------------- parts

    def _parts(self, theirs: Expression, right: Expression) -> Told | None:
        """The difference of two parts of formulas."""
        for told in self._differences(theirs, right):
            if told is not None:
                return told
        return "wrong_quantity", {"found": self._shown(theirs), "expected": self._shown(right)}

    def _differences(self, theirs: Expression, right: Expression) -> Iterator[Told | None]:
        if not (isinstance(theirs, Call) or isinstance(right, Call)):
            yield self._leaf(theirs, right)
        yield reversed_sides(theirs, right)
        yield self._single(theirs, right)
        if len(terms(theirs)) > 1 or len(terms(right)) > 1:
            yield self._sums(theirs, right)
        yield from self._wrapped(theirs, right)
        yield self._products(theirs, right)
        yield other_operator(theirs, right)
        yield self._calls(theirs, right)

    def _single(self, theirs: Expression, right: Expression) -> Told | None:
        """One cell in place of the sum over all."""
        if isinstance(right, Call) and right.function.name in _TOTALS and isinstance(theirs, Name):
            area = [self._corners(arg) for arg in right.args if isinstance(arg, Name)]
            own = self._place(theirs)
            if own and any(each is not None and own[1] in cells_in(*each[1:]) for each in area):
                return "single_term", {"found": self._shown(theirs), "expected": right}
        return None

    def _sums(self, theirs: Expression, right: Expression) -> Told | None:
        ours, other = terms(theirs), terms(right)
        extra, missing = only(ours, other), only(other, ours)
        match extra, missing:
            case [(minus, term)], [(_, same)] if term == same:
                if len(other) > 1 and other[0] != missing[0]:
                    return "minus_for_plus" if minus else "plus_for_minus", {"after": self._shown(term)}
                return "sign_of_part_flipped", {"flipped": self._shown(term)}
            case [], [_, *_]:
                return "term_missing", {"missing": self._shown(total(missing))}
            case [(minus, term)], []:
                if (minus, term) in other:
                    return "term_duplicated", {"duplicated": self._shown(term)}
                return "extra_term", {"term": self._shown(total(extra))}
            case [(minus, found)], [(sign, expected)] if minus == sign:
                return self._parts(found, expected)
            case [(_, one), (minus, two)], [(_, expected)] if product([(False, one), (False, two)]) == expected:
                return "minus_for_times" if minus else "plus_for_times", {"whole": expected}
            case [_, _, *_], [_, _, *_] if len(extra) == len(missing):
                told = [self._parts(a, b) for (_, a), (_, b) in zip(extra, missing, strict=True)]
                lacks = [self._text(each[1]["missing"]) for each in told if each and each[0] == "factor_missing"]
                if len(lacks) == len(told):
                    return "factors_missing", {"missing": enumerated(lacks)}
        if len(extra) == len(missing) and total([(not minus, term) for minus, term in extra]) == total(missing):
            return ("sign_flipped", {}) if len(extra) == len(ours) else None
        return None

    def _products(self, theirs: Expression, right: Expression) -> Told | None:
        (minus, ours), (sign, other) = factors(theirs), factors(right)
        extra, missing = only(ours, other), only(other, ours)
        if minus != sign:
            return ("sign_flipped", {}) if not extra and not missing else None
        slope = other_slope([part for _, part in extra], [part for _, part in missing])
        if slope is not None:
            return slope
        match extra, missing:
            case [], [(False, _), (False, _)] if is_slope(product(missing)):
                return "activation_slope_missing", {"missing": self._shown(product(missing))}
            case [], [(False, part)]:
                return self._missing(part)
            case [], [(True, part)]:
                return "division_missing", {"missing": self._shown(part)}
            case [(False, part)], []:
                if (False, part) in other:
                    return "factor_duplicated", {"duplicated": self._shown(part)}
                return "extra_factor", {"factor": self._shown(part)}
            case [(True, part)], []:
                return "extra_division", {"divisor": self._shown(part)}
            case [(True, part)], [(False, same)] if part == same:
                return "division_for_times", {"whole": right}
            case [(False, part)], [(True, same)] if part == same:
                return "times_for_division", {"divisor": self._shown(part)}
            case [(under, found)], [(below, expected)] if under == below and (len(ours) > 1 or len(other) > 1):
                return self._parts(found, expected)
            case [], [_, *_] if not any(under for under, _ in missing):
                return "factor_missing", {"missing": self._shown(product(missing))}
            case [_, *_], [] if not any(under for under, _ in extra):
                return "extra_factor", {"factor": self._shown(product(extra))}
            case [_, *_], [_] if len(missing) < len(other):
                return self._parts(product(extra), product(missing))
        return None

    def _missing(self, part: Expression) -> Told:
        """A missing factor by what it is."""
        if self._is_rate(part):
            return "learning_rate_missing", {"missing": self._shown(part)}
        if part == Number(0.5):
            return "half_missing", {}
        node = self._node(part)
        own = self._formula(node) if node != NONE else None
        if is_mask(part) or (own is not None and is_mask(own)):
            return "mask_missing", {"missing": self._shown(part)}
        if is_slope(part) or (own is not None and is_slope(own)):
            return "activation_slope_missing", {"missing": self._shown(part)}
        return "factor_missing", {"missing": self._shown(part)}

    def _formula(self, node: int) -> Expression | None:
        graph = self.words.graph
        try:
            return written(graph.texts[graph.text[node]].relative) if graph.text[node] >= 0 else None
        except UnknownFormula:
            return None

    def _wrapped(self, theirs: Expression, right: Expression) -> Iterator[Told | None]:
        """A function around the right formula, or around theirs."""
        for outer, inner, missing in ((right, theirs, True), (theirs, right, False)):
            if not isinstance(outer, Call) or outer.function in OPERATORS or inner not in outer.args:
                continue
            if outer.function == NEG:
                yield "sign_flipped", {}
            elif outer.function == POW and outer.args[0] == inner:
                if missing:
                    yield "exponent_missing", {"missing": outer.args[1], "base": inner}
                else:
                    yield "extra_exponent", {"exponent": outer.args[1], "base": inner}
            elif outer.function.name == _TRANSPOSE:
                yield ("not_transposed" if missing else "transposed"), {"matrix": inner}
            elif outer.function.name[0].isalpha():
                name = "function_missing" if missing else "extra_function"
                yield name, {"function": outer.function.name, "argument": inner}

    def _calls(self, theirs: Expression, right: Expression) -> Told | None:
        if not isinstance(theirs, Call) or not isinstance(right, Call):
            return None
        if theirs.function != right.function:
            named = theirs.function.name[0].isalpha() and right.function.name[0].isalpha()
            if not named or theirs.args != right.args:
                return None
            return "wrong_function", {"found": theirs.function.name, "expected": right.function.name}
        if len(theirs.args) != len(right.args):
            return None
        differing = [pair for pair in zip(theirs.args, right.args, strict=True) if pair[0] != pair[1]]
        if len(differing) == 1:
            return self.whole(*differing[0])
        if len(differing) == 2 and differing[0] == differing[1][::-1]:
            return "quantities_swapped", {"one": differing[0][0], "other": differing[0][1]}
        return None


def enumerated(texts: Sequence[str]) -> str:
    *first, last = texts
    return " and ".join([*filter(None, [", ".join(first)]), last])
