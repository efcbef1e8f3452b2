"""Single values of a config: numbers, counts, choices, texts and names, each checked where it stands."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any

from tracer.config.schema import FIELDS, NUMBER, Field
from tracer.config.yamlfile import Document, Place
from tracer.errors import nearest
from tracer.model import naming

_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
RESERVED = {naming.ITERATION, "eta", naming.ETA, naming.SAMPLE, naming.COUNT}
Names = tuple[Place, str, Sequence[str]]
"""Names of quantities: the section that they come from, what they are, the names."""

MAX_NAME = 60
"""The longest name of a quantity or a layer, in characters."""


@dataclass(slots=True)
class Values:
    """Reads single values of a document; what is wrong with one is noted there, and a stand-in returned."""

    document: Document

    def number(self, value: Any, place: Place, form: Mapping[str, Any] = NUMBER) -> float:
        """A finite number in the range of its form; NaN where there is none, after noting the problem."""
        problem = None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            problem = f"{show(value)} is not a number"
            if isinstance(value, str) and is_number(value.replace(",", ".")):
                problem += "; write it without quotes and with a decimal point"
        elif not _is_finite(value):
            problem = f"{value if isinstance(value, float) else 'this'} is not a finite number"
        elif outside := out_of_range(value, form):
            problem = outside
        if problem:
            self.document.problem(place, problem)
            return math.nan
        return float(value)

    def numbers_in(self, key: str) -> None:
        """Check that a section holds nothing but numbers, whatever its shape."""
        pending: list[tuple[Place, Any]] = [((key,), self.document.value.get(key, {}))]
        while pending:
            place, value = pending.pop()
            if isinstance(value, (dict, list)):
                entries = value.items() if isinstance(value, dict) else enumerate(value)
                pending.extend(((*place, part), item) for part, item in entries)
            else:
                self.number(value, place)

    def count(self, key: str, fields: Mapping[str, Field], mapping: Mapping[str, Any], place: Place) -> int:
        """A whole number of at least 1; 1 where there is none, after noting the problem."""
        value = mapping.get(key, fields[key].default)
        if value is None and key not in mapping:
            return 1
        place = (*place, key)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.document.problem(place, f"{show(value)} is not a whole number")
        elif not _is_finite(value) or value != int(value):
            self.document.problem(place, f"{value} is not a whole number")
        elif outside := out_of_range(value, fields[key].schema):
            self.document.problem(place, outside)
        else:
            return int(value)
        return 1

    def choice(self, key: str, fields: Mapping[str, Field], mapping: Mapping[str, Any], place: Place) -> str:
        value = mapping.get(key, fields[key].default)
        known = fields[key].schema["enum"]
        if value not in known:
            hint = nearest(value, known) if isinstance(value, str) else ""
            self.document.problem((*place, key), f"{show(value)} is not one of {', '.join(known)}.{hint}")
            return str(known[0])
        return str(value)

    def text(self, key: str) -> str:
        value = self.document.value.get(key, FIELDS[key].default)
        if not isinstance(value, str):
            self.document.problem((key,), f"{show(value)} is not text; put it in quotes")
            return ""
        text: str = value
        if not _is_text(text):
            self.document.problem((key,), "holds control characters, or what is no text; leave them out")
        if not text and FIELDS[key].schema.get("minLength"):
            self.document.problem((key,), "is empty; leave the key out for the default")
        return text

    def file_name(self, stem: str) -> str:
        if "name" in self.document.value:
            name = self.text("name")
        else:
            name = stem
            if not _is_text(name):
                self.document.problem(("name",), "the config's file name is no Unicode text; give a 'name'")
        if any(character in name for character in '/\\:*?"<>|\n\r\t') or name.strip(". ") != name:
            what = f"{show(name)} cannot be a file's name; leave out / \\ : * ? \" < > | and dots or spaces at the ends"
            self.document.problem(("name",), what)
        elif len(name.encode(errors="replace")) > 200:
            self.document.problem(("name",), "is too long for a file's name; 200 bytes at most")
        return name

    def identifier(self, name: str, place: Place, at: Place | None = None) -> None:
        if not name.isidentifier() or len(name) > MAX_NAME:
            what = f"{show(name)} cannot be a name; use letters, digits and _, no digit first"
            self.document.problem(place, f"{what}, {MAX_NAME} characters at most", at, key=at is not None)
        elif name in RESERVED:
            self.document.problem(place, f"'{name}' has a meaning of its own here; choose another name", at, key=True)

    def named_numbers(
        self, mapping: Mapping[str, Any], place: Place, names: Callable[[int], Sequence[str]] | Sequence[str] = ()
    ) -> dict[str, float]:
        """The numbers, by name or in a list, under the last key of `place`, which is one of the mapping. names: what a
        list gives values to, or their names from their number."""
        key = place[-1]
        value = mapping.get(str(key))
        if key not in mapping:
            return {}
        if isinstance(value, dict) and value:
            for name in value:
                self.identifier(name, place, (*place, name))
            return {name: self.number(item, (*place, name)) for name, item in value.items()}
        if isinstance(value, list) and value and names:
            named = zip(names(len(value)) if callable(names) else names, value, strict=False)
            return {name: self.number(item, (*place, index)) for index, (name, item) in enumerate(named)}
        or_a_list = " or in a list [0.5, …]" if names else ""
        self.document.problem(place, f"{show(value)}: give numbers by name {{name: 0.5, …}}{or_a_list}")
        return {}

    def whole_number(self, value: Any, place: Place) -> int:
        """A whole number of any sign; 0 where there is none, after noting the problem."""
        whole = isinstance(value, (int, float)) and _is_finite(value) and value == int(value)
        if isinstance(value, bool) or not whole:
            self.document.problem(place, f"{show(value)} is not a whole number")
            return 0
        return int(value)

    def unique_names(self, sections: Iterable[Names]) -> None:
        """Every quantity needs a name of its own."""
        owner: dict[str, str] = {}
        for place, kind, names in sections:
            for name in names:
                spelled = naming.to_ascii(name)
                if spelled in owner:
                    what = f"'{name}' would be both {owner[spelled]} and {kind}; rename one of them"
                    self.document.problem(place, what, (*place, name), key=True)
                owner.setdefault(spelled, kind)


_ENDS: tuple[tuple[str, str, Callable[[float, float], bool]], ...] = (
    ("minimum", "at least", ge), ("exclusiveMinimum", "greater than", gt),
    ("maximum", "at most", le), ("exclusiveMaximum", "less than", lt),
)  # fmt: skip


def out_of_range(value: float, form: Mapping[str, Any]) -> str:
    """What is wrong with a number outside the range of its form; nothing where it is within."""
    ends = [(words, form[key], within) for key, words, within in _ENDS if key in form]
    if all(within(value, end) for _, end, within in ends):
        return ""
    return f"{show(value)} is out of range; must be {' and '.join(f'{words} {end}' for words, end, _ in ends)}"


def is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _is_text(text: str) -> bool:
    return not _NO_TEXT.search(text)


def show(value: Any) -> str:
    """The value as a message shows it, short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    text = repr(value)[1:-1] if isinstance(value, str) else str(value)
    text = f"'{text}'" if isinstance(value, str) else text
    return text if len(text) <= 60 else text[:57] + "…'"
