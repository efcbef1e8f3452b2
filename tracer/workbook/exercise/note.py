"""The note in an exercise's file: how it was made, and which cells were left empty."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

VERSION = 1
NAME = "backprop-trace"
"""Begins the names of the file's custom properties that hold the note."""
LONGEST = 240
"""Characters of a property. Excel keeps 255."""
DIGITS = 16
"""Of a checksum."""


class Changed(Exception):
    """A note that is not as it was written."""


@dataclass(frozen=True, slots=True)
class Note:
    """options: those of the command that wrote the exercise. blanks: the cells to fill in of each sheet, as ranges.
    config: the digest of the YAML."""

    options: str
    blanks: Mapping[str, str]
    config: str

    def properties(self) -> dict[str, str]:
        """The note as custom properties of a file."""
        data = {"version": VERSION, "options": self.options, "blanks": dict(self.blanks), "config": self.config}
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        text = f"{digest(text)}{text}"
        pieces = [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]
        return {f"{NAME} {number}": piece for number, piece in enumerate(pieces, 1)}

    @classmethod
    def read(cls, properties: Mapping[str, str]) -> Note | None:
        """The note of a file; None if it has none. Raises Changed."""
        pieces = {name: text for name, text in properties.items() if name.startswith(f"{NAME} ")}
        if not pieces:
            return None
        whole = "".join(pieces.get(f"{NAME} {number}", "") for number in range(1, len(pieces) + 1))
        checksum, text = whole[:DIGITS], whole[DIGITS:]
        try:
            data = orjson.loads(text)
            if checksum == digest(text) and data["version"] == VERSION:
                blanks = {str(key): str(cells) for key, cells in data["blanks"].items()}
                return cls(str(data["options"]), blanks, str(data["config"]))
        except (ValueError, LookupError, TypeError, AttributeError):
            pass
        raise Changed


def digest(text: str) -> str:
    """A checksum of the lines of a text, but for spaces at their ends."""
    lines = "\n".join(line.rstrip() for line in text.splitlines()).rstrip("\n")
    return hashlib.sha256(f"{NAME}\n{lines}".encode()).hexdigest()[:DIGITS]
