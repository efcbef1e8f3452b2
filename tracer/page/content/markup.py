"""Names and equations as markup. (Until MathML.)"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from tracer.explain.templates import Template, template
from tracer.formulas.tree import Expression
from tracer.model.quantity import Quantity
from tracer.model.typography import typeset


def names_in_markup(quantities: Mapping[str, Quantity]) -> dict[str, str]:
    return {name: f"<mtext>{escape(text)}</mtext>" for name, text in typeset(quantities).items()}


def template_in_markup(expression: Expression, batch: int) -> Template:
    return tuple(
        f"<mtext>{escape(piece)}</mtext>" if isinstance(piece, str) else piece for piece in template(expression, batch)
    )
