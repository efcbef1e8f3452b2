"""A trace as a pandas DataFrame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy
import pandas

from tracer.execution.runs import Run


def frame(
    runs: Sequence[Run],
    quantities: Sequence[str],
    before: Mapping[str, numpy.ndarray[Any, Any]],
    spell: Callable[[str], str],
) -> pandas.DataFrame:
    """The quantities of all runs. before: the columns before them. spell: what a quantity's column is called."""
    steps = [numpy.asarray(run.rows).reshape(len(run), -1) for run in runs]
    chosen = numpy.concatenate(steps)[:, [runs[0].columns[name] for name in quantities]]
    found = pandas.DataFrame(chosen, columns=list(map(spell, quantities)), copy=False)
    for index, (name, column) in enumerate(before.items()):
        found.insert(index, name, column)
    return found
