"""Pictures of the network and of the computation graph: their layout, their numbers, as SVG and as DOT."""

from __future__ import annotations

import math
import random
import re
import subprocess
from collections.abc import Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest
from defusedxml import ElementTree  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tests.pictures import PICTURES as PICTURES_FOLDER
from tests.pictures import svg_pictures
from tests.places import BLOWS_UP, CONFIGS, ROOT, WALKTHROUGH, agree
from tests.test_command_input import command
from tests.test_picture import BATCH, COMPACT_BATCH
from tests.test_walkthrough import SIX, WIDE
from tracer.charts.dot import dot
from tracer.charts.graph import svg, written
from tracer.errors import OutputError
from tracer.explain.picture import diagram
from tracer.explain.picture.diagram import SIZES, Curve, Diagram, Number, Shape, Text, Tiles
from tracer.explain.picture.flow import flow_diagram
from tracer.explain.picture.graph import Edge, Graph, Node, Shown
from tracer.explain.picture.layered import layered
from tracer.output.graphs import GraphPicture

SVG = "{http://www.w3.org/2000/svg}"
NETWORKS: dict[str, Any] = {
    "classic": WALKTHROUGH, "biases": ROOT / "configs" / "biases.yaml", "deep": ROOT / "configs" / "deep.yaml",
    "iris": ROOT / "configs" / "iris.yaml", "xor": ROOT / "configs" / "xor.yaml", "six": SIX, "batch": BATCH,
    "batch-compact": COMPACT_BATCH, "wide": WIDE,
}  # fmt: skip
PICTURES = [(model, "network") for model in NETWORKS] + [(path.stem, "equations") for path in CONFIGS]
RECURRENT: dict[str, Any] = {
    "inputs": {f"x{n}": 0.3 * n for n in range(1, 6)}, "targets": {f"t{n}": 0.5 for n in range(1, 6)},
    "parameters": {"w": 0.6, "u": -0.4, "b": 0.1, "v": 0.9, "s0": 0.0}, "minimize": "E", "learning_rate": 0.1,
    "equations": "\n".join(
        [f"s{n} = tanh(w*x{n} + u*s{n - 1} + b)\ne{n} = (t{n} - v*s{n})^2" for n in range(1, 6)]
        + ["E = e1 + e2 + e3 + e4 + e5"]
    ),
}  # fmt: skip
"""Parameters that are used in every step: their arrows pass many layers."""
Box = tuple[float, float, float, float]


def picture(name: Any, kind: str, **settings: Any) -> GraphPicture:
    model = NETWORKS.get(name, ROOT / "configs" / f"{name}.yaml") if isinstance(name, str) else name
    return tracer.run(model, **{"iterations": 2, **settings}).graph(kind)


def numbers(document: str) -> dict[str, float]:
    """The numbers of an SVG, by the quantity that each stands for."""
    found = {}
    for group in ElementTree.fromstring(document).iter(f"{SVG}g"):
        title = group.findtext(f"{SVG}title")
        if title and " = " in title:
            name, _, value = title.partition(" = ")
            assert name == group.get("data-quantity")
            found[name] = float(value)
    return found


# ------------------------------------------------------------------------------------------------- the layout


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    """A number of nodes and edges from smaller ones to larger ones."""
    count = draw(st.integers(1, 14))
    pairs = list(combinations(range(count), 2))
    return count, draw(st.lists(st.sampled_from(pairs), unique=True, max_size=25)) if pairs else []


@given(graphs(), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_layers_follow_the_edges_and_nothing_overlaps(
    graph: tuple[int, list[tuple[int, int]]], source: random.Random
) -> None:
    count, edges = graph
    heights = [source.uniform(10, 90) for _ in range(count)]
    found = layered(heights, edges, gap=10, channel=4)
    assert all(found.layer[begin] < found.layer[end] for begin, end in edges)
    used = {end for _, end in edges}
    for node in {begin for begin, _ in edges} - used:  # what is given stands beside the first that uses it
        assert found.layer[node] == min(found.layer[end] for begin, end in edges if begin == node) - 1
    spans: dict[int, set[tuple[float, float]]] = {}
    for node in range(count):
        half = heights[node] / 2
        spans.setdefault(found.layer[node], set()).add((found.y[node] - half, found.y[node] + half))
    for (begin, end), passing in zip(edges, found.through, strict=True):
        assert len(passing) == found.layer[end] - found.layer[begin] - 1
        for layer, y in enumerate(passing, found.layer[begin] + 1):
            spans.setdefault(layer, set()).add((y - 2, y + 2))
    assert sum(map(len, spans.values())) == count + len(
        {(begin, found.layer[begin] + place) for (begin, _), passing in zip(edges, found.through, strict=True)
         for place, _ in enumerate(passing, 1)}
    )  # fmt: skip
    for of_layer in spans.values():
        for (_, lower), (upper, _) in pairwise(sorted(of_layer)):
            assert upper >= lower + 10 - 1e-6
    assert min(upper for of_layer in spans.values() for upper, _ in of_layer) == pytest.approx(0, abs=1e-6)


def test_edges_that_need_not_cross_do_not() -> None:
    """Three chains, given in an order in which each step crosses; and a tree."""
    order = [(0, 5), (1, 3), (2, 4), (3, 8), (4, 6), (5, 7)]
    found = layered([10.0] * 9, order, 10, 4)
    for (a, b), (c, d) in combinations(order, 2):
        if found.layer[a] == found.layer[c]:
            assert (found.y[a] < found.y[c]) == (found.y[b] < found.y[d])
    tree = layered([10.0] * 7, [(0, 4), (1, 5), (2, 4), (3, 5), (4, 6), (5, 6)], 10, 4)
    assert (tree.y[0] < tree.y[1]) == (tree.y[2] < tree.y[3]) == (tree.y[4] < tree.y[5])
    assert tree.y[6] == pytest.approx((tree.y[4] + tree.y[5]) / 2)


def box(item: Any) -> Box:
    """Where an item is: left, top, right, bottom."""
    match item:
        case Text():
            size = SIZES[item.look]
            wide = diagram.width(item.text, size)
            left = item.x - {"start": 0.0, "middle": wide / 2, "end": wide}[item.anchor]
            return left, item.y - size / 2, left + wide, item.y + size / 2
        case Number():
            return item.x, item.y - 8, item.x + item.width, item.y + 8
        case Tiles():
            across = math.ceil(item.columns / item.merged)
            down = math.ceil(math.ceil(len(item.quantities) / item.columns) / item.merged)
            return item.x, item.y, item.x + across * item.size, item.y + down * item.size
        case Shape():
            return item.x, item.y, item.x + item.width, item.y + item.height
    raise AssertionError


def overlap(one: Box, other: Box) -> bool:
    slack = 1.5
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > slack and down > slack


def overlaps(drawn: Diagram) -> list[tuple[Any, Any]]:
    """The pairs of items that overlap, but for what stands in a node; and what is outside."""
    items = [item for item in drawn.items if not isinstance(item, Curve)]
    boxes = list(map(box, items))
    found = []
    for (one, first), (other, second) in combinations(zip(items, boxes, strict=True), 2):
        if overlap(first, second):
            (frame, a), (inner, b) = ((one, first), (other, second))[:: 1 if isinstance(one, Shape) else -1]
            within = a[0] - 1 <= b[0] and a[1] - 1 <= b[1] and b[2] <= a[2] + 1 and b[3] <= a[3] + 1
            if not (isinstance(frame, Shape) and not isinstance(inner, Shape) and within):
                found.append((one, other))
    outside: list[tuple[Any, Any]] = [
        (item, drawn) for item in items if box(item)[0] < 0 or box(item)[2] > max(drawn.width, 920)
    ]
    curves = [item for item in drawn.items if isinstance(item, Curve)]
    outside += [(item, drawn) for item in curves if not all(0 <= y <= drawn.height for _, y in item.points)]
    return found + outside


@pytest.mark.parametrize(("name", "kind"), PICTURES)
def test_nothing_covers_anything_else(name: str, kind: str) -> None:
    assert overlaps(picture(name, kind).draw()) == []


def test_long_names_are_cut_and_do_not_cover_anything() -> None:
    """Also names in a script that is written from right to left, or as wide as it is high; a number at the end stays."""
    config = {
        "inputs": {"משקל_ארוך_מאוד_מאוד": 0.05, "重み" * 12: 0.1, "a" * 60: 0.2}, "targets": {"t" * 60: 0.5},
        "layers": [{"name": "couche_cachée_numéro_un", "neurons": 8, "activation": "if(z < 2, z, 2)"},
                   {"name": "出力", "neurons": 1}],
        "weights": {"init": "uniform", "seed": 2}, "learning_rate": 0.5, "iterations": 2,
    }  # fmt: skip
    assert overlaps(picture(RECURRENT, "equations").draw()) == []
    for kind in ("network", "equations"):
        drawn = picture(config, kind).draw()
        assert overlaps(drawn) == []
        cut = {
            item.text for item in drawn.items if isinstance(item, Text) and item.quantity == "couche_cachée_numéro_un8"
        }
        assert any(text.endswith("₈") or text.startswith("couche_cachée_numéro_un₈ =") for text in cut), cut


def test_the_classic_network() -> None:
    """An arrow forward for each weight, back for each of the second layer; the solid ones are of positive weights."""
    weights = [-0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55]
    whole = picture("classic", "network", weights=weights)
    drawn = whole.draw()
    curves = [item for item in drawn.items if isinstance(item, Curve) and item.shown]
    forward = {item.shown.quantity: (item.source, item.target) for item in curves if item.shown and not item.backward}
    assert forward == {
        "w1": ("i1", "h1"), "w2": ("i2", "h1"), "w3": ("i1", "h2"), "w4": ("i2", "h2"),
        "w5": ("h1", "o1"), "w6": ("h2", "o1"), "w7": ("h1", "o2"), "w8": ("h2", "o2"),
    }  # fmt: skip
    backward = {(item.source, item.target) for item in curves if item.backward}
    assert backward == {("o1", "h1"), ("o1", "h2"), ("o2", "h1"), ("o2", "h2")}
    page = ElementTree.fromstring(whole.svg())
    signs = {
        group.get("data-quantity"): group.get("class")
        for group in page.iter(f"{SVG}g") if str(group.get("class")).startswith("curve ") and group.get("data-quantity")
    }  # fmt: skip
    assert (signs["w1"], signs["w2"]) == ("curve negative", "curve positive")
    assert drawn.width < 1250
    penalized = picture("xor", "network", l2=0.01).draw()
    assert {"E_total", "E_batch", "L₂", "E₁"} <= {item.text for item in penalized.items if isinstance(item, Text)}
    assert "prefers-color-scheme:dark" in (page.findtext(f"{SVG}style") or "")


def test_a_deep_network_is_drawn_in_bands() -> None:
    layers = [{"neurons": 2} for _ in range(99)]
    config = {"inputs": [0.5, 0.1], "targets": [0.3], "layers": [*layers, {"neurons": 1}], "weights": [0.1] * 398,
              "learning_rate": 0.5}  # fmt: skip
    drawn = picture(config, "network").draw()
    (note,) = [item.text for item in drawn.items if isinstance(item, Text) and item.text.startswith("… ")]
    assert note == "… layer h14 to layer h97 are left out …"
    assert drawn.width < 2000
    heads = [item.text for item in picture("six", "network").draw().items
             if isinstance(item, Text) and item.look is diagram.Look.HEAD]  # fmt: skip
    assert [head for head in heads if head.startswith("from")] == ["from layer e"]


def test_a_wide_and_deep_network_is_drawn_in_bands() -> None:
    layers = [{"name": name, "neurons": 9} for name in "abcdefgh"]
    config = {"inputs": [0.5], "targets": [0.3], "layers": [*layers, {"name": "o", "neurons": 1}], "learning_rate": 0.5,
              "weights": {"init": "uniform", "seed": 1}}  # fmt: skip
    drawn = picture(config, "network", iterations=1).draw()
    assert overlaps(drawn) == []
    assert drawn.width < 1600
    heads = [(item.y, item.text) for item in drawn.items if isinstance(item, Text) and item.look is diagram.Look.HEAD]
    assert [text for _, text in heads if text.startswith("layer")] == [f"layer {name}" for name in "abcdefgho"]
    assert 2 <= len({y for y, _ in heads}) <= 3


# ------------------------------------------------------------------------------------------------- the numbers


@pytest.mark.parametrize(("name", "kind"), PICTURES)
def test_the_numbers_are_those_of_the_step(name: str, kind: str) -> None:
    """The oracle of a change is the next iteration's parameter."""
    model = NETWORKS.get(name, ROOT / "configs" / f"{name}.yaml")
    trace = tracer.run(model, iterations=3, columns="full")
    run = trace.runs[0]
    own = tracer.run(model, iterations=3)
    sample = list(run.places())[run.batches.first_row(2) - 1][1]
    shown = numbers(own.graph(kind, 2, sample).svg())
    now, then = trace.row(2, sample), trace.row(3)
    for quantity, value in shown.items():
        parameter = quantity.removeprefix("Δ")
        if parameter != quantity:
            assert value == pytest.approx(then[parameter] - now[parameter], rel=1e-9, abs=1e-15), quantity
        else:
            assert agree(value, now[quantity]), quantity
    assert {trace.system.loss, *trace.system.data} <= shown.keys() or name == "wide"
    if name != "wide":
        assert {f"Δ{p.name}" if kind == "network" else p.name for p in trace.system.parameters} <= shown.keys()


def test_a_wide_network_shows_every_neuron_and_the_norms() -> None:
    trace = tracer.run(WIDE, iterations=1)
    step = trace.runs[0].step(0)
    document = trace.graph().svg()
    activations = [name for name in trace.system.columns() if name.startswith("a_")]
    assert set(activations) <= numbers(document).keys()
    layer = trace.experiment.model.layers[0]  # type: ignore[union-attr]
    assert written(math.hypot(*(step[name] for name in layer.parameters()))) in re.findall(">([^<>]+)</text>", document)


def test_a_tile_of_a_large_matrix_is_the_largest_of_those_that_it_stands_for() -> None:
    quantities = tuple(f"q{n}" for n in range(12))
    tiles = Tiles("W", 0, 0, 10, 4, quantities, "parameter", merged=2, alone=True)
    values = {name: float(n) if n != 5 else -50.0 for n, name in enumerate(quantities)}
    assert list(numbers(svg(Diagram(100, 100, (tiles,)), values, ""))) == ["q5", "q7", "q9", "q11"]


def test_a_run_that_diverged_shows_what_was_computed() -> None:
    trace = tracer.run(BLOWS_UP)
    last = trace.runs[0].iterations
    document = trace.graph("network", last).svg()
    found = numbers(document)
    assert any(math.isnan(value) for value in found.values())
    assert ">—</text>" in document
    assert any(math.isfinite(value) and abs(value) > 1e100 for value in found.values())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (0.15, "0.15"), (-0.012345, "−0.01235"), (0.0004386, "4.39e−4"), (123456, "1.23e5"),
     (math.nan, "—"), (-math.inf, "−∞"), (2.0, "2"), (9999.96, "1e4")],
)  # fmt: skip
def test_numbers_are_short(value: float, text: str) -> None:
    assert written(value) == text


# ------------------------------------------------------------------------------------------------- hostile names


def hostile(texts: Sequence[str]) -> GraphPicture:
    """A small graph whose quantities have these names."""
    names = {f"q{place}": text for place, text in enumerate(texts)}
    nodes = tuple(Node(text, (Shown(text, "value"),), text) for text in names.values())
    edges = tuple(Edge(begin, end, (Shown(begin, "value"),)) for begin, end in pairwise(names.values()))
    values = {text: float(place) for place, text in enumerate(texts)}
    graph = Graph(nodes, edges)
    return GraphPicture(texts[0], graph, lambda: flow_diagram(graph, {}, texts[0]), values, {})


NASTY = st.lists(
    st.text(st.characters(codec="utf-8") | st.sampled_from("<>&\"'\\\n{}|\x00\x1b\u202e\ud7ff]]>"), max_size=20),
    min_size=1, max_size=4, unique=True,
)  # fmt: skip
STRING = r'"(?:[^"\\]|\\["\\n])*"'
STATEMENT = re.compile(rf"  (?:graph|node|edge|n\d+|n\d+ -> n\d+)(?: \[(?:\w+=(?:{STRING}|[\w.]+)(?:, )?)+\])?;")


@given(NASTY)
@settings(max_examples=60)
def test_no_name_breaks_svg_or_dot(texts: list[str]) -> None:
    drawn = hostile(texts)
    page = ElementTree.fromstring(drawn.svg())
    assert {element.tag.removeprefix(SVG) for element in page.iter()} <= {
        "svg", "title", "style", "rect", "g", "text", "path", "circle",
    }  # fmt: skip
    first, *statements, last = drawn.dot().split("\n")[:-1]
    assert (first, last) == ("digraph {", "}")
    assert all(STATEMENT.fullmatch(line) for line in statements), statements
    assert len([line for line in statements if re.match(r"  n\d+ \[", line)]) == len(texts)


@pytest.mark.graphviz
def test_graphviz_reads_the_graphs() -> None:
    """All in one process: the classic network and equations, a wide network, a batch, and a name of everything."""
    odd = hostile(['<b>"\\', "</svg>\n\x00", "&amp; \u202e שלום", "->"])
    drawn = [picture("classic", "network"), picture("lstm", "equations"), picture("wide", "network"), odd]
    documents = "".join(one.dot() for one in drawn)
    result = subprocess.run(["dot", "-Tplain"], input=documents.encode(), capture_output=True, check=False, timeout=60)
    assert (result.returncode, result.stderr) == (0, b"")
    counts = [line.split()[0] for line in result.stdout.decode().splitlines()]
    assert counts.count("node") == sum(len(one.graph.nodes) for one in drawn)


def test_dot_has_the_numbers_of_each_edge() -> None:
    one = picture("classic", "network")
    assert 'n4 -> n5 [label="w₆ = 0.45' in one.dot().replace("\\n", "\n")
    assert dot(one.graph, one.values, {}, "x").count("∂E/∂w") == 8


def test_the_pictures_of_these_pages_are_what_the_command_draws() -> None:
    for name, document in svg_pictures().items():
        assert (PICTURES_FOLDER / name).read_text(encoding="utf-8") == document, "python -m tests.pictures svg"


# ------------------------------------------------------------------------------------------------- the command


def test_the_command_draws_any_iteration(tmp_path: Path) -> None:
    target = tmp_path / "network.svg"
    arguments = ("plot", WALKTHROUGH, "--graph", "network", "--learning-rate", "0.5", "--iteration", "100")
    assert command(*arguments, "-o", target).output == f"wrote {target}\n"
    expected = tracer.run(WALKTHROUGH, learning_rate=0.5).graph("network", 100).svg()
    assert target.read_text(encoding="utf-8") == expected == command(*arguments, "-o", "-").output
    assert command(*arguments, "-o", tmp_path / "x.dot").exit_code == 0
    assert (tmp_path / "x.dot").read_text(encoding="utf-8").startswith("digraph {\n")


def test_in_the_terminal_a_network_is_a_drawing_of_text() -> None:
    """The classic one in 80 columns and 24 rows: values, then gradients; a deep one layer by layer."""
    printed = command("plot", WALKTHROUGH, "--graph", "network", "--ascii").output
    lines = printed.splitlines()
    assert printed.isascii()
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80
    forward, backward = printed.split("backward:")
    assert re.search(r"\bw5 +0\.4\b", forward)
    assert re.search(r"\bdw5 +0\.01288\b", backward)
    assert "dw5" not in forward
    deep = command("plot", ROOT / "configs" / "deep.yaml", "--graph", "network").output
    heads = re.findall(r"layer \w: \w+", deep)
    assert heads == 2 * ["layer f: tanh", "layer g: relu", "layer h: sigmoid", "layer o: identity"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((WALKTHROUGH, "--graph", "equations"),
         "the terminal shows only the network: draw its equations to a file, with -o FILE.svg, or read them with "
         "`backprop-trace explain`"),
        ((ROOT / "configs" / "lstm.yaml", "--graph", "network"),
         "lstm has equations of its own, no layers; draw its equations instead"),
        ((WALKTHROUGH, "--graph", "graf"), "'graf' cannot be drawn; choose from network, equations"),
        ((WALKTHROUGH, "--graph", "network", "-o", "x.png"), "x.png: '.png' is not a format of pictures; choose from .svg, .dot"),
        ((WALKTHROUGH, "--graph", "network", "--log"), "--log: only for curves; leave out --graph to draw them"),
        ((WALKTHROUGH, "--iteration", "2"), "--iteration: only for one step; add --graph network to draw it"),
        ((WALKTHROUGH, "--graph", "network", "--iteration", "101"), "iteration 101: the run has the iterations 1 to 100."),
        ((ROOT / "configs" / "xor.yaml", "--graph", "network", "--sample", "5"), "sample 5: the run has the samples 1 to 4."),
        (("trace.csv", "--graph", "network"), "--graph: trace.csv has numbers, no equations; draw the graph of a config"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn(arguments: tuple[Any, ...], problem: str) -> None:
    result = command("plot", *arguments)
    assert (result.exit_code, result.stderr) == (2, f"{problem}\n")


def test_a_graph_that_is_too_large_is_refused_with_its_size() -> None:
    config = {"inputs": [0.1] * 20, "targets": [0.5], "layers": [{"neurons": 15}, {"neurons": 1}],
              "weights": {"init": "uniform", "seed": 1}, "learning_rate": 0.1}  # fmt: skip
    drawn = picture(config, "equations", iterations=1)
    with pytest.raises(OutputError) as caught:
        drawn.svg()
    assert caught.value.problems == (
        "a graph of 370 quantities is too large, with more than 300; --graph network draws it by layers; "
        "Graphviz may draw it from a .dot file",
    )
    assert drawn.dot().count(" -> ") > 600
