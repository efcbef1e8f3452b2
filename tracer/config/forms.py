"""The forms of a config's values. Each reads a value, noting what is wrong with it, and publishes itself as JSON
Schema, so that an editor refuses what the program refuses."""

from __future__ import annotations

import math
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import ge, gt, le, lt
from typing import Any, ClassVar, NamedTuple

from tracer.config.habits import advice
from tracer.config.yamlfile import Document, Grouped, Place
from tracer.model import naming
from tracer.tables.synonyms import explained

Schema = dict[str, Any]


class Form(ABC):
    """How a value must look."""

    __slots__ = ()
    stand_in: ClassVar[float | None] = None
    """What is returned for a value that cannot be used."""

    def read(self, value: Any, place: Place, document: Document) -> Any:
        """The checked value. If it is invalid, the problem is noted and None (NaN for a number) is returned."""
        problem = self.problem(value)
        if problem:
            document.problem(place, problem)
            return self.stand_in
        return self.parts(value, place, document)

    def problem(self, value: Any) -> str:
        """What is wrong with the value, apart from its parts; empty if it is valid."""
        return ""

    def parts(self, value: Any, place: Place, document: Document) -> Any:
        """A valid value, with its parts read."""
        return value

    @abstractmethod
    def schema(self) -> Schema:
        """The form in JSON Schema (draft 7)."""


_ENDS: tuple[tuple[str, str, Callable[[float, float], bool]], ...] = (
    ("minimum", "at least", ge), ("exclusiveMinimum", "greater than", gt),
    ("maximum", "at most", le), ("exclusiveMaximum", "less than", lt),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Number(Form):
    """A finite number. ends: the limits of its range, by their JSON Schema keywords; why: the reason for the range."""

    stand_in: ClassVar[float | None] = math.nan
    ends: Mapping[str, float] = field(default_factory=dict)
    why: str = ""
    whole: bool = False

    def problem(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            hint = advice(value, self.whole) if isinstance(value, str) else ""
            return f"{show(value)} is not a {'whole ' * self.whole}number{hint}"
        if not abs(value) <= sys.float_info.max:
            return f"{value if isinstance(value, float) else 'this'} is not a finite number"
        if self.whole and isinstance(value, Grouped):
            written, thousands = f"{value:.3f}", f"{value * 1000:.0f}"
            return f"{written} is ambiguous; write {f'{value:g} or ' * value.is_integer()}{thousands}"
        if self.whole and value != int(value):
            return f"{value} is not a whole number"
        ends = [(words, self.ends[key], within) for key, words, within in _ENDS if key in self.ends]
        if all(within(value, end) for _, end, within in ends):
            return ""
        return (
            f"{show(value)} is out of range; must be {' and '.join(f'{words} {e}' for words, e, _ in ends)}{self.why}"
        )

    def parts(self, value: Any, place: Place, document: Document) -> float:
        return int(value) if self.whole else float(value)

    def schema(self) -> Schema:
        return {"type": "integer" if self.whole else "number", **self.ends}


_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Text(Form):
    """A text. pattern: what it must match, with the message `wrong` where it does not. longest: in bytes."""

    pattern: str = ""
    wrong: str = ""
    longest: int | None = None

    def problem(self, value: Any) -> str:
        if not isinstance(value, str):
            how = "write one text" if isinstance(value, (list, dict)) else "put it in quotes"
            return f"{show(value)} is not text; {how}"
        if _NO_TEXT.search(value):
            return "contains control characters or other characters that are not text; remove them"
        if not value and self.pattern:
            return "is empty; omit the key to use the default"
        if self.longest and len(value.encode()) > self.longest:
            return f"is too long for a file name; use at most {self.longest} bytes"
        return "" if re.search(self.pattern, value) else f"{show(value)} {self.wrong}"

    def schema(self) -> Schema:
        longest = {"maxLength": self.longest} if self.longest else {}
        return {"type": "string", **({"pattern": self.pattern} if self.pattern else {}), **longest}


RESERVED = frozenset({naming.ITERATION, "eta", naming.ETA, naming.SAMPLE, naming.COUNT})
"""Names with a meaning of their own."""
MAX_NAME = 60
"""The longest name of a quantity or a layer, in characters."""


@dataclass(frozen=True, slots=True)
class Identifier(Form):
    """The name of a quantity or a layer; in JSON Schema, whose patterns know no letters outside ASCII, roughly.
    reserved: names with a meaning of their own; ending: that of further ones."""

    reserved: frozenset[str] = RESERVED
    ending: str = ""

    def problem(self, value: Any) -> str:
        if not isinstance(value, str):
            return Text().problem(value)
        if not value.isidentifier() or len(value) > MAX_NAME:
            return f"{show(value)} is not a valid name; use up to {MAX_NAME} letters, digits and _, not a digit first"
        special = value in self.reserved or (self.ending and value.endswith(self.ending))
        return f"'{value}' is a reserved name; choose another one" if special else ""

    def schema(self) -> Schema:
        pattern = r"^[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*$"
        special: Schema = {"enum": sorted(self.reserved)}
        special = {"anyOf": [special, {"pattern": f"{self.ending}$"}]} if self.ending else special
        return {"type": "string", "maxLength": MAX_NAME, "pattern": pattern, "not": special}


@dataclass(frozen=True, slots=True)
class Flag(Form):
    """true or false."""

    def problem(self, value: Any) -> str:
        return "" if isinstance(value, bool) else f"{show(value)} is neither true nor false"

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class OneOf(Form):
    """One of some texts. further: what else a message offers."""

    known: tuple[str, ...]
    further: str = ""

    def problem(self, value: Any) -> str:
        if isinstance(value, str) and value in self.known:
            return ""
        near = explained("option", value, self.known) if isinstance(value, str) else ""
        return f"{show(value)} is not one of {', '.join(self.known)}{self.further}.{near}"

    def schema(self) -> Schema:
        return {"enum": list(self.known)}


@dataclass(frozen=True, slots=True)
class ListOf(Form):
    """A list of values of one form. hint: what to write; unique: why no value may be there more than once."""

    item: Form
    hint: str
    unique: str = ""
    least: int = 1
    most: int | None = None

    def problem(self, value: Any) -> str:
        if not isinstance(value, list) or len(value) < self.least:
            return f"{show(value)}: {self.hint}"
        return f"{show(value)}, but at most {self.most} are allowed" if self.most and len(value) > self.most else ""

    def parts(self, value: Any, place: Place, document: Document) -> list[Any]:
        for index, item in enumerate(value) if self.unique else ():
            if item in value[:index]:
                document.problem((*place, index), f"{show(item)} is duplicated; {self.unique}")
        return [self.item.read(item, (*place, index), document) for index, item in enumerate(value)]

    def schema(self) -> Schema:
        further = {"maxItems": self.most, "uniqueItems": bool(self.unique)}
        further = {key: value for key, value in further.items() if value}
        return {"type": "array", "items": self.item.schema(), "minItems": self.least, **further}


@dataclass(frozen=True, slots=True)
class Named(Form):
    """Values of one form by their names. hint: what to write; keys: the form of the names, where they are free;
    without: a name that makes it another form."""

    item: Form
    hint: str
    keys: Identifier | None = None
    least: int = 1
    without: str = ""

    def problem(self, value: Any) -> str:
        return "" if isinstance(value, dict) and len(value) >= self.least else f"{show(value)}: {self.hint}"

    def parts(self, value: Any, place: Place, document: Document) -> dict[str, Any]:
        for name in value if self.keys else ():
            if self.keys and (problem := self.keys.problem(name)):
                document.problem(place, problem, (*place, name), key=True)
        return {name: self.item.read(item, (*place, name), document) for name, item in value.items()}

    def schema(self) -> Schema:
        further = {"propertyNames": self.keys.schema()} if self.keys else {}
        further |= {"not": {"required": [self.without]}} if self.without else {}
        return {"type": "object", "additionalProperties": self.item.schema(), "minProperties": self.least, **further}


class Case(NamedTuple):
    """One of several forms, and the values that should have it: those of a type, or by a test."""

    fits: type | Callable[[Any], bool]
    form: Form

    def matches(self, value: Any) -> bool:
        """Whether the value should have this form, which then reports what is wrong with it."""
        return isinstance(value, self.fits) if isinstance(self.fits, type) else self.fits(value)


@dataclass(frozen=True, slots=True)
class Either(Form):
    """One of several forms. hint: what to write if none matches."""

    cases: tuple[Case, ...]
    hint: str

    def problem(self, value: Any) -> str:
        known = value not in ([], {}, "") and any(case.matches(value) for case in self.cases)
        return "" if known else f"{show(value)}: {self.hint}"

    def parts(self, value: Any, place: Place, document: Document) -> Any:
        return next(case.form for case in self.cases if case.matches(value)).read(value, place, document)

    def schema(self) -> Schema:
        return {"anyOf": [case.form.schema() for case in self.cases]}


def show(value: Any) -> str:
    """The value as messages show it, shortened."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, (list, dict)):
        kind = "list" if isinstance(value, list) else "mapping"
        return f"a {kind} of {len(value)}" if value else f"an empty {kind}"
    text = f"'{repr(value)[1:-1]}'" if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "…'"
