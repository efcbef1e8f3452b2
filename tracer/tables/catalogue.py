"""The entries of all tables: name, formula, derivative, source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tracer.formulas.derivative import partials
from tracer.formulas.notation.text import text
from tracer.formulas.primitives import FUNCTIONS, PRIMITIVES, slopes
from tracer.formulas.tree import Call, Expression, Function, Name, replace
from tracer.tables.activations import ACTIVATIONS, SOFTMAX, SOFTMAX_FORMULA, SOFTMAX_SLOPE, SOFTMAX_SOURCE, read_formula
from tracer.tables.initializers import INITIALIZERS
from tracer.tables.losses import LOSSES, PENALTIES
from tracer.tables.optimizers import CLIPPINGS, OPTIMIZERS
from tracer.tables.settings import Settings
from tracer.tables.synonyms import SAME


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: its kind, its name in a config, its lines (label → text)."""

    kind: str
    name: str
    lines: Mapping[str, str]


def catalogue() -> Iterator[Entry]:
    """Every activation, loss, penalty, initializer, clipping, optimizer and function of formulas."""
    for name, activation in ACTIVATIONS.items():
        slope = _derivative(activation.function(name), "z", "a")
        lines = {"a": activation.formula, "∂a/∂z": slope, "settings": _settings(activation.settings)}
        lines |= {"also": ", ".join(_synonyms("activation", name))}
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
        lines |= {"settings": _settings(initializer.settings), "also": ", ".join(_synonyms("initializer", name))}
        lines |= {"source": initializer.source}
        yield Entry("initializer", name, lines)
    for name, clipping in CLIPPINGS.items():
        yield Entry("clipping", name, {"next g": clipping.formula, "source": clipping.source})
    for name, optimizer in OPTIMIZERS.items():
        lines = {"next p": optimizer.update, **optimizer.states, "settings": _settings(optimizer.settings)}
        lines |= {"also": ", ".join(_synonyms("optimizer", name))}
        yield Entry("optimizer", name, lines | {"source": optimizer.source})
    for name, function in FUNCTIONS.items():
        parameters = (*function.parameters, *(["…"] if function.more else []))
        slope = text(slopes(name)[0]) if PRIMITIVES[name].slopes and not function.more else ""
        lines = {"write": f"{name}({', '.join(parameters)})", "by x": slope}
        yield Entry("function", name, lines | {"also": ", ".join(_synonyms("function", name))})


def _derivative(function: Function, by: str, result: str) -> str:
    """The derivative as text; settings keep their names."""
    named = Function(function.name, function.parameters, function.slopes, function.formula)
    call = Call(named, tuple(map(Name, function.parameters)))
    known: dict[Expression, Expression] = {call: Name(result)}
    return text(replace(partials(call, known)[Name(by)], known))


def _synonyms(kind: str, name: str) -> list[str]:
    return [word for word, same in SAME[kind].items() if same == name]


def _settings(settings: Settings) -> str:
    return ", ".join(f"{name} = {setting.default:g}" for name, setting in settings.items())
