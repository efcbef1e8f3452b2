"""Values from the command line that replace those of the config."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tracer.config.records import spellings
from tracer.config.schema import FIELDS
from tracer.config.yamlfile import Document, Place
from tracer.tables.synonyms import explained


@dataclass(frozen=True, slots=True)
class Override:
    """A value that replaces one of the config: `place` is its path, `origin` what a message calls it."""

    place: Place
    value: Any
    origin: str

    def written(self) -> str:
        """The override as the command's --set takes it: KEY=VALUE."""
        value = self.value if isinstance(self.value, str) else json.dumps(self.value, ensure_ascii=False, default=str)
        return f"{'.'.join(map(str, self.place))}={value}"


NAMED = ("activation", "loss", "optimizer")
"""Keys whose value is a name, or a mapping of a name and settings."""


def apply(document: Document, override: Override) -> None:
    """Apply the override; a place that the config cannot have is noted as a problem."""

    def refuse(what: str) -> None:
        document.problems.append(((0, 0), f"{override.origin}: {what}"))

    if isinstance(override.place, str) or not override.place:
        refuse(f"place must be the keys that lead to a value, such as ('iterations',), not {override.place!r:.40}")
        return
    spelling = spellings(FIELDS)
    first, *rest = map(str, override.place)
    if first not in spelling:
        refuse(f"unknown key '{first}'.{explained('key', first, spelling)}")
        return
    path = [spelling[first], *rest]
    container: Any = document.value
    place: Place = ()
    for depth, part in enumerate(path):
        inside = ".".join(path[:depth])
        if isinstance(container, list) and not (part.isdecimal() and int(part) < len(container)):
            refuse(f"{inside} has entries 0 to {len(container) - 1}, not '{part}'")
            return
        if not isinstance(container, (dict, list)):
            refuse(f"{inside} is neither a mapping nor a list")
            return
        index: Any = int(part) if isinstance(container, list) else part
        place = (*place, index)
        given = container.get(index) if isinstance(container, dict) else None
        if depth < len(path) - 1 and index in NAMED and isinstance(given, str):
            container[index] = {"name": given}  # settings of what was given by its name alone
        if depth == len(path) - 1:
            container[index] = override.value
        else:
            container = container.setdefault(index, {}) if isinstance(container, dict) else container[index]
    document.overridden[place] = override.origin
