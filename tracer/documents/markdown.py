"""A document in Markdown, with formulas in LaTeX between dollar signs, as GitHub shows them.

GitHub, like most, reads Markdown before it looks for formulas. They are written so that Markdown leaves them as they
are: no backslash before a punctuation mark, no `_` behind one. A formula that cannot be, because of a user's name,
stands in the dollar signs with backticks, or the fence, that GitHub has for this (GitHub Docs, "Writing mathematical
expressions").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from tracer.documents.latex_lines import aligned
from tracer.documents.mathematics import Mathematics, Written, blocks, mathematics
from tracer.documents.pictures import data_uri
from tracer.explain.document import Code, Document, Equation, Heading, Inline, Paragraph, Part, Picture, Table

WIDTH = 76
"""Of an equation on one line, in digits."""
MOST_EQUATIONS = 16
"""In one block."""
_TRAP = re.compile(r"[*`|~$\[\]]|<(?! )|^>|&(?=#|\w+;)|\\[!-/:-@\[-`{-~]|(?<![a-zA-Z0-9])_|\\$", re.MULTILINE)
"""What Markdown takes for its own in a formula."""
_SPECIAL = re.compile(r"[\\`*_\[\]<>$~|]|&(?=#?\w+;)")
_BEGIN = re.compile(r"^(\d*)([-+#=.)])")
"""What would begin a list or a heading."""


def markdown(document: Document) -> str:
    """The document in Markdown."""
    writer = mathematics(document, "latex")
    return (
        "\n\n".join(block for part in blocks(document.parts, MOST_EQUATIONS) for block in _block(part, writer)) + "\n"
    )


def _block(part: Part | list[Equation], writer: Mathematics) -> Iterator[str]:
    match part:
        case Heading(content, level):
            yield f"{'#' * level} {_inline(content, writer)}"
        case Paragraph(content):
            yield _BEGIN.sub(r"\1\\\2", _inline(content, writer))
        case Table():
            yield "\n".join(_table(part, writer))
        case Picture(caption=caption):
            yield f"![{_escaped(caption)}]({quote(part.file) if part.file else data_uri(part)})"
        case Code(source, language):
            runs = re.findall("`{3,}", source)
            fence = "`" * max([3, *(len(run) + 1 for run in runs)])
            yield f"{fence}{language}\n{source.rstrip()}\n{fence}"
        case _:
            assert isinstance(part, list)
            yield _displayed([writer.equation(equation) for equation in part])


def _displayed(equations: Sequence[Written]) -> str:
    """Equations in a block of their own."""
    lines = aligned(equations, WIDTH)
    if len(lines) > 1:
        rows = [*(f"{line} \\cr" for line in lines[:-1]), lines[-1]]
        lines = [r"\begin{aligned}", *rows, r"\end{aligned}"]
    else:
        lines = [lines[0].replace("&", "")]
    text = "\n".join(lines)
    return f"```math\n{text}\n```" if _TRAP.search(text) else f"$$\n{text}\n$$"


def _inline(content: Inline, writer: Mathematics) -> str:
    """A text with formulas, on one line."""
    parts = writer.inline(content)
    found = ""
    for index, part in enumerate(parts):
        if isinstance(part, str):
            found += _escaped(part)
            continue
        after = parts[index + 1] if index + 1 < len(parts) else ""
        joins = found[-1:].isalnum() or (isinstance(after, str) and after[:1].isalnum())
        found += f"$`{part.text}`$" if joins or _TRAP.search(part.text) else f"${part.text}$"
    return found.strip()


def _escaped(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\g<0>", re.sub(r"\s+", " ", text))


def _table(table: Table, writer: Mathematics) -> Iterator[str]:
    for index, row in enumerate((table.head, *table.rows)):
        yield _row(_inline(cell, writer) for cell in row)
        if not index:
            yield _row("---:" if column in table.numeric else "---" for column in range(len(table.head)))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
