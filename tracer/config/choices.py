"""Choices of a config: an entry of a table by its name, with settings, or a formula of the user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracer.config.values import Values, show
from tracer.config.yamlfile import Place
from tracer.errors import nearest
from tracer.formulas.grammar import FormulaError
from tracer.formulas.tree import COMPARISONS, Call, Expression, names
from tracer.model.experiment import Choice
from tracer.tables.activations import read_formula
from tracer.tables.settings import Settings


@dataclass(slots=True)
class Choices(Values):
    """Reads choices and formulas; what is wrong with one is noted, and None returned."""

    def choose(
        self, value: Any, place: Place, table: Mapping[str, Settings], variables: Sequence[str] = ()
    ) -> Choice | None:
        """One entry of a table (name → its settings); with `variables`, also a formula in them."""
        name, settings = value, {}
        if isinstance(value, dict):
            settings = {key: item for key, item in value.items() if key != "name"}
            name = value.get("name")
        if isinstance(value, dict) and "name" not in value:
            self.document.problem(place, f"'name' is missing; it is one of {', '.join(table)}")
            return None
        if not isinstance(name, str):
            known = ", ".join(table)
            self.document.problem(place, f"{show(value)} is not one of {known}; write its name, or {{name: …}}")
            return None
        if name not in table:
            chosen = self.own_formula(name, place, table, variables)
            for key in settings if chosen else ():
                self.document.problem(place, f"a formula has no setting '{key}'", (*place, key), key=True)
            return chosen
        for key in settings:
            if key not in table[name]:
                what = f"{name} has no setting '{key}'.{nearest(key, table[name])}"
                known = f" It has {', '.join(table[name])}." if table[name] else ""
                self.document.problem(place, what + known, (*place, key), key=True)
        return Choice(name, tuple(
            (key, self.number(item, (*place, key), table[name][key].form()))
            for key, item in settings.items()
            if key in table[name]
        ))  # fmt: skip

    def own_formula(self, text: str, place: Place, table: Mapping[str, Any], variables: Sequence[str]) -> Choice | None:
        """A formula where no entry of the table has that name."""
        if not variables or (text.strip().isidentifier() and text.strip() not in variables):
            or_a_formula = f"; or write a formula in {' and '.join(variables)}" if variables else ""
            hint = nearest(text, table) or f" There are {', '.join(table)}{or_a_formula}."
            self.document.problem(place, f"'{text}' is not known.{hint}")
            return None
        expression = self.formula(text, place)
        if expression is None:
            return None
        used = {name.name for name in names(expression)}
        unknown = sorted(used - set(variables))
        if unknown:
            what = f"the formula has an unknown '{unknown[0]}'; it may have {' and '.join(variables)}"
            self.document.problem(place, self.with_caret(what, text, text.index(unknown[0])))
        elif variables[-1] not in used and variables[0] not in used:
            self.document.problem(
                place, f"the formula '{text}' has no {variables[0]} in it; settings go in {{name: …, setting: …}}"
            )
        return Choice(text, (), True)

    def formula(self, text: str, place: Place, where: str = "", at: Place | None = None) -> Expression | None:
        """The expression of a formula that gives a number; `where` says which one of several at this place."""
        expression = self.expression(text, place, where, at)
        if isinstance(expression, Call) and expression.function.name in COMPARISONS:
            what = f"{where}a comparison is no number; write if(x > 2, 1, 0)"
            self.document.problem(place, self.with_caret(what, text, 0), at)
            return None
        return expression

    def expression(self, text: str, place: Place, where: str = "", at: Place | None = None) -> Expression | None:
        """The expression of a formula or a condition."""
        try:
            return read_formula(text)
        except FormulaError as error:
            self.document.problem(place, self.with_caret(where + error.problem, text, error.position), at)
            return None

    @staticmethod
    def with_caret(problem: str, text: str, position: int) -> str:
        """A problem of a formula, the formula below it, and a caret under the place."""
        line_start = text.rfind("\n", 0, position) + 1
        line = text[line_start:].split("\n")[0]
        return f"{problem}\n    {line}\n    {' ' * (position - line_start)}^"
