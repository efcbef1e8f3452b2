"""Arrays of numbers as text: the shortest decimals that read back as the same double, such as 0.1 and 1e-7."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson  # its digits are those of repr, at an eighth of the time

if TYPE_CHECKING:
    import numpy

ROWS_AT_ONCE = 200


def lines(rows: Sequence[Sequence[float]] | numpy.ndarray[Any, Any]) -> list[bytes]:
    """Each row of numbers as text with commas between; nothing stands for a number that is not finite."""
    text = orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY)
    if b"n" in text:  # looking for one letter takes a hundredth of looking for the word
        text = text.replace(b"null", b"")
    return [line[:-2] for line in text.split(b"[")[2:]]  # likewise, half of splitting at "],["


def decimals(rows: Iterable[tuple[float, ...]]) -> Iterator[list[bytes]]:
    """The numbers of each row, each as text."""
    pending = iter(rows)
    while block := [*islice(pending, ROWS_AT_ONCE)]:
        for line in lines(block):
            yield line.split(b",")
