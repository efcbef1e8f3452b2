"""The speeds that docs/speed.md and the README state, each beside something named, measured in this run.

Run it as: make bench, or python benchmarks/bench.py --only engine,xlsx --json FILE. Peers that are not installed are
left out; `pip install .[bench]` installs all. Every figure is the median of several rounds, the two sides in turn.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import by_formulas
import by_loop
import by_micrograd
import by_numpy
import by_page
import by_sweep
import by_tables
import by_workbooks
import numpy
from measure import (
    CLOCK,
    Row,
    Work,
    against,
    alone,
    as_json,
    in_words,
    machine,
    process,
    processor,
    seconds,
    table,
    watched,
    with_tables,
)

import tracer
from tracer.execution import engine as engine_module
from tracer.model import naming

HERE = Path(__file__).parent
CONFIGS = HERE.parent / "configs"
WALKTHROUGH = CONFIGS / "walkthrough.yaml"
TO_EXCEL = (
    "import sys, tracer; tracer.run(sys.argv[1], learning_rate=0.5, iterations=int(sys.argv[2])).to_excel(sys.argv[3])"
)
COMMAND = "import sys; from tracer.commands.main import main; main(sys.argv[1:], standalone_mode=False)"
"""What runs as a process of its own, to see its memory."""


def there(*peers: str) -> list[str]:
    """Those of these packages that are installed."""
    return [peer for peer in peers if find_spec(peer)]


def sigmoids(inputs: int, hidden: int, outputs: int, **keys: Any) -> dict[str, Any]:
    """A config of two layers of sigmoids with random numbers."""
    draw = random.Random(1)

    def numbers(count: int) -> list[float]:
        return [draw.random() for _ in range(count)]

    return {
        "inputs": numbers(inputs), "targets": numbers(outputs), "layers": [{"neurons": hidden}, {"neurons": outputs}],
        "weights": {"init": "xavier_uniform", "seed": 1}, "learning_rate": 0.1, "iterations": 1, **keys,
    }  # fmt: skip


# ---------------------------------------------------------------------------------------------------------- engine


def engine(_: Path) -> Iterator[Row]:
    """The engine, which keeps every intermediate number, beside what else computes them."""
    steps = 10_000
    classic = compiled(tracer.load(WALKTHROUGH))
    peers: dict[str, Work] = {
        "a straight-line Python loop that keeps tuples": lambda: by_loop.walk(0.5, steps),
        "micrograd's Value, fewer numbers kept": lambda: by_micrograd.walk(0.5, steps),
    }
    losses = {by_loop.walk(0.5, steps)[-1][22], classic.run({naming.ETA: 0.5}, steps)["E_total"][-1]}
    assert max(losses) <= min(losses) * (1 + 1e-9)
    yield from per_step(
        "2-2-2, a step of 43 quantities", lambda: classic.run({naming.ETA: 0.5}, steps), peers, steps,
        {"a straight-line Python loop that keeps tuples": 1.5},
    )  # fmt: skip
    for sizes, count in (((2, 2, 2), 10_000), ((4, 8, 3), 3_000), ((64, 32, 10), 60)):
        trace = tracer.run(sigmoids(*sizes))
        weights = trace.parameters(1)
        targets = list(trace.experiment.targets)
        sample = dict(zip(trace.system.data, trace.system.samples[0], strict=True))
        x, t = ([sample[name] for name in sample if (name in targets) == of] for of in (False, True))
        given = numpy.array(x), numpy.array(t), weights["W_h"], weights["W_o"]
        work = tracer.Engine(trace.system)
        mine, theirs = work.run({naming.ETA: 0.1}, count), by_numpy.walk(*given, 0.1, count)
        assert len(mine.columns) == theirs.shape[1]
        assert math.isclose(math.fsum(mine.rows[-len(mine.columns) :]), math.fsum(theirs[-1]), rel_tol=1e-9)
        peers = {"NumPy by hand": partial(by_numpy.walk, *given, 0.1, count)}
        if there("torch"):
            import by_torch

            peers["PyTorch with retained gradients"] = partial(by_torch.walk, *given, 0.1, count)
        what = f"{'-'.join(map(str, sizes))}, a step of {len(mine.columns):,} quantities"
        yield from per_step(what, partial(work.run, {naming.ETA: 0.1}, count), peers, count)
    yield from batches()


def batches() -> Iterable[Row]:
    """A batch of 150, as arrays, beside the same program one sample after the other, and beside one update a sample."""
    passes, rate = 40, {naming.ETA: 0.1}
    online, batch = (
        tracer.load(CONFIGS / "iris.yaml", [tracer.Override(("update",), update, "bench")])
        for update in ("online", "batch")
    )
    arrays, one_by_one = compiled(batch), compiled(online)
    large, engine_module.LARGE = engine_module.LARGE, sys.maxsize
    in_turn = compiled(batch)
    engine_module.LARGE = large
    peers: dict[str, Work] = {
        "our loop over the samples of a batch": partial(in_turn.run, rate, passes),
        "ours, an update after each sample": partial(one_by_one.run, rate, passes * 150),
    }
    goals = {"our loop over the samples of a batch": 3.0}
    work = partial(arrays.run, rate, passes)
    return per_step("iris, 4-3-3, batch of 150: a row", work, peers, passes * 150, goals)


def per_step(
    what: str, ours: Work, peers: dict[str, Work], steps: int, targets: dict[str, float] | None = None
) -> Iterator[Row]:
    """The time of one step."""
    for row in against("engine", what, ours, peers, targets):
        assert row.theirs
        yield Row(row.part, what, row.ours / steps, row.peer, row.theirs / steps, row.faster, row.target)


# ------------------------------------------------------------------------------------------------------------ xlsx


def xlsx(folder: Path) -> Iterator[Row]:
    """Workbooks with formulas: ours has values too, and eight sheets around the one of the run."""
    for rows in (1_000, 10_000):
        trace = tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=rows)
        path = folder / "ours.xlsx"
        trace.to_excel(path)
        cells = by_workbooks.cells(path, "η = 0.5")
        count = sum(isinstance(cell.formula, str) for row in cells for cell in row)
        peers: dict[str, Work] = {
            "openpyxl, formulas without values": partial(by_workbooks.openpyxl_cells, cells, folder / "o.xlsx"),
            "openpyxl, write-only": partial(by_workbooks.openpyxl_rows, cells, folder / "r.xlsx"),
        }
        if there("xlsxwriter"):
            peers["XlsxWriter"] = partial(by_workbooks.xlsxwriter_cells, cells, folder / "w.xlsx")
        taken = alone("xlsx", "", partial(trace.to_excel, path)).ours
        notes = {
            "formula cells": f"{count:,}", "a second": f"{count / taken / 1e6:.2f} M",
            "size": f"{path.stat().st_size / 1e6:.1f} MB", **watched(TO_EXCEL, WALKTHROUGH, str(rows), path)[1],
        }  # fmt: skip
        goals = {"openpyxl, write-only": 10.0, "XlsxWriter": 35.0} if rows == 10_000 else {}
        what = f"{rows:,} rows of the classic network, one workbook"
        yield from against("xlsx", what, partial(trace.to_excel, path), peers, goals, notes, rounds=3)


# ---------------------------------------------------------------------------------------------------------- tables


def csv(folder: Path) -> Iterator[Row]:
    """Files of numbers, and frames."""
    trace = tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=100_000)
    frame = trace.to_frame()
    size = f"{len(frame):,} × {len(frame.columns)}"
    peers: dict[str, Work] = {"DataFrame.to_csv": lambda: frame.to_csv(folder / "pandas.csv", index=False)}
    peers |= by_tables.csv_writers(frame, folder)
    goals = {"DataFrame.to_csv": 25.0, "pyarrow.csv.write_csv": 1.3}

    def remove() -> None:  # every writer begins a file, and none has the room of an older one to give back
        for path in folder.glob("*.csv"):
            path.unlink()

    writes = partial(trace.to_csv, folder / "a.csv")
    yield from against("csv", f"CSV, {size}", writes, peers, goals, rounds=5, before=remove)
    slow = tracer.run(WALKTHROUGH, learning_rate=0.001, iterations=100_000)
    differing = slow.to_frame()
    peers = {"DataFrame.to_csv": lambda: differing.to_csv(folder / "pandas.csv", index=False)}
    writes = partial(slow.to_csv, folder / "a.csv")
    yield from against("csv", f"CSV, {size}, all rows different", writes, peers, rounds=5, before=remove)
    if there("pyarrow"):
        yield from against(
            "csv", f"Parquet, {size}", lambda: trace.to_parquet(folder / "a.parquet"),
            {"DataFrame.to_parquet": lambda: frame.to_parquet(folder / "pandas.parquet")}, rounds=3,
        )  # fmt: skip
    values = frame.to_numpy()
    yield from against(
        "csv", f"to_frame, {size}", trace.to_frame, {"DataFrame(array)": lambda: by_tables.frame(values, frame.columns)}
    )


# --------------------------------------------------------------------------------------------------------- command


def command(folder: Path) -> Iterator[Row]:
    """Whole processes."""
    script = "a script with NumPy, pandas and openpyxl, values only"
    for formats, target in (("csv,xlsx", 1 / 0.55), ("csv,xlsx,html", 1 / 0.6)):
        yield from against(
            "command", f"the command, six η × 100: {formats.replace(',', ', ')}",
            process("-m", "tracer", "run", WALKTHROUGH, "-o", folder, "-q", "--format", formats),
            {script: process(HERE / "by_pandas.py", folder)}, {script: target}, rounds=9,
        )  # fmt: skip
    yield from against(
        "command", "--version", process("-m", "tracer", "--version"), {"python -c pass": process("-c", "pass")},
        {"python -c pass": 1 / 5}, rounds=15,
    )  # fmt: skip
    wide = folder / "wide.yaml"
    wide.write_text(json.dumps(sigmoids(64, 32, 10)), encoding="utf-8")
    for config, quantity in ((WALKTHROUGH, "dE/dw1"), (WALKTHROUGH, None), (wide, "dE/dw40")):
        peer = "run --format csv -q of it"
        yield from against(
            "command", f"explain {config.stem} {quantity or ''}".rstrip(),
            process("-m", "tracer", "explain", config, *([quantity] if quantity else [])),
            {peer: process("-m", "tracer", "run", config, "--format", "csv", "-q", "-o", folder)}, {peer: 1 / 1.5},
            rounds=9,
        )  # fmt: skip


def plot(folder: Path) -> Iterator[Row]:
    """A large CSV drawn, beside the reading of the columns that are drawn."""
    process("-m", "tracer", "run", WALKTHROUGH, "-o", folder, "-q", "--format", "csv", "--iterations", "166667")()
    file = folder / "walkthrough.csv"
    peer = "pandas.read_csv of the 3 columns"
    peers = {peer: process("-c", by_tables.READING, file, "iteration", "eta", "E_total")}
    drawn: dict[str, list[str | Path]] = {"in the terminal": [], "as SVG": ["-o", folder / "a.svg"]}
    if there("matplotlib"):
        drawn["as PNG"] = ["-o", folder / "a.png"]
    for what, options in drawn.items():
        ours = process("-m", "tracer", "plot", file, *options)
        yield from against("plot", f"plot of 1,000,002 rows {what}", ours, peers, {peer: 1 / 1.5})


# ---------------------------------------------------------------------------------------------------------- growth


def growth(folder: Path) -> Iterator[Row]:
    """How time and memory grow with the steps, the columns and the workbooks."""
    for form, place in {"csv": "-", **({"parquet": str(folder)} if there("pyarrow") else {})}.items():
        for steps in (1_000, 10_000, 100_000, 1_000_000, 10_000_000):
            given = ["run", str(WALKTHROUGH), "--learning-rate", "0.5", "--iterations", str(steps)]
            taken, notes = watched(COMMAND, *given, "--format", form, "-q", "-o", place)
            yield Row("growth", f"the command, {steps:,} steps as {form}", taken, notes=notes)
    for sizes in ((2, 2, 2), (4, 8, 3), (64, 32, 10), (256, 64, 10)):
        config = sigmoids(*sizes)
        experiment = tracer.load(config)
        work = tracer.Engine(tracer.assemble(experiment))
        columns = len(work.columns)
        steps = max(1, 200_000 // columns)
        taken = alone("", "", partial(work.run, {naming.ETA: 0.1}, steps), rounds=3).ours
        notes = {"a quantity": f"{taken / steps / columns * 1e9:.0f} ns in a run"}
        build = alone(
            "growth", f"assemble and compile {'-'.join(map(str, sizes))}, {columns:,} columns",
            partial(compiled, experiment), notes, rounds=3,
        )  # fmt: skip
        yield build
    sheet = folder / "sheet.xlsx"
    tracer.run(WALKTHROUGH, learning_rate=0.5).to_excel(sheet)
    many = folder / "sheets"
    many.mkdir()
    for number in range(100):
        (many / f"{number}.xlsx").write_bytes(sheet.read_bytes())
    yield Row("growth", "check of 100 workbooks of 100 steps", seconds(lambda: checked(many)))
    yield from by_formulas.rows(WALKTHROUGH, folder)


def page(folder: Path) -> Iterator[Row]:
    """The page, in Chromium."""
    if not which("chromium"):
        return
    large = sigmoids(64, 32, 10, iterations=100)
    yield from by_page.rows({"2-2-2": WALKTHROUGH, "iris": CONFIGS / "iris.yaml", "64-32-10": large}, folder)


def sweep(folder: Path) -> Iterator[Row]:
    """Many runs at once."""
    if there("pyarrow"):
        yield from by_sweep.rows(WALKTHROUGH, folder)


def cluster(_: Path) -> Iterator[Row]:
    """Many runs on Dask."""
    if there("distributed"):
        yield from by_sweep.cluster(WALKTHROUGH)


def compiled(experiment: tracer.Experiment) -> tracer.Engine:
    return tracer.Engine(tracer.assemble(experiment))


def checked(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "tracer", "check", folder], check=False, stdout=subprocess.DEVNULL)


# ------------------------------------------------------------------------------------------------------------ main

PARTS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "engine": engine, "xlsx": xlsx, "csv": csv, "command": command, "plot": plot, "growth": growth,
    "page": page, "sweep": sweep, "cluster": cluster,
}  # fmt: skip
HEADINGS = {
    "engine": "The engine", "xlsx": "Workbooks", "csv": "Files of numbers", "command": "The command",
    "plot": "Plots", "growth": "Growth", "page": "The page", "sweep": "Sweeps", "cluster": "Sweeps on a cluster",
}  # fmt: skip
"""Of the parts, in docs/speed.md."""


def main() -> None:
    """Measure, and print the table as it grows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--only", default=",".join(PARTS), help=f"which parts, of {', '.join(PARTS)}")
    parser.add_argument("--json", type=Path, help="a file for the results")
    parser.add_argument("--write", type=Path, help="a page such as docs/speed.md, whose tables are replaced")
    parser.add_argument("--cpu", action="store_true", help="measure processor time, for a machine that is busy")
    asked = parser.parse_args()
    if asked.cpu:
        CLOCK.append(processor)
    chosen = asked.only.split(",")
    unknown = [part for part in chosen if part not in PARTS]
    if unknown:
        parser.error(f"--only: {', '.join(unknown)}: choose from {', '.join(PARTS)}")
    gc.set_threshold(1_000_000)  # as the command does
    where, rows = machine(), list[Row]()
    told = ", ".join([*in_words(where), *["processor time"] * asked.cpu])
    print(told, flush=True)
    with tempfile.TemporaryDirectory() as place:
        for number, part in enumerate(chosen):
            folder = Path(place) / str(number)
            folder.mkdir()
            for row in PARTS[part](folder):
                rows.append(row)
                print(table([row]) if len(rows) == 1 else table([row]).splitlines()[-1], flush=True)
            if asked.write:
                parts = {HEADINGS[part]: table(row for row in rows if row.part == part)}
                text = with_tables(asked.write.read_text(encoding="utf-8"), told, parts)
                asked.write.write_text(text, encoding="utf-8")
    if asked.json:
        asked.json.write_text(as_json(rows, where) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
