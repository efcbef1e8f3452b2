"""One spelling for every key, and values from the command line in place of the config's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracer.config.schema import FIELDS, Field
from tracer.config.yamlfile import Document, Place
from tracer.errors import nearest


@dataclass(frozen=True, slots=True)
class Override:
    """A value that replaces one of the config: `place` is its path, `origin` what a message calls it."""

    place: Place
    value: Any
    origin: str


def canonical(document: Document, mapping: dict[str, Any], place: Place, fields: Mapping[str, Field]) -> None:
    """Report unknown and missing keys, and give every key its main spelling."""
    spelling = {alias: key for key, field in fields.items() for alias in field.aliases}
    for written in list(mapping):
        key = spelling.get(written, written)
        if key not in fields:
            known = [*fields, *spelling]
            hint = nearest(written, known) or f" Known keys: {', '.join(fields)}."
            document.problem(place, f"unknown key '{written}'.{hint}", (*place, written), key=True)
        elif key != written:
            if key in mapping:
                document.problem(place, f"'{written}' and '{key}' mean the same; keep one", (*place, written), key=True)
                continue
            mapping[key] = mapping.pop(written)
            for marks in (document.keys, document.values):
                marks.update({(*place, key, *at[len(place) + 1 :]): mark for at, mark in list(marks.items())
                              if at[: len(place) + 1] == (*place, written)})  # fmt: skip


def apply(document: Document, override: Override) -> None:
    *parents, last = override.place
    first = str(override.place[0])
    key = next((key for key, field in FIELDS.items() if first == key or first in field.aliases), None)
    if key is None:
        document.problems.append(f"{override.origin}: unknown key '{first}'.{nearest(first, FIELDS)}")
        return
    if parents:
        parents[0] = key
    else:
        last = key
    target = document.value
    for index, part in enumerate(parents):
        target = target.setdefault(part, {}) if isinstance(target, dict) else _item(target, part)
        if not isinstance(target, (dict, list)):
            where = ".".join(str(p) for p in parents[: index + 1])
            document.problems.append(f"{override.origin}: {where} holds no values by name or number")
            return
    place = (*parents, last)
    if isinstance(target, list):
        if _item(target, last) is None:
            where = ".".join(str(p) for p in parents)
            document.problems.append(f"{override.origin}: {where} has the entries 0 to {len(target) - 1}, no '{last}'")
            return
        last = int(last)
        place = (*parents, last)
    target[last] = override.value
    document.overridden[tuple(int(p) if isinstance(p, str) and p.isdecimal() else p for p in place)] = override.origin


def _item(items: Any, index: str | int) -> Any:
    if isinstance(items, list) and str(index).isdecimal() and int(index) < len(items):
        return items[int(index)]
    return None
