"""Any iteration of a run on demand: the same numbers as the run itself gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.places import BLOWS_UP, CONFIGS, WALKTHROUGH
from tracer.config import Override, load
from tracer.execution import replay as replays
from tracer.execution.engine import Engine
from tracer.execution.replay import Replay
from tracer.model.assembly import assemble

BREAKS_A_PARAMETER: dict[str, Any] = {
    "inputs": {"x": 2.0}, "targets": {"t": 0.0}, "parameters": {"w": 1.0},
    "equations": "E = (w*x - t)^2 / 2", "minimize": "E", "learning_rate": 1e308, "iterations": 9,
}  # fmt: skip
"""Its first update overflows; all numbers of its first iteration are finite."""


def replayed(source: Path | dict[str, Any], **settings: Any) -> tuple[Replay, Engine, Any]:
    experiment = load(source, [Override((key,), value, key) for key, value in settings.items()])
    engine = Engine(assemble(experiment))
    return Replay(engine, experiment.runs[0], experiment.iterations), engine, experiment


@pytest.mark.parametrize("source", [*CONFIGS, BLOWS_UP], ids=lambda s: s.stem if isinstance(s, Path) else s["name"])
def test_every_iteration_has_the_rows_of_the_run(
    source: Path | dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracer.execution.engine.CHUNK_CELLS", 1_000)  # several chunks, and points between them
    monkeypatch.setattr(replays, "MOST_KEPT", 200)
    replay, engine, experiment = replayed(source)
    run = engine.run(experiment.runs[0], experiment.iterations)
    for number in (3, 2, 60, 10**9, 41, 17):  # 3 before 2: an earlier point is taken up again
        found = replay.iteration(number)
        first = run.batches.first_row(found.number - 1)
        steps = [run.step(first + row) for row in range(len(found.rows))]
        assert str([*found.rows]) == str(steps)  # as text: NaN equals NaN
        assert found.samples == tuple(sample for _, sample in list(run.places(first))[: len(found.samples)])
    last = replay.iteration(10**9)
    assert (last.number, last.divergence) == (run.iterations, run.divergence)
    assert dict(last.after) == dict(run.final)


def test_an_update_that_overflows_ends_the_run_with_its_iteration() -> None:
    replay, engine, experiment = replayed(BREAKS_A_PARAMETER)
    run = engine.run(experiment.runs[0], 9)
    for number in (1, 7):
        last = replay.iteration(number)
        assert (last.number, last.divergence) == (1, run.divergence)
        assert last.divergence
        assert (last.divergence.quantity, last.divergence.iteration) == ("w", 2)


def test_a_far_iteration_is_reached_in_steps_and_can_be_given_up() -> None:
    replay, _, _ = replayed(WALKTHROUGH, iterations=10**9)
    done: list[int] = []

    def enough(steps: int) -> None:
        done.append(steps)
        if len(done) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay.iteration(10**9, enough)
    assert sum(done) < 100_000
    assert replay.iteration(sum(done) + 1).number == sum(done) + 1
