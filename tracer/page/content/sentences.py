"""The sentences that say why a parameter moves, and what a gradient says, as data that the page fills with numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from tracer.explain.update import Case, Sentence, Value, in_text, update_of
from tracer.formulas.tree import Name
from tracer.model.experiment import Experiment
from tracer.model.system import FORWARD_PASS, System
from tracer.page.content import named
from tracer.page.content.shapes import Data, Shapes

MOST = 400
"""Quantities that have a sentence. In a wider network those of the first ones stand for the others, which are alike."""


def sentences_of(experiment: Experiment, system: System, shapes: Shapes) -> dict[int, list[Data]]:
    """The cases of the sentence of each quantity that has a gradient, by its slot. A number in the text of a case is
    the slot of a quantity that is named there, an expression one whose value stands there."""
    names = {name: named.mark(shapes.slots[Name(name)]) for name in system.columns()}
    asked = islice(_with_gradients(system), MOST)
    return {
        shapes.slots[Name(name)]: _sentence(update_of(system, name, experiment.optimizer.name).sentence, shapes, names)
        for name in asked
    }


def _with_gradients(system: System) -> Iterator[str]:
    """The parameters, then what is computed up to the loss; those that have a gradient in the trace."""
    columns = system.columns()
    names = [parameter.name for parameter in system.parameters]
    names += [e.quantity for e in system.equations if e.phase in FORWARD_PASS]
    return (name for name in names if name != system.loss and system.gradient(name) in columns)


def _sentence(sentence: Sentence, shapes: Shapes, names: Mapping[str, str]) -> list[Data]:
    return [_case(case, shapes, names) for case in sentence]


def _case(case: Case, shapes: Shapes, names: Mapping[str, str]) -> Data:
    parts: list[str | int | list[int]] = []
    for part in case.parts:
        parts += [shapes.of(part.expression)] if isinstance(part, Value) else named.parts(in_text(part, names))
    return {"if": None if case.condition is None else shapes.of(case.condition), "parts": parts}
