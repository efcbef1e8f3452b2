"""A network as a script in arrays, with NumPy: the chain rule a line a layer."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.code.arrays import LOSS, Arrays, backward, forward, rule_of
from tracer.code.equations import run, updates
from tracer.code.source import Writer, literal
from tracer.execution.program import program_of
from tracer.formulas.tree import Name
from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.system import Phase


def function(experiment: Experiment, layers: list[Arrays], writer: Writer) -> Iterator[str]:
    """The lines of `run`, which repeats a run of the network."""
    rule, spell = rule_of(experiment, layers), writer.identifiers
    program = program_of(rule)
    values = {name: value for arrays in layers for name, value in arrays.parameters(experiment.start).items()}
    start = {name: f"np.array({literal(value, len(f'{spell(name)} = np.array('))})" for name, value in values.items()}
    body = [
        *columns(experiment), *forward(experiment, layers, writer, "np"), *backward(experiment, layers, writer),
    ]  # fmt: skip
    for equation in rule.equations:
        if equation.quantity == naming.GRADIENT_NORM:
            gradients = ", ".join(spell(Name(rule.gradient(p.name))) for p in rule.parameters if p.trained)
            body.append(f"{spell(Name(equation.quantity))} = np.sqrt(sum(np.sum(g**2) for g in [{gradients}]))")
        elif equation.phase is Phase.OPTIMIZER:
            body += writer.assignment(spell(Name(equation.quantity)), equation.expression)
    body += updates(program, writer)
    found = {LOSS: LOSS, **{spell(name): spell(name) for name in start}}
    yield from run(writer, program, start, body, found, several=len(experiment.samples) > 1)


def columns(experiment: Experiment) -> Iterator[str]:
    """The targets and the inputs of the samples of an iteration."""
    count = len(experiment.targets)
    batch = "batch" if len(experiment.samples) > 1 else "SAMPLES"
    yield f"t, x = {batch}[:, :{count}], {batch}[:, {count}:]"
