"""What a picture of a step shows: the network, or the graph of its equations, with the numbers of one step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from tracer.charts.dot import dot
from tracer.charts.graph import svg
from tracer.charts.screen.canvas import Row
from tracer.errors import OutputError
from tracer.execution.engine import Engine
from tracer.execution.replay import Iteration, Replay
from tracer.execution.runs import Run
from tracer.explain.lesson import asked
from tracer.explain.picture.diagram import Diagram
from tracer.explain.picture.flow import flow_diagram
from tracer.explain.picture.graph import Graph, equation_graph, layer_graph, losses_of, network_graph
from tracer.explain.picture.layout import Sketch
from tracer.explain.picture.neurons import neuron_diagram
from tracer.explain.picture.picture import is_wide
from tracer.explain.picture.wide import wide_diagram
from tracer.explain.step import Step, iteration_of
from tracer.formulas.evaluation import NO_NUMBER, evaluate
from tracer.formulas.notation import shortest
from tracer.formulas.tree import Expression, distinct
from tracer.model import naming
from tracer.model.assembly import assemble
from tracer.model.experiment import Experiment, Network
from tracer.model.quantity import Quantity, Role
from tracer.model.system import System
from tracer.model.typography import typeset

NETWORK, EQUATIONS = "network", "equations"
KINDS = {
    NETWORK: "its layers, neuron by neuron or, of wide ones, as tiles",
    EQUATIONS: "the computation graph: every quantity with its equation, value and gradient",
}
"""What can be drawn."""
MOST_NODES, MOST_IN_DOT = 300, 20_000
"""Of a graph that is drawn: in a larger one nothing can be found. Of one that is written in DOT."""


@dataclass(frozen=True, slots=True)
class GraphPicture:
    """A picture of a step that a notebook shows. draw: lays it out. values: of all quantities of the step. names: how
    they are typeset. rows: the picture as lines of text, of at most so many columns, in ASCII if that is asked for."""

    title: str
    graph: Graph
    draw: Callable[[], Diagram]
    values: Mapping[str, float]
    names: Mapping[str, str]
    rows: Callable[[int, bool], Iterable[Row]] = lambda _width, _ascii: ()

    def __repr__(self) -> str:
        counts = f"{len(self.graph.nodes):,} nodes, {len(self.graph.edges):,} edges"
        return f"<GraphPicture of {self.title!r:.80}: {counts}; svg() and dot() give it as text>"

    def svg(self) -> str:
        """The picture as an SVG document. Raises OutputError for a graph that is too large to be drawn."""
        return svg(self.draw(), self.values, self.title)

    def dot(self) -> str:
        """The graph in DOT, for Graphviz. Raises OutputError for one that is too large."""
        _check_size(self.graph, MOST_IN_DOT, "")
        return dot(self.graph, self.values, self.names, self.title)

    def _repr_svg_(self) -> str:
        return self.svg()


def graph_picture(
    experiment: Experiment, system: System, kind: str, values: Mapping[str, float], place: tuple[int, int]
) -> GraphPicture:
    """The picture of a step, of one of KINDS. system: with an equation for every factor. values: of its columns, the
    hyper-parameters and k. place: its iteration and its sample. Raises OutputError for a kind that the model does not
    have."""
    if kind not in KINDS:
        raise OutputError([f"'{kind}' cannot be drawn; choose from {', '.join(KINDS)}"])
    model = experiment.model
    title = _title(experiment, values, *place)
    if kind == EQUATIONS:
        sketch = Sketch(system, system, system.columns())
        graph = equation_graph(sketch)
        others = [f"--graph {NETWORK} draws it by layers"] if isinstance(model, Network) else []
        others += ["Graphviz may draw it from a .dot file"] if len(graph.nodes) <= MOST_IN_DOT else []

        def draw() -> Diagram:
            _check_size(graph, MOST_NODES, "; ".join(others))
            return flow_diagram(graph, names, title)

    elif not isinstance(model, Network):
        raise OutputError([f"{experiment.name} has equations of its own, no layers; draw its {EQUATIONS} instead"])
    else:
        network, samples = model, (experiment.inputs, experiment.targets)
        sketch = Sketch(system, system, [neuron for layer in network.layers for neuron in layer.neurons])
        wide = is_wide(experiment)
        graph = (layer_graph if wide else network_graph)(sketch, network, *samples)

        def draw() -> Diagram:
            if wide:
                return wide_diagram(sketch, network, *samples, names, title)
            captions = ["w", *(system.gradient("w", loss) for loss in losses_of(sketch)), naming.change("w")]
            return neuron_diagram(graph, names, title, captions)

    names = _names(system, graph)
    known = _with(sketch.changes, values)

    def rows(width: int, ascii: bool) -> Iterable[Row]:
        from tracer.output import graph_text

        if kind == EQUATIONS and isinstance(model, Network):
            instead = f"draw its {EQUATIONS} to a file, with -o FILE.svg, or read them with `backprop-trace explain`"
            raise OutputError([f"the terminal shows only the network: {instead}"])
        return graph_text.rows(experiment, system, known, title, width, ascii)

    return GraphPicture(title, graph, draw, known, names, rows)


def _check_size(graph: Graph, most: int, instead: str) -> None:
    """Raise OutputError for a graph of more nodes. instead: what can be done."""
    if len(graph.nodes) > most:
        what = f"a graph of {len(graph.nodes):,} quantities is too large, with more than {most:,}"
        raise OutputError([f"{what}; {instead}" if instead else what])


def of_run(
    experiment: Experiment, system: System, run: Run, kind: str, iteration: int | None, sample: int | None
) -> GraphPicture:
    """The picture of a step of a run that is kept whole. iteration, sample: see `of_step`. Raises OutputError as
    `graph_picture` does, and for a step that the run does not have."""
    if experiment.columns == "compact":
        return of_step(experiment, run.hyper, kind, iteration, sample)
    number = asked.iteration_for(run.batches, iteration, sample)
    asked.check_iteration(number, run.iterations, run.divergence, run.until_met)
    return _of_iteration(experiment, system, iteration_of(system, run, number), kind, sample)


def of_step(
    experiment: Experiment, hyper: Mapping[str, float], kind: str, iteration: int | None, sample: int | None
) -> GraphPicture:
    """The picture of a step of the run with these hyper-parameters, which is computed up to there, without keeping its
    rows. iteration: by default the first one that takes the sample. sample: by default the first one of the iteration.
    Raises OutputError as `of_run` does."""
    full = replace(experiment, columns="full")
    number = asked.iteration_for(full.batches, iteration, sample)
    asked.check_iteration(number, full.iterations)
    system = assemble(full)
    found = Replay(Engine(system), hyper, full.iterations).iteration(number)
    asked.check_iteration(number, found.number, found.divergence, until_met=found.divergence is None)
    return _of_iteration(full, system, found, kind, sample)


def _of_iteration(
    experiment: Experiment, system: System, iteration: Iteration, kind: str, sample: int | None
) -> GraphPicture:
    row = asked.row_of(iteration, system.batches, sample, experiment.iterations)
    step = Step(system, iteration, row)
    return graph_picture(experiment, system, kind, {**system.hyper, **step.now}, (iteration.number, step.sample))


def _title(experiment: Experiment, values: Mapping[str, float], iteration: int, sample: int) -> str:
    parts = [f"{experiment.name}: iteration {iteration:,}"]
    parts += [f"sample {sample}"] if len(experiment.samples) > 1 else []
    parts += [f"{naming.ETA} = {shortest(values[naming.ETA])}"] if naming.ETA in values else []
    return ", ".join(parts)


def _names(system: System, graph: Graph) -> dict[str, str]:
    """How the quantities of a graph are typeset, and those in its equations."""
    shown = {number.quantity for part in (graph.nodes, graph.edges) for item in part for number in item.numbers}
    used = {name.name for node in graph.nodes if node.equation is not None for name in distinct(node.equation)}
    places = {node.quantity for node in graph.nodes}
    known = {name: system.quantities[name] for name in shown | used | places if name in system.quantities}
    changes = {
        name: Quantity(Role.CHANGE, of=system.quantities[p.name])
        for p in system.parameters if (name := naming.change(p.name)) in shown
    }  # fmt: skip
    return typeset({**known, **changes})


def _with(derived: Mapping[str, Expression], values: Mapping[str, float]) -> dict[str, float]:
    """The values with those that have no column; NaN for what has no value."""
    known = dict(values)
    for name, expression in derived.items():
        try:
            known[name] = evaluate(expression, known)
        except NO_NUMBER:
            known[name] = math.nan
    return known
