"""A document in HTML with MathML: a self-contained file for screen and paper, or a fragment for a notebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from tracer.charts.theme import BASE, FONTS
from tracer.documents.mathematics import Mathematics, Written, blocks, mathematics
from tracer.documents.pictures import data_uri
from tracer.explain.document import Code, Document, Equation, Heading, Inline, Paragraph, Part, Picture, Table
from tracer.formulas.notation import mathml

MOST_EQUATIONS = 100
"""That are aligned."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may load: nothing but the pictures in the file."""
BEFORE_SIGN = "<mrow></mrow>"
"""Before a sign that a formula begins with, for the same space around it as between two terms."""
WIDTH = "60rem"
CONTENT = {
    "p": "margin: .6rem 0; overflow-wrap: anywhere;",
    "math": "font-size: 1.08em;",
    ".equations": "display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .55rem 0; margin: 1rem 0; "
    "align-items: baseline; overflow: auto hidden;",
    ".left": "text-align: right;",
    ".form": "display: inline-block; max-width: 100%;",
    "table": "border-collapse: collapse; margin: 1rem 0;",
    ".scroll": "overflow-x: auto;",
    "th,td": "padding: .3rem .8rem; text-align: left; border-bottom: 1px solid var(--line);",
    "th": "color: var(--faint); font-weight: 600;",
    ".number": "text-align: right; font-variant-numeric: tabular-nums;",
    "pre": "background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: .8rem 1rem; "
    "overflow-x: auto; font-size: .88rem; line-height: 1.45;",
    "figure": "margin: 1.2rem 0;",
    "img": "max-width: 100%; height: auto;",
    "figcaption": "color: var(--faint); font-size: .9rem;",
}
"""What a document consists of, and how it looks."""


def _sheet(rules: Mapping[str, str], scope: str = "") -> str:
    """A style sheet. scope: the selector of the element that it applies to."""
    return "\n".join(
        f"{', '.join(f'{scope} {selector}'.strip() for selector in selectors.split(','))} {{ {what} }}"
        for selectors, what in rules.items()
    )


STYLES = f"""
:root {{ color-scheme: light dark; {"; ".join(f"--{name}: {light}" for name, (light, _) in BASE.items())}; }}
@media (prefers-color-scheme: dark) {{
  :root {{ {"; ".join(f"--{name}: {dark}" for name, (_, dark) in BASE.items())}; }}
}}
body {{ margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 {FONTS}; }}
main {{ max-width: {WIDTH}; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }}
h1 {{ font-size: 1.7rem; line-height: 1.25; margin: 0 0 1rem; }}
h2 {{ font-size: 1.25rem; margin: 2.2rem 0 .6rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }}
h3 {{ font-size: 1.05rem; margin: 1.6rem 0 .4rem; }}
h1, h2, h3 {{ break-after: avoid; }}
{_sheet(CONTENT)}
{mathml.STYLES}
@media (max-width: 40rem) {{
  .equations {{ display: block; }}
  .left {{ text-align: left; }}
  .right {{ margin: .1rem 0 .9rem 1.2rem; }}
}}
@media print {{
  :root {{ color-scheme: light; {"; ".join(f"--{name}: {light}" for name, (light, _) in BASE.items())}; }}
  main {{ max-width: none; padding: 0; }}
  body {{ font-size: 11pt; }}
  .left, .right, tr, figure, pre {{ break-inside: avoid; }}
}}
"""
SCOPE = "backprop-trace-explanation"
"""The class of a fragment; selectors have it twice, to come before those that Jupyter has for tables."""
SEE_THROUGH = {"line": "#8886", "box": "#8881", "faint": "inherit"}
"""Colors that go with any ground: a notebook has a light or a dark one of its own."""
LOWER = 3
"""How many levels the headings of a fragment are below those of a page."""
FRAGMENT = _sheet(
    {
        f".{SCOPE}.{SCOPE}": f"max-width: {WIDTH}; "
        + " ".join(f"--{name}: {color};" for name, color in SEE_THROUGH.items()),
        f".{SCOPE}.{SCOPE} h4": "font-size: 1.35em; line-height: 1.3; margin: .3rem 0 .7rem;",
        f".{SCOPE}.{SCOPE} h5": "font-size: 1.1em; margin: 1.2rem 0 .4rem;",
        f".{SCOPE}.{SCOPE} h6": "font-size: 1em; margin: 1rem 0 .3rem;",
    }
)


def html(document: Document) -> str:
    """The document as a page."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(_title(document))}</title>
<style>{STYLES}</style>
</head>
<body>
<main>
{_body(document)}
</main>
</body>
</html>
"""


def fragment(document: Document) -> str:
    """The document as an element of another page, whose style it leaves alone."""
    styles = f"{FRAGMENT}\n{_sheet(CONTENT, f'.{SCOPE}.{SCOPE}')}\n{mathml.STYLES}"
    return f'<div class="{SCOPE}">\n<style>\n{styles}\n</style>\n{_body(document, LOWER)}\n</div>\n'


def _body(document: Document, lower: int = 0) -> str:
    """lower: how many levels headings are below their own."""
    writer = mathematics(document, "mathml")
    return "\n".join(line for part in blocks(document.parts, MOST_EQUATIONS) for line in _block(part, writer, lower))


def _title(document: Document) -> str:
    """The first heading in plain text."""
    writer = mathematics(document, "text")
    heading = next((part for part in document.parts if isinstance(part, Heading)), Heading(("backprop-trace",), 1))
    return "".join(part if isinstance(part, str) else part.text for part in writer.inline(heading.text))


def _block(part: Part | list[Equation], writer: Mathematics, lower: int) -> Iterator[str]:
    match part:
        case Heading(content, level):
            level = min(level + lower, 6)
            yield f"<h{level}>{_inline(content, writer)}</h{level}>"
        case Paragraph(content):
            yield f"<p>{_inline(content, writer)}</p>"
        case Table():
            yield from _table(part, writer)
        case Picture(caption=caption):
            text = escape(caption)
            yield f'<figure><img src="{data_uri(part)}" alt="{text}"><figcaption>{text}</figcaption></figure>'
        case Code(source):
            yield f"<pre><code>{escape(source.rstrip())}</code></pre>"
        case _:
            assert isinstance(part, list)
            yield '<div class="equations">'
            yield from (_equation(writer.equation(equation)) for equation in part)
            yield "</div>"


def _equation(equation: Written) -> str:
    """An equation; a line may end between its forms, or else within one."""
    forms = []
    for form in equation.forms:
        first, *following = form.pieces
        pieces = (_math(BEFORE_SIGN + piece) for piece in (f"{form.sign}{first}", *following))
        forms.append(f'<span class="form">{"<wbr>".join(pieces)}</span>')
    return f'<div class="left">{_math(equation.left)}</div><div class="right">{"<wbr>".join(forms)}</div>'


def _math(formula: str) -> str:
    return f'<math displaystyle="true">{formula}</math>'


def _inline(content: Inline, writer: Mathematics) -> str:
    parts = writer.inline(content)
    return "".join(escape(part) if isinstance(part, str) else f"<math>{part.text}</math>" for part in parts)


def _table(table: Table, writer: Mathematics) -> Iterator[str]:
    yield '<div class="scroll"><table>'
    for kind, rows in (("head", [table.head]), ("body", table.rows)):
        yield f"<t{kind}>"
        for row in rows:
            cells = []
            for column, content in enumerate(row):
                tag = "th" if kind == "head" else "td"
                number = ' class="number"' if column in table.numeric else ""
                cells.append(f"<{tag}{number}>{_inline(content, writer)}</{tag}>")
            yield f"<tr>{''.join(cells)}</tr>"
        yield f"</t{kind}>"
    yield "</table></div>"
