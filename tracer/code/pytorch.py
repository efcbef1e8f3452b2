"""A run as a script for PyTorch: our forward pass, its gradients, its optimizer where it has the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from tracer.code.arrays import LOSS, Arrays, forward, rule_of
from tracer.code.equations import equations, indented, run
from tracer.code.network import columns
from tracer.code.source import DIALECTS, Writer, literal
from tracer.execution.program import program_of
from tracer.formulas.notation import shortest
from tracer.formulas.tree import Name
from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.quantity import Role
from tracer.model.system import FORWARD_PASS, Phase, System
from tracer.tables.settings import defaults

Settings = Mapping[str, float]


def _moments(settings: Settings) -> dict[str, Any]:
    rest = {name: value for name, value in settings.items() if not name.startswith("beta")}
    return {"betas": (settings["beta1"], settings["beta2"]), **rest}


OPTIMIZERS: Mapping[str, tuple[str, Callable[[Settings], Mapping[str, Any]]]] = {
    "sgd": ("SGD", dict),
    "momentum": ("SGD", dict),
    "nesterov": ("SGD", lambda settings: {**settings, "nesterov": True}),
    "adagrad": ("Adagrad", dict),
    "adadelta": ("Adadelta", dict),
    "rmsprop": ("RMSprop", dict),
    "adam": ("Adam", _moments),
    "adamw": ("AdamW", _moments),
    "amsgrad": ("Adam", lambda settings: {**_moments(settings), "amsgrad": True}),
    "adamax": ("Adamax", _moments),
    "nadam": ("NAdam", _moments),
}
"""Our name → PyTorch's, and its arguments, from our settings; the others are written out."""
CLIPPINGS = {"norm": "clip_grad_norm_", "value": "clip_grad_value_"}


def of_network(experiment: Experiment, layers: list[Arrays], writer: Writer) -> Iterator[str]:
    """The lines of `run` for a network in arrays."""
    values = {name: value for arrays in layers for name, value in arrays.parameters(experiment.start).items()}
    body = [*columns(experiment), *forward(experiment, layers, writer, "torch")]
    yield from _run(experiment, rule_of(experiment, layers), values, body, writer)


def of_equations(experiment: Experiment, system: System, writer: Writer) -> Iterator[str]:
    """The lines of `run` for a system of scalar equations."""
    spell, loss = writer.identifiers, Name(system.loss)
    data = ", ".join(spell(Name(name)) for name in system.data)
    passes = [e for e in system.equations if e.phase in FORWARD_PASS]
    if system.batches.several:
        losses, reduction = spell(Name(system.loss, batch=True)), system.batches.reduction
        body = [f"{losses} = []", f"for {data} in batch:", *indented(equations(passes, writer, system))]
        body += [f"    {losses}.append({spell(loss)})", f"{LOSS} = torch.stack({losses}).{reduction}()"]
    else:
        sample = "batch[0]" if len(system.samples) > 1 else "SAMPLES[0]"
        body = [f"{data} = {sample}", *equations(passes, writer, system), f"{LOSS} = {spell(loss)}"]
    values = {Name(parameter.name): parameter.start for parameter in system.parameters}
    yield from _run(experiment, system, values, body, writer)


def _run(
    experiment: Experiment, system: System, values: Mapping[Name, object], body: list[str], writer: Writer
) -> Iterator[str]:
    """The lines of `run`, given the lines that lead to the loss. system: whose parameters are updated."""
    spell, optimizer = writer.identifiers, OPTIMIZERS.get(experiment.optimizer.name)
    trained = [Name(parameter.name) for parameter in system.parameters if parameter.trained]
    start = {}
    for name, value in values.items():
        tensor = f"torch.tensor({literal(value, len(f'{spell(name)} = torch.tensor('))}"
        start[name] = f"{tensor}{', requires_grad=True' if name in trained else ''})"
    tensors = f"[{', '.join(map(spell, trained))}]"
    body += [*(["optimizer.zero_grad()"] if optimizer else []), "loss.backward()"]
    if experiment.clip:
        ((_, limit),) = experiment.clip.settings
        body.append(f"torch.nn.utils.{CLIPPINGS[experiment.clip.name]}({tensors}, {shortest(limit)})")
    program = program_of(system)
    schedule = [equation for equation in system.equations if equation.quantity == naming.ETA]
    before = []
    if optimizer:
        kind, arguments = optimizer
        settings = {**defaults(experiment.rule.settings), **dict(experiment.optimizer.settings)}
        rate = "lr=0.0" if schedule else "lr=eta"
        chosen = {name: value for name, value in settings.items() if value or experiment.rule.settings[name].default}
        words = ", ".join([tensors, rate, *(f"{name}={value!r}" for name, value in arguments(chosen).items())])
        before.append(f"optimizer = torch.optim.{kind}({words})")
        if schedule:
            plain = Writer(DIALECTS["python"], defines=False, identifiers=spell)  # k is a number, and η too
            body += [*equations(schedule, plain, system), 'optimizer.param_groups[0]["lr"] = eta']
        body.append("optimizer.step()")
        rates = {Name(name) for name in (experiment.schedule.rates if experiment.schedule else ())}
        program = replace(program, start={name: value for name, value in program.start.items() if name in rates})
    else:
        for name in trained:
            for gradient in _gradients(system, name.name):
                spell.call(Name(gradient), f"{spell(name)}.grad")
        clipped = (Role.CLIPPED, Role.GRADIENT_NORM)
        rule = [e for e in system.equations if e.phase is Phase.OPTIMIZER]
        lines = [*equations((e for e in rule if system.quantities[e.quantity].role not in clipped), writer, system)]
        for update in program.updates:
            if update.target in trained:
                lines.append(f"{spell(update.target)}.copy_({writer.formula(update.expression)})")
                lines.append(f"{spell(update.target)}.grad = None")
            elif update.target.name != naming.COUNT:
                lines += writer.assignment(spell(update.target), update.expression)
        body += ["with torch.no_grad():", *indented(lines)]
    found = {LOSS: LOSS, **{spell(name): spell(name) for name in values}}
    yield from run(writer, program, start, body, found, before, several=len(experiment.samples) > 1)


def _gradients(system: System, parameter: str) -> list[str]:
    """What may be called the gradient that the optimizer gets."""
    losses = [system.loss, *([system.batch_loss] if system.batch_loss else [])]
    return [*(system.gradient(parameter, loss) for loss in losses), naming.clipped(parameter)]
