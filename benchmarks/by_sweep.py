"""What sweeps take: beside runs one by one, and on a cluster of two workers beside one."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from measure import CLOCK, Row, against, seconds

import tracer
from tracer import api
from tracer.config import Override, prepared
from tracer.config.grid import grid
from tracer.execution.sweep.cluster import Cluster
from tracer.execution.sweep.planning import Planned, planned
from tracer.execution.sweep.points import Points
from tracer.output import dataset

ITERATIONS, SINGLE = 1_000, 100
"""Of each run; and how many single runs stand for 10,000."""
LONG = 150_000
"""Iterations on the cluster: a minute of work."""
WEIGHTS = {"init": "xavier_uniform", "seed": 1}


def plan(config: Path, seeds: int, rates: int, keep: str, iterations: int = ITERATIONS) -> Planned:
    """So many seeds of the weights, each with so many learning rates."""
    settings = [Override(("iterations",), iterations, "iterations"), Override(("weights",), WEIGHTS, "weights")]
    return planned(
        prepared(config), settings, grid({"weights.seed": range(seeds), "learning_rate": f"0.01:10:{rates}:log"}), keep
    )


@contextmanager
def by_the_clock() -> Iterator[None]:
    """What is measured inside is measured by the clock on the wall: processes that share the work are about that."""
    CLOCK.append(time.perf_counter)
    try:
        yield
    finally:
        CLOCK.pop()


def rows(config: Path, folder: Path) -> Iterator[Row]:
    """The rows of a config, beside single runs in one process that is warm."""

    def single() -> None:
        for seed in range(SINGLE):
            tracer.run(config, learning_rate=0.5, iterations=ITERATIONS, weights=WEIGHTS | {"seed": seed})

    final, curves, target = plan(config, 200, 50, "final"), plan(config, 200, 50, "loss"), folder / "curves"

    def written() -> None:
        shutil.rmtree(target, ignore_errors=True)
        api.swept(curves, None, dataset.opened(curves, target, curves.workers, False))

    what, peer, share = f"10,000 runs × {ITERATIONS:,} iterations", "tracer.run, one by one", SINGLE / 10_000
    one_by_one: dict[str, Any] = {peer: single}
    with by_the_clock():
        yield from against("sweep", what, lambda: api.swept(final), one_by_one, {peer: 50}, rounds=5, share=share)
        yield from against(
            "sweep", f"{what}, losses as Parquet", written, one_by_one, {peer: 20}, rounds=5, share=share
        )
    points = Points(final.plan)
    points.run(0, 4096)
    taken = statistics.median(seconds(lambda: points.run(0, 4096), time.process_time) for _ in range(5))
    yield Row("sweep", "one run and iteration, on one core", taken / 4096 / ITERATIONS)
    short = plan(config, 1_000, 2, "final", iterations=1)
    taken = seconds(lambda: Points(short.plan).run(0, 2_000), time.process_time)
    yield Row("sweep", "reading the config of a point", taken / 1_000)


def cluster(config: Path) -> Iterator[Row]:
    """Two Dask workers beside one, by the clock, their start included; a minute of work for the one."""
    long = plan(config, 200, 50, "final", LONG)
    clusters = (Cluster(workers=workers) for workers in (2, 1))
    two, one = (seconds(partial(api.swept, long, cluster=found), time.perf_counter) for found in clusters)
    what = f"10,000 runs × {LONG:,} iterations, two Dask workers of one thread"
    yield Row("cluster", what, two, "one Dask worker", one, one / two, 1.6)
