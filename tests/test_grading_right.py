"""Right homework in many layouts and spellings: nothing is found in it."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from openpyxl.workbook.defined_name import DefinedName

import tracer
from tests.hand import Cells, book, form, table
from tests.homework import SPELLINGS, Layout, homework, write
from tracer.grading.book.cells import Book
from tracer.grading.check import check_workbook
from tracer.grading.judging.findings import Kind, SheetReport, Verdict
from tracer.grading.options import Options

CONFIGS = Path(__file__).parents[1] / "configs"
BIASES = {"biases": {"h": 0.35, "o": 0.6}}


def layers(hidden: str, output: str) -> dict[str, object]:
    return {
        "layers": [
            {"name": "h", "neurons": 2, "activation": hidden},
            {"name": "o", "neurons": 2, "activation": output},
        ]
    }


LAYOUTS = {
    **{f"spelling: {name}": Layout(spelling=name) for name in SPELLINGS},
    "on its side": Layout(turned=True),
    "one step on its side": Layout(turned=True, steps=1, spelling="out and net"),
    "one step": Layout(steps=1),
    "with the chain rule's factors": Layout(full=True),
    "columns in any order": Layout(shuffled=3, full=True),
    "weights updated in the same row": Layout(updates="same row"),
    "one step, updated": Layout(updates="same row", steps=1, turned=True),
    "steps of the weights": Layout(updates="steps"),
    "learning rate in the formulas": Layout(eta="formula"),
    "learning rate in the sheet's name": Layout(eta="name"),
    "no net inputs": Layout(dropped=frozenset({"h1", "h2", "o1", "o2"})),
    "no errors": Layout(dropped=frozenset({"E1", "E2", "E_total"})),
    "no gradients": Layout(dropped=frozenset(f"∂E/∂w{n}" for n in range(1, 9))),
    "no activations": Layout(dropped=frozenset({"a_h1", "a_h2"})),
    "biases": Layout(values=BIASES),
    "biases with factors": Layout(values=BIASES, full=True, spelling="out and net"),
    "biases that stay": Layout(values={**BIASES, "frozen": ["b1", "b2"]}),
    "a bias a neuron": Layout(values={"biases": {"h": [0.1, 0.2], "o": [0.3, 0.4]}}),
    "tanh": Layout(values=layers("tanh", "tanh")),
    "relu": Layout(values=layers("relu", "relu")),
    "identity": Layout(values=layers("sigmoid", "identity")),
    "softmax": Layout(values={**layers("sigmoid", "softmax"), "loss": "cross_entropy", "targets": [0.0, 1.0]}),
    "squared error": Layout(values={"loss": "squared_error"}),
    "binary cross entropy": Layout(values={"loss": "binary_cross_entropy"}),
    "3-4-1": Layout(
        values={
            "inputs": [0.1, 0.2, 0.3],
            "targets": [0.1],
            "layers": [{"name": "h", "neurons": 4}, {"name": "o", "neurons": 1}],
            "weights": [0.1 * n for n in range(1, 17)],
        }
    ),
}


def checked(one: Book, folder: Path, options: Options | None = None) -> list[SheetReport]:
    report = check_workbook(write(one, folder / "homework.xlsx"), options)
    assert report.readable, report.reason
    return [sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE]


def assert_right(sheet: SheetReport, judged: int) -> None:
    assert not sheet.findings, [(finding.quantity, finding.cause) for finding in sheet.findings]
    assert sheet.verdict is Verdict.RIGHT
    assert not sheet.unmatched
    assert not sheet.not_judged
    assert sheet.judged == sheet.right == judged


@pytest.mark.parametrize("name", LAYOUTS)
def test_right_homework(name: str, tmp_path: Path) -> None:
    made = homework(LAYOUTS[name])
    still = {p for p in made.start if p not in made.formulas}
    first = set(made.start) if made.layout.steps == 1 else still
    (sheet,) = checked(made.book(), tmp_path)
    assert_right(sheet, len([q for q in made.computed if q not in first]))
    if made.layout.steps > 1 or made.layout.eta == "label":
        assert sheet.eta == pytest.approx(0.5)


def sigmoid(z: str) -> str:
    return f"=1/(1+EXP(-{z}))"


FORM = form(
    "B3",
    [
        [("i1", 0.05), ("i2", 0.1), ("target o1", 0.01), ("target o2", 0.99)],
        [("w1", 0.15), ("w2", 0.2), ("w3", 0.25), ("w4", 0.3)],
        [("w5", 0.4), ("w6", 0.45), ("w7", 0.5), ("w8", 0.55)],
        [("b1", 0.35), ("b2", 0.6), ("learning rate", 0.5)],
        [("net h1", "={w1}*{i1}+{w2}*{i2}+{b1}*1"), ("out h1", sigmoid("{net h1}"))],
        [("net h2", "=SUMPRODUCT(C4:C4,C4:C4)*0+{w3}*{i1}+{w4}*{i2}+{b1}"), ("out h2", sigmoid("{net h2}"))],
        [("net o1", "={w5}*{out h1}+{w6}*{out h2}+{b2}"), ("out o1", sigmoid("{net o1}"))],
        [("net o2", "={w7}*{out h1}+{w8}*{out h2}+{b2}"), ("out o2", sigmoid("{net o2}"))],
        [("E_o1", "=1/2*({target o1}-{out o1})^2"), ("E_o2", "=0.5*POWER({target o2}-{out o2},2)")],
        [("E_total", "=SUM({E_o1},{E_o2})"), ("dEtotal/douto1", "=-({target o1}-{out o1})")],
        [("douto1/dneto1", "={out o1}*(1-{out o1})"), ("dneto1/dw5", "={out h1}")],
        [("dEtotal/dw5", "={dEtotal/douto1}*{douto1/dneto1}*{dneto1/dw5}")],
        [("w5+", "={w5}-{learning rate}*{dEtotal/dw5}"), ("δo1", "={dEtotal/douto1}*{douto1/dneto1}")],
    ],
)  # fmt: skip
"""The worked example with biases (Mazur, 2015), as labels with their values beside them."""


def test_a_form_of_labels_and_values(tmp_path: Path) -> None:
    (sheet,) = checked(book(("Sheet1", FORM)), tmp_path)
    assert_right(sheet, 17)
    assert sheet.eta == 0.5


def classic(
    late: bool = False, by_input: bool = False, **other: float
) -> dict[str, tuple[float | str | None, str | None]]:
    """The classic network by hand. late: a row's weights are those after its update. by_input: w2 leads from i1 to h2."""
    up = "-1" if late else ""
    order = [1, 3, 2, 4, 5, 7, 6, 8] if by_input else [1, 2, 3, 4, 5, 6, 7, 8]
    a, b, c, d, e, f, g, h = (f"{{w{n}{up}}}" for n in order)
    d1, d2 = "({ao1}-{t1})*{ao1}*(1-{ao1})", "({ao2}-{t2})*{ao2}*(1-{ao2})"
    slopes = {
        order[0]: f"=({d1}*{e}+{d2}*{g})*{{ah1}}*(1-{{ah1}})*{{i1}}",
        order[1]: f"=({d1}*{e}+{d2}*{g})*{{ah1}}*(1-{{ah1}})*{{i2}}",
        order[2]: f"=({d1}*{f}+{d2}*{h})*{{ah2}}*(1-{{ah2}})*{{i1}}",
        order[3]: f"=({d1}*{f}+{d2}*{h})*{{ah2}}*(1-{{ah2}})*{{i2}}",
        order[4]: f"={d1}*{{ah1}}",
        order[5]: f"={d1}*{{ah2}}",
        order[6]: f"={d2}*{{ah1}}",
        order[7]: f"={d2}*{{ah2}}",
    }
    forward = {
        "h1": f"={a}*{{i1}}+{b}*{{i2}}", "ah1": sigmoid("{h1}"), "h2": f"={c}*{{i1}}+{d}*{{i2}}", "ah2": sigmoid("{h2}"),
        "o1": f"={e}*{{ah1}}+{f}*{{ah2}}", "ao1": sigmoid("{o1}"), "o2": f"={g}*{{ah1}}+{h}*{{ah2}}", "ao2": sigmoid("{o2}"),
        "E": "=0.5*({t1}-{ao1})^2+0.5*({t2}-{ao2})^2",
    }  # fmt: skip
    start = [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55]
    weights: dict[str, tuple[float | str | None, str | None]] = {
        f"w{n}": (start[n - 1], f"={{w{n}-1}}-{{eta}}*{{dw{n}{'' if late else '-1'}}}") for n in range(1, 9)
    }
    data: dict[str, tuple[float | str | None, str | None]] = {
        name: (value, None) for name, value in {"t1": 0.01, "t2": 0.99, "i1": 0.05, "i2": 0.1, **other}.items()
    }
    computed = {**forward, **{f"dw{n}": slopes[n] for n in range(1, 9)}}
    filled: dict[str, tuple[float | str | None, str | None]] = {
        name: (None if late else formula, formula) for name, formula in computed.items()
    }
    return {**data, **filled, **weights} if late else {**data, **weights, **filled}


RATE: Cells = {"A1": "lr", "B1": 0.5}
FIXED = {"eta": "$B$1"}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("by_input", [False, True])
def test_weights_numbered_and_updated_otherwise(late: bool, by_input: bool, tmp_path: Path) -> None:
    cells = table("B4", classic(late, by_input), 7, FIXED) | RATE
    (sheet,) = checked(book(("S", cells)), tmp_path)
    assert_right(sheet, 25)
    assert ("input by input" in str(sheet.network)) == by_input


def test_numbers_that_were_typed_as_text(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    cells = table("B4", classic(), 7, FIXED) | RATE | {"B1": "0,5"}
    for where, value in cells.items():
        typed_in = isinstance(value, float) and where[-1] == "5"
        workbook.active[where] = str(value).replace(".", "," if where < "F" else ".") if typed_in else value
    workbook.save(tmp_path / "text.xlsx")
    (sheet,) = check_workbook(tmp_path / "text.xlsx").sheets
    assert_right(sheet, 25)
    assert sheet.eta == 0.5


def test_several_tables_on_a_sheet_and_notes_between_them(tmp_path: Path) -> None:
    cells = table("B4", classic(), 7, FIXED) | table("B20", classic(), 5, FIXED) | table("AH4", classic(), 7, FIXED)
    notes: Cells = {"B15": "h1 = w1*i1 + w2*i2", "C16": "∂E/∂w5 = (a_o1 − t1)·a_o1·(1 − a_o1)·a_h1", "B17": 3.0}
    sheets = checked(book(("S", cells | RATE | notes)), tmp_path)
    assert [sheet.table for sheet in sheets] == ["B4:AD11", "AH4:BJ11", "B20:AD25"]
    for sheet in sheets:
        assert_right(sheet, 25)


def test_every_table_has_the_learning_rate_that_it_uses(tmp_path: Path) -> None:
    cells: Cells = {"B2": "lr", "C2": 0.1, "AH2": "η =", "AI2": 2.0, "B18": "learning rate", "C18": 0.7}
    for corner, eta in (("B4", "$C$2"), ("AH4", "$AI$2"), ("B20", "$C$18")):
        cells |= table(corner, classic(), 6, {"eta": eta})
    sheets = checked(book(("S", cells)), tmp_path)
    assert [sheet.eta for sheet in sheets] == [0.1, 2.0, 0.7]
    for sheet in sheets:
        assert_right(sheet, 25)


def test_given_numbers_beside_the_table_on_another_sheet_and_by_name(tmp_path: Path) -> None:
    columns = {name: column for name, column in classic().items() if name not in ("t1", "t2", "i1", "i2")}
    above: Cells = {"A2": "t1", "B2": 0.01, "A3": "t2", "B3": 0.99, "A4": "i1", "B4": 0.05, "A5": "i2", "B5": 0.1}
    fixed = {"t1": "$B$2", "t2": "$B$3", "i1": "$B$4", "i2": "$B$5"}
    nothing: Cells = {}
    for eta, more in (("$B$1", RATE), ("Rates!$C$3", nothing), ("rate", nothing)):
        cells = table("B8", columns, 6, {"eta": eta, **fixed})
        rates: Cells = {"B3": "learning rate", "C3": 0.5}
        (sheet,) = checked(book(("S", cells | above | more), ("Rates", rates), names={"rate": "Rates!$C$3"}), tmp_path)
        assert_right(sheet, 25)
        assert sheet.eta == pytest.approx(0.5)


def test_outputs_called_y_and_biases_typed_into_the_formulas(tmp_path: Path) -> None:
    def spelt(text: str | float | None) -> str | float | None:
        return text.replace("{ao", "{y") if isinstance(text, str) else text

    columns = {}
    for name, column in classic().items():
        bias = {"h": "+0.35", "o": "+0.6"}.get(name[0], "") if name[0] in "ho" else ""
        first, others = (f"{spelt(x)}{bias}" if isinstance(x, str) else x for x in column)
        columns[name.replace("ao", "y")] = (first, others if isinstance(others, str) else None)
    (sheet,) = checked(book(("S", table("B4", columns, 7, FIXED) | RATE)), tmp_path)
    assert_right(sheet, 25)
    assert "with biases" in str(sheet.network)


def test_samples_that_change_and_deltas_of_the_other_sign(tmp_path: Path) -> None:
    rows = [(0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)]
    for less, more, update in (("({out_o1}-{t})", "({t}-{out_o1})", "-"), ("({t}-{out_o1})", "({out_o1}-{t})", "+")):
        del more
        columns: dict[str, tuple[float | str | None, str | None]] = {
            "epoch": (1.0, "={epoch-1}+1"), "x1": (0.0, None), "x2": (1.0, None), "t": (1.0, None)
        }  # fmt: skip
        for n, w in enumerate([0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 1):
            columns[f"w{n}"] = (w, f"={{w{n}-1}}{update}{{eta}}*{{dE/dw{n}-1}}")
        columns |= {
            "net_h1": ("={w1}*{x1}+{w2}*{x2}", None), "out_h1": (sigmoid("{net_h1}"), None),
            "net_h2": ("={w3}*{x1}+{w4}*{x2}", None), "out_h2": (sigmoid("{net_h2}"), None),
            "net_o1": ("={w5}*{out_h1}+{w6}*{out_h2}", None), "out_o1": (sigmoid("{net_o1}"), None),
            "E": ("=0.5*({t}-{out_o1})^2", None),
            "δ_o1": (f"={less}*{{out_o1}}*(1-{{out_o1}})", None),
            "δ_h1": ("={δ_o1}*{w5}*{out_h1}*(1-{out_h1})", None),
            "δ_h2": ("={δ_o1}*{w6}*{out_h2}*(1-{out_h2})", None),
            "dE/dw1": ("={δ_h1}*{x1}", None), "dE/dw2": ("={δ_h1}*{x2}", None), "dE/dw3": ("={δ_h2}*{x1}", None),
            "dE/dw4": ("={δ_h2}*{x2}", None), "dE/dw5": ("={δ_o1}*{out_h1}", None), "dE/dw6": ("={δ_o1}*{out_h2}", None),
        }  # fmt: skip
        cells = table("C6", columns, 9, {"eta": "$B$2"}) | {"A2": "alpha", "B2": 0.7}
        for step in range(9):
            cells |= dict(zip((f"D{7 + step}", f"E{7 + step}", f"F{7 + step}"), rows[step % 4], strict=True))
        (sheet,) = checked(book(("XOR", cells)), tmp_path)
        assert_right(sheet, 22)
        assert ("opposite sign" in str(sheet.network)) == (update == "+")


@pytest.mark.parametrize("columns", ["compact", "full"])
@pytest.mark.parametrize("config", ["walkthrough", "biases", "identity-output"])
def test_our_own_workbooks_are_right(config: str, columns: str, tmp_path: Path) -> None:
    trace = tracer.run(CONFIGS / f"{config}.yaml", iterations=12, columns=columns)
    trace.to_excel(tmp_path / "own.xlsx")
    report = check_workbook(tmp_path / "own.xlsx")
    sheets = [sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE]
    assert len(sheets) == len(trace.runs)
    for sheet in sheets:
        assert sheet.verdict is Verdict.RIGHT, sheet.findings[:3]
        assert not sheet.unmatched


@pytest.mark.parametrize(
    "config", ["deep", "rnn", "lstm", "convolution", "attention", "layer-normalisation", "regression"]
)
def test_any_network_with_its_config(config: str, tmp_path: Path) -> None:
    path = CONFIGS / f"{config}.yaml"
    tracer.run(path, iterations=6).to_excel(tmp_path / "own.xlsx")
    report = check_workbook(tmp_path / "own.xlsx", Options(config=path))
    sheets = [sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE]
    assert sheets
    for sheet in sheets:
        assert sheet.verdict is Verdict.RIGHT, [(f.quantity, f.cause) for f in sheet.findings[:3]]
        assert not sheet.unmatched


@pytest.mark.parametrize("optimizer", ["momentum", "nesterov", "rmsprop", "adam"])
def test_any_optimizer_with_its_config(optimizer: str, tmp_path: Path) -> None:
    config = tmp_path / "lab.yaml"
    weights = ", ".join(f"w{n}: 0.{n}" for n in range(1, 9))
    config.write_text(
        f"inputs: [0.05, 0.1]\ntargets: [0.01, 0.99]\nlayers: [{{name: h, neurons: 2}}, {{name: o, neurons: 2}}]\n"
        f"weights: {{{weights}}}\noptimizer: {optimizer}\nlearning_rate: 0.1\niterations: 8\n",
        encoding="utf-8",
    )
    tracer.run(config).to_excel(tmp_path / "own.xlsx")
    report = check_workbook(tmp_path / "own.xlsx", Options(config=config))
    (sheet,) = (sheet for sheet in report.sheets if sheet.verdict is not Verdict.NO_TABLE)
    assert sheet.verdict is Verdict.RIGHT, [(f.quantity, f.cause) for f in sheet.findings[:3]]
    assert not sheet.not_judged
    assert sheet.judged >= 47


def test_cells_with_names_that_end_in_a_digit(tmp_path: Path) -> None:
    """Without stored values, so that the formulas have to be computed here; and a path may be text."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    heads = ["t1", "i1", "w1", "h1", "a_h1", "w2", "o1", "a_o1", "E1", "E_total", "w2 gradient", "w1 gradient"]
    sheet["N1"], sheet["O1"], sheet["N2"], sheet["O2"] = "b1", 0.35, "η", 0.5
    workbook.defined_names["bias1"] = DefinedName("bias1", attr_text="Sheet!$O$1")
    for column, head in enumerate(heads, 1):
        sheet.cell(4, column, head)
    for row in range(5, 12):
        w1, w2 = (0.4, 0.7) if row == 5 else (f"=C{row - 1}-$O$2*L{row - 1}", f"=F{row - 1}-$O$2*K{row - 1}")
        error = f"(H{row}-A{row})*H{row}*(1-H{row})"
        cells = [0.6, 0.3, w1, f"=C{row}*B{row}+bias1", f"=1/(1+EXP(-D{row}))", w2, f"=F{row}*E{row}",
                 f"=1/(1+EXP(-G{row}))", f"=0.5*(A{row}-H{row})^2", f"=I{row}", f"={error}*E{row}",
                 f"={error}*F{row}*E{row}*(1-E{row})*B{row}"]  # fmt: skip
        for column, value in enumerate(cells, 1):
            sheet.cell(row, column, value)
    workbook.save(tmp_path / "named.xlsx")
    report = check_workbook(str(tmp_path / "named.xlsx"))
    assert report.reason is None
    assert [sheet.verdict for sheet in report.sheets] == [Verdict.RIGHT]
    assert "∂E/∂w1" in report.sheets[0].recognised


LAB = """
inputs: [0.05, 0.1]
targets: [0.01, 0.99]
layers: [{name: h, neurons: 2}, {name: o, neurons: 2}]
weights: {w1: 0.15, w2: 0.2, w3: 0.25, w4: 0.3, w5: 0.4, w6: 0.45, w7: 0.5, w8: 0.55}
learning_rate: 0.5
iterations: 7
"""


def test_the_given_numbers_are_those_of_the_config(tmp_path: Path) -> None:
    (lab := tmp_path / "lab.yaml").write_text(LAB, encoding="utf-8")
    right = table("B4", classic(), 7, FIXED) | RATE
    (sheet,) = checked(book(("S", right)), tmp_path, Options(config=lab))
    assert_right(sheet, 25 + 4)
    columns = {**classic(i2=0.11), "w3": (0.52, classic()["w3"][1])}
    (sheet,) = checked(book(("S", table("B4", columns, 7, FIXED) | RATE)), tmp_path, Options(config=lab))
    assert [(f.quantity, f.kind, f.cells, f.cause) for f in sheet.mistakes] == [
        ("w3", Kind.GIVEN, "H5", "0.52 is typed here, but the config starts with 0.25"),
        ("i2", Kind.GIVEN, "E5:E11", "0.11 is typed here, but the config has 0.1"),
    ]
    assert sheet.judged - sheet.right == 2
