"""Runs of the page's program in Node, as numbers to compare with the engine's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import tracer
from tests.places import ABSOLUTE, RELATIVE, agree
from tracer.execution.javascript_emitter import complete, program_source
from tracer.execution.program import program_of
from tracer.model.system import System
from tracer.page.program import data_of
from tracer.page.script import joined

WRITE_RUNS = """
  const values = [], engine = new Engine(data, program);
  const runs = (data.etas.length ? data.etas : [null]).map(eta => {
    const run = engine.run(eta);
    for (let row = 0; row < run.rows; row++) values.push(engine.step(eta, row).slice(0, data.columns));
    const final = data.parameters.map(slot => run.final[slot]);
    const { rows, complete, iterations, divergence, untilMet, finalLoss } = run;
    return { rows, complete, iterations, divergence, untilMet, finalLoss, final };
  });
"""


@dataclass(frozen=True, slots=True)
class NodeRun:
    """A run as Node computed it: its rows, and what `Engine.run` says of it."""

    rows: np.ndarray[Any, Any]
    said: dict[str, Any]


def node(source: str) -> str:
    """What a script prints."""
    done = subprocess.run(["node", "-"], input=source, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def engine_source(trace: tracer.Trace) -> str:
    """What defines `data`, `program` and `Engine` for the experiment of a trace."""
    system = tracer.assemble(trace.experiment)
    program = program_of(system)
    data = json.dumps(data_of(trace.experiment, system, program))
    return "\n".join([f"const data = {data};", source_of(system), joined("engine.js")])


def source_of(system: System) -> str:
    """What defines `program`."""
    return complete(program_source(program_of(system), system.batches), result="program")


def runs_in_node(traces: Sequence[tracer.Trace], folder: Path) -> list[list[NodeRun]]:
    """The runs of each trace's experiment, all in one process."""
    lines = ['const files = require("fs");']
    for number, trace in enumerate(traces):
        path = json.dumps(str(folder / f"{number}"))
        lines += ["(() => {", engine_source(trace), WRITE_RUNS]
        lines += [f"files.writeFileSync({path}, Buffer.concat(values.map(row => Buffer.from(row.buffer))));"]
        lines += ["console.log(JSON.stringify(runs));", "})();"]
    printed = node("\n".join(lines)).splitlines()
    found = []
    for number, (trace, line) in enumerate(zip(traces, printed, strict=True)):
        width = len(tracer.assemble(trace.experiment).columns())
        rows = np.fromfile(folder / f"{number}").reshape(-1, width)
        said = json.loads(line)
        ends = np.cumsum([run["rows"] for run in said])
        found.append([NodeRun(part, run) for part, run in zip(np.split(rows, ends[:-1]), said, strict=True)])
    return found


def nudged(trace: tracer.Trace) -> tracer.Trace:
    """The same from a start that is a last digit or two away: how much the run makes of such a difference."""
    start = {name: value * (1 + 4e-16) for name, value in trace.experiment.start.items()}
    samples = tuple(tuple(x * (1 - 4e-16) for x in values) for values in trace.experiment.samples)
    return tracer.walk(replace(trace.experiment, start=start, samples=samples))


def differences(trace: tracer.Trace, runs: Sequence[NodeRun], room: Sequence[np.ndarray[Any, Any]] = ()) -> list[str]:
    """What Node says otherwise than the trace; empty where all is the same within the tolerance. room: further
    tolerance for every number of every run."""
    found: list[str] = []
    assert len(trace.runs) == len(runs)
    for run, other, more in zip(trace.runs, runs, room or [np.zeros(1)] * len(runs), strict=True):
        names, said = list(run.columns), other.said
        expected = np.array(run.rows).reshape(-1, len(names))
        if expected.shape != other.rows.shape:
            found.append(f"{run.title}: {len(other.rows)} rows, not {len(expected)}")
            continue
        near = np.abs(other.rows - expected) <= np.maximum(RELATIVE * np.abs(expected), ABSOLUTE) + more
        wrong = np.argwhere(~near & ~(np.isnan(expected) & np.isnan(other.rows)))
        found += [
            f"{run.title}: {names[column]} in row {row}: {other.rows[row, column]!r}, not {expected[row, column]!r}"
            for row, column in wrong[:3]
        ]
        stopped = said["divergence"] and (names[said["divergence"]["quantity"]], said["divergence"]["iteration"])
        facts = {
            "rows": len(run), "complete": run.complete, "iterations": run.iterations, "untilMet": run.until_met,
            "divergence": run.divergence and (run.divergence.quantity, run.divergence.iteration),
        }  # fmt: skip
        for fact, right in facts.items():
            what = stopped if fact == "divergence" else said[fact]
            if what != right:
                found.append(f"{run.title}: {fact} is {what}, not {right}")
        if run.final and not room:
            pairs: dict[str, Any] = {"loss": (said["finalLoss"], run.final_loss)}
            pairs |= {name: (value, run.final[name]) for name, value in zip(run.final, said["final"], strict=True)}
            for name, (value, right) in pairs.items():
                near_enough = value is not None and agree(value, right)
                if not near_enough and not (value is None and right == np.inf):
                    found.append(f"{run.title}: {name} at the end is {value!r}, not {right!r}")
    return found
