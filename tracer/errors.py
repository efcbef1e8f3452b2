"""Errors with messages for the user. None of them indicates a defect of the program."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence

EXIT_BROKEN_PIPE = 141
"""The exit status of a command whose reader went away, as in `… | head`: 128 + SIGPIPE."""


MOST_SHOWN = 50
"""Problems that a message lists; the rest are counted."""


class TraceError(Exception):
    """An error that the user can fix. `problems` has a line for each: where, what, and what to do; the message lists
    the first 50."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = len(problems) - MOST_SHOWN
        rest = [f"… and {more:,} more problem{'s' if more > 1 else ''}"] if more > 0 else []
        super().__init__("\n".join([*problems[:MOST_SHOWN], *rest]))
        self.problems = tuple(problems)


class ConfigError(TraceError):
    """A config that cannot be used."""


class OutputError(TraceError):
    """A result that cannot be written: the place, or a format that cannot hold it."""


def required(value: object, kind: type, what: str) -> None:
    """Raise TypeError, with a sentence, for a value of another type than this part of the API takes."""
    if not isinstance(value, kind):
        raise TypeError(f"{what} must be of type {kind.__name__}, not {type(value).__name__}: {value!r:.60}")


def nearest(word: str, known: Iterable[str]) -> str:
    """ " Did you mean 'x'?" for the closest known word, or "" if none is close."""
    candidates = list(known)
    stem, number = _numbered(word)
    alike = [c for c in candidates if number and _numbered(c)[0] == stem and _numbered(c)[1]]
    if alike:
        return f" Did you mean '{min(alike, key=lambda c: abs(int(_numbered(c)[1]) - int(number)))}'?"
    lowered = {candidate.lower(): candidate for candidate in reversed(candidates)}
    matches = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return f" Did you mean '{lowered[matches[0]]}'?" if matches else ""


def _numbered(word: str) -> tuple[str, str]:
    """A name and the number at its end: w9 → w, 9."""
    stem = word.rstrip("0123456789")
    return stem, word[len(stem) :][:9]


LOOK_ALIKES = {
    "-": "−‐‑‒–—―", "*": "∗", "/": "∕⁄", "^": "ˆ", '"': "“”„‟«»″", "'": "‘’‚‛`´′", "<": "‹", ">": "›", "|": "∣",
    ",": "،、", ":": "∶", "=": "⩵",
}  # fmt: skip
"""Characters of ASCII, with others that look like them and are not theirs in a compatible form (NFKC)."""
_MEANT = {other: character for character, others in LOOK_ALIKES.items() for other in others}


def lookalikes(text: str) -> str:
    """ "; '：' is FULLWIDTH COLON (U+FF1A), write ':'" for the first character that looks like one of ASCII, or ""."""
    for character in text:
        meant = _MEANT.get(character) or unicodedata.normalize("NFKC", character)
        if not character.isascii() and len(meant) == 1 and meant.isascii():
            name = f"{unicodedata.name(character, 'a character')} (U+{ord(character):04X})"
            return f"; '{character}' is {name}, write {'a space' if meant == ' ' else repr(meant)}"
    return ""
