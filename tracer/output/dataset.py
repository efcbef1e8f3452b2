"""A sweep as a folder of Parquet files, a part for each block of runs; one that was interrupted can go on.

Until all parts are there they stand in a hidden folder, which no reader of a dataset looks into: what looks whole is
whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np

from tracer.config.grid import Grid
from tracer.errors import OutputError
from tracer.execution.sweep.planning import Planned
from tracer.execution.sweep.results import Results
from tracer.execution.sweep.sharing import Block
from tracer.files import PART_FILES, problems_of, replacing
from tracer.output.sweepfiles import DIGEST, MISSING, described, has_pyarrow, write_parquet
from tracer.output.sweeps import COLUMNS, RUN, columns

UNFINISHED, ABOUT = ".unfinished", "_sweep.json"
"""The hidden folder; and the file that says what sweep a dataset is of, and into which blocks it is divided,
which readers leave out."""


@dataclass(frozen=True, slots=True)
class Part:
    """Writes the runs of a block to their part, where they are computed. folder: the hidden one. about: for the
    metadata."""

    folder: Path
    grid: Grid
    about: str
    ascii: bool = False

    def __call__(self, results: Results, first: int) -> Results:
        """Write the part, and give back what fits in memory. Raises OutputError."""
        with replacing(self.folder / _name(first)) as path:
            write_parquet(path, columns(self.grid, results, first), self.about, self.ascii)
        return replace(results, final={}, curves={})


@dataclass(slots=True)
class Dataset:
    """A dataset that is being written; stateful, since parts come in. lock: what keeps others from writing it while
    it is open. blocks: all of them. done: the results of those that are there already, by their first run."""

    folder: Path
    lock: IO[bytes]
    part: Part
    blocks: Sequence[Block]
    done: dict[int, Results] = field(default_factory=dict)

    @property
    def remaining(self) -> list[Block]:
        """The blocks that are not there yet."""
        return [block for block in self.blocks if block[0] not in self.done]

    def reopen(self) -> None:
        """Hide what is there while something is missing; of parts that are damaged nothing is left. Raises OSError."""
        if not self.remaining:
            return
        self.part.folder.mkdir(exist_ok=True)
        for name in (ABOUT, *(_name(first) for first, _ in self.blocks)):
            if (self.folder / name).exists():
                (self.folder / name).replace(self.part.folder / name)
        for first, _ in self.remaining:
            (self.part.folder / _name(first)).unlink(missing_ok=True)

    def complete(self) -> None:
        """Move all parts to where readers look; what says that they are all follows as the last. Raises OutputError."""
        hidden = self.folder / UNFINISHED
        try:
            for first, _ in self.blocks:
                if (hidden / _name(first)).exists():
                    (hidden / _name(first)).replace(self.folder / _name(first))
            if (hidden / ABOUT).exists():
                (hidden / ABOUT).replace(self.folder / ABOUT)
            for left in hidden.glob(PART_FILES):  # begun by a worker that was ended
                left.unlink(missing_ok=True)
            with suppress(OSError):  # where another program put something there
                hidden.rmdir()
        except OSError as error:
            raise OutputError([f"{self.folder}: cannot be completed ({error.strerror}); go on with --resume"]) from None


def opened(planned: Planned, folder: Path, workers: int, resume: bool, ascii: bool = False) -> Dataset:
    """A dataset that can be written. workers: how many processes share its blocks. resume: whether it goes on with a
    sweep that was interrupted. Raises OutputError: the folder holds something else, or cannot be written."""
    if not has_pyarrow():
        raise OutputError([f"{folder}: a dataset {MISSING}"])
    hidden = folder.absolute() / UNFINISHED
    about = described(planned)
    text = json.dumps(about, ensure_ascii=False)
    part = Part(hidden, planned.plan.grid, text, ascii)
    known = _known(hidden.parent)
    if resume:
        return _continued(hidden.parent, folder, part, about, known)
    if known is not None:
        what = "has an unfinished sweep; go on with --resume, or" if known[0] else "has a sweep already;"
        raise OutputError([f"{folder}: {what} choose another folder with -o"])
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise OutputError(
            [f"{folder}: is {'a file' if folder.is_file() else 'not empty'}; choose another folder with -o"]
        )
    if problems := problems_of([hidden.parent / ABOUT]):
        raise OutputError(problems)
    try:
        hidden.mkdir()
    except OSError as error:
        what = "another sweep has just begun there" if isinstance(error, FileExistsError) else str(error.strerror)
        raise OutputError([f"{folder}: {what}; choose another folder with -o"]) from None
    blocks = planned.blocks(workers)
    try:
        with replacing(hidden / ABOUT) as path:
            path.write_text(json.dumps({**about, "blocks": [*map(list, blocks)]}, ensure_ascii=False), encoding="utf-8")
    except OutputError:
        hidden.rmdir()
        raise
    return Dataset(hidden.parent, _locked(hidden / ABOUT, folder), part, blocks)


def _known(folder: Path) -> tuple[bool, dict[str, Any]] | None:
    """Of a folder with a sweep: whether it is unfinished, and what sweep it is."""
    for unfinished, path in ((True, folder / UNFINISHED / ABOUT), (False, folder / ABOUT)):
        with suppress(OSError, ValueError, TypeError, KeyError):
            about = json.loads(path.read_text(encoding="utf-8"))
            ends = [0, *(end for _, end in about["blocks"])]
            if [*map(list, pairwise(ends))] == about["blocks"] and ends[-1] == about["runs"]:
                return unfinished, about
    return None


def _locked(path: Path, shown: Path) -> IO[bytes]:
    """The file, open, as only one process has it. Raises OutputError."""
    file = path.open("rb")
    try:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # Windows, where nobody moves a file that is open
        file.close()
    except BlockingIOError:
        file.close()
        raise OutputError([f"{shown}: another process goes on with this sweep; wait for it, or end it"]) from None
    except OSError:  # a file system without locks
        pass
    return file


def _continued(
    folder: Path, shown: Path, part: Part, about: dict[str, Any], known: tuple[bool, dict[str, Any]] | None
) -> Dataset:
    if known is None:
        raise OutputError([f"{shown}: has no sweep to go on with; leave out --resume, or choose another folder"])
    before = dict(known[1])
    blocks = [(int(first), int(end)) for first, end in before.pop("blocks")]
    if before != json.loads(part.about):
        different = [key for key in about if before.get(key) != about[key] and key != DIGEST]
        different = different or ["the points that are drawn, or the samples,"]
        what = "has a sweep of another kind"
        raise OutputError(
            [f"{shown}: {what} ({', '.join(different)} differ); choose another folder, or leave it as it was"]
        )
    dataset = Dataset(folder, _locked((part.folder if known[0] else folder) / ABOUT, shown), part, blocks)
    for block in blocks:
        for path in (part.folder / _name(block[0]), folder / _name(block[0])):
            found = _read(path, block) if path.exists() else None
            if found is not None:
                dataset.done[block[0]] = found
    try:
        dataset.reopen()
    except OSError as error:
        raise OutputError([f"{shown}: cannot write here ({error.strerror})"]) from None
    return dataset


_NONE = {"diverged_quantity": ""}
"""What stands for none in a column of results, where it is not 0."""


def _name(first: int) -> str:
    """The file of the part that begins with a run, from 0; sorted by name they are in their order."""
    return f"part-{first:010d}.parquet"


def _read(path: Path, block: Block) -> Results | None:
    """The results in a part; None where they are not those of the block, and must be computed again."""
    import pyarrow as pa
    from pyarrow.parquet import read_table

    try:
        table = read_table(path, columns=[RUN, *COLUMNS])
    except (OSError, pa.ArrowException, KeyError):
        return None
    runs = table[RUN].to_numpy()
    if len(runs) != block[1] - block[0] or runs[0] != block[0] + 1:
        return None
    found: list[Any] = []
    for name in COLUMNS:
        column = table[name]
        values = column.to_numpy() if column.type == pa.float64() else np.array(column.fill_null(_NONE.get(name, 0)))
        found.append(values)
    return Results(*found)
