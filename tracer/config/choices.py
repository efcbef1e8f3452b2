"""Choices of a config: an entry of a table by its name, with settings, or a formula of the user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tracer.config.forms import Form, Number, Pair, Schema, near, show
from tracer.config.yamlfile import Document, Place
from tracer.errors import nearest
from tracer.formulas.grammar import FormulaError
from tracer.formulas.tree import COMPARISONS, Call, Expression, names
from tracer.model.experiment import Choice
from tracer.tables.activations import read_formula
from tracer.tables.settings import Settings

BETAS = ("beta1", "beta2")
"""The settings that PyTorch's pair `betas` gives."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a table (name → its settings), as a `Choice`: by its name alone, where it may stand `alone`, or in a
    mapping of its name, under `key`, and settings. variables: those of a formula that may be written in place of a
    name, where one may. further: forms of settings that every entry has."""

    table: Mapping[str, Settings]
    variables: tuple[str, ...] = ()
    key: str = "name"
    alone: bool = True
    further: Mapping[str, Form] = field(default_factory=dict)

    def read(self, value: Any, place: Place, document: Document) -> Choice | None:
        given = value if isinstance(value, dict) else {self.key: value}
        name, known = given.get(self.key), ", ".join(self.table)
        if self.key not in given:
            document.problem(place, f"'{self.key}' is missing; it is one of {known}")
        elif not isinstance(name, str):
            document.problem(place, f"{show(name)} is not one of {known}; write its name, or {{{self.key}: …}}")
        elif name not in self.table and (
            not self.variables or (name.strip().isidentifier() and name.strip() not in self.variables)
        ):
            or_formula = f", or write a formula in {' and '.join(self.variables)}" if self.variables else ""
            hint = nearest(name, self.table) or f" Choose from {known}{or_formula}."
            document.problem(place, f"'{name}' is not known.{hint}")
        elif name in self.table or formula_in(self.variables, name, place, document):
            return Choice(name, self._settings(name, given, place, document), name not in self.table)
        return None

    def _settings(self, name: str, given: Mapping[str, Any], place: Place, document: Document) -> tuple[Any, ...]:
        forms, settings = self.forms(name), dict[str, Any]()
        for key, item in given.items():
            if key in forms:
                settings[key] = forms[key].read(item, (*place, key), document)
            elif key != self.key:
                owner = name if name in self.table else "a formula"
                has = f" It has {', '.join(forms)}." if forms else ""
                document.problem(
                    place, f"{owner} has no setting '{key}'.{near(key, forms)}{has}", (*place, key), key=True
                )
        if "betas" in settings:
            if settings.keys() & set(BETAS):
                document.problem(place, f"'betas' and {', '.join(map(repr, BETAS))} mean the same; keep one")
            settings |= zip(BETAS, settings.pop("betas") or (), strict=False)
        return tuple(settings.items())

    def forms(self, name: str) -> dict[str, Form]:
        """The forms of an entry's settings; a formula has none."""
        forms: dict[str, Form] = {key: Number(setting.ends()) for key, setting in self.table.get(name, {}).items()}
        if forms.keys() >= set(BETAS):
            first, second = (forms[beta] for beta in BETAS)
            forms["betas"] = Pair(first, second, "give two numbers, such as [0.9, 0.999]")
        return forms | (dict(self.further) if name in self.table else {})

    def schema(self) -> Schema:
        forms: list[Schema] = [{"enum": list(self.table)}] if self.alone else []
        plain = [name for name, settings in self.table.items() if not settings]
        forms += [self._mapping({"enum": plain}, self.forms(plain[0]))] if plain else []
        forms += [self._mapping({"const": name}, self.forms(name)) for name, settings in self.table.items() if settings]
        if self.variables:
            formula = {"type": "string", "pattern": in_formula(self.variables)}
            forms += [formula, self._mapping(formula, {})]
        return {"anyOf": forms}

    def _mapping(self, name: Schema, settings: Mapping[str, Form]) -> Schema:
        properties = {self.key: name, **{key: form.schema() for key, form in settings.items()}}
        pair = {"betas": {"not": {"anyOf": [{"required": [beta]} for beta in BETAS]}}}
        return {"type": "object", "properties": properties, "required": [self.key], "additionalProperties": False,
                **({"dependencies": pair} if "betas" in settings else {})}  # fmt: skip


def in_formula(variables: Sequence[str]) -> str:
    """A pattern that every formula of some variables has: one of them."""
    return rf"\b({'|'.join(variables)})\b"


def formula_in(variables: Sequence[str], text: str, place: Place, document: Document) -> Expression | None:
    """A formula in no other variables than these."""
    expression = formula(text, place, document)
    used = {name.name for name in names(expression)} if expression else set(variables)
    unknown = sorted(used - set(variables))
    if unknown:
        what = f"the formula has an unknown '{unknown[0]}'; it may use {' and '.join(variables)}"
        document.problem(place, with_caret(what, text, text.index(unknown[0])))
    elif not used:
        document.problem(place, f"the formula '{text}' does not use {' or '.join(variables)}")
    return expression if used and not unknown else None


def formula(text: str, place: Place, document: Document, where: str = "", at: Place | None = None) -> Expression | None:
    """The expression of a formula that gives a number; `where` says which one of several at this place."""
    expression = condition(text, place, document, where, at)
    if isinstance(expression, Call) and expression.function.name in COMPARISONS:
        what = f"{where}a comparison is not a number; write if(x > 2, 1, 0)"
        document.problem(place, with_caret(what, text, 0), at)
        return None
    return expression


def condition(
    text: str, place: Place, document: Document, where: str = "", at: Place | None = None
) -> Expression | None:
    """The expression of a formula or a condition."""
    try:
        return read_formula(text)
    except FormulaError as error:
        document.problem(place, with_caret(where + error.problem, text, error.position), at)
        return None


def with_caret(problem: str, text: str, position: int) -> str:
    """A problem of a formula, the formula below it, and a caret under the place."""
    line_start = text.rfind("\n", 0, position) + 1
    line = text[line_start:].split("\n")[0]
    return f"{problem}\n    {line}\n    {' ' * (position - line_start)}^"
