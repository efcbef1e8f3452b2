"""Graphs in DOT, the language of Graphviz, for other programs to lay out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tracer.charts.graph import COLORS, Strengths, written
from tracer.explain.picture.graph import Edge, Graph, Node
from tracer.explain.words import words

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def dot(graph: Graph, values: Mapping[str, float], names: Mapping[str, str], title: str) -> str:
    """The graph as a DOT document. names: how quantities are typeset."""
    return "\n".join([*_lines(graph, values, names, title), ""])


def quoted(*lines: str) -> str:
    """Lines of text as one string of DOT, in which nothing has a special meaning."""
    cleaned = (_CONTROL.sub("\ufffd", line).replace("&", "&amp;") for line in lines)
    return '"' + "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in cleaned) + '"'


def _lines(graph: Graph, values: Mapping[str, float], names: Mapping[str, str], title: str) -> Iterator[str]:
    shown = [number for part in (graph.nodes, graph.edges) for item in part for number in item.numbers]
    strengths = Strengths(((number.quantity, number.scale) for number in shown), values)

    def texts(part: Node | Edge) -> list[str]:
        measured = [f"{measure.title} = {written(measure.statistic.value(values))}" for measure in part.measures]
        numbers = [(names.get(n.quantity, n.quantity), written(values[n.quantity])) for n in part.numbers]
        return [*measured, *(f"{name} = {number}" for name, number in numbers)]

    keys = {node.quantity: f"n{place}" for place, node in enumerate(graph.nodes, 1)}
    biases: dict[str, list[str]] = {}
    for edge in graph.edges:
        if not edge.source:
            biases.setdefault(edge.target, []).append(", ".join(texts(edge)))
    yield "digraph {"
    yield f'  graph [rankdir=LR, charset="UTF-8", labelloc=t, label={quoted(title)}, fontname="sans-serif"];'
    yield '  node [shape=box, style="rounded", fontname="sans-serif", fontsize=11];'
    yield '  edge [fontname="sans-serif", fontsize=9];'
    for node in graph.nodes:
        name = names.get(node.quantity, node.quantity)
        head = [f"{name} = {words(node.equation, names)}"] if node.equation is not None else []
        head = head or [name] * (node.quantity not in [number.quantity for number in node.numbers])
        label = quoted(*head, *texts(node), *biases.get(node.quantity, []))
        color = COLORS.get(node.kind, COLORS["loss"])[0]
        yield f'  {keys[node.quantity]} [label={label}, color="{color}"];'
    for edge in graph.edges:
        if edge.source:
            looks = [f"label={quoted(*texts(edge))}"] if edge.numbers or edge.measures else []
            if edge.numbers:
                strength = strengths.of(edge.numbers[0].quantity, edge.numbers[0].scale)
                color = COLORS["negative" if strength < 0 else "positive"][0]
                looks += [f'color="{color}"', f"penwidth={1 + 3 * abs(strength):.2f}"]
                looks += ["style=dashed"] if strength < 0 else []
            listed = f" [{', '.join(looks)}]" if looks else ""
            yield f"  {keys[edge.source]} -> {keys[edge.target]}{listed};"
    yield "}"
