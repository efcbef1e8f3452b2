"""The Parquet file of a trace (https://parquet.apache.org): columns of doubles, compressed, with the config inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
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
    waiting: list[Any] = []

    def write(block: Block) -> None:
        columns = [*np.array(block.leads(), dtype=np.int64).reshape(-1, whole).T]
        columns += [np.full(len(block), block.rate)] * (block.rate is not None)
        columns += [*np.ascontiguousarray(block.array().T)]
        arrays = [pa.array(column, from_pandas=True) for column in columns]
        waiting.append(pa.record_batch(arrays, schema=schema))
        if sum(batch.num_rows for batch in waiting) * len(types) >= GROUP_VALUES:
            flush()

    def flush() -> None:
        if waiting:
            rows = pa.Table.from_batches(waiting)
            file.write_table(rows, row_group_size=rows.num_rows)
            waiting.clear()

    with ParquetWriter(place, schema, compression="zstd") as file:
        yield write
        flush()
