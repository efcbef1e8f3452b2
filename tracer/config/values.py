"""Converts the values of a Python mapping into those that a YAML file can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, ValuesView
from decimal import Decimal
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from tracer.config.yamlfile import MAX_DEPTH
from tracer.errors import ConfigError

LARGEST = 10**4000
"""Whole numbers from here on become infinite: Python does not print them."""


def plain(value: Any, origin: str, *place: str) -> Any:
    """The value as numbers, texts, lists and mappings; NumPy's, pandas' and other numbers and sequences are taken.

    origin: what a message calls where it stands, at this place. Raises ConfigError for anything else.
    """
    if len(place) > MAX_DEPTH:
        raise ConfigError([f"{origin}: {place[0]}: is nested more than {MAX_DEPTH} levels deep"])
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (str, Path)):
        return str(value)
    if isinstance(value, float) and not hasattr(value, "tolist"):
        return value  # as it was written, where that is known
    if isinstance(value, Integral) and abs(int(value)) < LARGEST:
        return int(value)
    if isinstance(value, (Real, Decimal)):
        return _number(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item, origin, *place, str(key)) for key, item in value.items()}
    if hasattr(value, "tolist"):  # NumPy's and pandas' values
        return plain(value.tolist(), origin, *place, "")
    if isinstance(value, (Sequence, ValuesView)) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [plain(item, origin, *place, str(index)) for index, item in enumerate(value)]
    where = "".join(f"{part}." for part in place if part)[:-1]
    what = f"{' '.join(repr(value).split()):.60} is not a number, a text, a list or a mapping"
    raise ConfigError([f"{origin}: {where}: {what}" if where else f"{origin}: {what}"])


def _number(value: Real | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:  # of a fraction
        return float("inf")
    except ValueError:  # a signaling NaN
        return float("nan")
