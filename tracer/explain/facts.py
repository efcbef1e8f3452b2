"""The facts of an experiment as labeled lines: the model, the samples, the training."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from tracer.explain.rounding import of_every_quantity
from tracer.explain.words import words
from tracer.formulas.notation import shortest
from tracer.model import naming
from tracer.model.batches import Batches
from tracer.model.experiment import Experiment, OwnEquations
from tracer.tables.losses import LOSSES, PENALTIES
from tracer.tables.optimizers import OPTIMIZERS

PROGRAM = "backprop-trace"
MOST_NAMES = 200
"""That a line lists."""


def command_of(experiment: Experiment, command: str = "run", options: Sequence[str] = ()) -> str:
    """The command line that repeats what was done with a config. options: of the command's own."""
    settings = [word for setting in experiment.source.settings for word in ("--set", setting)]
    keep = experiment.keep
    kept = [word for name in ("every", "tail") if (count := getattr(keep, name)) for word in (f"--{name}", str(count))]
    return shlex.join([PROGRAM, command, file_of(experiment), *settings, *kept, *options])


def file_of(experiment: Experiment) -> str:
    """The file of its config; of one that was passed in Python, a name for it."""
    return experiment.source.file or f"{experiment.name}.yaml"


def facts_of(experiment: Experiment) -> dict[str, str]:
    """What the config says besides its given numbers and learning rates, by what it is about."""
    batches = experiment.batches
    frozen = [name for name in experiment.start if name in experiment.frozen]
    more = len(frozen) - MOST_NAMES
    facts = {
        "description": experiment.description,
        **_model(experiment),
        "samples": f"{batches.samples:,}" if batches.samples > 1 else "",
        "update": _update(batches) if batches.samples > 1 else "",
        "frozen": ", ".join(frozen[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else ""),
        "optimizer": _optimizer(experiment),
        "clipping": ", ".join(f"{name} {shortest(limit)}" for name, limit in experiment.clip.settings)
        if experiment.clip else "",
        "learning rate": words(experiment.schedule.formula) if experiment.schedule else "",
        "iterations": f"{experiment.iterations:,}",
        "kept": f"{experiment.keep}; runs are not diagnosed" if not experiment.keep.all else "",
        "until": f"{words(experiment.until)}, for every sample of a pass" if experiment.until else "",
        "decimals": of_every_quantity(experiment.decimals),
        "columns": experiment.columns,
    }  # fmt: skip
    return {label: fact for label, fact in facts.items() if fact}


def _optimizer(experiment: Experiment) -> str:
    """The name and the settings; the formulas too, where they are the user's own."""
    if experiment.optimizer.name in OPTIMIZERS:
        return str(experiment.optimizer)
    rule = experiment.rule
    start = [f"{state} starts from {shortest(value)}" for state, value in rule.start.items()]
    formulas = [*(f"{state} = {formula}" for state, formula in rule.states.items()), f"p ← {rule.update}"]
    return "; ".join([str(experiment.optimizer), *formulas, *start])


def _update(batches: Batches) -> str:
    """How the samples are taken, in words."""
    order = "in their order" if batches.seed is None else f"shuffled for every pass (seed {batches.seed})"
    if not batches.several:
        return f"after every sample, {order}"
    every = "all samples" if batches.size == batches.samples else f"{batches.size} samples at a time"
    return f"from the {batches.reduction} over {every}, {order}"


def _model(experiment: Experiment) -> dict[str, str]:
    if isinstance(experiment.model, OwnEquations):
        lines = [f"{name} = {words(expression)}" for name, expression in experiment.model.equations.items()]
        return {"equations": "\n".join(lines), "minimized": experiment.model.minimize}
    network = experiment.model
    layers = [
        f"{len(layer.neurons)} {', '.join(dict.fromkeys(map(str, layer.activations)))} ({layer.name})"
        for layer in network.layers
    ]
    formula = "" if network.loss.is_formula else f": {LOSSES[network.loss.name].formula}"
    penalties = [
        f"{naming.penalty(name)} = {shortest(strength)}·Σ {PENALTIES[name].formula}"
        for name, strength in network.penalties.items()
    ]
    return {
        "network": " → ".join([f"{len(experiment.inputs)} inputs", *layers]),
        "loss": "; ".join([f"{network.loss}{formula}, summed over the outputs", *penalties]),
    }
