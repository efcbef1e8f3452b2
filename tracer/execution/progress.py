"""Progress reports of long computations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Progress = Callable[[int], None]
"""Called with the number of steps done since the last call."""

Stop = Callable[[], bool]
"""Asked regularly whether to end a run early."""

_Item = TypeVar("_Item")
_EVERY = 1000


def counted(steps: Iterable[_Item], progress: Progress | None) -> Iterator[_Item]:
    """The steps, with regular reports of how many are done."""
    number = 0
    for number, step in enumerate(steps, 1):
        yield step
        if progress and number % _EVERY == 0:
            progress(_EVERY)
    if progress:
        progress(number % _EVERY)
