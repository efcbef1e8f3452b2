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

MODULES = {"engine.js": "Engine", "content.js": "unpacked", "moment.js": "evaluator, momentsOf", "steps.js": "makers",
           "quiz.js": "slipOf"}  # fmt: skip
SAY = """
const engine = new Engine(data, program), content = unpacked(packed), evaluate = evaluator(shapes);
const momentAt = momentsOf(engine, content, evaluate, makers(content));
const page = { content, evaluate, notation: { text: (slot) => `{${content.quantities[slot].name}}` } };
const name = (slot) => content.quantities[slot].name;
const found = [];
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


def said_of(path: Path) -> tuple[set[str], list[dict[str, Any]]]:
    """The quantities, and what the quiz says of the answers 0 and 1, and of every likely slip, in each equation of the second iteration."""
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
    found: list[dict[str, Any]] = json.loads(node("\n".join([*modules, computing, data, SAY])))
    return set(content.data["quantities"]["name"]), found


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_no_quantity_is_named_that_is_not_in_the_equation(path: Path) -> None:
    """But for one that is said to stand in the place of another of the same kind; and of a batch nothing is said."""
    names, found = said_of(path)
    assert found
    for one in found:
        named = re.findall(r"\{([^}]*)\}", one["said"])
        if re.fullmatch(r"\{[^}]*\} is used instead of \{[^}]*\}", one["said"]):
            named = named[1:]
        assert set(named) <= set(one["names"]), one
        words = re.sub(r"\{[^}]*\}", " ", one["said"])
        assert not names & set(re.findall(r"[\w∂/]+", words)), one
        assert not one["batch"], one
