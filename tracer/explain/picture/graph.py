"""The graph behind a picture: nodes and edges with the names of the quantities that they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracer.explain.picture.layout import Of, Sketch, Statistic
from tracer.formulas.tree import Expression, distinct
from tracer.model import naming
from tracer.model.experiment import Layer, Network
from tracer.model.system import FORWARD_PASS, Phase

TOTAL = "total"
"""The kind of the loss, besides the phases."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A quantity whose number is shown. scale: numbers of the same scale are colored by their sign and size; "" for
    those that are not. frozen: the change of a parameter that is not trained, always 0."""

    quantity: str
    scale: str = ""
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that describes many quantities, and what it is called."""

    title: str
    statistic: Statistic


@dataclass(frozen=True, slots=True)
class Node:
    """What is given, or computed.

    quantity: what the node is called by; of a layer its name. kind: a phase, or TOTAL. column: its place from left to
    right in the picture of a network. equation: of what is computed. measures: of a whole layer.
    """

    quantity: str
    numbers: tuple[Shown, ...]
    kind: str
    column: int = 0
    equation: Expression | None = None
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from what is used to what uses it, or a parameter between the two.

    source: "" of a bias. backward: whether a gradient comes back along it. measures: of all parameters between layers.
    """

    source: str
    target: str
    numbers: tuple[Shown, ...] = ()
    backward: bool = False
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes in their order, and the edges between them. heads: what each column of a
    network is called, and what it computes."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    heads: tuple[tuple[str, str], ...] = ()


def losses_of(sketch: Sketch) -> list[str | None]:
    """The losses whose gradients a parameter shows: that of the sample, and that of a batch if there are any."""
    return [None, sketch.system.batch_loss] if sketch.system.batch_loss else [None]


def network_graph(sketch: Sketch, network: Network, inputs: Sequence[str], targets: Sequence[str]) -> Graph:
    """A network neuron by neuron; the columns are the inputs, the layers, the errors, the loss."""
    nodes = [Node(name, (Shown(name, "input"),), str(Phase.DATA)) for name in inputs]
    edges: list[Edge] = []
    sources: list[tuple[str, bool]] = [(name, False) for name in inputs]
    for column, layer in enumerate(network.layers, 1):
        outputs = []
        for neuron, weights, bias in zip(layer.neurons, layer.weights, layer.biases, strict=True):
            gradient = sketch.gradient(neuron)
            numbers = [Shown(neuron, "net input"), Shown(naming.activation(neuron), "activation")]
            numbers += [Shown(gradient, "error")] if gradient else []
            nodes.append(Node(neuron, tuple(numbers), str(Phase.FORWARD), column))
            for weight, (source, comes_back) in zip(weights, sources, strict=True):
                edges.append(Edge(source, neuron, _parameter(sketch, weight), comes_back))
            edges += [Edge("", neuron, _parameter(sketch, bias))] if bias else []
            outputs.append((neuron, bool(gradient)))
        sources = outputs
    system, column = sketch.system, len(network.layers) + 1
    errors = naming.errors(len(sources))
    for error, target, (source, comes_back) in zip(errors, targets, sources, strict=True):
        nodes.append(Node(error, (Shown(target), Shown(error, "loss")), str(Phase.LOSS), column))
        edges.append(Edge(source, error, (), comes_back))
    parts = [e.quantity for e in system.equations if e.phase is Phase.LOSS and e.quantity != system.loss]
    nodes += [Node(name, (Shown(name),), str(Phase.LOSS), column) for name in parts if name not in errors]
    of_batch = [Shown(system.batch_loss)] if system.batch_loss else []
    nodes.append(Node(system.loss, (Shown(system.loss), *of_batch), TOTAL, column + 1))
    edges += [Edge(name, system.loss) for name in parts]
    kinds = [", ".join(dict.fromkeys(map(str, layer.activations))) for layer in network.layers]
    layers = [(f"layer {layer.name}", kind) for layer, kind in zip(network.layers, kinds, strict=True)]
    return Graph(tuple(nodes), tuple(edges), (("inputs", ""), *layers, ("errors", ""), ("loss", "")))


def _parameter(sketch: Sketch, name: str) -> tuple[Shown, ...]:
    """A parameter, its gradients, its change."""
    gradients = [sketch.gradient(name, loss) for loss in losses_of(sketch)]
    change = sketch.change(name)
    assert isinstance(change.number, str)
    shown = [Shown(gradient, "gradient") for gradient in gradients if gradient]
    return (Shown(name, "parameter"), *shown, Shown(change.number, "change", frozen=not change.scale))


def equation_graph(sketch: Sketch) -> Graph:
    """What is given, the parameters and every equation up to the loss: a node each, an edge to each that uses it."""
    system = sketch.system
    equations = {e.quantity: e for e in system.equations if e.phase in FORWARD_PASS}
    uses = {name: [used.name for used in distinct(e.expression) if not used.lag] for name, e in equations.items()}
    used = {name for names in uses.values() for name in names}
    given = [name for name in system.data if name in used]
    given += [parameter.name for parameter in system.parameters if parameter.name in used]
    nodes = []
    for name in (*given, *equations):
        phase, equation = sketch.phases[name], equations.get(name)
        scale = {Phase.DATA: "input", Phase.PARAMETER: "parameter"}.get(phase, "value")
        gradient = sketch.gradient(name)
        of_gradient = Shown(gradient, "gradient" if phase is Phase.PARAMETER else "error")
        numbers = (Shown(name, scale), *([of_gradient] if gradient else []))
        kind = TOTAL if name == system.loss else str(phase)
        nodes.append(Node(name, numbers, kind, equation=equation.expression if equation else None))
    places = {node.quantity for node in nodes}
    edges = [Edge(name, user) for user, names in uses.items() for name in names if name in places]
    return Graph(tuple(nodes), tuple(edges))


def layer_graph(sketch: Sketch, network: Network, inputs: Sequence[str], targets: Sequence[str]) -> Graph:
    """A wide network layer by layer, with the norms of what is in each and between them."""
    system = sketch.system
    nodes = [Node("inputs", (), str(Phase.DATA), measures=(norm("i", inputs),))]
    edges = []
    for column, layer in enumerate(network.layers, 1):
        errors = [gradient for gradient in map(sketch.gradient, layer.neurons) if gradient]
        measures = [norm("a", list(map(naming.activation, layer.neurons)))]
        measures += [norm(system.gradient("z"), errors)] if errors else []
        name = f"layer {layer.name}"
        edges.append(Edge(nodes[-1].quantity, name, backward=column > 1, measures=tuple(norms(sketch, layer))))
        nodes.append(Node(name, (), str(Phase.FORWARD), column, measures=tuple(measures)))
    losses = [Shown(name) for name in (system.loss, system.batch_loss) if name]
    edges.append(Edge(nodes[-1].quantity, system.loss, backward=True))
    nodes.append(Node(system.loss, tuple(losses), TOTAL, len(nodes), measures=(norm("t", targets),)))
    return Graph(tuple(nodes), tuple(edges))


def norms(sketch: Sketch, layer: Layer) -> list[Measure]:
    """Of a layer's parameters, and of their gradients."""
    found = [norm(f"W_{layer.name}", layer.parameters())]
    for loss in losses_of(sketch):
        gradients = [gradient for name in layer.parameters() if (gradient := sketch.gradient(name, loss))]
        if gradients:
            found.append(norm(sketch.system.gradient(f"W_{layer.name}", loss), gradients))
    return found


def norm(title: str, quantities: Sequence[str]) -> Measure:
    """The norm of quantities that are called so together."""
    return Measure(f"‖{title}‖", Statistic(Of.NORM, tuple(quantities)))
