"""Mappings with keys of their own: the fields of a config, of a layer, of a phase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tracer.config.forms import Case, Form, Schema, show
from tracer.config.yamlfile import Document, Place
from tracer.errors import lookalikes
from tracer.tables.synonyms import explained


class Model(StrEnum):
    """What a config describes, identified by a key: a network, or the user's own equations."""

    NETWORK = "layers"
    EQUATIONS = "equations"


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a mapping.

    help: a sentence. form: that of its value; required: whether it must be there, or for which kind of model;
    default: what holds where it is not. model: the kind of model that it belongs to, if not to every. aliases: other
    spellings that mean the same. unless: a key, and the case of its value, in whose presence it need not be there.
    beside: a key in whose presence it has another form, and that form.
    """

    help: str
    form: Form
    required: bool | Model = False
    default: Any = None
    model: Model | None = None
    aliases: tuple[str, ...] = ()
    unless: tuple[str, Case | None] | None = None
    beside: tuple[str, Form] | None = None

    def needed_by(self, model: Model) -> bool:
        """Whether a config of this kind of model must have it."""
        return self.required is model or (self.required is True and self.model in (None, model))

    def is_unneeded(self, given: Mapping[str, Any]) -> bool:
        """Whether another key of the mapping makes it unnecessary."""
        other, case = self.unless or ("", None)
        return other in given and (case is None or case.matches(given[other]))

    def read(self, key: str, given: Mapping[str, Any], place: Place, document: Document) -> Any:
        """Its value in a mapping, or its default; None if there is neither, or the value is invalid."""
        if key not in given and self.default is None:
            return None
        form = self.beside[1] if self.beside and self.beside[0] in given else self.form
        return form.read(given.get(key, self.default), (*place, key), document)

    def schema(self) -> Schema:
        """Its form in JSON Schema, with its help and its default; without a form if that depends on another key."""
        default = {} if self.default is None else {"default": self.default}
        return {**({} if self.beside else self.form.schema()), "description": self.help, **default}


@dataclass(frozen=True, slots=True)
class Record(Form):
    """A mapping of fields. what: what it is called; example: how one is written; one: whether it has exactly one."""

    fields: Mapping[str, Field]
    what: str
    example: str
    one: bool = False

    def problem(self, value: Any) -> str:
        usable = isinstance(value, dict) and value and not (self.one and len(value) > 1)
        return "" if usable else f"{show(value)} is not a {self.what}; write {self.example}"

    def parts(self, value: Any, place: Place, document: Document) -> dict[str, Any]:
        canonical(document, value, place, self.fields)
        for key, field in self.fields.items():
            if field.required and key not in value:
                document.problem(place, f"'{key}' is missing; write {self.example}")
        return {key: field.read(key, value, place, document) for key, field in self.fields.items()}

    def schema(self) -> Schema:
        required = [key for key, field in self.fields.items() if field.required]
        form = {"type": "object", "properties": properties(self.fields), "required": required, "minProperties": 1}
        return {**form, "additionalProperties": False, **({"maxProperties": 1} if self.one else {})}


def properties(fields: Mapping[str, Field]) -> Schema:
    """Every spelling of every field, with its form."""
    return {name: field.schema() for key, field in fields.items() for name in (key, *field.aliases)}


def canonical(document: Document, mapping: dict[str, Any], place: Place, fields: Mapping[str, Field]) -> None:
    """Report unknown keys of a mapping that stands at `place`, and give every key its main spelling."""
    main = spellings(fields)
    for written in list(mapping):
        key = main.get(written)
        at = (*place, written)
        if key is None:
            hint = explained("key", written, main) or f" Known keys: {', '.join(fields)}."
            document.problem(place, f"unknown key {written!r:.60}{lookalikes(written)}.{hint}", at, key=True)
        elif key != written and key in mapping:
            document.problem(place, f"'{written}' and '{key}' mean the same; keep one", at, key=True)
        elif key != written:
            mapping[key] = mapping.pop(written)
            document.move(at, (*place, key))


def spellings(fields: Mapping[str, Field]) -> dict[str, str]:
    """Every spelling of a key, with the main one."""
    return {written: key for key, field in fields.items() for written in (key, *field.aliases)}
