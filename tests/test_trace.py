"""The Trace in Python, as CSV and as a frame; runs that end early."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy
import pandas
import pytest

import tracer
from tests.places import BLOWS_UP, ROOT, WALKTHROUGH
from tracer.model.experiment import CsvStyle
from tracer.output.blocks import Block, Layout
from tracer.output.csvfile import csv_writer
from tracer.output.trace import ROWS_PER_BLOCK

COMPACT = [
    "iteration", "eta", "t1", "t2", "i1", "i2", "w1", "w2", "w3", "w4", "h1", "a_h1", "h2", "a_h2",
    "w5", "w6", "w7", "w8", "o1", "a_o1", "o2", "a_o2", "E1", "E2", "E_total",
    "∂E/∂w1", "∂E/∂w2", "∂E/∂w3", "∂E/∂w4", "∂E/∂w5", "∂E/∂w6", "∂E/∂w7", "∂E/∂w8",
]  # fmt: skip
FULL = [
    *COMPACT[:25],
    "∂E/∂a_o1", "∂a_o1/∂o1", "∂E/∂o1", "∂E/∂a_o2", "∂a_o2/∂o2", "∂E/∂o2",
    "∂E/∂w5", "∂E/∂w6", "∂E/∂w7", "∂E/∂w8",
    "∂E/∂a_h1", "∂a_h1/∂h1", "∂E/∂h1", "∂E/∂a_h2", "∂a_h2/∂h2", "∂E/∂h2",
    "∂E/∂w1", "∂E/∂w2", "∂E/∂w3", "∂E/∂w4",
]  # fmt: skip


def test_the_columns_in_the_walkthroughs_order() -> None:
    assert tracer.run(WALKTHROUGH, iterations=1).columns == FULL
    assert tracer.run(WALKTHROUGH, iterations=1, columns="compact").columns == COMPACT


def test_an_identity_layer_keeps_its_factor_in_the_chain() -> None:
    trace = tracer.run(ROOT / "configs" / "identity-output.yaml", iterations=1)
    assert trace.columns == FULL
    assert set(trace["∂a_o1/∂o1"]) == {1.0}


def test_biases_stand_with_their_layer() -> None:
    columns = tracer.run(ROOT / "configs" / "biases.yaml", iterations=1).columns
    assert columns[6:12] == ["w1", "w2", "w3", "w4", "b1", "h1"]


def test_deep_networks_are_walked_back_layer_by_layer() -> None:
    columns = tracer.run(ROOT / "configs" / "deep.yaml", iterations=1).columns
    order = [
        columns.index(name) for name in ("f1", "g1", "h1", "o1", "E_total", "∂E/∂o1", "∂E/∂h1", "∂E/∂g1", "∂E/∂f1")
    ]
    assert order == sorted(order)
    assert columns[-1] == "∂E/∂b_f3"


def test_a_trace_in_python() -> None:
    trace = tracer.run(WALKTHROUGH, learning_rate=0.5)
    assert len(trace) == len(trace["E_total"]) == 100
    assert trace["iteration"][:3].tolist() == [1, 2, 3]
    assert set(trace["eta"]) == {0.5}
    assert trace["∂E/∂w5"].dtype == float
    assert trace.final == trace.runs[0].final
    with pytest.raises(KeyError):
        trace["w9"]


def test_several_learning_rates_start_from_the_same_weights() -> None:
    trace = tracer.run(WALKTHROUGH, iterations=10)
    assert len(trace) == 60
    assert trace["w1"][::10].tolist() == [0.15] * 6
    final = trace.final
    assert list(final) == [0.1, 0.2, 0.5, 0.8, 1.0, 2.0]


def test_the_loss_after_the_final_update_is_the_next_first_loss() -> None:
    ten, eleven = (tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=n).runs[0] for n in (10, 11))
    assert ten.final_loss == eleven["E_total"][-1]
    assert ten.final["w5"] == eleven["w5"][-1]


def test_the_csv_reads_back_to_the_last_digit(tmp_path: Path) -> None:
    trace = tracer.run(WALKTHROUGH)
    trace.to_csv(tmp_path / "trace.csv")
    with (tmp_path / "trace.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == FULL
    frame = trace.to_frame()
    assert [list(map(float, row)) for row in rows] == frame.to_numpy().tolist()
    pandas.testing.assert_frame_equal(pandas.read_csv(tmp_path / "trace.csv"), frame)
    text = (tmp_path / "trace.csv").read_bytes()
    assert text.startswith(b"iteration,eta,t1")
    assert b"\r" not in text
    assert text.splitlines()[1].startswith(b"1,0.1,0.5,0.5,0.05,0.1,0.15,0.2,0.25,0.3,0.027500000000000004,")


def test_the_csv_pivots_into_the_comparison(tmp_path: Path) -> None:
    tracer.run(WALKTHROUGH).to_csv(tmp_path / "trace.csv")
    comparison = pandas.read_csv(tmp_path / "trace.csv").pivot(index="iteration", columns="eta", values="E_total")
    assert comparison.shape == (100, 6)
    assert comparison.loc[100].is_monotonic_decreasing


def test_ascii_spelling(tmp_path: Path) -> None:
    tracer.run(WALKTHROUGH, iterations=1).to_csv(tmp_path / "trace.csv", ascii=True)
    header = (tmp_path / "trace.csv").read_text(encoding="ascii").splitlines()[0]
    assert header.endswith("dE/dw1,dE/dw2,dE/dw3,dE/dw4")
    assert "da_o1/do1" in header
    assert list(tracer.run(WALKTHROUGH, iterations=1).to_frame(ascii=True).columns) == header.split(",")


# --------------------------------------------------------------------------------------- numbers that blow up


def test_a_run_stops_at_the_first_number_that_is_not_finite(tmp_path: Path) -> None:
    """E1 is the square of about 1e154: the first value above 1.8e308."""
    trace = tracer.run(BLOWS_UP)
    (run,) = trace.runs
    assert run.divergence == tracer.Divergence("E1", 47)
    assert (len(run), run.complete) == (47, 46)
    last = run.step(46)
    assert abs(last["a_o1"]) > 1e154
    assert all(math.isfinite(last[name]) for name in ("t1", "w5", "w8", "h1", "o1", "a_o2"))
    assert all(math.isnan(last[name]) for name in ("E1", "E2", "E_total", "∂E/∂o1", "∂E/∂w1"))
    assert all(math.isfinite(value) for value in run.step(45).values())
    trace.to_csv(tmp_path / "trace.csv")
    lines = (tmp_path / "trace.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 48
    assert lines[-1].endswith("," * 21)
    assert "nan" not in lines[-1]
    assert "inf" not in lines[-1]
    assert run.final == {}


def test_a_run_that_blows_up_in_its_first_step() -> None:
    config = BLOWS_UP | {"weights": [1e200, 1e200, 1e200, 1e200, 1e200, 1, 1, 1]}
    (run,) = tracer.run(config).runs
    assert run.divergence == tracer.Divergence("o1", 1)


def test_weights_that_overflow_are_named() -> None:
    config = BLOWS_UP | {"weights": [0.1] * 8, "inputs": [1, 1], "learning_rate": 1e308, "targets": [1000, 1000]}
    (run,) = tracer.run(config).runs
    assert run.divergence == tracer.Divergence("w5", 2)


def test_the_other_learning_rates_go_on() -> None:
    first, second = tracer.run(BLOWS_UP, learning_rate=[1e6, 0.1]).runs
    assert first.divergence
    assert second.divergence is None
    assert len(second) == 100


def test_large_finite_numbers_are_no_divergence() -> None:
    """A sum over all quantities may overflow where none of them does."""
    config = BLOWS_UP | {
        "inputs": [1.7e308, 1.7e308], "weights": [0, 0, 0, 0, 1, 1, 1, 1], "learning_rate": 0.1, "iterations": 3,
    }  # fmt: skip
    (run,) = tracer.run(config).runs
    assert run.divergence is None


def test_a_trace_too_large_for_memory_is_refused() -> None:
    with pytest.raises(tracer.ConfigError, match="the trace would hold"):
        tracer.run(WALKTHROUGH, iterations=10**9)


def test_a_last_update_that_overflows() -> None:
    config = {
        "inputs": [1], "targets": [1e10], "layers": [{"neurons": 1, "activation": "identity"}], "weights": [0],
        "learning_rate": 1e300, "iterations": 1,
    }  # fmt: skip
    (run,) = tracer.run(config).runs
    assert run.divergence == tracer.Divergence("w1", 2)
    assert (len(run), run.complete, run.final) == (1, 1, {"w1": math.inf})


@pytest.mark.long
def test_a_neuron_with_thousands_of_inputs() -> None:
    """Longer than Python's compiler takes in one expression."""
    config = {
        "inputs": [0.001] * 5000, "targets": [0.5], "layers": [{"neurons": 1}], "weights": [0.1] * 5000,
        "learning_rate": 0.1, "iterations": 2,
    }  # fmt: skip
    assert tracer.run(config)["o1"][0] == pytest.approx(0.5)
    with pytest.raises(tracer.OutputError, match="longer than the 8,192 characters that Excel takes"):
        tracer.run(config).to_excel("never.xlsx")


def test_the_optimizers_state_is_traced_from_zero() -> None:
    trace = tracer.run(WALKTHROUGH, learning_rate=0.1, overrides=[tracer.Override(("optimizer",), "momentum", "test")])
    assert trace.columns[-8:] == [f"v_w{n}" for n in range(1, 9)]
    step, following = trace.runs[0].step(0), trace.runs[0].step(1)
    assert step["v_w5"] == step["∂E/∂w5"]
    assert following["v_w5"] == 0.9 * step["v_w5"] + following["∂E/∂w5"]
    assert following["w5"] == step["w5"] - 0.1 * step["v_w5"]


def test_an_update_that_has_no_value() -> None:
    """0/0 where eps is 0 and so is the gradient: the step is whole, the next weight is not."""
    config = {
        "inputs": [0], "targets": [1], "layers": [{"neurons": 1}], "weights": [0.5], "learning_rate": 0.1,
        "iterations": 3, "optimizer": {"name": "adagrad", "eps": 0},
    }  # fmt: skip
    (run,) = tracer.run(config).runs
    assert run.divergence == tracer.Divergence("w1", 2)
    assert (len(run), run.complete) == (1, 1)


def test_numbers_too_large_to_fold() -> None:
    (run,) = tracer.run(WALKTHROUGH, learning_rate=0.1, overrides=[tracer.Override(("l2",), 1e308, "test")]).runs
    assert run.divergence
    assert run.divergence.iteration <= 2


@pytest.mark.long
def test_a_sum_of_thousands_of_terms_that_overflows() -> None:
    """Python compiles no sum of so many terms at once; that L2 is 8,000 times 1e306 is found all the same."""
    (run,) = tracer.run({
        "inputs": [1e-150] * 4000, "targets": [0.5, 0.5], "weights": {"init": "constant", "value": 1e153}, "l2": 1,
        "layers": [{"neurons": 2, "activation": "identity"}], "learning_rate": 0.1, "iterations": 3,
    }).runs  # fmt: skip
    assert run.divergence == tracer.Divergence("L2", 1)
    assert run["o1"][0] == pytest.approx(4e6)


@pytest.mark.parametrize("config", [WALKTHROUGH, ROOT / "configs" / "xor.yaml"], ids=["one sample", "several samples"])
def test_blocks_hold_the_rows_in_the_order_of_the_columns(config: Path, tmp_path: Path) -> None:
    trace = tracer.run(config, iterations=1200)
    done: list[int] = []
    blocks = list(trace.blocks(done.append))
    assert len(blocks) > 1
    assert max(map(len, blocks)) <= ROWS_PER_BLOCK
    assert sum(done) == sum(map(len, blocks)) == len(trace)
    rows = [row for block in blocks for row in block.rows()]
    assert [list(column) for column in zip(*rows, strict=True)] == [trace[name].tolist() for name in trace.columns]
    file = io.StringIO()
    trace.write_csv(file)
    trace.to_csv(tmp_path / "u.csv")
    assert file.getvalue() == (tmp_path / "u.csv").read_text(encoding="utf-8")


def test_the_csv_of_a_run_that_converges_has_every_number(tmp_path: Path) -> None:
    """Rows like the one before, a column that is 0 or −0 throughout, and numbers that are missing, to the last bit."""
    trace = tracer.run(WALKTHROUGH, learning_rate=2.0, iterations=20_000)
    trace.to_csv(tmp_path / "trace.csv")
    read = pandas.read_csv(tmp_path / "trace.csv")
    assert len(read[["w1", "w8", "E_total"]].tail(1_000).drop_duplicates()) < 1_000
    assert [*read] == trace.columns
    for name in trace.columns:
        assert read[name].to_numpy().tobytes() == trace[name].tobytes()
    layout = Layout(("iteration",), False, ("a", "b", "c", "d"))
    rows = numpy.array([[-0.0, math.nan, 0.0, 1e-7], [-0.0, math.nan, -0.0, 1e-7]])
    written: list[bytes] = []
    write = csv_writer(written.append, layout, CsvStyle(";", ","))
    write(Block(layout, {"a": 0, "b": 1, "c": 2, "d": 3}, [(1, 1), (2, 1)], memoryview(rows.tobytes()).cast("d")))
    assert b"".join(written) == b"iteration;a;b;c;d\n1;-0,0;;0,0;1e-7\n2;-0,0;;-0,0;1e-7\n"


def test_the_package_lists_what_is_public() -> None:
    assert dir(tracer) == sorted(tracer.__all__)
    assert all(hasattr(tracer, name) for name in dir(tracer))
