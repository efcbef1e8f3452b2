"""Sweeps: the grid, and from the command line to the table; every row as the run of its config by itself."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.dying import Dies
from tests.places import BLOWS_UP, ROOT, WALKTHROUGH
from tests.test_batches import XOR
from tracer.commands.main import main
from tracer.config import Override, prepared
from tracer.config.grid import MOST_POINTS, grid
from tracer.errors import ConfigError, OutputError
from tracer.execution.engine import Engine
from tracer.execution.runs import reached
from tracer.execution.sweep.planning import planned
from tracer.execution.sweep.points import Plan
from tracer.execution.sweep.results import Results, joined
from tracer.execution.sweep.sharing import Task, here, shared, unchanged


def sweep(*arguments: str | Path) -> tuple[int, str, str]:
    """The exit code of the command, and what it prints."""
    result = CliRunner().invoke(main, ["sweep", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


# ------------------------------------------------------------------------------------------------------- the grid

VALUES: dict[str, Sequence[Any]] = {
    "0.1,0.5": [0.1, 0.5], "2..5": [2, 3, 4, 5], "-1..1": [-1, 0, 1], "0:1:5": [0, 0.25, 0.5, 0.75, 1],
    "0.01:100:5:log": [0.01, 0.1, 1, 10, 100], "1, 3..4, 10:20:3": [1, 3, 4, 10, 15, 20], "sgd,adam": ["sgd", "adam"],
    "[1, 2],[3, 4]": [[1, 2], [3, 4]], "{name: a, b: 1}, 'x,y'": [{"name": "a", "b": 1}, "x,y"], "5": [5],
    "true,false": [True, False], "2:-2:3": [2, 0, -2], "-8:-1:4:log": [-8, -4, -2, -1], "0.5 * 0.9^k": ["0.5 * 0.9^k"],
}  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_values_of_a_key(text: str) -> None:
    (varied,) = grid({"key": text}).varied
    assert [*varied.values] == VALUES[text]


PROBLEMS = {
    "0.1:10:x": "'x' is not a count", "1:2:1": "'1' is not a count", "-1:1:5:log": "must be above 0",
    "1:2:3:exp": "':exp' is unknown", "5..1": "write the smaller one first", "1,,2": "a value is missing",
    "1,2,1": "1 is duplicated", "0:1:99999999": "more than 10,000,000",
    "1..999999999999999999": "has 999,999,999,999,999,999 values, more than 10,000,000; give a shorter range, or some of its numbers as start:stop:count, such as 1:999999999999999999:1000",
    "0..18446744073709551616": "has 18,446,744,073,709,551,617 values", "1..9000000,9000001..18000000": "has 18,000,000 values",
    "1..2000,1:2:9999999": "has 10,001,999 values", f"1:2:{'9' * 5000}": "is not a count", "[1": "cannot be read as a value",
}  # fmt: skip


@pytest.mark.parametrize("text", PROBLEMS)
def test_values_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--vary key") as error:
        grid({"key": text})
    assert PROBLEMS[text] in str(error.value)


@pytest.mark.parametrize(("values", "size"), [(range(10**18), 10**18), (range(0, -(2**66), -2), 2**65)])
def test_a_range_of_python_that_is_too_long(values: range, size: int) -> None:
    with pytest.raises(ConfigError, match=f"--vary key: has {size:,} values, more than"):
        grid({"key": values})


def test_a_sample_of_a_grid_that_is_too_large() -> None:
    found = grid({f"k{number}": "1..9999999" for number in range(3)})
    with pytest.raises(ConfigError, match=r"9,999,999 × 9,999,999 × 9,999,999 = 9.* points.*; give fewer values"):
        found.sampled(3)
    with pytest.raises(ConfigError, match="--sample 10,000,001: draws more than"):
        grid({"key": range(5)}).sampled(10_000_001)


@pytest.mark.parametrize("values", [range(3, 10, 3), range(9, 2, -3), range(2**63, 2**64, 2**61)])
def test_a_range_of_python_in_the_table(values: range) -> None:
    frame = tracer.sweep(WALKTHROUGH, {"learning_rate": values}, iterations=1).to_frame()
    assert frame["learning_rate"].tolist() == [float(value) for value in values]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_points_are_all_combinations(sizes: list[int]) -> None:
    found = grid({f"k{number}": range(size) for number, size in enumerate(sizes)})
    assert [found.point(number) for number in range(len(found))] == [*product(*map(range, sizes))]


@given(st.integers(1, 200), st.integers(1, 250), st.integers(0, 9))
def test_a_sample_is_drawn_without_repetition(size: int, count: int, seed: int) -> None:
    found = grid({"key": range(size)}).sampled(count, seed)
    points = [found.point(number) for number in range(len(found))]
    assert len({*points}) == len(points) == min(size, count)
    assert points == sorted(points)
    assert found == grid({"key": range(size)}).sampled(count, seed)


def test_a_sample_is_drawn_evenly() -> None:
    """Of 4 points 2: each pair about as often as the others."""
    pairs = [tuple(grid({"key": range(4)}).sampled(2, seed).drawn or ()) for seed in range(600)]
    assert all(70 < pairs.count(pair) < 130 for pair in {*pairs})
    assert len({*pairs}) == 6


# ------------------------------------------------------------------------------------- every row as a single run

GRIDS: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    "the classic network": (WALKTHROUGH, {"learning_rate": "0.1:1000:9:log", "weights.seed": "0..19"}, {"weights": {"init": "xavier_uniform"}}),
    "its list of rates": (WALKTHROUGH, {"weights.w5": "-1:1:7"}, {}),
    "other equations": (XOR, {"optimizer": ["sgd", "adam", {"name": "momentum", "momentum": 0.5}], "layers.0.activation": ["relu", "tanh"], "learning_rate": "0.1:2:12"}, {}),
    "settings of an optimizer": (XOR, {"optimizer.momentum": "0:0.9:40"}, {"optimizer": {"name": "momentum"}}),
    "shapes": (XOR, {"layers.0.neurons": "1..3", "weights.seed": "0..29"}, {"weights": {"init": "xavier_normal"}, "biases": {"h": 0.1, "o": 0.1}}),
    "iterations and batches": (XOR, {"iterations": [3, 9], "update": ["batch", "online", {"batch_size": 3}], "seed": "0..9"}, {"order": "shuffled"}),
    "samples": (XOR, {"samples.1.targets.0": "0:1:30"}, {}),
    "a schedule": (XOR, {"learning_rate": ["0.5 * 0.9^k", 0.5, "1/k"], "weights.w1": "0:1:9"}, {"weights": dict(zip(["w1", "w2", "w3", "w4", "w5", "w6"], XOR["weights"], strict=True))}),
}  # fmt: skip


@pytest.mark.parametrize("name", GRIDS)
def test_every_row_is_a_run(name: str) -> None:
    config, vary, given = GRIDS[name]
    settings = {"iterations": 20} | given
    found = tracer.sweep(config, vary, keep="loss", **{k: v for k, v in settings.items() if k not in vary})
    frame = found.to_frame()
    assert len(frame) == len(found)
    for number in random.Random(1).sample(range(len(found)), 12):
        setting = found.setting(number)
        overrides = [Override(tuple(key.split(".")), value, key) for key, value in [*given.items(), *setting.items()]]
        settings = {"iterations": 20} if "iterations" not in vary else {}
        trace = tracer.run(config, overrides=overrides, **settings)
        (run,) = trace.runs
        row, losses = frame.iloc[number], run.over_iterations(trace.system.curve)
        assert row["run"] == number + 1
        assert row["final_loss"] == pytest.approx(run.final_loss, rel=1e-9, abs=1e-15)
        assert row["losses"] == pytest.approx(losses, rel=1e-9, abs=1e-15)
        assert row["best_loss"] == pytest.approx(min(losses), rel=1e-9, abs=1e-15)
        assert row["iterations_done"] == run.iterations
        assert (None if pd.isna(row["iterations_to_1_percent"]) else row["iterations_to_1_percent"]) == reached(
            losses, 0.01
        )


def test_processes_come_to_the_same() -> None:
    plan = planned(
        prepared(WALKTHROUGH), [], grid({"weights.w1": "0:1:40", "learning_rate": "0.1:1e300:9:log"}), "all"
    ).plan
    blocks = [(first, min(first + 50, 360)) for first in range(0, 360, 50)]

    def together(pairs: Any) -> Results:
        return joined({block[0]: results for block, results in pairs}, 360)

    task = Task(plan, unchanged)
    mine, theirs = together(here(task, blocks)), together(shared(task, blocks, 2))
    for name in ("final_loss", "best_loss", "to_fraction", "diverged"):
        assert getattr(mine, name).tolist() == pytest.approx(getattr(theirs, name).tolist(), rel=0, abs=0, nan_ok=True)
    assert mine.curves.keys() == theirs.curves.keys() >= {"losses", "w1"}
    assert (mine.curves["w1"] == theirs.curves["w1"]).all()


def test_a_process_that_ends(tmp_path: Path) -> None:
    """Its block is computed by another one."""
    plan = Plan(prepared(WALKTHROUGH), (), grid({"iterations": [1, 2], "learning_rate": [1]}))
    found = dict(shared(Task(plan, Dies(tmp_path, 1)), [(0, 1), (1, 2)], 2))
    assert [found[block].iterations.tolist() for block in sorted(found)] == [[1], [2]]
    assert len([*tmp_path.iterdir()]) == 1


@pytest.mark.long
def test_processes_that_always_end(tmp_path: Path) -> None:
    plan = Plan(prepared(WALKTHROUGH), (), grid({"iterations": [1, 2], "learning_rate": [1]}))
    with pytest.raises(OutputError, match=r"the process that computed them ended 3 times"):
        [*shared(Task(plan, Dies(tmp_path, 99, awaited=3)), [(0, 1), (1, 2)], 2)]


def test_the_csv_has_the_style_of_the_config(tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    given = ["--vary", "optimizer={name: adam, eps: 0.5},sgd", "--learning-rate", "0.5", "--set", "csv=excel-eu"]
    assert sweep(WALKTHROUGH, *given, "-o", target)[0] == 0
    text = target.read_text(encoding="utf-8-sig")
    first, second = csv.DictReader(text.splitlines(), delimiter=";")
    assert first["optimizer"] == "{eps: 0.5, name: adam}"
    assert float(second["first_loss"].replace(",", ".")) == pytest.approx(0.014181377937891659, rel=1e-14)


def test_problems_of_a_point_come_from_its_process() -> None:
    plan = Plan(prepared(WALKTHROUGH), (), grid({"iterations": [5, -5], "learning_rate": [1]}))
    with pytest.raises(ConfigError, match="--vary iterations=-5: -5 is out of range"):
        [*shared(Task(plan, unchanged), [(0, 1), (1, 2)], 2)]


# ------------------------------------------------------------------------------------------------- the command


def test_the_command(tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    code, out, err = sweep(
        WALKTHROUGH, "--vary", "learning_rate=0.1:10:5:log", "--vary", "weights.w1=0,1", "-o", target
    )
    assert (code, err) == (0, "")
    assert "10 runs: learning_rate (5) × weights.w1 (2)" in out
    assert "none diverged" in out
    rows = [*csv.DictReader(target.read_text(encoding="utf-8").splitlines())]
    assert [row["run"] for row in rows] == [str(number) for number in range(1, 11)]
    assert [row["learning_rate"] for row in rows[::2]] == [
        "0.1",
        "0.316227766016838",
        "1.0",
        "3.16227766016838",
        "10.0",
    ]
    assert {row["diverged"] for row in rows} == {""}
    best = min(rows, key=lambda row: float(row["final_loss"]))
    assert out.split("best")[1].split()[:2] == [best["run"], f"{float(best['learning_rate']):.6g}"]


def test_where_runs_diverge(tmp_path: Path) -> None:
    line = tmp_path / "line.yaml"
    line.write_text("equations: E = (t - w*x)^2 / 2\ninputs: {x: 1, t: 2}\nparameters: {w: 0.5}\nminimize: E\nlearning_rate: 1\n"
                    "iterations: 10000\n", encoding="utf-8")  # fmt: skip
    code, out, _ = sweep(
        line, "--vary", "learning_rate=0.5:4:8", "--vary", "parameters.w=0,1", "-o", tmp_path / "x.csv"
    )
    assert code == 0
    assert "8 diverged (50.0%)" in out  # beyond η = 2, where |1 − η| > 1
    assert "learning_rate: no run diverges up to 2, every run from 2.5 on" in " ".join(out.split())


def test_curves_in_a_csv(tmp_path: Path) -> None:
    target = tmp_path / "x.csv"
    code, _, _ = sweep(WALKTHROUGH, "--vary", "iterations=2,3", "--learning-rate", "1", "--keep", "all", "-o", target)
    assert code == 0
    first, second = csv.DictReader(target.read_text(encoding="utf-8").splitlines())
    trace = tracer.run(WALKTHROUGH, iterations=3, learning_rate=1)
    assert [float(second[f"losses[{k}]"]) for k in (1, 2, 3)] == pytest.approx(trace["E_total"], rel=1e-14)
    assert [float(second[f"w5[{k}]"]) for k in (1, 2, 3)] == pytest.approx(trace["w5"], rel=1e-14)
    assert first["losses[3]"] == ""
    assert float(second["final_w5"]) == pytest.approx(trace.runs[0].final["w5"], rel=1e-14)


WRONG = {
    "nothing varies": [],
    "is given twice": ["--vary", "iterations=1", "--vary", "iterations=2"],
    "write KEY=a,b,c": ["--vary", "iterations"],
    "unknown key 'iteration'. Did you mean 'iterations'?": ["--vary", "iteration=1,2"],
    "'columns' has no effect on a run": ["--vary", "columns=full,compact"],
    "has no effect; no value of it changes a run": ["--vary", "seed=1,2"],
    "must be at least 0": ["--vary", "learning_rate=-1:1:3"],
    "'a' is not a number": ["--vary", "weights.w1=1,a"],
    "is a part of another key": ["--vary", "weights.w1=1,2", "--vary", "weights=1"],
    f"more than {MOST_POINTS:,}; draw some of them with --sample": ["--vary", "weights.w1=1..99999", "--vary", "weights.w2=1..99999"],
    "choose a file that ends in .csv": ["--vary", "iterations=1,2", "-o", "x.txt"],
    "'some' is not one of final, loss, all": ["--vary", "iterations=1,2", "--keep", "some"],
    "the curves would take 20,000 columns": ["--vary", "weights.w1=1,2", "--iterations", "20000", "--keep", "loss"],
    "2 learning rates at once, but a point of the grid is one run": ["--vary", "learning_rate=[0.1, 0.2],0.5"],
    "--vary learning_rate: is given twice": ["--vary", "eta=1,2", "--vary", "learning_rate=3,4"],
    "missing w9, w10, w11, w12; give every weight an initial value (with --vary layers.0.neurons=3)": ["--vary", "layers.0.neurons=2,3"],
    "'w5' is not a weight of this network (w1…w4). Did you mean 'w4'? (with --vary layers.0.neurons=1)": ["--vary", "layers.0.neurons=1,2"],
    "in about 1,720 hours of one core": ["--vary", "iterations=1,1000000000", "--vary", "weights.w1=1..10000"],
    "the curves of a run would be 1,000,000,000 numbers": ["--vary", "iterations=1,1000000000", "--keep", "loss"],
    "--scheduler tcp://127.0.0.1:1 --workers 2: the workers of a scheduler": ["--vary", "iterations=1,2", "--scheduler", "tcp://127.0.0.1:1", "--workers", "2"],
    "5 given": ["--vary", "weights=[1,2,3,4,5],[1,2,3,4,5,6,7,8]"],
}  # fmt: skip


@pytest.mark.parametrize("message", WRONG)
def test_what_cannot_be_swept(message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = sweep(WALKTHROUGH, *WRONG[message])
    assert (code, out) == (2, "")
    assert message in err
    assert [*tmp_path.rglob("*.csv")] == []


def test_the_default_file_and_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = sweep(WALKTHROUGH, "--vary", "weights.w1=0..999", "--learning-rate", "1", "--sample", "7", "--ascii")
    assert code == 0
    assert "7 runs: weights.w1 (1,000), drawn from 1,000" in out
    assert len((tmp_path / "out" / "walkthrough-sweep.csv").read_text(encoding="utf-8").splitlines()) == 8


def test_all_that_diverge(tmp_path: Path) -> None:
    found = tracer.sweep(BLOWS_UP, {"learning_rate": [1e300, 1e307], "weights.0": [0.1, 0.2]})
    frame = found.to_frame()
    assert (frame["diverged"] == 2).all()
    assert {*frame["diverged_quantity"]} <= {*found.planned.experiment.start, "o1", "o2", "E1", "h1"}
    assert frame["final_loss"].isna().all()
    assert "<Sweep of 4 runs" in repr(found)


def test_python_is_not_slowed_down() -> None:
    """A run that sweeps nothing does not load what sweeps need."""
    source = (ROOT / "tracer" / "api.py").read_text(encoding="utf-8")
    assert "\nfrom tracer.execution.sweep" not in source
    assert "\nfrom tracer.output.sweeps" not in source


def test_what_the_documentation_says_of_costs() -> None:
    """Its table is what its function gives."""
    text = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(def cost.*?)```", text, re.DOTALL)
    table = re.findall(
        r"^\| (\d+) \| ([\d.]+) \| (\S+) \| 25 MB \| ([\d.]+) \| (\S+) \| 500 GB \|$", text, re.MULTILINE
    )
    assert code
    assert len(table) == 4
    scope: dict[str, Any] = {}
    exec(code[1], scope)
    for workers, *shown in table:
        found = [scope["cost"](10**6, 10**5, int(workers), curves=curves) for curves in (False, True)]
        assert [float(number) for number in shown] == pytest.approx([*found[0], *found[1]], rel=0.05)


def test_few_long_runs_hold_no_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer runs than advance together: each has room for a stretch of its iterations, not for all."""
    rooms: list[int] = []
    room = Engine.room

    def noted(engine: Engine, rows: int) -> bytearray:
        rooms.append(rows)
        return room(engine, rows)

    monkeypatch.setattr(Engine, "room", noted)
    found = tracer.sweep(WALKTHROUGH, {"learning_rate": [0.5, 2]}, iterations=20_000, keep="loss")
    assert 0 < max(rooms) < 10_000
    assert found.results.iterations.tolist() == [20_000, 20_000]
    (run,) = tracer.run(WALKTHROUGH, learning_rate=2, iterations=20_000).runs
    assert found.results.curves["losses"][1].tolist() == run["E_total"]


def test_samples_are_read_once(tmp_path: Path) -> None:
    """All runs have the same ones, in memory too."""
    rows = "\n".join(f"{number / 100},{number % 7 / 7}" for number in range(100))
    (tmp_path / "data.csv").write_text(f"i1,t1\n{rows}\n", encoding="utf-8")
    config = tmp_path / "x.yaml"
    config.write_text(
        "samples: data.csv\nlayers: [{neurons: 1}]\nweights: {w1: 1}\nlearning_rate: 1\niterations: 1\n",
        encoding="utf-8",
    )
    plan = planned(prepared(config), [], grid({"weights.w1": "0:1:30"})).plan
    assert plan.experiment((0,)).samples is plan.experiment((29,)).samples
