"""The CSV of a trace."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tracer.decimals import lines
from tracer.model.experiment import CsvStyle, Experiment
from tracer.output.blocks import Block, Layout, Row, Writer

if TYPE_CHECKING:
    import numpy

FEW = 10_000
"""Rows for which loading NumPy would take longer than it saves."""


def csv_writer(put: Callable[[bytes], object], layout: Layout, style: CsvStyle, ascii: bool = False) -> Writer:
    """Put the columns' names into a file (UTF-8); what it gives puts a block of rows there: the shortest digits that
    read back as the same double, empty for NaN."""
    marks = bytes.maketrans(b",.", f"{style.separator}{style.decimal}".encode())
    plain = (style.separator, style.decimal) == (",", ".")
    put(("\ufeff" * style.bom + style.separator.join(layout.spelled(ascii)) + "\n").encode())
    rows = 0

    def write(block: Block) -> None:
        nonlocal rows
        rows += len(block)
        if not len(block):
            return
        same = b"" if block.rate is None else lines([[block.rate]])[0] + b","
        steps: Sequence[Row] | numpy.ndarray[Any, Any]
        if rows > FEW or "numpy" in sys.modules:
            array = block.array()
            width = fixed(array)
            same += b"".join(text + b"," for text in lines(array[:1, :width].T))
            steps = array[:, width:].copy()
        else:
            steps = block.steps()
        row = b"%d," * len(layout.lead) + same + b"%b\n"
        pairs = zip(block.places, lines(steps), strict=True)
        if len(layout.lead) == 1:
            text = b"".join([row % (iteration, step) for (iteration, _), step in pairs])
        else:
            text = b"".join([row % (iteration, sample, step) for (iteration, sample), step in pairs])
        put(text if plain else text.translate(marks))

    return write


def fixed(array: numpy.ndarray[Any, Any]) -> int:
    """How many columns, from the first on and without the last one, are the same in all rows: the data of a run with
    one sample, and everything once a run has converged. They are written out once."""
    bits = array.view("int64")
    same = (bits == bits[0]).all(axis=0)
    same[-1] = False
    return int(same.argmin())


@contextmanager
def csv_file(place: Path | TextIO, layout: Layout, experiment: Experiment, ascii: bool) -> Iterator[Writer]:
    """A CSV file (UTF-8), as `csv_writer` writes it."""
    if isinstance(place, Path):
        with place.open("wb") as file:
            yield csv_writer(file.write, layout, experiment.csv, ascii)
    else:
        yield csv_writer(lambda text: place.write(text.decode()), layout, experiment.csv, ascii)
