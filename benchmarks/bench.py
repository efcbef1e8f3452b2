"""The speeds that the README states, each as a ratio to something named, measured side by side in this run.

Run it as: make bench. Every figure is the median of several rounds, the two sides in turn.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import by_numpy

import tracer
from tracer.model import naming

HERE = Path(__file__).parent
CONFIGS = HERE.parent / "configs"
ROUNDS = 7


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes, in seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def side_by_side(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float, float]:
    """The median seconds of both, and the median of their ratios round by round, after a round to warm up."""
    seconds(ours), seconds(theirs)
    rounds = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    a, b = zip(*rounds, strict=True)
    return statistics.median(a), statistics.median(b), statistics.median(x / y for x, y in rounds)


def whole_run(folder: Path) -> str:
    """The command, six sheets and a CSV, against pandas and openpyxl writing the same values without formulas."""

    def process(*arguments: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)

    ours = process("-m", "tracer", "run", str(CONFIGS / "walkthrough.yaml"), "-o", str(folder))
    theirs = process(str(HERE / "by_pandas.py"), str(folder))
    a, b, ratio = side_by_side(ours, theirs)
    return f"whole run, as a process: {a:.2f} s; pandas and openpyxl without formulas: {b:.2f} s; ratio {ratio:.2f}"


def engine() -> str:
    """The engine against a hand-written NumPy loop that logs the same quantities."""
    steps = 20_000
    compiled = tracer.Engine(tracer.assemble(tracer.load(CONFIGS / "walkthrough.yaml")))
    a, b, ratio = side_by_side(lambda: compiled.run({naming.ETA: 0.5}, steps), lambda: by_numpy.walk(0.5, steps))
    return (
        f"engine: {a / steps * 1e6:.1f} µs a step of 43 quantities; NumPy by hand: {b / steps * 1e6:.1f} µs; "
        f"{1 / ratio:.1f} times as fast"
    )


def formula_cells(folder: Path) -> str:
    """Formula cells with their values, into an .xlsx file."""
    trace = tracer.run(CONFIGS / "biases.yaml")
    given = len(trace.experiment.start) + len(trace.system.data)
    cells = len(trace) * len(trace.system.columns()) - given
    path = folder / "biases.xlsx"
    trace.to_excel(path)
    taken = statistics.median(seconds(lambda: trace.to_excel(path)) for _ in range(ROUNDS))
    return (
        f"workbook: {cells:,} formula cells in {taken:.2f} s, {cells / taken:,.0f} a second, "
        f"{path.stat().st_size / cells:.0f} bytes a cell"
    )


def csv(folder: Path) -> str:
    """A long trace as CSV, against pandas."""
    trace = tracer.run(CONFIGS / "walkthrough.yaml", learning_rate=0.5, iterations=100_000)
    frame = trace.to_frame()
    a, b, ratio = side_by_side(
        lambda: trace.to_csv(folder / "ours.csv"), lambda: frame.to_csv(folder / "theirs.csv", index=False)
    )
    return f"CSV, {len(frame):,} x {len(frame.columns)}: {a:.2f} s; pandas: {b:.2f} s; {1 / ratio:.1f} times as fast"


if __name__ == "__main__":
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as place:
        print(whole_run(Path(place)))
        print(engine())
        print(formula_cells(Path(place)))
        print(csv(Path(place)))
