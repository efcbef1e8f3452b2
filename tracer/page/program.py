"""The program of a system as the page runs it: functions as JavaScript, numbers as data."""

from __future__ import annotations

import math
from typing import Any

from tracer.execution.javascript_emitter import javascript
from tracer.execution.program import program_of
from tracer.formulas.tree import Name
from tracer.model import naming
from tracer.model.batches import Batches
from tracer.model.experiment import Experiment
from tracer.model.system import System


def source(system: System) -> str:
    """The functions: JavaScript that defines `program` and NO_NUMBER."""
    return javascript(program_of(system), system.batches)


def data(experiment: Experiment, system: System) -> dict[str, Any]:
    """The numbers, which JSON can hold. A quantity is the number of its slot.

    slots: how many there are; the first `columns` are those of the trace. names: by slot; null for a state before the
    iteration, and `before` has pairs of such a slot and the state that it keeps. samples: the first slots of a row.
    start: by slot; 0 for what is computed, null for η. updated: what an iteration hands to the next one. of_sample,
    of_batch: what is computed, in its order. eta: of a constant learning rate, or null; etas: the config's.
    changeable: what a person may change, besides the samples: parameters and hyper-parameters. curve: the loss that
    charts show.
    """
    program = program_of(system)
    slots, constant = program.slots, Name(naming.ETA) in program.start
    start: list[float | None] = [0.0] * len(slots)
    for name, value in program.start.items():
        start[slots[name]] = None if math.isnan(value) else value
    parameters = [slots[Name(parameter.name)] for parameter in system.parameters]
    return {
        "slots": len(slots),
        "columns": len(program.columns),
        "names": [None if name.lag else name.name for name in slots],
        "before": [[slot, slots[Name(name.name)]] for name, slot in slots.items() if name.lag],
        "samples": [list(values) for values in system.samples],
        "start": start,
        "parameters": parameters,
        "changeable": [*parameters, *(slots[Name(name)] for name in system.hyper)],
        "updated": [slots[update.target] for update in program.updates],
        "of_sample": [slots[assignment.target] for assignment in program.of_sample],
        "of_batch": [slots[assignment.target] for assignment in program.of_batch],
        "loss": slots[Name(system.loss)],
        "curve": slots[Name(system.curve)],
        "eta": slots[Name(naming.ETA)] if constant else None,
        "etas": list(experiment.learning_rates),
        "iterations": experiment.iterations,
        "batches": _plan(system.batches, experiment.iterations),
    }


def _plan(batches: Batches, iterations: int) -> dict[str, Any]:
    """The plan of a run; the samples of each pass where they are shuffled."""
    passes = -(-iterations // batches.per_pass)
    shuffled = batches.seed is not None and batches.samples > 1
    orders = [batches.order(number) for number in range(passes)] if shuffled else None
    return {"samples": batches.samples, "size": batches.size, "orders": orders}
