"""The grid of a sweep: the varied keys, their values, and the points that they form."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tracer.config import yamlfile
from tracer.config.overrides import Override
from tracer.config.records import spellings
from tracer.config.schema import FIELDS
from tracer.config.values import plain
from tracer.errors import ConfigError

MOST_POINTS = 10_000_000
"""Runs of a sweep, and values of a key."""
MOST_IN_GRID = 10**15
"""Points of a grid of which some are drawn; a random number has the digits for no more."""
LOG = "log"
HOW = "write KEY=a,b,c or KEY=1..9 or KEY=start:stop:count, with :log behind it for equal ratios"
FEWER = "give fewer values: start:stop:count takes any count"
_COUNT = r"\d{1,999}"  # Python reads no number of more than 4,300 digits
_WHOLE = re.compile(rf"\s*([-+]?{_COUNT})\s*\.\.\s*([-+]?{_COUNT})\s*")


@dataclass(frozen=True, slots=True)
class Varied:
    """A key of the config, with the values that it takes. listed: the config itself lists them."""

    key: str
    values: Sequence[Any]
    listed: bool = False

    def override(self, number: int) -> Override:
        """The value of this number, from 0, in place of the config's."""
        value = self.values[number]
        shown = value if isinstance(value, (str, float, int)) else yamlfile.written(value)
        return Override(tuple(self.key.split(".")), value, f"--vary {self.key}={shown}")


@dataclass(frozen=True, slots=True)
class Grid:
    """All combinations of the values; the last key changes first. drawn: the numbers of its points that are chosen,
    from 0 and ascending; None for all of them."""

    varied: tuple[Varied, ...]
    drawn: Sequence[int] | None = None

    @property
    def total(self) -> int:
        """The number of combinations."""
        return math.prod(len(varied.values) for varied in self.varied)

    def __len__(self) -> int:
        return self.total if self.drawn is None else len(self.drawn)

    def point(self, number: int) -> tuple[int, ...]:
        """Which value each key has in a chosen point; numbers from 0."""
        rest = number if self.drawn is None else self.drawn[number]
        places = []
        for varied in reversed(self.varied):
            rest, place = divmod(rest, len(varied.values))
            places.append(place)
        return tuple(reversed(places))

    def overrides(self, point: Iterable[int]) -> list[Override]:
        """The values of a point in place of the config's."""
        return [varied.override(place) for varied, place in zip(self.varied, point, strict=True)]

    def check(self) -> None:
        """Raise ConfigError where there are too many points, with how to have fewer."""
        if self.drawn is None and self.total > MOST_POINTS:
            raise ConfigError(
                [
                    f"the grid has {self._size} points, more than {MOST_POINTS:,}; draw some of them with "
                    f"--sample 100000, or {FEWER}"
                ]
            )

    @property
    def _size(self) -> str:
        sizes = [f"{len(varied.values):,}" for varied in self.varied]
        return " × ".join(sizes) + (f" = {self.total:,}" if len(sizes) > 1 else "")

    def sampled(self, count: int, seed: int = 0) -> Grid:
        """So many points of the grid, drawn without repetition; all where it has no more. Raises ConfigError."""
        total = self.total
        if total > MOST_IN_GRID:
            what = f"the grid has {self._size} points, and --sample draws from at most {MOST_IN_GRID:,}"
            raise ConfigError([f"{what}; {FEWER}"])
        if count > MOST_POINTS:
            raise ConfigError([f"--sample {count:,}: draws more than {MOST_POINTS:,} points; draw fewer"])
        if count >= total:
            return self
        draw, chosen = random.Random(f"{seed}"), set[int]()
        for last in range(total - count, total):  # Floyd's algorithm; `random` is the one sequence that Python keeps
            number = int(draw.random() * (last + 1))
            chosen.add(last if number in chosen else number)
        return replace(self, drawn=sorted(chosen))


def grid(vary: Mapping[str, Any]) -> Grid:
    """A grid from keys with their values, as text in the form of --vary, or as a sequence, or as one value.

    Raises ConfigError, with every problem.
    """
    problems: list[str] = []
    varied = []
    for key, given in vary.items():
        origin = f"--vary {key}"
        try:
            values = _values(given, f"{origin}={given}") if isinstance(given, str) else _listed(given, origin)
            varied.append(Varied(_canonical(str(key)), values))
        except ConfigError as error:
            problems += error.problems
    if not vary:
        problems.append(f"nothing varies; {HOW}, such as --vary learning_rate=0.1:10:20:log")
    keys = [item.key for item in varied]
    problems += [f"--vary {key}: is given twice; give all its values at once" for key in {*keys} if keys.count(key) > 1]
    for inner in (a.key for a in varied for b in varied if a.key.startswith(f"{b.key}.")):
        problems.append(f"--vary {inner}: is a part of another key that is varied; vary one of the two")
    if problems:
        raise ConfigError(problems)
    return Grid(tuple(varied))


def _canonical(key: str) -> str:
    """The key of the config, in its main spelling."""
    first, *rest = (part.strip() for part in key.split("."))
    return ".".join([spellings(FIELDS).get(first, first), *rest])


def key_and_values(text: str) -> tuple[str, str]:
    """What an option --vary says: KEY=VALUES. Raises ConfigError."""
    key, equals, values = text.partition("=")
    if not (equals and key.strip() and values.strip()):
        raise ConfigError([f"--vary {text}: {HOW}, such as learning_rate=0.1:10:20:log"])
    return key.strip(), values


def _listed(given: Any, origin: str) -> Sequence[Any]:
    if isinstance(given, range):
        _check_count((given[-1] - given[0]) // given.step + 1 if given else 0, origin)  # len() stops at 2^63
        found: Sequence[Any] = given
    else:
        value = plain(given, origin)
        found = value if isinstance(value, list) else [value]
    if not len(found):
        raise ConfigError([f"{origin}: has no values; {HOW}"])
    _check_distinct(found, origin)
    return found


def _values(text: str, origin: str) -> Sequence[Any]:
    """The values that a text stands for."""
    terms = list(_terms(text))
    found: list[Any] = []
    for term in terms:
        whole = _WHOLE.fullmatch(term)
        if whole:
            first, last = int(whole[1]), int(whole[2])
            if last < first:
                raise ConfigError([f"{origin}: {first}..{last} has no numbers; write the smaller one first"])
            thinner = f"give a shorter range, or some of its numbers as start:stop:count, such as {first}:{last}:1000"
            _check_count(len(found) + last - first + 1, origin, thinner)
            if len(terms) == 1:
                return range(first, last + 1)
            found += range(first, last + 1)
        elif spaced := _spaced(term, origin, len(found)):
            found += spaced
        else:
            try:
                value = yamlfile.scalar(term)
            except ConfigError as error:
                raise ConfigError([f"{origin}: {term.strip()!r} cannot be read as a value"]) from error
            if value is None:
                raise ConfigError([f"{origin}: a value is missing; {HOW}"])
            found.append(value)
    _check_distinct(found, origin)
    return found


def _terms(text: str) -> Iterator[str]:
    """A text parted at its commas, except for those in brackets and quotes."""
    depth, quote, begin = 0, "", 0
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "[{(":
            depth += 1
        elif sign in "]})":
            depth -= 1
        elif sign == "," and depth == 0:
            yield text[begin:place]
            begin = place + 1
    yield text[begin:]


def _spaced(term: str, origin: str, before: int) -> list[float]:
    """The numbers of start:stop:count, each at the same distance, or with :log in the same ratio; none for other
    text. before: how many values come before them."""
    parts = [part.strip() for part in term.split(":")]
    log = len(parts) == 4 and parts[3] == LOG
    if len(parts) not in (3, 4) or any(_number(part) is None for part in parts[:2]):
        return []
    if len(parts) == 4 and not log:
        raise ConfigError([f"{origin}: ':{parts[3]}' is unknown; write :log, or leave it out"])
    start, stop = (_number(part) or 0.0 for part in parts[:2])
    if not re.fullmatch(_COUNT, parts[2]) or int(parts[2]) < 2:
        raise ConfigError([f"{origin}: '{parts[2]}' is not a count; write start:stop:count with a count of 2 or more"])
    count = int(parts[2])
    _check_count(before + count, origin)
    if log and not start * stop > 0:
        raise ConfigError([f"{origin}: with :log both ends must be above 0, or both below"])
    parts_of_way = [number / (count - 1) for number in range(1, count - 1)]
    inner = [start * (stop / start) ** part if log else start + (stop - start) * part for part in parts_of_way]
    return [start, *(float(f"{value:.15g}") for value in inner), stop]  # 1, not 0.9999999999999999


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _check_count(count: int, origin: str, advice: str = "give fewer") -> None:
    if count > MOST_POINTS:
        raise ConfigError([f"{origin}: has {count:,} values, more than {MOST_POINTS:,}; {advice}"])


def _check_distinct(values: Sequence[Any], origin: str) -> None:
    if isinstance(values, range):
        return
    seen = set()
    for value in values:
        if repr(value) in seen:
            raise ConfigError([f"{origin}: {value!r:.40} is duplicated; give each value once"])
        seen.add(repr(value))
