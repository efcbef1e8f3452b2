"""Documents in Markdown: formulas survive GitHub's own reader, and no text of a user's is markup."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.lessons import lesson
from tests.places import CONFIGS, WALKTHROUGH
from tracer.documents.markdown import markdown
from tracer.explain.document import Code, Document, Equation, Heading, Paragraph, Picture, Table
from tracer.formulas.tree import Name
from tracer.model.quantity import Quantity, Role

FORMULA = re.compile(r"\$\$\n(.*?)\n\$\$|```math\n(.*?)\n```|\$`([^`]+)`\$|\$([^$`\n]+)\$", re.DOTALL)
"""What GitHub looks for, in Markdown."""


def shown(text: str) -> Element:
    """Markdown as GitHub's reader shows it."""
    page = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
    return fromstring(f"<page>{page}</page>")


def formulas(text: str) -> list[str]:
    return [next(filter(None, match)) for match in FORMULA.findall(re.sub(r"\\\$", "", text))]


def check(document: Document) -> Element:
    """Every formula of a document reaches the reader as it is written."""
    text = markdown(document)
    page = shown(text)
    seen = "".join(page.itertext())
    found = formulas(text)
    for formula in found:
        assert formula in seen
    return page


def kinds(page: Element) -> list[str]:
    return [element.tag for element in page.iter()]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_formulas_survive_the_reader(config: Path) -> None:
    document = lesson(tracer.run(config, iterations=1), most=12)
    check(document)
    text = markdown(document)
    assert "$`" not in text  # what works everywhere is enough for our own names
    assert "```math" not in text
    assert len(formulas(text)) > 10


def test_parts_of_a_document() -> None:
    page = check(lesson(tracer.run(WALKTHROUGH, iterations=1)))
    tags = list(kinds(page))
    assert tags.count("h1") == 1
    assert tags.count("h2") == 6
    assert tags.count("tr") == 9
    assert {"img", "table", "pre"} <= {*tags}
    assert not {"em", "strong", "ul", "ol", "hr", "blockquote"} & {*tags}
    image = next(page.iter("img"))
    assert image.get("alt") == "a <picture>"
    assert image.get("src", "").startswith("data:image/svg+xml;base64,")


WORDS = st.from_regex(r"[^\W\d]\w{0,6}", fullmatch=True)


@given(st.sets(WORDS, min_size=2, max_size=4))
def test_names_of_users_survive(words: set[str]) -> None:
    names = [Name(word) for word in sorted(words)]
    content = tuple(part for name in names for part in (name, " and "))
    equations = [Equation(names[0], (name,)) for name in names]
    quantities = {word: Quantity(Role.OWN, word=word) for word in words}
    page = check(Document((Paragraph(content), *equations, Table((content,), ((content,),))), quantities))
    assert not {"em", "strong", "ul", "ol"} & {*kinds(page)}


TEXTS = st.text(st.characters(exclude_categories=["C"]), max_size=30) | st.text("*_`<>[]()$~|\\&#;-+=1.! ", max_size=30)


@given(TEXTS, TEXTS)
def test_texts_are_shown_as_they_are(first: str, second: str) -> None:
    first, second = (re.sub(r"(?i)www|http|ftp|@", "", text) for text in (first, second))  # these become links
    table = Table((("h",),), (((f"{first}c",),), ((f"{second}d",),)))
    parts = (Heading((f"a{first}b",), 2), Paragraph((f"{first} x {second}y",)), table)
    page = shown(markdown(Document((*parts, Picture("<svg/>", f"p{first}p"), Code(second, "yaml")), {})))
    seen = [
        " ".join("".join(element.itertext()).split()) for element in page.iter() if element.tag in ("h2", "p", "td")
    ]
    expected = [f"a{first}b", f"{first} x {second}y", f"{first}c", f"{second}d"]
    assert seen[:4] == [" ".join(text.split()) for text in expected]
    assert page[-1].tag == "pre"
    assert not {"em", "strong", "ul", "ol", "del", "a", "hr"} & {*kinds(page)}
    assert next(page.iter("img")).get("alt") == " ".join(f"p{first}p".split())
