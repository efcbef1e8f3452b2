"""Mistakes planted in right sheets: the named slips of each layout, and random changes of single formulas."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

from tests.walkthroughs.evaluator import FormulaError, Place, column_name, column_number
from tests.walkthroughs.plan import Cells, Content, Mistake, Plan, chance, common_factor, differing, gradient_errors

_REFERENCE = re.compile(r"(?<![A-Za-z0-9_.!])((?:'[^']+'|[^\W\d]\w*)!)?(\$?)([A-Z]{1,3})(\$?)(\d+)(?![\w(])")
_OPERATOR = re.compile(r"(?<=[\w)\]])\s*([-+*/])\s*(?=[\w(\[$'-])")
_FACTOR = re.compile(r"\*\s*\(?[$A-Z0-9_a-z!']+\)?(?=[-+*)]|$)|(?<![\w)^!])[$A-Z]+\d+\*")
_RANGE = re.compile(r"(\$?[A-Z]{1,3}\$?\d+):(\$?)([A-Z]{1,3})(\$?)(\d+)")

Change = Callable[[str], str | None]
"""A formula → the changed one, or None where the change does not apply."""


def named(plan: Plan, slips: Iterable[tuple[str, str]] | None = None) -> Iterator[Mistake]:
    """The slips of the layout that alter its gradients or updates, in all copies of the formula; (slip, unit)s: these."""
    for slip, unit in plan.slips if slips is None else slips:
        found = planted(plan, dict(plan.slips[slip, unit]), slip, unit, whole=True)
        if found is not None:
            yield found


def each_slip(plan: Plan) -> Iterator[Mistake]:
    """One mistake of each named slip, in order of their names, in a unit chosen at random among those that it alters."""
    units: dict[str, list[str]] = {}
    for slip, unit in plan.slips:
        units.setdefault(slip, []).append(unit)
    for slip in sorted(units):
        chance("slip", plan.layout, slip).shuffle(units[slip])
        yield from islice(named(plan, [(slip, unit) for unit in units[slip]]), 1)


def planted(plan: Plan, changes: Mapping[Place, Content], kind: str, unit: str, whole: bool) -> Mistake | None:
    """The plan with these contents, where they alter a gradient or an update and give numbers."""
    changes = {place: content for place, content in changes.items() if plan.cells[place] != content}
    if not changes:
        return None
    try:
        wrong = plan.with_cells(changes)
        errors = any(isinstance(value, FormulaError) for value in wrong.values.values.values())
        if errors or not differing(plan, wrong):
            return None
        ruled = any(step.gradients for step in plan.steps) and not plan.watched.isdisjoint(changes)
        factor = None if ruled else common_factor(wrong)
        if factor is not None and gradient_errors(wrong):
            return None  # another learning rate
    except (FormulaError, ArithmeticError, ValueError, LookupError, RecursionError):
        return None
    return Mistake(wrong, frozenset(changes), kind, unit, factor is None, whole)


def _nth(pattern: re.Pattern[str], n: int, replacement: Callable[[re.Match[str]], str]) -> Change:
    def change(text: str) -> str | None:
        matches = list(pattern.finditer(text))
        if n >= len(matches):
            return None
        match = matches[n]
        return text[: match.start()] + replacement(match) + text[match.end() :]

    return change


def _shifted(rows: int, columns: int) -> Callable[[re.Match[str]], str]:
    def replacement(match: re.Match[str]) -> str:
        column, row = column_number(match[3]) + columns, int(match[5]) + rows
        return f"{match[1] or ''}{match[2]}{column_name(max(column, 1))}{match[4]}{max(row, 1)}"

    return replacement


def copied(formula: str, rows: int, columns: int) -> str:
    """A formula as it is after it was copied so many rows down and columns to the right."""

    def moved(match: re.Match[str]) -> str:
        column = column_number(match[3]) + (0 if match[2] else columns)
        return f"{match[1] or ''}{match[2]}{column_name(column)}{match[4]}{int(match[5]) + (0 if match[4] else rows)}"

    return _REFERENCE.sub(moved, formula)


def random_change(text: str, chance: random.Random) -> tuple[str, Change] | None:
    """A kind of change and the change itself, chosen for this formula."""
    references, operators = len(_REFERENCE.findall(text)), len(_OPERATOR.findall(text))
    factors, ranges = len(_FACTOR.findall(text)), len(_RANGE.findall(text))
    choices: list[tuple[str, int]] = [("reference", references), ("other reference", references - 1), ("operator", operators),
                                      ("sign", 1), ("range end", ranges), ("factor dropped", factors), ("1 −", text.count("(1-") + text.count("(1 - "))]  # fmt: skip
    kinds = [kind for kind, count in choices if count > 0]
    kind = chance.choice(kinds)
    if kind == "reference":
        n = chance.randrange(references)
        return kind, _nth(_REFERENCE, n, _shifted(*chance.choice([(0, 1), (0, -1), (1, 0), (-1, 0), (0, 2), (0, -2)])))
    if kind == "other reference":
        n, m = chance.sample(range(references), 2)

        def swapped(text: str) -> str | None:
            found = list(_REFERENCE.finditer(text))
            if max(n, m) >= len(found):
                return None
            return text[: found[n].start()] + found[m][0] + text[found[n].end() :]

        return kind, swapped
    if kind == "operator":
        opposite = {"+": "-", "-": "+", "*": chance.choice("+/"), "/": "*"}
        return kind, _nth(_OPERATOR, chance.randrange(operators), lambda match: opposite[match[1]])
    if kind == "sign":
        return kind, lambda text: f"=-({text[1:]})" if not text.startswith("=-") else f"={text[2:]}"
    if kind == "range end":

        def shorter(match: re.Match[str]) -> str:
            first, row, column = match[1], int(match[5]), column_number(match[3])
            tall = int(first.replace("$", "").lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) < row
            return f"{first}:{match[2]}{column_name(column - (not tall))}{match[4]}{row - tall}"

        return kind, _nth(_RANGE, chance.randrange(ranges), shorter)
    if kind == "1 −":
        return kind, lambda text: re.sub(r"\(1 ?- ?", "(", text, count=1)
    return kind, _nth(_FACTOR, chance.randrange(factors), lambda match: "")


def at_random(plan: Plan, number: int, seed: int = 0, tries: int = 400) -> Iterator[Mistake]:
    """So many mistakes of single formulas: in one cell, or in all its copies. seed: other ones."""
    source = chance("mistakes", plan.layout, *([seed] if seed else []))
    units: dict[str, list[Place]] = {}
    for place in plan.formulas():
        unit = plan.units.get(place, "")
        if unit and not unit.startswith("input"):
            units.setdefault(unit, []).append(place)
    seen: set[frozenset[tuple[Place, Content]]] = set()
    found = 0
    for _ in range(tries):
        if found == number or not units:
            return
        unit = source.choice(list(units))
        places = units[unit]
        one = source.random() < 0.5
        place = source.choice(places)
        picked = _change(plan, [place] if one else places, place, source)
        if picked is None:
            continue
        kind, changes = picked
        mark = frozenset(changes.items())
        if mark in seen:
            continue
        seen.add(mark)
        mistake = planted(plan, changes, kind, unit, whole=not one)
        if mistake is not None:
            found += 1
            yield mistake


def _change(plan: Plan, places: list[Place], first: Place, source: random.Random) -> tuple[str, Cells] | None:
    text = str(plan.cells[first])
    if len(places) == 1 and source.random() < 0.1:
        value = plan.values.value(first)
        return ("constant typed over", {first: round(value * 1.1, 4)}) if isinstance(value, float) else None
    choice = random_change(text, source)
    if choice is None:
        return None
    kind, change = choice
    changes: Cells = {}
    for place in places:
        wrong = change(str(plan.cells[place]))
        if wrong is not None and wrong != plan.cells[place]:
            changes[place] = wrong
    return (kind, changes) if changes else None
