"""Documents about a step of a run, with everything that a document may hold."""

from __future__ import annotations

import tracer
from tracer.explain.blocks import blocks
from tracer.explain.document import Code, Document, Equation, Heading, Paragraph, Part, Picture, Table
from tracer.explain.templates import Slot
from tracer.formulas.notation.typesetting import forms
from tracer.formulas.tree import Expression, Name, Number
from tracer.model import naming

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><text y="15">∂ &lt; 1</text></svg>'


def lesson(trace: tracer.Trace, most: int = 1000) -> Document:
    """The first step of a run. most: equations."""
    run, system = trace.runs[0], trace.system
    now = {**run.hyper, **run.step(0)}

    def value(slot: Slot) -> float:
        return now.get(slot.name.name, 0.5)

    parts: list[Part] = [Heading(("The first step of ", Name(system.loss)), 1)]
    for block in blocks(system):
        parts += [Heading((block.title,), 2), Paragraph((block.why, " Look at ", Name(system.loss), "."))]
        for group in block.groups:
            for line in group.lines[:most]:
                symbols: tuple[Expression, ...] = forms(line.expression)
                left, last = Name(line.quantity), symbols[-1]
                result = None if line.is_update else now.get(line.quantity)
                parts.append(
                    Equation(left, symbols, last, value, result, max(system.batches.rows, 1), is_update=line.is_update)
                )
    cells = tuple(((Name(p.name),), (Number(p.start),)) for p in system.parameters[:most])
    parts += [Table((("parameter",), ("value",)), cells, frozenset({1})), Picture(SVG, "a <picture>")]
    parts += [Code("name: x # <b>\n  y: [1, 2]\n", "yaml")]
    return Document(tuple(parts), {**system.quantities, naming.ETA: system.quantities[naming.ETA]})
