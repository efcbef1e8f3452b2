"""The CSV of a trace."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tracer.decimals import lines
from tracer.model.experiment import CsvStyle, Experiment
from tracer.output.blocks import Block, Layout, Writer

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
        rate = b"" if block.rate is None else lines([[block.rate]])[0] + b","
        row = b"%d," * len(layout.lead) + rate + b"%b\n"
        steps = zip(
            block.places, lines(block.array() if rows > FEW or "numpy" in sys.modules else block.steps()), strict=True
        )
        if len(layout.lead) == 1:
            text = b"".join([row % (iteration, step) for (iteration, _), step in steps])
        else:
            text = b"".join([row % (iteration, sample, step) for (iteration, sample), step in steps])
        put(text if plain else text.translate(marks))

    return write


@contextmanager
def csv_file(place: Path | TextIO, layout: Layout, experiment: Experiment, ascii: bool) -> Iterator[Writer]:
    """A CSV file (UTF-8), as `csv_writer` writes it."""
    if isinstance(place, Path):
        with place.open("wb") as file:
            yield csv_writer(file.write, layout, experiment.csv, ascii)
    else:
        yield csv_writer(lambda text: place.write(text.decode()), layout, experiment.csv, ascii)
