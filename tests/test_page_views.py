"""What the page shows, and how: numbers as text, the order of the equations, curves, the changed config."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

import tracer
from tests.javascript import node
from tests.places import ROOT
from tests.test_batches import XOR
from tracer.config import load
from tracer.execution.javascript_emitter import shapes_source
from tracer.execution.program import program_of
from tracer.explain.picture.diagram import Number
from tracer.explain.templates import written
from tracer.model.system import System
from tracer.page.content.closer import closer
from tracer.page.content.content import Content, content_of
from tracer.page.content.picture import drawn
from tracer.page.script import joined

pytestmark = pytest.mark.node

NAMES = ("walkthrough", "iris", "xor", "deep", "lstm", "attention", "layer-normalisation")


def called(module: str, what: str, *args: Any) -> Any:
    """What an expression of a module's exports gives for arguments."""
    names = f"const args = {json.dumps(args)};"
    return json.loads(node(f"{joined(module)}\n{names}\nconsole.log(JSON.stringify({what}));"))


def content(name: str) -> tuple[System, Content]:
    experiment = load(ROOT / "configs" / f"{name}.yaml")
    system = tracer.assemble(experiment)
    return system, content_of(experiment, system, program_of(system))


# ------------------------------------------------------------------------------------------------------- numbers

numbers = (
    st.floats(allow_nan=False, allow_infinity=False) | st.floats(-10, 10) | st.integers(-(10**7), 10**7).map(float)
)
ROUNDED_UP = (0.1 + 0.2, 2.0000005, 0.00099999995, 999999.5, 99999.95, 9.9999995e-5, 1e-300, 5e-324, 1e21, -0.0)


@settings(max_examples=4)
@given(st.lists(numbers, min_size=200, max_size=400))
def test_a_number_is_written_as_in_the_workbook(values: list[float]) -> None:
    values += ROUNDED_UP
    pairs = called("format.js", "args[0].map(x => [written(x), written(x, false)])", values)
    assert pairs == [[written(value), written(value, False)] for value in values]


def test_a_power_of_ten_is_told_from_the_equation_around_it() -> None:
    """Where a browser does not set mathematics, powers are written "^" and factors "·"."""
    shown = ["5.55112e-17", "−5.5e-17", "(−5.5e-17)", "1e7", "(−0.15)", "□", "−∞"]
    plain = called("numbers.js", "args[0].map(one => pieces(one, false, false).map(part => part[1]).join(''))", shown)
    assert plain == ["5.55112e−17", "−5.5e−17", "(−5.5e−17)", "1e7", "(−0.15)", "□", "−∞"]
    assert called("numbers.js", "pieces('2e-7', true, false).map(part => part[1])") == ["(", "2e−7", ")"]
    assert called("numbers.js", "pieces('2e-7', false, true)") == [["mn", "2"], ["mo", "·"],
                                                                    ["msup", [["mn", "10"], ["mn", "−7"]]]]  # fmt: skip


TYPED = {"0.0275": 0.0275, " −1,5 ": -1.5, "1e-4": 1e-4, ".5": 0.5, "5.": 5.0, "1.5E+3": 1500.0, "1.2.3": None, "0x10": None,
         "": None, "e5": None, "Infinity": None}  # fmt: skip


def test_a_number_can_be_typed_as_people_do() -> None:
    assert called("format.js", "args[0].map(typed)", list(TYPED)) == list(TYPED.values())


def test_results_and_small_places() -> None:
    shown = called(
        "format.js", "args[0].map(x => [result(x), short(x)])", [0.0275, -1.23456789e-7, 0, 1234.5678, 0.00035178]
    )
    assert shown == [["0.027500000", "0.0275"], ["−1.234568e−7", "−1.23e−7"], ["0", "0"], ["1.234568e3", "1235"],
                     ["0.000351780", "3.52e−4"]]  # fmt: skip


# ------------------------------------------------------------------------------------------- the order of the lines

BLOCKS = [{"groups": [{"first": 0, "count": 2, "shown": [2, 0]}]},
          {"groups": [{"first": 2, "count": 20, "shown": [4, 2]}, {"first": 22, "count": 1, "shown": [1, 0]}]}]  # fmt: skip


WAYS = [("following", None, 0), ("following", 1, 2), ("following", 5, 20), ("following", 22, None), ("following", 10, 20),
        ("preceding", None, 22), ("preceding", 20, 5), ("preceding", 0, None), ("nextBlock", 0, 2), ("nextBlock", 3, None),
        ("previousBlock", 5, 2), ("previousBlock", 2, 0), ("previousBlock", 0, None)]  # fmt: skip


def test_from_one_equation_to_another() -> None:
    """Lines that a block leaves out are stepped over."""
    steps = "({following, preceding, nextBlock, previousBlock})"
    found = called(
        "steps.js", f"args[1].map(([step, line]) => {steps}[step](route(args[0]), line) ?? null)", BLOCKS, WAYS
    )
    assert found == [to for _, _, to in WAYS]


# --------------------------------------------------------------------------------------------------------- curves


def test_of_many_curves_as_many_are_named_as_have_room() -> None:
    labels = [{"at": number / 2, "chosen": number == 77} for number in range(200)]
    found = called("curves.js", "apart(fitting(args[0], 13, 100), 13, 110)", labels)
    heights = [label["at"] for label in found]
    assert 3 <= len(found) <= 8
    assert sum(label["chosen"] for label in found) == 1
    assert min(heights) >= 0
    assert max(heights) <= 110
    assert all(after - before >= 13 for before, after in pairwise(heights))
    assert called("curves.js", "fitting(args[0], 13, 100)", labels[:8]) == labels[:8]
    assert called("curves.js", "marked(1e-6)") == "1e−6"


@settings(max_examples=5)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=3000), st.integers(2, 300))
def test_a_thinned_curve_keeps_its_least_and_its_most(values: list[float], width: int) -> None:
    draw = (
        f"(() => {{ const y = scaleOf(...range([args[0]], false), false, 100, 0), x = i => i/args[0].length*{width};"
        " return path(args[0], x, y).split(/[ML]/).slice(1).map(point => Number(point.split(' ')[1])); })()"
    )
    drawn = called("curves.js", draw, values)
    assert len(drawn) <= 4 * (width + 1)
    if max(values) > min(values):
        assert (min(drawn), max(drawn)) == (0, 100)


@settings(max_examples=5)
@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_marks_are_few_round_and_within(low: float, size: float) -> None:
    marks = called("curves.js", "scaleOf(args[0], args[1], false, 0, 1).marks", low, low + size)
    assert len(marks) <= 6
    assert all(low - 1e-6 * size <= mark <= low + size + 1e-6 * size for mark in marks)


@pytest.mark.parametrize("value", [0.0, 1e-300, -5.0, 1e16, 1e300, -1e308])
def test_a_curve_that_stays_level_is_in_the_middle(value: float) -> None:
    y = "scaleOf(...range([args[0]], false), false, 100, 0)"
    assert called("curves.js", f"[{y}.at(args[0][0]), {y}.marks.length < 8]", [value] * 3) == [50, True]


@settings(max_examples=5)
@given(st.lists(st.floats(0, 100), max_size=7))
def test_labels_keep_their_order_and_their_distance(places: list[float]) -> None:
    found = called("curves.js", "apart(args[0].map(at => ({at})), 13, 100).map(({at}) => at)", places)
    assert found == sorted(found)
    assert all(later - earlier >= 12.999 for earlier, later in pairwise(found))
    assert max(found, default=0) <= 100


# ----------------------------------------------------------------------------------------------------- the content


def values_of(system: System, name: str) -> dict[str, float]:
    trace = tracer.run(ROOT / "configs" / f"{name}.yaml", iterations=2)
    run = trace.runs[0]
    return {**system.hyper, **run.hyper, "k": 1.0, **run.step(0)}


def evaluated(content: Content, references: list[list[int]], slots: Mapping[int, float]) -> list[float | None]:
    """What the page's own code gives for expressions."""
    source = shapes_source(content.shapes)
    call = "args[0].map(([shape, ...slots]) => shapes[shape](...slots.map(slot => args[1][slot])))"
    given_ = f"const args = {json.dumps([references, {str(slot): value for slot, value in slots.items()}])};"
    found: list[float | None] = json.loads(node(f"{source}\n{given_}\nconsole.log(JSON.stringify({call}));"))
    return found


@pytest.mark.parametrize("name", ["walkthrough", "deep", "lstm", "attention"])
def test_every_equation_of_the_page_gives_the_number_of_the_trace(name: str) -> None:
    """So do the factors of every path, whose products add up to the gradient."""
    system, found = content(name)
    names = found.data["quantities"]["name"]
    values = values_of(system, name)
    slots = {slot: values[quantity] for slot, quantity in enumerate(names) if quantity in values}
    lines = [line for line in found.data["lines"] if not line.get("update")]
    given_ = evaluated(found, [line["expression"] for line in lines], slots)
    for line, value in zip(lines, given_, strict=True):
        assert value == pytest.approx(slots[line["quantity"]], rel=1e-12, abs=1e-15)
    factors = evaluated(found, [factor["expression"] for factor in found.data["factors"]], slots)
    for derivation in found.data["derivations"].values():
        terms = found.data["terms"][derivation["terms"]] or [[]]
        products = [math.prod(factors[place] or 0.0 for place in (*term, *derivation["tail"])) for term in terms]
        assert math.fsum(products) == pytest.approx(slots[derivation["gradient"]], rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("name", ["walkthrough", "iris", "lstm"])
def test_a_picture_loses_room_and_nothing_else(name: str) -> None:
    """What stood to the right of something still does, and nothing comes to lie over anything else."""
    experiment = load(ROOT / "configs" / f"{name}.yaml")
    diagram = drawn(experiment, tracer.assemble(experiment), {}).diagram
    narrow = closer(diagram)
    assert narrow.width < diagram.width
    before = [item for item in diagram.items if isinstance(item, Number)]
    after = [item for item in narrow.items if isinstance(item, Number)]
    pairs = sorted(zip(before, after, strict=True), key=lambda pair: pair[0].x)
    for (one, moved_one), (other, moved_other) in pairwise(pairs):
        assert moved_one.width == one.width
        assert moved_one.x <= moved_other.x
        if one.x + one.width <= other.x:
            assert moved_one.x + moved_one.width <= moved_other.x + 1e-6


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_one_element_of_mathml(name: str) -> None:
    _, found = content(name)
    for markup in found.data["quantities"]["math"]:
        assert len(etree.fromstring(f"<math>{markup}</math>")) == 1
    for shape in found.data["shapes"]:
        for form in ("symbols", "numbers"):
            for line in shape.get(form, []):
                etree.fromstring(
                    f"<math>{''.join(piece if isinstance(piece, str) else '<mn/>' for piece in line)}</math>"
                )


def test_slips_have_their_numbers_and_their_sentences() -> None:
    system, found = content("walkthrough")
    names = found.data["quantities"]["name"]
    values = values_of(system, "walkthrough")
    line = next(one for one in found.data["lines"] if names[one["quantity"]] == "h1")
    _, *slots = line["expression"]
    slips = found.data["slips"][line["slips"]]
    wrong = [[shape, *(slots[place] for place in places)] for (shape, *places), _ in slips]
    numbers = evaluated(found, wrong, {slot: values[names[slot]] for slot in slots})
    texts = ["".join(part if isinstance(part, str) else names[slots[part]] for part in said) for _, said in slips]
    sentences = dict(zip(texts, numbers, strict=True))
    assert sentences["the term w2·i2 is missing"] == pytest.approx(0.15 * 0.05)
    assert sentences["the factor i1 is missing"] == pytest.approx(0.15 + 0.2 * 0.1)
    assert sentences["the sign is flipped"] == pytest.approx(-0.0275)


def test_the_manual_lists_the_keys() -> None:
    page = (ROOT / "docs" / "page.md").read_text(encoding="utf-8")
    assert [key for key, what in called("keys.js", "KEYS") if f"| {key} | {what} |" not in page] == []


def test_a_batch_has_the_numbers_of_all_its_rows() -> None:
    experiment = load(XOR | {"update": "batch"})
    system = tracer.assemble(experiment)
    found = content_of(experiment, system, program_of(system))
    shape = next(shape for shape in found.data["shapes"] if shape.get("batch"))
    rows = [piece[3] for line in shape["numbers"] for piece in line if not isinstance(piece, str) and piece[0] >= 0]
    assert rows == list(range(len(experiment.samples)))
