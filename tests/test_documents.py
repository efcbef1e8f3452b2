"""Documents in LaTeX and HTML: they compile and are well-formed, whatever a user's names and texts hold."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from latex2mathml.converter import convert
from lxml import etree

import tracer
from tests.lessons import SVG, lesson
from tests.places import CONFIGS, WALKTHROUGH
from tracer.documents import kinds
from tracer.documents.html import SCOPE, fragment, html
from tracer.documents.latex import NEEDED, latex
from tracer.documents.latex_lines import width_of
from tracer.errors import OutputError
from tracer.explain.document import Code, Document, Equation, Heading, Inline, Paragraph, Picture, Table
from tracer.formulas.tree import MUL, Call, Name, add
from tracer.model.quantity import Quantity, Role
from tracer.tables.optimizers import OPTIMIZERS

NASTY = r"""</math><script>alert(1)</script> & < > " ' `` '' -- --- \end{document} \end{verbatim} {}$x$ %a #b _c ^d ~e |f|
[g] *h* ?` !` ₁² αβπ ∂−·≤→√…“”–—½‖ größe Łódź ą ế ḧ ij̈ מלים 入力 😀 m̂ ﬁ \ ​"""
WORDS = ("größe", "入力", "שלום", "my_loss", "_a", "a__b", "βx", "x₁", "x1", "wf", "ελ", "Å", "ế_2", "Ж")


OWN_RULE = {"states": {"v_a": "0.9*v_a + g", "s1": "v_a^2 + s1"}, "update": "p - eta*v_a/(1 + s1)"}
"""States with indices of their own."""


def nasty(text: str = NASTY) -> Document:
    """A document whose names and texts hold everything that could be markup."""
    names = [Name(word) for word in WORDS]
    content: Inline = (text, names[0], f" {text} ", *names, text)
    equation = Equation(names[0], (text, add(*names), Call(MUL, tuple(names))), add(*names), lambda _: -1.5e-7, 1.5)
    parts = (
        Heading(content, 1), Paragraph(content), equation, equation, Code(f"{text}\n\n  [x]\n* y", "yaml"),
        Table((content, ("",)), ((content, content), (("[a]",), ("*",))), frozenset({1})), Picture(SVG, text),
        Picture(SVG, text, f"{text}.svg"), Paragraph(()), Heading(content, 3),
    )  # fmt: skip
    return Document(parts, {word: Quantity(Role.OWN, word=word) for word in WORDS})


# ------------------------------------------------------------------------------------------------ LaTeX


@pytest.mark.latex
def test_latex_compiles(tmp_path: Path) -> None:
    """Every shipped config, every optimizer, and the nasty document, in one run of pdflatex; no line is too long for
    the page."""
    traces = [tracer.run(config, iterations=1) for config in CONFIGS]
    traces += [tracer.run(WALKTHROUGH, iterations=1, optimizer=optimizer) for optimizer in (*OPTIMIZERS, OWN_RULE)]
    pages = [latex(lesson(trace, most=15)).removeprefix(NEEDED) for trace in traces]
    body = "\n".join([r"\hfuzz=1pt \typeout{CONFIGS}", *pages, r"\typeout{NASTY}\hfuzz=\maxdimen"])
    source = latex(nasty(), standalone=True).replace("\\begin{document}\n", f"\\begin{{document}}\n{body}\n")
    (tmp_path / "all.tex").write_text(source, encoding="utf-8")
    command = ["pdflatex", "-draftmode", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    log = (tmp_path / "all.log").read_text(encoding="latin-1")
    assert done.returncode == 0, log[-3000:]
    assert "Missing character" not in log
    assert log.index("NASTY") > log.index("CONFIGS")
    assert "Overfull" not in log[log.index("CONFIGS") : log.index("NASTY")]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_equations_in_latex_are_well_formed(config: Path) -> None:
    """Every line of an equation is a formula by itself, and none is much wider than the page."""
    text = latex(lesson(tracer.run(config, iterations=1), most=10))
    blocks = re.findall(r"\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", text, re.DOTALL)
    lines = [line for block in blocks for line in block.split(" \\\\\n")]
    assert len(lines) > 5
    for line in lines:
        assert line.count("{") == line.count("}")
        assert line.count("&") == 1 + line.count(r"& \text{")
        convert(line.replace("&", "").replace(r"\cr", r"\\"))
        assert width_of(line) < 80


def test_what_is_written_of_unknown_characters() -> None:
    text = latex(Document((Paragraph(("größe 入 ế ą x\u200b",)),), {}), standalone=True)
    assert r"\DeclareUnicodeCharacter{00F6}{\"{o}}" in text
    assert r"\DeclareUnicodeCharacter{1EBF}{\'{\^{e}}}" in text
    assert r"\DeclareUnicodeCharacter{5165}{{\footnotesize\ttfamily [U+5165]}}" in text
    assert r"\DeclareUnicodeCharacter{200B}{}" in text
    assert "DeclareUnicodeCharacter" not in latex(Document((Paragraph(("plain",)),), {}), standalone=True)


# ------------------------------------------------------------------------------------------------ HTML


class Tags(HTMLParser):
    """The tags and the attributes of a page, as a browser finds them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


PAGE = "html|head|meta|title|style|body|main|h1|h2|h3|p|div|span|wbr|figure|img|figcaption|pre|code"
TABLES, FORMULAS = "table|thead|tbody|tr|th|td", "math|mrow|mi|mn|mo|mtext|msub|msup|mover|mfrac|msqrt|mtable|mtr|mtd"
ALLOWED = {*f"{PAGE}|{TABLES}|{FORMULAS}".split("|")}


def checked(document: Document) -> Tags:
    """A page without scripts, addresses or elements of a user's, whose formulas are well-formed."""
    page = html(document)
    found = Tags(page)
    assert {*found.tags} <= ALLOWED
    assert {name for name, _ in found.attributes} <= {
        "lang", "charset", "http-equiv", "content", "name", "class", "displaystyle", "src", "alt", "accent", "stretchy", "form",
    }  # fmt: skip
    assert all(
        value and value.startswith("data:image/svg+xml;base64,") for name, value in found.attributes if name == "src"
    )
    assert "default-src 'none'" in page
    for formula in re.findall(r"<math.*?</math>", page, re.DOTALL):
        etree.fromstring(formula)
    return found


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_pages_are_well_formed(config: Path) -> None:
    found = checked(lesson(tracer.run(config, iterations=1), most=10))
    assert found.tags.count("math") > 30


def test_a_fragment_is_one_element_with_the_formulas_of_the_page() -> None:
    document = lesson(tracer.run(WALKTHROUGH, iterations=1))
    element = etree.fromstring(re.sub("<(wbr|img [^>]*)>", "", fragment(document)))
    page = html(document)
    assert (element.tag, element.get("class")) == ("div", SCOPE)
    assert page.count("<math") == len(element.findall(".//math")) > 50
    rules = re.findall(r"([^{}]+)\{[^{}]*\}", element.findtext("style"))
    own = {"mtable.cases mtd", "mtext.name"}
    assert [
        rule for rules_of in rules for rule in rules_of.split(",") if SCOPE not in rule and rule.strip() not in own
    ] == []


def test_nothing_of_a_user_is_markup() -> None:
    found = checked(nasty())
    assert found.tags.count("img") == 2
    page = html(nasty())
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@given(st.text(max_size=40) | st.text("<>&\"'/=ax `!-[]", max_size=40))
def test_any_text_is_only_text(text: str) -> None:
    parts = (
        Heading((text,), 1),
        Paragraph((text,)),
        Code(text, text),
        Picture(SVG, text),
        Table(((text,),), (((text,),),)),
    )
    found = Tags(html(Document(parts, {})))
    assert {*found.tags} <= ALLOWED


# ------------------------------------------------------------------------------------------------ the kinds


def test_kinds() -> None:
    document = lesson(tracer.run(WALKTHROUGH, iterations=1))
    texts = {name: kinds.written(document, name) for name in kinds.KINDS}
    assert all("0.506875" in text for text in texts.values())
    assert kinds.kind(".tex") is kinds.KINDS["latex"]
    assert kinds.written(document, "latex", kinds.Look(standalone=True)).startswith(r"\documentclass")
    with pytest.raises(OutputError, match="format 'pdf': choose from"):
        kinds.written(document, "pdf")
