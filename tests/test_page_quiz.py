"""The quiz of the page: what it says of wrong answers, in Node, over all configs of the repository."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import tracer
from tests.javascript import node
from tests.places import CONFIGS
from tracer.config import load
from tracer.execution.javascript_emitter import complete, program_source, shapes_source
from tracer.execution.program import program_of
from tracer.page.content.content import content_of
from tracer.page.program import data_of
from tracer.page.script import joined

pytestmark = pytest.mark.node

MODULES = {"engine.js": "Engine", "content.js": "unpacked", "moment.js": "evaluator, momentsOf", "steps.js": "makers",
           "quiz.js": "judged, slipOf", "format.js": "typed, written"}  # fmt: skip
BEGIN = """
const engine = new Engine(data, program), content = unpacked(packed), evaluate = evaluator(shapes);
const momentAt = momentsOf(engine, content, evaluate, makers(content));
const page = { content, evaluate, notation: { text: (slot) => `{${content.quantities[slot].name}}` } };
const name = (slot) => content.quantities[slot].name;
const found = [];
"""
SAY = """
for (const [number, line] of content.lines.entries()) {
  const moment = momentAt({ eta: data.etas[0] ?? null, iteration: 2, sample: null, line: number });
  const [shape, ...slots] = line.expression, args = slots.map((slot) => moment.value(slot));
  const wrong = (content.slips[line.slips] ?? []).map(([[code, ...places]]) => evaluate(code, places.map((place) => args[place])));
  const batch = Boolean(content.shapes[shape].batch);
  for (const answer of [0, 1, ...wrong]) {
    const said = slipOf(page, number, answer, moment);
    if (said) found.push({ of: name(line.quantity), names: slots.map(name), batch, said });
  }
}
console.log(JSON.stringify(found));
"""
JUDGE = """
for (const iteration of [1, 2, 3]) {
  for (const [number, line] of content.lines.entries()) {
    const moment = momentAt({ eta: data.etas[0] ?? null, iteration, sample: null, line: number });
    const [shape, ...slots] = line.expression, ofBatch = content.shapes[shape].batch ?? [];
    const value = line.update ? moment.after(line.quantity) : moment.value(line.quantity);
    const seen = (value) => typed(written(value));
    const rows = (slot) => Array.from({ length: moment.size }, (_, row) => seen(moment.value(slot, row)));
    const numbers = slots.map((slot, place) => (ofBatch.includes(place) ? rows(slot) : seen(moment.value(slot))));
    const [shown, said] = [evaluate(shape, numbers), (answer) => judged(page, number, answer, moment)];
    found.push({ of: name(line.quantity), iteration, shown, said: said(shown), exact: said(value), wrong: said(2 * value + 1) });
  }
}
console.log(JSON.stringify(found));
"""


def found_by(script: str, path: Path) -> tuple[set[str], list[dict[str, Any]]]:
    """The quantities of a config, and what a script finds of its quiz."""
    experiment = load(path)
    system = tracer.assemble(experiment)
    program = program_of(system)
    content = content_of(experiment, system, program)
    modules = [
        f"const {{ {names} }} = (() => {{ {joined(module)} return {{ {names} }}; }})();"
        for module, names in MODULES.items()
    ]
    data = f"const data = {json.dumps(data_of(experiment, system, program))}, packed = {json.dumps(content.data)};"
    computing = complete(
        program_source(program, system.batches), shapes_source(content.shapes), result="{ program, shapes }"
    )
    found: list[dict[str, Any]] = json.loads(node("\n".join([*modules, computing, data, BEGIN, script])))
    return set(content.data["quantities"]["name"]), found


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_no_quantity_is_named_that_is_not_in_the_equation(path: Path) -> None:
    """But for one that is said to stand in the place of another of the same kind; and of a batch nothing is said."""
    names, found = found_by(SAY, path)
    assert found
    for one in found:
        named = re.findall(r"\{([^}]*)\}", one["said"])
        if re.fullmatch(r"\{[^}]*\} is used instead of \{[^}]*\}", one["said"]):
            named = named[1:]
        assert set(named) <= set(one["names"]), one
        words = re.sub(r"\{[^}]*\}", " ", one["said"])
        assert not names & set(re.findall(r"[\w∂/]+", words)), one
        assert not one["batch"], one


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_what_the_shown_numbers_give_is_right(path: Path) -> None:
    """They have six digits, with which a difference of two that are alike is another one."""
    _, found = found_by(JUDGE, path)
    assert [one for one in found if not one["said"] or one["exact"] != "exact" or one["wrong"]] == []
    if path.stem in ("iris", "layer-normalisation"):
        assert {one["said"] for one in found} == {"exact", "shown"}
