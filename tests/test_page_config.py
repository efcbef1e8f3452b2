"""The config that the page copies: the user's text with the changed numbers in it."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import tracer
from tests.javascript import engine_source, node
from tests.places import CONFIGS, WALKTHROUGH, agree
from tests.test_batches import XOR
from tests.test_javascript import CHOICES
from tracer.config import Override, load
from tracer.page.content.source import source_of
from tracer.page.script import joined

pytestmark = pytest.mark.node


@dataclass(frozen=True, slots=True)
class Change:
    """A number of the config's that is changed on the page: of a sample (from 1), or of all."""

    name: str
    sample: int | None
    value: float


@dataclass(frozen=True, slots=True)
class Copied:
    """What the page copies, and what its engine computes then: the loss of every row, the last parameters."""

    text: str
    losses: list[float]
    final: list[float]


COPY = """
  const engine = new Engine(data, program);
  for (const { name, sample, value } of changes) engine.set(name, value, sample);
  const rate = eta ?? data.etas[0] ?? null, run = engine.run(rate), losses = [];
  for (let row = 0; row < run.rows; row++) losses.push(engine.step(rate, row)[data.loss]);
  const final = data.parameters.map(slot => run.final[slot]);
  console.log(JSON.stringify({ text: changedYaml(source, engine, eta), losses, final }));
"""


def copied(cases: list[tuple[tracer.Trace, list[Change], float | None]]) -> list[Copied]:
    """What the pages copy, all in one process."""
    lines = []
    for trace, changes, eta in cases:
        source = source_of(trace.experiment, tracer.assemble(trace.experiment))
        listed = [{"name": c.name, "sample": c.sample, "value": c.value} for c in changes]
        given_ = {"changes": listed, "eta": eta, "source": source}
        lines += ["(() => {", engine_source(trace), joined("yaml.js")]
        lines += [f"const {name} = {json.dumps(value)};" for name, value in given_.items()]
        lines += [COPY, "})();"]
    return [Copied(**json.loads(line)) for line in node("\n".join(lines)).splitlines()]


def check(trace: tracer.Trace, changes: list[Change], eta: float | None, found: Copied, folder: Path) -> None:
    """The copied text is a config whose run has the page's numbers, and whose start is the changed one."""
    path = folder / f"{trace.experiment.name}.yaml"
    path.write_text(found.text, encoding="utf-8")
    again = tracer.run(path)
    before, after = trace.experiment, again.experiment
    rates = before.learning_rates if eta is None else (eta,)
    assert after.learning_rates == rates, found.text
    new = {change.name: change.value for change in changes}
    assert dict(after.start) == {name: new.get(name, value) for name, value in before.start.items()}, found.text
    assert (after.inputs, after.targets) == (before.inputs, before.targets)
    assert "# changed on the page" not in found.text
    run = again.runs[0]
    at = list(run.columns).index(tracer.assemble(after).loss)
    losses = np.array(run.rows).reshape(-1, len(run.columns))[:, at].tolist()
    assert len(losses) == len(found.losses)
    assert all(agree(a, b) for a, b in zip(losses, found.losses, strict=True)), found.text
    assert all(agree(run.final[name], value) for name, value in zip(run.final, found.final, strict=True)), found.text


def some_changes(trace: tracer.Trace, chance: random.Random, most: int = 4) -> tuple[list[Change], float | None]:
    """Changes of a few numbers of every kind, within what the config may have."""
    experiment, system = trace.experiment, tracer.assemble(trace.experiment)
    changes = [Change(name, None, value + chance.choice([0.05, -1e-7])) for name, value in experiment.start.items()]
    changes = chance.sample(changes, min(len(changes), most))
    changes += [
        Change(name, None, value * 0.9) for name, value in system.hyper.items() if value and chance.random() < 0.7
    ]
    of_rows = [(name, row) for row in range(len(system.samples)) for name in experiment.inputs]
    for name, row in chance.sample(of_rows, min(len(of_rows), chance.randrange(3))):
        changes.append(Change(name, row + 1, chance.choice([0.125, -3e-5, 2.0])))
    eta = chance.choice([None, 0.0625]) if experiment.learning_rates else None
    return changes, eta


def check_all(traces: list[tracer.Trace], seed: int, folder: Path) -> None:
    chance = random.Random(seed)
    cases = [(trace, *some_changes(trace, chance)) for trace in traces]
    for case, found in zip(cases, copied(cases), strict=True):
        check(*case, found, folder)


def test_the_shipped_configs(tmp_path: Path) -> None:
    for path in CONFIGS[0].parent.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    check_all([tracer.run(path, iterations=3) for path in CONFIGS], 1, tmp_path)


def test_whatever_a_config_chooses(tmp_path: Path) -> None:
    check_all(
        [tracer.run({"name": "xor", **XOR, **choice}) for choice in CHOICES.values() if "iterations" not in choice],
        2,
        tmp_path,
    )


def test_what_options_have_put_in(tmp_path: Path) -> None:
    given_: list[dict[str, Any]] = [
        {"learning_rate": [0.1, 0.7]}, {"weights": [0.3] * 8}, {"optimizer": {"name": "adam", "beta1": 0.8}}, {"clip": {"norm": 0.2}},
        {"description": "a: b # c", "biases": {"h": 0.25, "o": [0.5, 1]}},
    ]  # fmt: skip
    traces = [tracer.run(WALKTHROUGH, iterations=4, **options) for options in given_]
    one = load(WALKTHROUGH, [Override(("weights", "w1"), 0.75, "option"), Override(("iterations",), 3, "option")])
    check_all([*traces, tracer.walk(one)], 3, tmp_path)


def test_a_number_that_the_text_does_not_have_is_a_comment() -> None:
    """Also one that is called like a word of JavaScript."""
    source = {"text": "a: 1\n", "places": {"a": [3, 4]}, "sections": []}
    names = ["constructor", "__proto__", "a"]
    engine = f"{{ changes: () => {json.dumps(names)}.map((name) => ({{ name, sample: null, value: 2 }})) }}"
    found = node(f"{joined('yaml.js')}\nconsole.log(changedYaml({json.dumps(source)}, {engine}, null));")
    said = [f"# changed on the page, but not written as a number above: {name}: 2" for name in names[:2]]
    assert found.splitlines()[:3] == ["a: 2", *said]


def in_some_style(config: dict[str, Any], chance: random.Random) -> str:
    """The config as YAML: blocks or not, keys quoted or not, equal values shared by aliases, comments at the ends of
    lines and between them."""
    root = yaml.compose(yaml.safe_dump(config, sort_keys=False))
    assert root is not None
    shared: dict[str, yaml.Node] = {}

    def styled(node: yaml.Node) -> yaml.Node:
        if isinstance(node, yaml.ScalarNode):
            alike = shared.setdefault(node.value, node)
            return alike if chance.random() < 0.2 and node.tag == alike.tag else node
        assert isinstance(node, yaml.CollectionNode)
        node.flow_style = chance.random() < 0.5
        if isinstance(node, yaml.MappingNode):
            node.value = [(key, styled(value)) for key, value in node.value]
        else:
            node.value = [styled(item) for item in node.value]
        return node

    text = yaml.serialize(styled(root), indent=chance.choice([2, 4]), width=10**6)
    lines = []
    for line in text.splitlines():
        lines.append(line + chance.choice(["", "  # why, {x: 1}"]))
        lines += chance.choice([[], [], ["# below: ]"]])
    return chance.choice(["\n", "\r\n"]).join(lines)


@settings(max_examples=4, phases=[Phase.generate])
@given(st.integers(0, 10**6))
def test_a_config_in_any_style(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    chance, folder = random.Random(seed), tmp_path_factory.mktemp("styles")
    traces = []
    for choice in chance.sample([*CHOICES.values()], 8):
        path = folder / "xor.yaml"
        config = (
            XOR | {"iterations": 12} | choice | ({"learning_rate": [0.5, 1]} if "learning_rate" not in choice else {})
        )
        if chance.random() < 0.3:
            config = config | {"weights": {"init": "xavier_normal", "seed": 3}}
        path.write_bytes(in_some_style(config, chance).encode())
        traces.append(tracer.run(path))
    check_all(traces, seed, folder)


@pytest.mark.parametrize(
    ("text", "changes", "eta", "expected"),
    [("learning_rate:\n  - 0.5 # slow\n  - 1\n# end\niterations: 5\nweights: [&w 0.3, *w, 1] # all\n", [Change("w1", None, 2)], 0.125,
      "learning_rate: 0.125\n# end\niterations: 5\nweights: [2, 0.3, 1] # all\n"),
     ("lr: 1  # fast\niterations: 5\nweights:\n- 0.3  # w1\n- .5\n- 1_0\n".replace("1_0", "10"), [Change("w2", None, 2)], 0.25,
      "lr: 0.25  # fast\niterations: 5\nweights:\n- 0.3  # w1\n- 2\n- 10\n")],
)  # fmt: skip
def test_the_rest_stays_as_it_was(text: str, changes: list[Change], eta: float, expected: str, tmp_path: Path) -> None:
    rest = "inputs: [1, 2]\ntargets: [1]\nlayers: [{neurons: 1, activation: sigmoid}, {neurons: 1}]\n"
    path = tmp_path / "config.yaml"
    path.write_text(rest + text, encoding="utf-8")
    trace = tracer.run(path)
    (found,) = copied([(trace, changes, eta)])
    assert found.text == rest + expected
    check(trace, changes, eta, found, tmp_path)
