"""The sentences that say why a parameter moves, and what a gradient says, as data that the page fills with numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tracer.explain.blocks import of_this_step
from tracer.explain.update import Case, Value, update_of
from tracer.formulas.tree import Expression, Name, distinct
from tracer.model.experiment import Experiment
from tracer.model.system import FORWARD_PASS, System
from tracer.page.content.shapes import Data, Reference, Shapes


def sentences_of(experiment: Experiment, system: System, shapes: Shapes) -> Data:
    """sentences: of each quantity that has a gradient, and of the gradients of a batch, by slot: the number of a
    pattern, then the slots of its places. patterns: a sentence each, with its cases, whose parts are text, and
    expressions of places, in symbols or as the value that they have."""
    patterns = _Patterns(experiment, system, shapes)
    columns, found = system.columns(), {}
    for parameter in system.parameters:
        update = system.updates.get(parameter.name)
        used = distinct(of_this_step(update)) if update else []
        shape = shapes.of(of_this_step(update))[0] if update else -1
        if system.gradient(parameter.name) in columns:
            sentence = patterns.of(parameter.name, shape, used)
            found[shapes.slots[Name(parameter.name)]] = sentence
            if system.batch_loss and parameter.trained:
                found[shapes.slots[Name(system.gradient(parameter.name, system.batch_loss))]] = sentence
    for equation in system.equations:
        name = equation.quantity
        if equation.phase in FORWARD_PASS and name != system.loss and system.gradient(name) in columns:
            found[shapes.slots[Name(name)]] = patterns.of(name, -2, [])
    return {"sentences": found, "patterns": patterns.listed}


@dataclass(slots=True)
class _Patterns:
    """The patterns while they are collected; all parameters with updates of one shape share one."""

    experiment: Experiment
    system: System
    shapes: Shapes
    listed: list[list[Data]] = field(default_factory=list)
    _numbers: dict[int, int] = field(default_factory=dict)

    def of(self, quantity: str, kind: int, used: Iterable[Name]) -> Reference:
        """The sentence of a quantity. kind: of the same number where sentences differ in their quantities only, of
        which `used` are some."""
        system, slots = self.system, self.shapes.slots
        losses = dict.fromkeys((None, system.batch_loss))
        gradients = [Name(system.gradient(quantity, loss)) for loss in losses]
        own = (Name(quantity), *(gradient for gradient in gradients if gradient in slots), *used)
        places = list(dict.fromkeys(slots[name] for name in own))
        if kind not in self._numbers:
            sentence = update_of(system, quantity, self.experiment.optimizer.name).sentence
            self._numbers[kind] = len(self.listed)
            order = {slot: place for place, slot in enumerate(places)}
            self.listed.append([self._case(case, order) for case in sentence])
        return [self._numbers[kind], *places]

    def _case(self, case: Case, places: Mapping[int, int]) -> Data:
        parts = [part if isinstance(part, str) else self._part(part, places) for part in case.parts]
        condition = None if case.condition is None else self._in_places(case.condition, places)
        return {"if": condition, "parts": parts}

    def _part(self, part: Expression | Value, places: Mapping[int, int]) -> Data:
        if isinstance(part, Value):
            return {"value": self._in_places(part.expression, places)}
        return {"symbols": self._in_places(part, places)}

    def _in_places(self, expression: Expression, places: Mapping[int, int]) -> Reference:
        shape, *slots = self.shapes.of(expression)
        return [shape, *(places[slot] for slot in slots)]
