"""The page's file, and the state in its address."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from typing import Any

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.javascript import engine_source, node
from tests.places import ROOT
from tests.test_batches import XOR
from tracer.page.file import encoded, html_file
from tracer.page.program import MOST_PLACES, MOST_VALUES, data_of, iterations_of
from tracer.page.script import joined

# ------------------------------------------------------------------------------------------------------ the file


def element(page: str, path: str) -> Any:
    (found,) = lxml.html.fromstring(page).xpath(path)
    return found


@given(st.text() | st.sampled_from(["</script><script>alert(1)</script>", "<!--<script>", "\u2028", "]]>", "&lt;"]))
def test_data_come_back_as_they_were_and_a_title_is_text(text: str) -> None:
    page = html_file(text, "p { margin: 0 }", "start();", {"name": text})
    (data,) = re.findall(r'<script type="text/plain" id="data">([A-Za-z0-9+/=]*)</script>', page)
    assert json.loads(zlib.decompress(base64.b64decode(data), wbits=-15)) == {"name": text}
    assert len(re.findall(r"<script", page)) == page.count("</script>") == 2
    assert page.count("<title>") == page.count("</title>") == 1
    if text.isprintable() and text.strip() == text != "":
        assert element(page, "//title").text == text


def test_a_lone_surrogate_is_no_obstacle() -> None:
    assert b"?" in encoded(html_file("\ud800", "", "", {}))


def test_a_browser_runs_this_script_and_this_style_and_requests_nothing() -> None:
    page = html_file("title", "p { margin: 0 }", "start();", {})
    policy = element(page, "//meta[@http-equiv='Content-Security-Policy']").get("content")
    assert policy.split("; ")[0] == "default-src 'none'"
    for tag, directive in (("style", "style-src"), ("script[not(@type)]", "script-src")):
        digest = hashlib.sha256(element(page, f"//{tag}").text.encode()).digest()
        assert f"{directive} 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("script", ["'</script>'", "'</SCRIPT>'", "'<!--'"])
def test_a_script_that_would_end_its_element_is_a_mistake(script: str) -> None:
    with pytest.raises(AssertionError):
        html_file("title", "", script, {})


@pytest.mark.parametrize(("name", "most"), [("walkthrough", 150_000), ("iris", 300_000)])
def test_a_page_is_small(name: str, most: int) -> None:
    page = tracer.run(ROOT / "configs" / f"{name}.yaml").page()
    assert len(encoded(page.html)) <= most


def test_a_run_that_is_too_long_for_a_page_is_cut_off_and_says_so() -> None:
    long = tracer.load(XOR | {"iterations": 100_000_000, "learning_rate": [0.1, 0.5]})
    system = tracer.assemble(long)
    data = data_of(long, system, tracer.execution.program.program_of(system))
    assert data["leftOut"] == {"iterations": 100_000_000}
    assert 0.9 < data["iterations"] * data["slots"] * 2 / MOST_VALUES <= 1
    shuffled = tracer.load(XOR | {"iterations": 1_000_000, "order": "shuffled"})
    assert iterations_of(shuffled, 50) == MOST_PLACES
    assert iterations_of(tracer.load(XOR), 50) == 12


# ----------------------------------------------------------------------------------------------------- the state


def states(config: dict[str, Any], script: str) -> Any:
    """What a script prints that has `parse` and `format` of state.js, and an engine for the config."""
    trace = tracer.run(config)
    source = f"{engine_source(trace)}\n{joined('state.js')}\nconst engine = new Engine(data, program);\n{script}"
    return json.loads(node(source))


@pytest.mark.node
def test_an_address_says_what_is_shown() -> None:
    addresses = {
        "#eta=0.25&iteration=7": ({"eta": 0.25, "iteration": 7}, []),
        "#quantity=∂E/∂w5&line=3&log=1&quiz=0": ({"quantity": "∂E/∂w5", "line": 3, "log": True, "quiz": False}, []),
        "#quantity=dE/dw5": ({"quantity": "∂E/∂w5"}, []),
        "#quantity=%E2%88%82E/%E2%88%82w5": ({"quantity": "∂E/∂w5"}, []),
        "#w5=0.3&i1@2=-4e-1&t1@4=1": ({}, [["w5", None, 0.3], ["i1", 2, -0.4], ["t1", 4, 1.0]]),
        "#sample=3": ({"sample": 3, "iteration": 3}, []),
        "#iteration=0&iteration=13&iteration=x&eta=-1&eta=&eta=nan&sample=5&line=-1&quantity=w99": ({}, []),
        "#w99=1&w5=&w5=1e999&h1=3&E_total=1&i1@9=2&i1@=2&%=1&a&==&": ({}, []),
        "#line=19": ({"line": 19}, []),
        "#line=20": ({}, []),
        "#__proto__=1&constructor=2&toString=3&.__proto__=4&hasOwnProperty@1=5": ({}, []),
        "": ({}, []),
    }  # fmt: skip
    found = states(
        XOR,
        f"""
      const said = {json.dumps([*addresses])}.map(hash => {{
        const {{ chosen, changes }} = parse(hash, engine, 20);
        return [chosen, changes.map(({{ name, sample, value }}) => [name, sample, value])];
      }});
      console.log(JSON.stringify(said));""",
    )
    assert {address: tuple(said) for address, said in zip(addresses, found, strict=True)} == addresses


@pytest.mark.node
def test_an_address_leads_back_to_the_same_state() -> None:
    """Also where quantities of the user's own are called like what the address says."""
    own = {"equations": "y = line*x + quiz\nE = (t - y)^2", "minimize": "E", "parameters": {"line": 0.5},
           "inputs": {"x": 2.0, "quiz": 1}, "targets": {"t": 1}, "learning_rate": 0.1, "iterations": 5}  # fmt: skip
    found = states(
        own,
        """
      const window = Object.assign(new EventTarget(), { location: { hash: "" }, history: { replaceState: (a, b, hash) => { window.location.hash = hash; } } });
      const state = new State(engine, window, 20), told = [];
      state.subscribe(now => told.push(now));
      state.update({ iteration: 4, quantity: "∂E/∂line", log: true });
      engine.set("line", 0.75);
      engine.set("quiz", 3, 1);
      const written = format(state.get(), engine), read = parse(written, engine, 20);
      setTimeout(() => {
        const other = new State(new Engine(data, program), window, 20);
        const same = JSON.stringify(other.get()) === JSON.stringify(state.get());
        window.location.hash = "#iteration=2";
        window.dispatchEvent(new Event("hashchange"));
        console.log(JSON.stringify([written, read, window.location.hash, same, told.length, state.get().iteration, engine.changes().length]));
      }, 300);""",
    )
    address = "#iteration=4&quantity=∂E/∂line&log=1&.line=0.75&.quiz=3"
    chosen = {"iteration": 4, "quantity": "∂E/∂line", "log": True}
    changes = [{"name": "line", "sample": None, "value": 0.75}, {"name": "quiz", "sample": 1, "value": 3}]
    assert found[:2] == [address, {"chosen": chosen, "changes": changes}]
    assert found[3:] == [True, 2, 2, 0]
