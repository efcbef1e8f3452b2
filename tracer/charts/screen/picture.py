"""The picture of a step that suits a model: a network with its wires, or quantities in rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tracer.charts.screen import network, strips
from tracer.charts.screen.canvas import Row, to_ascii
from tracer.charts.screen.numbers import Marks, Numbers, Value
from tracer.explain.picture.picture import is_wide
from tracer.model.experiment import Experiment, Network
from tracer.model.system import System
from tracer.model.typography import typeset


def drawn(
    experiment: Experiment,
    system: System,
    value: Value,
    width: int,
    height: int,
    ascii: bool = False,
    current: Collection[str] = (),
    operands: Collection[str] = (),
    exact: Collection[str] = (),
    names: Mapping[str, str] | None = None,
) -> list[Row]:
    """A picture of at most so many columns and rows. system: the experiment's, with the columns of its trace. value: of
    a quantity, None where it is not known yet. current, operands, exact: what is
    pointed out, see `Marks`. names: how quantities are typeset, where that is known already."""
    names = names or typeset(system.quantities)
    numbers = Numbers(system, value, {n: n for n in names} if ascii else names, Marks(current, operands, exact))
    if isinstance(experiment.model, Network) and not is_wide(experiment):
        rows = network.drawn(experiment, experiment.model, numbers, width, height, ascii)
    else:
        rows = strips.drawn(experiment, numbers, width, height)
    return to_ascii(rows, width) if ascii else rows
