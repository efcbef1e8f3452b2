"""The numbers that the program of a page computes with: samples, start values, which slot is what."""

from __future__ import annotations

import math
from typing import Any

from tracer.execution.program import Program
from tracer.formulas.tree import Name
from tracer.model import naming
from tracer.model.batches import Batches
from tracer.model.experiment import Experiment
from tracer.model.system import System

MOST_VALUES = 100_000_000
"""That a page computes for all learning rates together: about a second."""
MOST_PLACES = 100_000
"""In the shuffled orders that a page holds."""

MOST_QUANTITIES, MOST_DATA = 50_000, 100_000
"""That a page has room for: quantities of a step, numbers of the samples."""


def problems_of_page(experiment: Experiment, system: System) -> list[str]:
    """What of an experiment is too much for a page."""
    counts = {
        f"{MOST_QUANTITIES:,} quantities in a step": len(system.columns()) - MOST_QUANTITIES,
        f"{MOST_DATA:,} numbers in the samples": len(system.samples) * len(system.data) - MOST_DATA,
    }
    return [f"a page has room for {most}, and there are {over:,} more" for most, over in counts.items() if over > 0]


def iterations_of(experiment: Experiment, slots: int) -> int:
    """How many iterations a page computes: the config's, unless these are too many."""
    batches = experiment.batches
    rows = max(1, MOST_VALUES // (slots * len(experiment.runs)))
    if batches.seed is not None:
        rows = min(rows, max(batches.samples, MOST_PLACES))
    return min(experiment.iterations, max(1, batches.iteration(rows)))


def data_of(experiment: Experiment, system: System, program: Program) -> dict[str, Any]:
    """The numbers, which JSON can hold. A quantity is the number of its slot.

    slots: how many there are; the first `columns` are those of the trace. names: by slot; null for a state before the
    iteration, and `before` has pairs of such a slot and the state that it keeps. samples: the first slots of a row.
    start: by slot; 0 for what is computed, null for η. updated: what an iteration hands to the next one. of_sample,
    of_batch: what is computed, in its order. eta: of a constant learning rate, or null; etas: the config's.
    changeable: what a person may change, besides the samples: parameters and hyper-parameters. curve: the loss that
    charts show. leftOut: the config's iterations, where
    these are too many; else null. ascii: how characters in names are spelled in ASCII.
    """
    slots, constant = program.slots, Name(naming.ETA) in program.start
    start: list[float | None] = [0.0] * len(slots)
    for name, value in program.start.items():
        start[slots[name]] = None if math.isnan(value) else value
    iterations = iterations_of(experiment, len(slots))
    letters = {letter for name in slots for letter in name.name}
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
        "iterations": iterations,
        "leftOut": None if iterations == experiment.iterations else {"iterations": experiment.iterations},
        "ascii": {chr(code): text for code, text in naming.ASCII.characters.items() if chr(code) in letters},
        "batches": _plan(system.batches, iterations),
    }


def _plan(batches: Batches, iterations: int) -> dict[str, Any]:
    """The plan of a run; the samples of each pass where they are shuffled."""
    passes = -(-iterations // batches.per_pass)
    shuffled = batches.seed is not None and batches.samples > 1
    orders = [batches.order(number) for number in range(passes)] if shuffled else None
    return {"samples": batches.samples, "size": batches.size, "orders": orders}
