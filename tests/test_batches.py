"""Several samples: which rows belong together, what a batch makes of them, schedules, clipping, when a run ends."""

from __future__ import annotations

import math
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.places import agree
from tests.sheets import stored_cells
from tracer.model.batches import Batches

XOR: dict[str, Any] = {
    "samples": [{"inputs": [x, y], "targets": [t]} for x, y, t in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0))],
    "layers": [{"neurons": 2, "activation": "tanh"}, {"neurons": 1}], "weights": [0.9, -0.7, -0.5, 0.8, 0.6, 0.7],
    "biases": {"h": [0.1, -0.2], "o": 0.1}, "learning_rate": 0.5, "iterations": 12,
}  # fmt: skip
LINE: dict[str, Any] = {"equations": "E = (t - w*x)^2 / 2", "parameters": {"w": 0.5}, "minimize": "E",
                        "learning_rate": 0.1, "iterations": 3}  # fmt: skip


def only(config: dict[str, Any]) -> tracer.Run:
    (run,) = tracer.run(config).runs
    return run


# ------------------------------------------------------------------------------------------------ which samples


@given(
    samples=st.integers(1, 30), size=st.integers(1, 30), seed=st.none() | st.integers(), iterations=st.integers(1, 60)
)
def test_rows_and_iterations(samples: int, size: int, seed: int | None, iterations: int) -> None:
    batches = Batches(samples, min(size, samples), seed=seed)
    taken = list(islice(batches.taken(), iterations))
    rows = [(iteration, sample) for iteration, batch in enumerate(taken) for sample in batch]
    assert batches.first_row(iterations) == len(rows)
    assert [batches.iteration(row) for row in range(len(rows))] == [iteration for iteration, _ in rows]
    assert list(islice(batches.taken(iterations - 1), 1)) == taken[-1:]
    for first in range(0, len(rows) - samples + 1, samples):  # every pass takes every sample once
        assert sorted(sample for _, sample in rows[first : first + samples]) == list(range(samples))
    assert all(len(batch) <= batches.size for batch in taken)


def test_a_shuffled_order_is_another_one_for_every_pass_and_seed() -> None:
    orders = [Batches(20, seed=seed).order(number) for seed in range(5) for number in range(5)]
    assert len({tuple(order) for order in orders}) == 25
    assert Batches(20, seed=1).order(2) == Batches(20, seed=1).order(2)
    assert Batches(5, seed=1).order(0) == [3, 1, 2, 4, 0]  # on every machine, in every version


def test_the_csv_tells_iteration_and_sample(tmp_path: Path) -> None:
    trace = tracer.run(XOR | {"update": {"batch_size": 3}, "iterations": 4})
    trace.to_csv(tmp_path / "xor.csv")
    frame = pandas.read_csv(tmp_path / "xor.csv")
    assert list(frame.columns[:4]) == ["iteration", "sample", "eta", "t1"]
    assert frame["iteration"].tolist() == [1, 1, 1, 2, 3, 3, 3, 4]
    assert frame["sample"].tolist() == [1, 2, 3, 4, 1, 2, 3, 4]
    assert frame["t1"].tolist() == [0, 1, 1, 0] * 2
    pandas.testing.assert_frame_equal(frame, trace.to_frame(), check_exact=True)


# -------------------------------------------------------------------------------------------------- the numbers


def test_a_batch_by_hand() -> None:
    """E = ½(t − w·x)² at w = 0.5: ∂E/∂w = −(t − w·x)·x is −1.5 for (1, 2) and −4 for (2, 3)."""
    samples = [{"inputs": {"x": 1}, "targets": {"t": 2}}, {"inputs": {"x": 2}, "targets": {"t": 3}}]
    mean = only(LINE | {"samples": samples, "update": "batch"})
    assert mean["∂E/∂w"][:2] == [-1.5, -4]
    assert mean["∂E_batch/∂w"][:2] == [-2.75, -2.75]
    assert mean["E_batch"][:2] == [(1.125 + 2) / 2] * 2
    assert mean["w"][2] == 0.5 + 0.1 * 2.75
    total = only(LINE | {"samples": samples, "update": "batch", "reduction": "sum"})
    assert total["∂E_batch/∂w"][0] == -5.5
    assert total["w"][2] == 0.5 + 0.1 * 5.5
    online = only(LINE | {"samples": samples})
    assert online["w"][:3] == [0.5, 0.65, 0.65 + 0.1 * (3 - 0.65 * 2) * 2]


@given(batch_size=st.integers(2, 4), optimizer=st.sampled_from(["sgd", "momentum", "adam"]))
def test_every_row_of_a_batch_is_that_sample_by_itself(batch_size: int, optimizer: str) -> None:
    run = only(XOR | {"update": {"batch_size": batch_size}, "optimizer": optimizer})
    for index, (iteration, sample) in enumerate(run.places()):
        step = run.step(index)
        alone = {key: value for key, value in XOR.items() if key != "samples"} | XOR["samples"][sample - 1]
        weights = [step[f"w{number}"] for number in range(1, 7)]
        biases = {"h": [step["b_h1"], step["b_h2"]], "o": step["b2"]}
        single = only(alone | {"weights": weights, "biases": biases, "iterations": 1}).step(0)
        assert {name: step[name] for name in single} == single
        rows = [run.step(row) for row, (other, _) in enumerate(run.places()) if other == iteration]
        assert agree(step["∂E_batch/∂w1"], math.fsum(row["∂E/∂w1"] for row in rows) / len(rows))


def test_a_batch_of_one_sample_is_that_sample() -> None:
    single = {key: value for key, value in XOR.items() if key != "samples"} | XOR["samples"][1]
    assert only(XOR | {"samples": XOR["samples"][1:2], "update": "batch"}).rows == only(single).rows
    assert only(XOR | {"update": {"batch_size": 1}}).rows == only(XOR).rows


def test_the_loss_after_the_last_update_is_of_all_samples() -> None:
    longer, shorter = (only(XOR | {"update": "batch", "iterations": n}) for n in (13, 12))
    assert shorter.final_loss == longer["E_batch"][-1]
    online = only(XOR)
    final = [online.final[f"w{number}"] for number in range(1, 7)]
    at_the_end = only(XOR | {"update": "batch", "weights": final, "iterations": 1,
                             "biases": {"h": [online.final["b_h1"], online.final["b_h2"]], "o": online.final["b2"]}})  # fmt: skip
    assert online.final_loss == at_the_end["E_batch"][0]


# ----------------------------------------------------------------------------------------------- learning rates


def test_the_loss_after_the_last_update_needs_no_further_learning_rate() -> None:
    """1/(13 − k) has no value in the iteration after the last one."""
    run = only(XOR | {"learning_rate": "1/(13-k)"})
    assert 0 < run.final_loss < 1


def test_a_learning_rate_far_too_long_is_refused_at_once() -> None:
    with pytest.raises(tracer.ConfigError, match="more than 500,000,000; use fewer"):
        tracer.run(XOR | {"learning_rate": "0.1/k", "iterations": 100_000_000})


def test_a_learning_rate_that_decays() -> None:
    run = only(XOR | {"learning_rate": "0.5 * 0.9^k"})
    assert run["η"] == [0.5 * 0.9**k for k in range(1, 13)]
    steps = [run.step(index) for index in range(12)]
    for before, after in pairwise(steps):
        assert after["w1"] == before["w1"] - before["η"] * before["∂E/∂w1"]


def test_phases_carry_the_weights_on() -> None:
    phases = [{"iterations": 5, "learning_rate": 0.1}, {"iterations": 7, "learning_rate": 0.8}]
    config = {key: value for key, value in XOR.items() if key != "iterations"}
    run = only(config | {"learning_rate": phases})
    assert run["η"] == [0.1] * 5 + [0.8] * 7
    first = only(XOR | {"learning_rate": 0.1, "iterations": 5})
    assert run["w5"][5] == first.final["w5"]
    assert list(run.rows[: len(first.rows)]) != list(first.rows)  # it has a column η more
    assert [run[name][:5] for name in first.columns] == [first[name] for name in first.columns]


def test_the_csv_has_the_rate_of_every_row(tmp_path: Path) -> None:
    trace = tracer.run(XOR | {"learning_rate": "1/k", "iterations": 3})
    trace.to_csv(tmp_path / "trace.csv")
    frame = pandas.read_csv(tmp_path / "trace.csv")
    assert frame["eta"].tolist() == trace["eta"].tolist() == [1, 1 / 2, 1 / 3]
    assert "η" not in frame


# ----------------------------------------------------------------------------------------------------- clipping


def test_clipping_by_value_and_by_norm() -> None:
    plain, value, norm = (only(XOR | clip) for clip in ({}, {"clip": {"value": 0.02}}, {"clip": {"norm": 0.05}}))
    gradients = {name: plain[f"∂E/∂{name}"][0] for name in plain.final}
    assert {name: value[f"g_{name}"][0] for name in gradients} == {
        name: max(-0.02, min(0.02, gradient)) for name, gradient in gradients.items()
    }
    assert agree(norm["norm_g"][0], math.hypot(*gradients.values()))
    assert norm["norm_g"][0] > 0.05
    assert agree(
        math.hypot(*(norm[f"g_{name}"][0] for name in gradients)), 0.05 * norm["norm_g"][0] / (norm["norm_g"][0] + 1e-6)
    )
    assert norm["w5"][1] == norm["w5"][0] - 0.5 * norm["g_w5"][0]


def test_frozen_parameters_do_not_count_for_the_norm() -> None:
    run = only(XOR | {"clip": {"norm": 1}, "frozen": ["w*", "b_h*"]})
    assert run["norm_g"][0] == abs(run["∂E/∂b2"][0])


# ------------------------------------------------------------------------------------------------ when it ends


def test_a_condition_ends_a_run() -> None:
    whole, ended = (only(LINE | {"inputs": {"x": 1}, "targets": {"t": 2}, "iterations": 100} | until)
                    for until in ({}, {"until": "E < 0.01"}))  # fmt: skip
    first = next(index for index, loss in enumerate(whole["E"]) if loss < 0.01)
    assert (len(ended), ended.until_met, whole.until_met) == (first + 1, True, False)
    assert list(ended.rows) == list(whole.rows[: len(ended.rows)])
    assert ended.final["w"] == whole["w"][first + 1]


@pytest.mark.parametrize("update", ["online", "batch", {"batch_size": 3}])
def test_the_condition_must_hold_for_every_sample_of_a_pass(update: Any) -> None:
    config = XOR | {"update": update, "iterations": 3000, "learning_rate": 1, "until": "E_total < 0.01"}
    run = only(config)
    assert run.until_met
    below = [loss < 0.01 for loss in run["E_total"]]
    passes = [all(below[first : first + 4]) for first in range(0, len(below), 4)]
    assert len(below) % 4 == 0
    assert (passes[-1], any(passes[:-1])) == (True, False)


@pytest.mark.parametrize("seed", range(6))
def test_a_sample_that_never_meets_the_condition_keeps_the_run_going(seed: int) -> None:
    """Shuffled, the last steps of one pass and the first of the next may leave a sample out."""
    samples = [{"inputs": {"x": 1}, "targets": {"t": t}} for t in (5, 0, 0)]
    run = only(LINE | {"samples": samples, "parameters": {"w": 0}, "learning_rate": 0, "iterations": 200,
                       "order": "shuffled", "seed": seed, "until": "E < 1"})  # fmt: skip
    assert (run.until_met, len(run)) == (False, 200)
    assert run.over_pass("E") == run.over_pass("E", last=True) == 12.5 / 3


def test_a_condition_that_is_never_met() -> None:
    run = only(XOR | {"until": "1 / (E_total - E_total) > 0"})  # it has no value: it does not hold
    assert (len(run), run.until_met, run.divergence) == (12, False, None)


# --------------------------------------------------------------------------------------------------- divergence


def test_a_batch_that_diverges_keeps_what_there_is(tmp_path: Path) -> None:
    """The second sample of the third iteration overflows: the first one's row is there, without the batch's."""
    samples = [{"inputs": {"x": 1}, "targets": {"t": 2}}, {"inputs": {"x": 1e100}, "targets": {"t": 0}}]
    trace = tracer.run(LINE | {"samples": samples, "update": "batch", "learning_rate": 1e-160, "iterations": 9})
    (run,) = trace.runs
    assert run.divergence is not None
    last = [
        run.step(index) for index in range(len(run)) if run.batches.iteration(index) + 1 == run.divergence.iteration
    ]
    assert math.isnan(last[-1][run.divergence.quantity])
    assert all(math.isnan(step["E_batch"]) for step in last)
    assert run.complete == 2 * (run.divergence.iteration - 1)
    trace.to_csv(tmp_path / "trace.csv")
    trace.to_excel(tmp_path / "trace.xlsx")
    assert len(pandas.read_csv(tmp_path / "trace.csv")) == len(run)
    cells = stored_cells(tmp_path / "trace.xlsx")[run.title]
    assert cells[f"B{4 + len(run)}"].value == len(last)
    assert not any(cell.error for cell in cells.values())


def test_the_sum_of_a_batch_may_overflow() -> None:
    """Each E is 8.45e307; three of them are more than a double holds."""
    far = [{"inputs": {"x": 1}, "targets": {"t": sign * 1.3e154}} for sign in (1, -1, 1)]
    run = only(LINE | {"samples": far, "update": "batch", "reduction": "sum", "iterations": 2})
    assert run.divergence == tracer.Divergence("E_batch", 1)
    assert run["∂E/∂w"] == [-1.3e154, 1.3e154, -1.3e154]


# ---------------------------------------------------------------------------------------------------- the sheet


def test_the_update_of_a_batch_in_the_sheet(tmp_path: Path) -> None:
    tracer.run(XOR | {"update": "batch", "columns": "compact"}).to_excel(tmp_path / "xor.xlsx")
    cells = stored_cells(tmp_path / "xor.xlsx")["η = 0.5"]
    assert cells["F9"].formula == "F5-$B$1*AVERAGE(W5:W8)"
    assert cells["F10"].formula == "F9"
    assert cells["C9"].formula == "INDEX(Data!$B$4:$B$7,$B9)"


def test_a_condition_on_names_that_clash() -> None:
    with pytest.raises(
        tracer.ConfigError, match="'E_batch' would be both a quantity of the config and the loss of a batch"
    ):
        tracer.load(LINE | {
            "samples": [{"inputs": {"x": 1, "E_batch": 2}, "targets": {"t": 1}}] * 2, "update": "batch",
            "equations": "E = (t - w*x*E_batch)^2",
        })  # fmt: skip
