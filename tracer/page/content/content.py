"""What the page shows of an experiment, as data for its program: names, equations, sentences, paths, a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tracer.execution.program import Program
from tracer.explain.facts import facts_of
from tracer.explain.words import STOPPED
from tracer.formulas.tree import Expression, Name
from tracer.model.experiment import Experiment
from tracer.model.naming import family, read
from tracer.model.quantity import Quantity
from tracer.model.system import System
from tracer.model.typography import typeset
from tracer.page.content.charts import histories, plane
from tracer.page.content.lines import lines_of
from tracer.page.content.paths import paths_of
from tracer.page.content.picture import drawn, picture_data
from tracer.page.content.sentences import sentences_of
from tracer.page.content.shapes import Data, Shapes
from tracer.page.content.slips import WRONG_INDEX, slips_of
from tracer.page.content.source import source_of
from tracer.workbook.exercise.task import Task


@dataclass(frozen=True, slots=True)
class Content:
    """data: what becomes JSON. shapes: the expressions that the page's program computes, see `shapes.Shapes`."""

    data: Data
    shapes: list[Expression]


def content_of(experiment: Experiment, system: System, program: Program) -> Content:
    """The content of the page of an experiment. system: its equations, with the columns of the trace."""
    slots = dict(program.slots)
    texts = typeset(system.quantities)
    picture = drawn(experiment, system, texts)
    for name in picture.derived:
        slots.setdefault(Name(name), len(slots))
    shapes = Shapes(slots, system.batches.rows)
    blocks, lines = lines_of(system, shapes)
    derived = {slots[Name(name)]: {"expression": shapes.of(e)} for name, e in picture.derived.items()}
    data = {
        "name": experiment.name,
        "facts": facts_of(experiment),
        "source": source_of(experiment, system),
        "quantities": _quantities(system, slots, texts),
        "focus": slots[Name(_focus(system))],
        "curve": slots[Name(system.curve)],
        "blocks": blocks,
        "lines": lines,
        "stopped": STOPPED,
        "decimals": system.decimals,
        "derived": derived,
        **sentences_of(experiment, system, shapes),
        **paths_of(system, shapes, texts),
        "charts": histories(system, shapes),
        "regions": plane(experiment, system, shapes, texts),
        "slips": slips_of(system, lines, shapes),
        "wrongIndex": WRONG_INDEX,
        "allowed": shapes.computed(Task().allowed, {Name("q"): 0})[0],
        "picture": picture_data(picture.diagram, {name.name: slot for name, slot in slots.items() if not name.lag}),
    }
    data["shapes"] = shapes.written()
    return Content(data, shapes.expressions)


def _focus(system: System) -> str:
    """The quantity that is explained until another is chosen: the first that is trained."""
    trained = [parameter.name for parameter in system.parameters if parameter.trained]
    return trained[0] if trained else system.loss


def _quantities(system: System, slots: Mapping[Name, int], texts: Mapping[str, str]) -> Data:
    """What every slot holds, by columns; a state of the iteration before has the name of the state. text: as it is
    typeset; math: as MathML. Where a column has few different entries, these, and which of them each slot has."""
    phases, meant = system.columns(), _meant(system, slots)
    markup = typeset(meant, "mathml")
    columns: Data = {"name": [], "text": [], "math": [], "role": [], "phase": [], "family": []}
    for name in slots:
        columns["name"].append(name.name)
        columns["text"].append(texts.get(name.name, name.name))
        columns["math"].append(markup[name.name])
        columns["role"].append(str(meant[name.name].role))
        columns["phase"].append(str(phases.get(name.name, "")))
        columns["family"].append(family(name.name))
    for few in ("role", "phase", "family"):
        kinds = list(dict.fromkeys(columns[few]))
        columns[few] = {"kinds": kinds, "of": [kinds.index(kind) for kind in columns[few]]}
    return columns


def _meant(system: System, slots: Mapping[Name, int]) -> dict[str, Quantity]:
    found = {}
    for name in slots:
        quantity = read(name.name, system.quantities)
        assert quantity
        found[name.name] = quantity
    return found
