"""Choices of a config: an entry of a table by its name, with settings, or a formula of the user's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tracer.config.forms import Form, ListOf, Number, Schema, show
from tracer.config.habits import advice, decimal_comma, two_numbers
from tracer.config.yamlfile import Document, Place
from tracer.errors import lookalikes
from tracer.formulas.grammar import FormulaError
from tracer.formulas.symbols import CONSTANTS
from tracer.formulas.tree import COMPARISONS, Call, Expression, names
from tracer.model.experiment import Choice
from tracer.tables.activations import read_formula
from tracer.tables.settings import Settings
from tracer.tables.synonyms import SAME, explained

BETAS = ("beta1", "beta2")
"""The settings that PyTorch's pair `betas` gives."""
NO_COMPARISON = "a comparison is not a number; write if(x > 2, 1, 0)"


@dataclass(frozen=True, slots=True)
class Entry(Form):
    """An entry of a table (name → its settings), as a `Choice`: by its name alone, where it may stand `alone`, or in a
    mapping of its name, under `key`, and settings. kind: of its names among the synonyms. variables: those of a formula
    that may be written in place of a name, where one may. further: forms of settings that every entry has."""

    table: Mapping[str, Settings]
    kind: str
    variables: tuple[str, ...] = ()
    key: str = "name"
    alone: bool = True
    further: Mapping[str, Form] = field(default_factory=dict)

    def problem(self, value: Any) -> str:
        name, known = value.get(self.key, self) if isinstance(value, dict) else value, ", ".join(self.table)
        if name is self:
            return f"'{self.key}' is missing; it is one of {known}"
        if not isinstance(name, str):
            return f"{show(name)} is not one of {known}; write its name, or {{{self.key}: …}}"
        word = name.strip()
        if self.meant(name) in self.table or word in self.variables or (self.variables and not word.isidentifier()):
            return ""
        or_formula = f", or write a formula in {' and '.join(self.variables)}" if self.variables else ""
        hint = explained(self.kind, name, self.table) or f" Choose from {known}{or_formula}."
        return f"'{name}' is not known{lookalikes(name)}.{hint}"

    def meant(self, name: str) -> str:
        """The name of an entry that is given by this one, or by a synonym of it."""
        return SAME[self.kind].get(name, name)

    def parts(self, value: Any, place: Place, document: Document) -> Choice | None:
        given = value if isinstance(value, dict) else {self.key: value}
        name, settings = self.meant(given[self.key]), dict[str, Any]()
        if name not in self.table and not formula_in(self.variables, name, place, document):
            return None
        forms = self.forms(name)
        for key, item in given.items():
            if key in forms:
                settings[key] = forms[key].read(item, (*place, key), document)
            elif key != self.key:
                hint = explained("setting", key, forms)
                what = f"{name if name in self.table else 'a formula'} has no setting '{key}'.{hint}"
                has = f" It has {', '.join(forms)}." if forms else ""
                document.problem(place, what + has, (*place, key), key=True)
        if "betas" in settings:
            if settings.keys() & set(BETAS):
                document.problem(place, f"'betas' and {', '.join(map(repr, BETAS))} mean the same; keep one")
            settings |= zip(BETAS, settings.pop("betas") or (), strict=False)
        return Choice(name, tuple(settings.items()), name not in self.table)

    def forms(self, name: str) -> dict[str, Form]:
        """The forms of an entry's settings; a formula has none."""
        if name not in self.table:
            return {}
        forms: dict[str, Form] = {key: Number(setting.ends()) for key, setting in self.table[name].items()}
        if forms.keys() >= set(BETAS):  # which have the same range
            forms["betas"] = ListOf(forms[BETAS[0]], "give two numbers, such as [0.9, 0.999]", least=2, most=2)
        return forms | dict(self.further)

    def schema(self) -> Schema:
        plain = [name for name, settings in self.table.items() if not settings]
        formula = {"type": "string", "pattern": formula_pattern(self.variables)}
        every = {name: [name, *(word for word, same in SAME[self.kind].items() if same == name)] for name in self.table}
        plain_words = [word for name in plain for word in every[name]]
        names: list[tuple[Schema, Mapping[str, Form]]] = (
            [({"enum": plain_words}, self.forms(plain[0]))] if plain else []
        )
        names += [({"enum": every[name]}, self.forms(name)) for name, settings in self.table.items() if settings]
        names += [(formula, {})] if self.variables else []
        alone = [{"enum": [*self.table, *SAME[self.kind]]}] if self.alone else []
        return {"anyOf": [*alone, *([formula] if self.variables else []), *(self._mapping(*name) for name in names)]}

    def _mapping(self, name: Schema, settings: Mapping[str, Form]) -> Schema:
        properties = {self.key: name, **{key: form.schema() for key, form in settings.items()}}
        pair = {"betas": {"not": {"anyOf": [{"required": [beta]} for beta in BETAS]}}}
        return {"type": "object", "properties": properties, "required": [self.key], "additionalProperties": False,
                **({"dependencies": pair} if "betas" in settings else {})}  # fmt: skip


def formula_pattern(variables: Sequence[str]) -> str:
    """A pattern that matches every formula that uses at least one of these variables."""
    return rf"\b({'|'.join(variables)})\b"


def formula_in(variables: Sequence[str], text: str, place: Place, document: Document) -> Expression | None:
    """A formula that uses only these variables."""
    expression = formula(text, place, document)
    used = {name.name for name in names(expression)} if expression else set(variables)
    unknown = sorted(used - set(variables))
    if unknown:
        what = f"the formula has an unknown '{unknown[0]}'; it may use {' and '.join(variables)}"
        document.problem(place, with_caret(what, text, place_of(unknown[0], text)))
    elif not used:
        document.problem(place, f"the formula '{text}' does not use {' or '.join(variables)}")
    return expression if used and not unknown else None


def formula(
    text: str,
    place: Place,
    document: Document,
    where: str = "",
    at: Place | None = None,
    condition: bool = False,
    quantities: Iterable[str] = (),
) -> Expression | None:
    """The expression of a formula that gives a number, or of a condition; `where` says which of several at a place,
    `quantities` what names mean that may be those of constants."""
    lists = re.findall(r"\(([^()]*)\)", text)
    if comma := next(filter(None, map(decimal_comma, lists)), ""):
        document.problem(place, with_caret(where + two_numbers(comma), text, text.find(comma)), at)
        return None
    try:
        expression = read_formula(text, frozenset(CONSTANTS.keys() & set(quantities)))
        if condition == (isinstance(expression, Call) and expression.function.name in COMPARISONS):
            return expression
        what, position = "write a condition with < or >" if condition else NO_COMPARISON, 0
    except FormulaError as error:
        what, position = error.problem, error.position
        if written := re.search(r"(?<![\w.])\d+,\d+", text):
            what += advice(written[0])
    document.problem(place, with_caret(where + what, text, position), at)
    return None


def place_of(name: str, text: str) -> int:
    """Where a name first stands in a formula by itself, not within another word; 0 where it does not."""
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
    return found.start() if found else 0


def with_caret(problem: str, text: str, position: int) -> str:
    """A problem of a formula, the formula below it, and a caret under the place."""
    line_start = text.rfind("\n", 0, position) + 1
    line = text[line_start:].split("\n")[0]
    return f"{problem}\n    {line}\n    {' ' * (position - line_start)}^"
