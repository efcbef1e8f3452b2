"""The Parquet file of a trace (https://parquet.apache.org): columns of doubles, compressed, with the config inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from tracer.model.experiment import Experiment
from tracer.output.blocks import Block, Layout, Writer
from tracer.version import VERSION

METADATA = "backprop-trace"
"""The key of the file's metadata under which a JSON object stands: the program's version, the experiment's name, the
config as YAML, and the settings in place of its values."""
GROUP_VALUES = 1_000_000
"""Numbers in a group of rows, which is held in memory until it is written."""


@contextmanager
def parquet_file(place: Path | TextIO, layout: Layout, experiment: Experiment, ascii: bool) -> Iterator[Writer]:
    """A Parquet file of these columns; what it gives writes a block of rows. A number that is missing is null."""
    import numpy as np
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    source = experiment.source
    about = {"version": VERSION, "name": experiment.name, "config": source.text, "settings": source.settings}
    whole = len(layout.lead)
    types = [pa.int64() if index < whole else pa.float64() for index in range(len(layout.names))]
    schema = pa.schema(
        zip(layout.spelled(ascii), types, strict=True), {METADATA: json.dumps(about, ensure_ascii=False)}
    )
    waiting: list[tuple[Any, Any]] = []

    def write(block: Block) -> None:
        if not len(block):  # of a run that was interrupted; a group has rows
            return
        places = np.fromiter(chain.from_iterable(block.places), np.int64).reshape(-1, 2)
        rate = [np.full((len(block), 1), block.rate)] * (block.rate is not None)
        waiting.append((places[:, :whole], np.hstack([*rate, block.array()])))  # a copy: the block holds only for now
        if sum(map(len, (values for _, values in waiting))) * len(types) >= GROUP_VALUES:
            flush()

    def flush() -> None:
        if waiting:
            parts = (np.ascontiguousarray(np.concatenate(part).T) for part in zip(*waiting, strict=True))
            arrays = [pa.array(column, from_pandas=True) for column in chain.from_iterable(parts)]
            rows = pa.Table.from_arrays(arrays, schema=schema)
            file.write_table(rows, row_group_size=rows.num_rows)
            waiting.clear()

    with ParquetWriter(place, schema, compression="zstd") as file:
        yield write
        flush()
