"""The yardsticks for files of numbers: what Arrow and Polars take for the same frame, pandas for a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas

READING = "import sys, pandas; pandas.read_csv(sys.argv[1], usecols=sys.argv[2:])"
"""What runs as a process of its own: it reads columns of a CSV file."""


def csv_writers(data: Any, folder: Path) -> dict[str, Callable[[], object]]:
    """Writers of CSV, by name; each has the frame in its own form."""
    writers: dict[str, Callable[[], object]] = {}
    if find_spec("pyarrow"):
        import pyarrow
        import pyarrow.csv

        arrow = pyarrow.Table.from_pandas(data, preserve_index=False)
        writers["pyarrow.csv.write_csv"] = lambda: pyarrow.csv.write_csv(arrow, folder / "arrow.csv")
    if find_spec("polars"):
        import polars

        frame = polars.DataFrame({name: data[name].to_numpy() for name in data.columns})
        writers["polars.DataFrame.write_csv"] = lambda: frame.write_csv(folder / "polars.csv")
    return writers


def frame(values: Any, columns: Sequence[str]) -> Any:
    """A frame of an array, the least that one can cost."""
    return pandas.DataFrame(values, columns=columns)
