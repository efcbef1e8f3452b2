"""The CSV of a trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

Row = tuple[float, ...]
"""One number per column; NaN if missing, whole numbers as int."""


def write_csv(path: Path, columns: Sequence[str], blocks: Iterable[Iterable[Row]]) -> None:
    """Write the columns' names and blocks of rows as CSV: UTF-8, the shortest digits that read back as the same double,
    empty for NaN."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(columns) + "\n")
        for block in blocks:
            file.write("".join([",".join(map(repr, row)) + "\n" for row in block]).replace("nan", ""))
