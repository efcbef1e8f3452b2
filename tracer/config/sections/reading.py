"""What the readers of a config's sections share: its values as read by their forms, and the names of quantities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracer.config.records import Model
from tracer.config.schema import FIELDS
from tracer.config.yamlfile import Document, Place
from tracer.errors import nearest
from tracer.model import naming

Names = tuple[Place, str, Sequence[str]]
"""Names of quantities: the section that they come from, what they are, the names."""


@dataclass(slots=True)
class Reader:
    """Reads sections of a document; what is wrong is noted there. config: the value of every key, None where there is
    none, or none that can be used."""

    document: Document
    config: Mapping[str, Any]

    def problem(self, place: Place, what: str, at: Place | None = None, key: bool = False) -> None:
        """Note a problem; see `Document.problem`."""
        self.document.problem(place, what, at, key)

    def check_count(self, place: Place, values: Sequence[Any], needed: int, what: str) -> None:
        """Check the number of values."""
        if len(values) != needed:
            comma = "; if a comma is meant as a decimal point, write a point" * (place in self.document.commas)
            self.problem(place, f"{len(values)} given, {needed} needed: {what}{comma}")

    def check_known(self, place: Place, names: Iterable[str], known: Mapping[str, Any], what: str) -> None:
        """Whether the keys of the mapping at a place are known; what: what those are that are."""
        for name in names:
            if name not in known:
                self.problem(place, f"'{name}' is not {what}.{nearest(name, known)}", (*place, name), key=True)

    def unique_names(self, sections: Iterable[Names]) -> None:
        """Check that names are unique."""
        owner: dict[str, str] = {}
        for place, kind, names in sections:
            for name in names:
                spelled = naming.to_ascii(name)
                if spelled in owner:
                    what = f"'{name}' would be both {owner[spelled]} and {kind}; rename one of them"
                    self.problem(place, what, (*place, name), key=True)
                owner.setdefault(spelled, kind)


def read_fields(document: Document, model: Model) -> dict[str, Any]:
    """The value of every key of a config of this kind, by its form; what is missing, and what is not of this kind, is
    noted."""
    given = document.value
    for key, field in FIELDS.items():
        if field.model not in (None, model) and key in given:
            document.problem((), f"'{key}' cannot be used with '{model}'; remove one of the two", (key,), key=True)
        elif field.needed_by(model) and key not in given and not field.is_unneeded(given):
            spelled = " or ".join(f"'{name}'" for name in (key, *field.aliases))
            document.problem((), f"{spelled} is missing. {field.help}")
    return {key: field.read(key, given, (), document) for key, field in FIELDS.items() if field.model in (None, model)}


def by_name(values: Any, names: Callable[[int], Sequence[str]] | Sequence[str]) -> dict[str, float]:
    """Numbers given by name or in a list. names: those of a list's values, or a function of their number."""
    if isinstance(values, list):
        return dict(zip(names(len(values)) if callable(names) else names, values, strict=False))
    return values or {}
