"""Hand arithmetic handed in: sheets whose values are all rounded as they are computed, by ROUND or by a person."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

import tracer
from tests.homework import MISTAKES, Homework, Layout, homework, write
from tests.places import WALKTHROUGH
from tests.test_decimals import EVERYTHING, network
from tests.test_grading_mistakes import layouts
from tracer.commands.main import main
from tracer.config import load
from tracer.formulas.tree import Name, Number, replace
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import Kind, SheetReport, Verdict
from tracer.grading.options import Options
from tracer.model.assembly import assemble
from tracer.output.trace import Trace

DECIMALS = st.sampled_from([3, 4, 4, 5, 6])


def by_hand(layout: Layout, decimals: int) -> Homework:
    """A right homework in which every formula ends in ROUND."""
    hw = homework(layout)
    hw.by_hand = decimals
    return hw


def pasted(hw: Homework) -> Homework:
    """The same with the values alone."""
    assert hw.by_hand is not None
    hw.rounded = dict.fromkeys(hw.computed, hw.by_hand)
    return hw


def handed_in(hw: Homework, folder: Path) -> SheetReport:
    return check_workbook(write(hw.book(), folder / "homework.xlsx")).sheets[0]


def said(sheet: SheetReport) -> set[tuple[str | None, str | None]]:
    return {(finding.slip, finding.cause) for finding in sheet.findings}


def consistent(decimals: int) -> set[tuple[str, str]]:
    return {("rounded_as_computed", f"every value is rounded to {decimals} decimals as it is computed: consistent")}


def values_only(trace: Trace, path: Path) -> Path:
    """The numbers of a run, typed into a sheet by openpyxl: no formulas, no η."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    (run,) = trace.runs
    columns = [*trace.system.columns()]
    lead = ("iteration", "sample")[: 1 + trace.system.several_samples]
    sheet.append([*lead, *columns])
    for index, place in enumerate(run.places()):
        step = run.step(index)
        sheet.append([*place[: len(lead)], *(step[name] for name in columns)])
    book.save(path)
    return path


# ------------------------------------------------------------------------------------------------- right sheets


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, 6))])
def test_right_sheets_are_right(part: int, tmp_path: Path) -> None:
    """Like the same sheet without roundings: its network, its η; every layout, formulas or values."""

    @seed(part)
    @settings(max_examples=12, database=None, phases=[Phase.generate])
    @given(layouts(), DECIMALS, st.booleans())
    def check(layout: Layout, decimals: int, typed: bool) -> None:
        exact, hw = handed_in(homework(layout), tmp_path), by_hand(layout, decimals)
        sheet = handed_in(pasted(hw) if typed else hw, tmp_path)
        assert said(sheet) == consistent(decimals)
        assert sheet.departure is None or sheet.departure.row is None
        assert (sheet.verdict, sheet.network, sheet.eta) == (Verdict.RIGHT, exact.network, exact.eta)

    check()


CONFIGURED: Mapping[str, Mapping[str, Any]] = {
    **EVERYTHING, "walkthrough": {**yaml.safe_load(WALKTHROUGH.read_text()), "learning_rate": 0.5, "decimals": 4,
                                  "iterations": 12},
}  # fmt: skip


QUICK = ("walkthrough", "momentum", "batch", "equations")


@pytest.mark.parametrize("columns", ["full", "compact"])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.long]) for name in CONFIGURED]
)
def test_our_own_workbooks_and_their_numbers_alone(name: str, columns: str, tmp_path: Path) -> None:
    """With the config, whether it says decimals or not; the classic network without any, too."""
    config = dict(CONFIGURED[name])
    trace = tracer.run(config, columns=columns)
    trace.to_excel(tmp_path / "own.xlsx")
    systems: list[Any] = [assemble(load(config)), assemble(load({k: v for k, v in config.items() if k != "decimals"}))]
    for system in [*systems, *([None] if name == "walkthrough" else [])]:
        for path in (tmp_path / "own.xlsx", values_only(trace, tmp_path / "values.xlsx")):
            report = check_workbook(path, system=system)
            (sheet,) = (sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE)
            assert said(sheet) == consistent(config["decimals"]), (path.name, system and "config")
            assert sheet.right == sheet.judged > 10 - 5 * (name == "equations")
            if "η" in trace.runs[0].hyper and path.name == "values.xlsx":
                assert sheet.eta == trace.runs[0].hyper["η"]


def test_factors_that_a_person_rounds_otherwise_are_right_too(tmp_path: Path) -> None:
    """A gradient worked out in one go, and rounded only then."""
    config = network(iterations=12)
    path = values_only(tracer.run(config, columns="compact"), tmp_path / "values.xlsx")
    rounded_within = check_workbook(path, system=assemble(load(config)))
    in_one_go = handed_in(pasted(by_hand(Layout(steps=12), 4)), tmp_path)
    assert said(rounded_within.sheets[0]) == said(in_one_go) == consistent(4)


RATES = [0.1, 0.25, 0.75, 1.0, 0.05, 2.0]


@pytest.mark.parametrize("eta", RATES)
@pytest.mark.parametrize("typed", [False, True])
def test_the_rate_of_rounded_updates_is_the_simple_number(eta: float, typed: bool, tmp_path: Path) -> None:
    """Nothing in the sheet says what η is, but for the updates' formulas."""
    hw = by_hand(Layout(steps=30, eta="formula"), 4)
    hw.eta = eta
    sheet = handed_in(pasted(hw) if typed else hw, tmp_path)
    assert sheet.eta == eta
    assert said(sheet) == consistent(4)


@pytest.mark.parametrize("eta", [0.1, 0.5, 0.75])
def test_the_rate_where_only_the_updates_are_rounded(eta: float, tmp_path: Path) -> None:
    hw = homework(Layout(steps=30, eta="formula"))
    hw.eta = eta
    hw.texts = {name: lambda text: f"ROUND({text},4)" for name in hw.computed if name.startswith("w")}
    sheet = handed_in(hw, tmp_path)
    assert (sheet.eta, sheet.verdict) == (eta, Verdict.RIGHT)


def test_another_rate_than_the_label_says_is_found(tmp_path: Path) -> None:
    hw = by_hand(Layout(steps=12), 4)
    for name in hw.formulas:
        if name.startswith("w"):
            hw.formulas[name] = replace(hw.formulas[name], {Name("η"): Number(0.4), Name("η", 1): Number(0.4)})
    sheet = handed_in(pasted(hw), tmp_path)
    (finding,) = sheet.mistakes
    assert (finding.kind, finding.slip) == (Kind.ETA, "label_contradicts_updates")
    assert finding.value == 0.4


NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "relu": {"activation": "relu", "loss": "squared_error", "decimals": 3, "iterations": 10},
    "identity-output": {"activation": "tanh", "output": "identity", "decimals": 4, "iterations": 3},
    "one-row": {"activation": "identity", "loss": "mean_squared_error", "decimals": 4, "iterations": 1},
    "softplus": {"activation": "softplus", "output": "tanh", "loss": "squared_error", "decimals": 3, "iterations": 3},
}  # fmt: skip


@pytest.mark.parametrize("columns", ["full", "compact"])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_network_is_told_from_rounded_numbers(name: str, columns: str, tmp_path: Path) -> None:
    """As from the exact ones, without a config."""
    made = NETWORKS[name]
    config = {
        "inputs": [0.62, 0.35], "targets": [0.25, 0.29], "learning_rate": 0.5, "iterations": made["iterations"],
        "layers": [{"name": "h", "neurons": 2, "activation": made["activation"]},
                   {"name": "o", "neurons": 2, "activation": made.get("output", "sigmoid")}],
        "weights": [0.41, -0.23, -0.17, 0.36, 0.52, -0.44, 0.13, 0.27], "biases": {"h": 0.35, "o": 0.6},
        "loss": made.get("loss", "half_squared_error"),
    }  # fmt: skip
    exact, rounded_ = (
        tracer.run(config, columns=columns),
        tracer.run(config, columns=columns, decimals=made["decimals"]),
    )
    (right,) = check_workbook(values_only(exact, tmp_path / "exact.xlsx")).sheets
    (sheet,) = check_workbook(values_only(rounded_, tmp_path / "rounded.xlsx")).sheets
    assert (sheet.verdict, sheet.network) == (Verdict.RIGHT, right.network)
    assert said(sheet) == consistent(made["decimals"])
    rounded_.to_excel(tmp_path / "own.xlsx")
    (own,) = (sheet for sheet in check_workbook(tmp_path / "own.xlsx").sheets if sheet.verdict is not Verdict.NO_TABLE)
    assert said(own) == consistent(made["decimals"])


# ------------------------------------------------------------------------------------------- a value in its cell


@pytest.mark.parametrize(("typed", "found"), [(None, False), ("0.25", False), ("0.26", True)])
def test_a_value_typed_for_its_formula(typed: str | None, found: bool, tmp_path: Path) -> None:
    """0.25 is the value 0.2500; another number is not."""
    hw = by_hand(Layout(steps=8, full=True), 4)
    place = "∂a_h1/∂h1", 3
    assert hw.book().sheets[0].cells[hw.place(*place)].number == pytest.approx(0.25, abs=1e-4)
    value = hw.book().sheets[0].cells[hw.place(*place)].number
    if typed:
        hw.typed[place] = value if typed == "0.25" and value is not None else float(typed)
    sheet = handed_in(hw, tmp_path)
    if not found:
        assert said(sheet) == consistent(4)
        return
    (finding,) = sheet.mistakes
    assert (finding.quantity, finding.kind, finding.places) == ("∂a_h1/∂h1", Kind.CONSTANT, (hw.place(*place),))


def test_a_column_of_the_same_rounded_value_is_no_constant(tmp_path: Path) -> None:
    """a·(1 − a) is 0.25 in every row near a = 0.5, where the exact values differ."""
    trace = tracer.run(WALKTHROUGH, decimals=3, learning_rate=0.5, iterations=10)
    assert {*trace["∂a_h1/∂h1"]} == {0.25}
    (sheet,) = check_workbook(values_only(trace, tmp_path / "values.xlsx")).sheets
    assert said(sheet) == consistent(3)


# ------------------------------------------------------------------------------------------------------- slips


def moves(wrong: Homework, right: Homework, quantity: str) -> bool:
    """Whether a slip moves some value of its quantity by far more than the roundings do."""
    (ours,), (theirs,) = right.book().sheets, wrong.book().sheets
    for step in range(1, wrong.layout.steps):
        place = wrong.place(quantity, step)
        number, other = theirs.cells[place].number, ours.cells[place].number
        if number is None or other is None or abs(number - other) > 5 * 10.0 ** -(wrong.by_hand or 0):
            return True
    return False


@pytest.mark.long
@pytest.mark.parametrize("part", range(8))
def test_planted_slips_are_found_at_their_column(part: int, tmp_path: Path) -> None:
    """And nowhere else; four of five with the cause."""
    named: list[bool] = []

    @seed(part)
    @settings(max_examples=16, database=None, phases=[Phase.generate])
    @given(layouts(), DECIMALS, st.booleans(), st.sampled_from([*MISTAKES]), st.integers(0, 10_000))
    def plant(layout: Layout, decimals: int, typed: bool, kind: str, drawn: int) -> None:
        wrong = by_hand(layout, decimals)
        planted = MISTAKES[kind](wrong, random.Random(drawn))
        if planted is None or not moves(wrong, by_hand(layout, decimals), planted.quantity):
            planted = MISTAKES["half"](wrong := by_hand(layout, decimals), random.Random(drawn))
            assert planted is not None
            if not moves(wrong, by_hand(layout, decimals), planted.quantity):
                return
        # a reference that slides to a text has no value to paste, and among typed values nothing shows a constant
        typed &= kind not in ("sliding", "constant")
        sheet = handed_in(pasted(wrong) if typed else wrong, tmp_path)
        assert {finding.quantity for finding in sheet.mistakes} == {planted.quantity}, (kind, typed)
        cause = sheet.mistakes[0].cause or ""
        named.append(any(word in cause for word in planted.words))

    plant()
    assert len(named) >= 6
    assert sum(named) >= 0.8 * len(named)


def test_what_a_slip_does_to_a_rounded_run(tmp_path: Path) -> None:
    """The trajectory departs at the slip, from the rounded one, and by what the slip makes of it."""
    hw = by_hand(Layout(steps=20), 5)
    hw.formulas["∂E/∂w7"] = hw.formulas["∂E/∂w5"]
    sheet = handed_in(hw, tmp_path)
    (finding,) = sheet.mistakes
    assert finding.quantity == "∂E/∂w7"
    assert sheet.departure is not None
    assert sheet.departure.row == hw.place("w7", 1)[0]
    right = by_hand(Layout(steps=20), 5).book().sheets[0].cells[hw.place("E_total", 19)].number
    assert sheet.departure.right_final_loss == right
    assert finding.effect == pytest.approx(sheet.departure.final_loss - sheet.departure.right_final_loss, abs=1e-12)


# ------------------------------------------------------------------------------------------------ not by hand


def test_roundings_in_some_formulas_are_judged_as_before(tmp_path: Path) -> None:
    hw = homework(Layout(steps=8))
    hw.texts = {name: lambda text: f"ROUND({text},4)" for name in ("a_h1", "a_h2")}
    sheet = handed_in(hw, tmp_path)
    assert {finding.slip for finding in sheet.findings} <= {"rounded_by_formula"}
    assert sheet.verdict is Verdict.RIGHT
    other = by_hand(Layout(steps=8), 4)
    other.texts = {"h1": lambda text: f"ROUND({text},6)"}
    other.formulas["h2"] = homework(Layout(steps=8)).formulas["h2"]
    assert said(handed_in(other, tmp_path)) == consistent(4)  # rounded twice, the last time like everything


def test_values_that_were_rounded_only_when_pasted(tmp_path: Path) -> None:
    hw = homework(Layout(steps=30))
    hw.rounded = dict.fromkeys(hw.computed, 4)
    assert said(handed_in(hw, tmp_path)) == {("pasted_rounded", "pasted, rounded to 4 decimals: consistent")}


def test_unrounded_work_is_right_for_a_config_with_decimals(tmp_path: Path) -> None:
    config = dict(CONFIGURED["walkthrough"])
    exact = tracer.run({key: entry for key, entry in config.items() if key != "decimals"})
    exact.to_excel(tmp_path / "own.xlsx")
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    report = check_workbook(tmp_path / "own.xlsx", Options(config=path))
    (sheet,) = (sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE)
    assert (sheet.verdict, sheet.findings) == (Verdict.RIGHT, ())


def test_the_command_says_so(tmp_path: Path) -> None:
    """In the terminal in one line, in the JSON with the name and the decimals."""
    write(by_hand(Layout(steps=6), 4).book(), tmp_path / "homework.xlsx")
    result = CliRunner().invoke(main, ["check", str(tmp_path / "homework.xlsx")])
    assert result.exit_code == 0
    assert result.output.count("every value is rounded to 4 decimals as it is computed: consistent") == 1
    written = CliRunner().invoke(main, ["check", str(tmp_path / "homework.xlsx"), "--json", str(tmp_path / "r.json")])
    assert written.exit_code == 0
    assert '"slip": "rounded_as_computed"' in json.dumps(json.loads((tmp_path / "r.json").read_text()))
