"""A document in LaTeX: a fragment, or a standalone document that needs only amsmath."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from tracer.documents.latex_lines import aligned, width_of
from tracer.documents.mathematics import Mathematics, blocks, mathematics
from tracer.explain.document import Code, Document, Equation, Heading, Inline, Paragraph, Part, Picture, Table
from tracer.formulas.notation.latex import escaped

WIDTH = 78
"""Of a line of an equation, in digits."""
MOST_EQUATIONS = 40
"""That are aligned."""
HEADINGS = {1: "section", 2: "subsection", 3: "subsubsection"}
DISPLAYED = r"\displaystyle "
MOST_ROWS = 30
"""Of a table on one page."""
NEEDED = "% needs \\usepackage{amsmath,longtable} in the preamble\n\n"
PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[a4paper,margin=25mm]{geometry}
\usepackage[fleqn]{amsmath}
\usepackage{longtable}
\IfFileExists{lmodern.sty}{\usepackage[T1]{fontenc}\usepackage{lmodern}}{}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\setlength{\jot}{8pt}
\setlength{\mathindent}{1em}
\setlength{\LTleft}{0pt}
\allowdisplaybreaks
"""
ACCENTS = {
    "\u0300": r"\`", "\u0301": r"\'", "\u0302": r"\^", "\u0303": r"\~", "\u0304": r"\=", "\u0306": r"\u",
    "\u0307": r"\.", "\u0308": r"\"", "\u030a": r"\r", "\u030b": r"\H", "\u030c": r"\v", "\u0327": r"\c",
}  # fmt: skip
"""Combining accents → commands that every font encoding has."""
NATIVE = "ßæøåœłıÆØÅŒŁ‘’“”–—¡¿§¶©®£µ€ "
"""Characters that LaTeX has by itself."""


def latex(document: Document, standalone: bool = False) -> str:
    """The document in LaTeX. standalone: with a preamble, so that it compiles as it is."""
    writer = mathematics(document, "latex")
    body = (
        "\n\n".join(block for part in blocks(document.parts, MOST_EQUATIONS) for block in _block(part, writer)) + "\n"
    )
    body = unicodedata.normalize("NFC", body)
    if not standalone:
        return NEEDED + body
    begin, end = "\\begin{document}\n\n", "\n\\end{document}\n"
    return f"{PREAMBLE}{''.join(_declared(sorted({*body})))}{begin}{body}{end}"


def _declared(characters: list[str]) -> Iterator[str]:
    """What characters that LaTeX lacks are shown as: letters with their accents, everything else by its number."""
    lacking = [character for character in characters if not character.isascii() and character not in NATIVE]
    if lacking:
        yield "\\ifdefined\\DeclareUnicodeCharacter\n"
        for character in lacking:
            yield f"\\DeclareUnicodeCharacter{{{ord(character):04X}}}{{{_instead(character)}}}\n"
        yield "\\fi\n"


def _instead(character: str) -> str:
    letter, *marks = [*unicodedata.normalize("NFD", character)]
    if letter.isascii() and letter.isalpha() and marks and all(mark in ACCENTS for mark in marks):
        found = f"\\{letter}" if letter in "ij" and marks != ["\u0327"] else letter
        for mark in marks:
            found = f"{ACCENTS[mark]}{{{found}}}"
        return found
    if unicodedata.category(character) in ("Cf", "Mn", "Me", "Zl", "Zp"):
        return ""
    if unicodedata.category(character) == "Zs":
        return "~"
    return f"{{\\footnotesize\\ttfamily [U+{ord(character):04X}]}}"


def _block(part: Part | list[Equation], writer: Mathematics) -> Iterator[str]:
    match part:
        case Heading(content, level):
            yield f"\\{HEADINGS[level]}*{{{_inline(content, writer, DISPLAYED)}}}"
        case Paragraph(content):
            yield _inline(content, writer)
        case Table():
            yield "\n".join(_table(part, writer))
        case Picture(caption=caption):
            file = f" (\\texttt{{{escaped(part.file)}}})" if part.file else ""
            yield f"\\textit{{{escaped(caption)}}}{file}"
        case Code(source):
            lines = "\\\\\n".join(f"\\mbox{{}}{escaped(line, blanks=True)}" for line in source.rstrip().split("\n"))
            yield f"\\begin{{flushleft}}\\ttfamily\\small\n{lines}\n\\end{{flushleft}}"
        case _:
            assert isinstance(part, list)
            lines = " \\\\\n".join(aligned([writer.equation(equation) for equation in part], WIDTH))
            yield f"\\begin{{align*}}\n{lines}\n\\end{{align*}}"


def _inline(content: Inline, writer: Mathematics, style: str = "") -> str:
    parts = writer.inline(content)
    return "".join(escaped(part) if isinstance(part, str) else f"${style}{part.text}$" for part in parts).strip()


def _table(table: Table, writer: Mathematics) -> Iterator[str]:
    """A table; a long one goes on over pages, and a column that is too wide for the page has lines."""
    rows = [[_inline(cell, writer) for cell in row] for row in (table.head, *table.rows)]
    widths = [max(map(width_of, column)) for column in zip(*rows, strict=True)]
    kinds = ["r" if column in table.numeric else "l" for column in range(len(widths))]
    if sum(widths) > WIDTH:
        widest = widths.index(max(widths))
        room = max(0.2, 0.9 - (sum(widths) - widths[widest]) / WIDTH)
        kinds[widest] = f"p{{{room:.2f}\\linewidth}}"
    head, *lines = (f"{' & '.join(row)} \\\\" for row in rows)
    if len(lines) > MOST_ROWS:
        yield from (
            f"\\begin{{longtable}}{{{''.join(kinds)}}}",
            f"{head} \\hline \\endhead",
            *lines,
            "\\end{longtable}",
        )
    else:
        yield from ("\\begin{flushleft}", f"\\begin{{tabular}}{{{''.join(kinds)}}}", f"{head} \\hline", *lines)
        yield from ("\\end{tabular}", "\\end{flushleft}")
