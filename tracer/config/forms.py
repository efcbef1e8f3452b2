"""The forms of a config's values. Each reads a value, noting what is wrong with it, and publishes itself as JSON
Schema, so that an editor refuses what the program refuses."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import ge, gt, le, lt
from typing import Any, NamedTuple, Protocol

from tracer.config.yamlfile import Document, Place
from tracer.errors import nearest
from tracer.model import naming

Schema = dict[str, Any]


class Form(Protocol):
    """The form of a value."""

    def read(self, value: Any, place: Place, document: Document) -> Any:
        """The value, checked. Where it cannot be used, the problem is noted, and None (NaN for a number) returned."""

    def schema(self) -> Schema:
        """The form in JSON Schema (draft 7)."""


_ENDS: tuple[tuple[str, str, Callable[[float, float], bool]], ...] = (
    ("minimum", "at least", ge), ("exclusiveMinimum", "greater than", gt),
    ("maximum", "at most", le), ("exclusiveMaximum", "less than", lt),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number. ends: those of its range, as JSON Schema calls them; why: the reason for the range."""

    ends: Mapping[str, float] = field(default_factory=dict)
    why: str = ""
    whole: bool = False

    def read(self, value: Any, place: Place, document: Document) -> float:
        problem = self._problem(value)
        if problem:
            document.problem(place, problem)
            return math.nan
        return int(value) if self.whole else float(value)

    def _problem(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            hint = "; write it without quotes and with a decimal point" if is_number(value) else ""
            return f"{show(value)} is not a {'whole ' * self.whole}number{hint}"
        if not _is_finite(value):
            return f"{value if isinstance(value, float) else 'this'} is not a finite number"
        if self.whole and value != int(value):
            return f"{value} is not a whole number"
        ends = [(words, self.ends[key], within) for key, words, within in _ENDS if key in self.ends]
        if all(within(value, end) for _, end, within in ends):
            return ""
        return (
            f"{show(value)} is out of range; must be {' and '.join(f'{words} {e}' for words, e, _ in ends)}{self.why}"
        )

    def schema(self) -> Schema:
        return {"type": "integer" if self.whole else "number", **self.ends}


_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Text:
    """A text. pattern: what is searched in it, and `wrong` what is said where it is not found. longest: in bytes."""

    pattern: str = ""
    wrong: str = ""
    longest: int | None = None

    def read(self, value: Any, place: Place, document: Document) -> str | None:
        problem = ""
        if not isinstance(value, str):
            problem = f"{show(value)} is not text; put it in quotes"
        elif _NO_TEXT.search(value):
            problem = "contains characters that are not text, such as control characters; remove them"
        elif not value and self.pattern:
            problem = "is empty; leave the key out for the default"
        elif not re.search(self.pattern, value):
            problem = f"{show(value)} {self.wrong}"
        elif self.longest and len(value.encode()) > self.longest:
            problem = f"is too long for a file's name; at most {self.longest} bytes"
        if problem:
            document.problem(place, problem)
        return None if problem else value

    def schema(self) -> Schema:
        longest = {"maxLength": self.longest} if self.longest else {}
        return {"type": "string", **({"pattern": self.pattern} if self.pattern else {}), **longest}


RESERVED = {naming.ITERATION, "eta", naming.ETA, naming.SAMPLE, naming.COUNT}
"""Names with a meaning of their own."""
MAX_NAME = 60
"""The longest name of a quantity or a layer, in characters."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """The name of a quantity or a layer; in JSON Schema, whose patterns know no letters outside ASCII, roughly."""

    def read(self, value: Any, place: Place, document: Document) -> str | None:
        name = Text().read(value, place, document)
        return name if name is None or self.check(name, place, document) else None

    def check(self, name: str, place: Place, document: Document, at: Place | None = None) -> bool:
        """Whether a name at a place (of a mapping that stands at `place`, where `at` is given) can be one."""
        problem = ""
        if not name.isidentifier() or len(name) > MAX_NAME:
            problem = f"cannot be a name; use up to {MAX_NAME} letters, digits and _, and no digit first"
        elif name in RESERVED:
            problem = "has a special meaning here; choose another name"
        if problem:
            document.problem(place, f"{show(name)} {problem}", at, key=at is not None)
        return not problem

    def schema(self) -> Schema:
        pattern = r"^[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*$"
        return {"type": "string", "maxLength": MAX_NAME, "pattern": pattern, "not": {"enum": sorted(RESERVED)}}


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some texts."""

    known: tuple[str, ...]
    further: str = ""

    def read(self, value: Any, place: Place, document: Document) -> str | None:
        if isinstance(value, str) and value in self.known:
            return value
        document.problem(
            place, f"{show(value)} is not one of {', '.join(self.known)}{self.further}.{near(value, self.known)}"
        )
        return None

    def schema(self) -> Schema:
        return {"enum": list(self.known)}


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one form. hint: what to write; unique: why no value may be there more than once. None stands
    in for the whole list alone."""

    item: Form
    hint: str
    unique: str = ""
    least: int = 1
    most: int | None = None

    def read(self, value: Any, place: Place, document: Document) -> list[Any] | None:
        if not isinstance(value, list) or len(value) < self.least:
            document.problem(place, f"{show(value)}: {self.hint}")
            return None
        if self.most and len(value) > self.most:
            document.problem(place, f"{show(value)}; at most {self.most} are possible")
        for index, item in enumerate(value) if self.unique else ():
            if item in value[:index]:
                document.problem((*place, index), f"{show(item)} is duplicated; {self.unique}")
        return [self.item.read(item, (*place, index), document) for index, item in enumerate(value)]

    def schema(self) -> Schema:
        unique = {"uniqueItems": True} if self.unique else {}
        most = {"maxItems": self.most} if self.most else {}
        return {"type": "array", "items": self.item.schema(), "minItems": self.least, **most, **unique}


@dataclass(frozen=True, slots=True)
class Named:
    """Values of one form by their names. hint: what to write; keys: the form of the names, where they are free;
    without: a name that makes it another form."""

    item: Form
    hint: str
    keys: Identifier | None = None
    least: int = 1
    without: str = ""

    def read(self, value: Any, place: Place, document: Document) -> dict[str, Any] | None:
        if not isinstance(value, dict) or len(value) < self.least:
            document.problem(place, f"{show(value)}: {self.hint}")
            return None
        for name in value if self.keys else ():
            Identifier().check(name, place, document, (*place, name))
        return {name: self.item.read(item, (*place, name), document) for name, item in value.items()}

    def schema(self) -> Schema:
        keys = {"propertyNames": self.keys.schema()} if self.keys else {}
        without = {"not": {"required": [self.without]}} if self.without else {}
        return {
            "type": "object",
            "additionalProperties": self.item.schema(),
            "minProperties": self.least,
            **keys,
            **without,
        }


class Case(NamedTuple):
    """One of several forms, and which values are meant to have it: those of a type, or by a test."""

    fits: type | Callable[[Any], bool]
    form: Form

    def meant(self, value: Any) -> bool:
        """Whether the value is meant to have this form, so that the form says what is wrong with it."""
        return isinstance(value, self.fits) if isinstance(self.fits, type) else self.fits(value)


@dataclass(frozen=True, slots=True)
class Either:
    """One of several forms. hint: what to write where none is meant."""

    cases: tuple[Case, ...]
    hint: str

    def read(self, value: Any, place: Place, document: Document) -> Any:
        for case in self.cases if value not in ([], {}, "") else ():
            if case.meant(value):
                return case.form.read(value, place, document)
        document.problem(place, f"{show(value)}: {self.hint}")
        return None

    def schema(self) -> Schema:
        return {"anyOf": [case.form.schema() for case in self.cases]}


@dataclass(frozen=True, slots=True)
class Pair:
    """A list of two values, each of a form of its own. hint: what to write."""

    first: Form
    second: Form
    hint: str

    def read(self, value: Any, place: Place, document: Document) -> tuple[Any, Any] | None:
        if not isinstance(value, list) or len(value) != 2:
            document.problem(place, f"{show(value)}: {self.hint}")
            return None
        return self.first.read(value[0], (*place, 0), document), self.second.read(value[1], (*place, 1), document)

    def schema(self) -> Schema:
        return {"type": "array", "items": [self.first.schema(), self.second.schema()], "minItems": 2, "maxItems": 2}


def is_number(value: Any) -> bool:
    """Whether a text would be a number, were it not in quotes; the comma may be the decimal point."""
    try:
        return isinstance(value, str) and math.isfinite(float(value.replace(",", ".")))
    except ValueError:
        return False


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def near(value: Any, known: Iterable[str]) -> str:
    """ " Did you mean 'x'?" where the value is a text and one of the known words is near."""
    return nearest(value, known) if isinstance(value, str) else ""


def show(value: Any) -> str:
    """The value as a message shows it, short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)) and not value:
        return "an empty list" if isinstance(value, list) else "an empty mapping"
    if isinstance(value, (list, dict)):
        return f"a list of {len(value)}" if isinstance(value, list) else "a mapping"
    text = repr(value)[1:-1] if isinstance(value, str) else str(value)
    text = f"'{text}'" if isinstance(value, str) else text
    return text if len(text) <= 60 else text[:57] + "…'"
