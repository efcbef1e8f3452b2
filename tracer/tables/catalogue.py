"""The entries of all tables: name, formula, derivative, source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracer.formulas.derivative import partials
from tracer.formulas.notation.text import text
from tracer.formulas.tree import Call, Expression, Function, Name, replace
from tracer.tables.activations import ACTIVATIONS, SOFTMAX, SOFTMAX_FORMULA, SOFTMAX_SLOPE, SOFTMAX_SOURCE, read_formula
from tracer.tables.initializers import INITIALIZERS
from tracer.tables.losses import LOSSES, PENALTIES
from tracer.tables.optimizers import CLIPPINGS, OPTIMIZERS
from tracer.tables.settings import Settings


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: its kind, its name in a config, its lines (label → text)."""

    kind: str
    name: str
    lines: Mapping[str, str]


def catalogue() -> Iterator[Entry]:
    """Every activation, loss, penalty, initializer, clipping and optimizer."""
    for name, activation in ACTIVATIONS.items():
        slope = _derivative(activation.function(name), "z", "a")
        lines = {"a": activation.formula, "∂a/∂z": slope, "settings": _settings(activation.settings)}
        yield Entry("activation", name, lines | {"source": activation.source})
    lines = {"a_j": SOFTMAX_FORMULA, "∂a_j/∂z_j": SOFTMAX_SLOPE, "source": SOFTMAX_SOURCE}
    yield Entry("activation", SOFTMAX, lines)
    for name, loss in LOSSES.items():
        slope = loss.slope or _derivative(loss.function(name, 1), "a", "E")
        lines = {"E": loss.formula, "∂E/∂a": slope, "settings": _settings(loss.settings)}
        yield Entry("loss", name, lines | {"targets": loss.domain, "source": loss.source})
    for name, penalty in PENALTIES.items():
        slope = text(partials(read_formula(penalty.formula))[Name("w")])
        yield Entry("penalty", name, {"each w adds": penalty.formula, "by w": slope, "source": penalty.source})
    for name, initializer in INITIALIZERS.items():
        lines = {"weights": initializer.distribution, "numbers": " and ".join(initializer.numbers)}
        lines |= {"settings": _settings(initializer.settings), "source": initializer.source}
        yield Entry("initializer", name, lines)
    for name, clipping in CLIPPINGS.items():
        yield Entry("clipping", name, {"next g": clipping.formula, "source": clipping.source})
    for name, optimizer in OPTIMIZERS.items():
        lines = {"next p": optimizer.update, **optimizer.states, "settings": _settings(optimizer.settings)}
        yield Entry("optimizer", name, lines | {"source": optimizer.source})


def _derivative(function: Function, by: str, result: str) -> str:
    """The derivative as text; settings keep their names."""
    named = Function(function.name, function.parameters, function.slopes, function.formula)
    call = Call(named, tuple(map(Name, function.parameters)))
    known: dict[Expression, Expression] = {call: Name(result)}
    return text(replace(partials(call, known)[Name(by)], known))


def _settings(settings: Settings) -> str:
    return ", ".join(f"{name} = {setting.default:g}" for name, setting in settings.items())
