"""The table of document kinds: how each is written, and the suffix of its file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracer.errors import OutputError, nearest
from tracer.explain.document import Document


@dataclass(frozen=True, slots=True)
class Look:
    """How a document is to look, where its kind knows such a choice. standalone: whether LaTeX has its preamble. width:
    of lines of text, in characters; ascii: whether it is ASCII, ∂E/∂w1 as dE/dw1."""

    standalone: bool = False
    width: int = 80
    ascii: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of document. title: what it is. suffix: of its files."""

    title: str
    suffix: str
    write: Callable[[Document, Look], str]


def _text(document: Document, look: Look) -> str:
    from tracer.documents.text import text

    return text(document, look.width, look.ascii)


def _markdown(document: Document, _: Look) -> str:
    from tracer.documents.markdown import markdown

    return markdown(document)


def _latex(document: Document, look: Look) -> str:
    from tracer.documents.latex import latex

    return latex(document, look.standalone)


def _html(document: Document, _: Look) -> str:
    from tracer.documents.html import html

    return html(document)


KINDS: dict[str, Kind] = {
    "text": Kind("plain text, as a terminal shows it", ".txt", _text),
    "md": Kind("Markdown, with formulas as GitHub shows them", ".md", _markdown),
    "latex": Kind("LaTeX, with amsmath", ".tex", _latex),
    "html": Kind("one HTML file with formulas in MathML", ".html", _html),
}


def kind(name: str) -> Kind:
    """A kind by its name or by a suffix. Raises OutputError if there is none."""
    found = KINDS.get(name) or next((kind for kind in KINDS.values() if kind.suffix == f".{name.lstrip('.')}"), None)
    if found is None:
        raise OutputError([f"format '{name}': choose from {', '.join(KINDS)}.{nearest(name, KINDS)}"])
    return found


def written(document: Document, name: str, look: Look | None = None) -> str:
    """The document in a kind of KINDS. Raises OutputError if there is no such kind."""
    return kind(name).write(document, look or Look())
