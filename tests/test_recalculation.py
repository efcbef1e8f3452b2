"""LibreOffice computes every sheet anew, from the formulas alone, and must come to the engine's values."""

from __future__ import annotations

import csv
import re
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import tracer
from tests.places import BLOWS_UP, CONFIGS, ROOT, WALKTHROUGH, agree
from tests.sheets import disagreements, formula_count, recalculated, rewrite, sheet_xml, stored_cells
from tracer.tables.activations import ACTIVATIONS, SOFTMAX
from tracer.tables.losses import LOSSES, Domain
from tracer.tables.optimizers import OPTIMIZERS
from tracer.workbook.trace.formulas import FIRST_ROW, HEADER_ROW

pytestmark = pytest.mark.office
Configs = dict[str, dict[str, Any]]
QUICK = ("walkthrough", "rnn")
"""The shipped configs whose workbooks `make test` recalculates; the others take long."""


def matrix(configs: Configs, *sample: str) -> pytest.MarkDecorator:
    """Parametrize a test: with a sample of the configs, and with all others, which take long."""
    others = {name: config for name, config in configs.items() if name not in sample}
    cases = [pytest.param({name: configs[name] for name in sample}, id="sample")]
    return pytest.mark.parametrize("configs", [*cases, pytest.param(others, id="others", marks=pytest.mark.long)])


@pytest.mark.parametrize("columns", ["full", pytest.param("compact", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "config",
    [pytest.param(path, id=path.stem, marks=[] if path.stem in QUICK else [pytest.mark.long]) for path in CONFIGS],
)
def test_every_formula_of_every_config(config: Path, columns: str, tmp_path: Path) -> None:
    trace = tracer.run(config, columns=columns)
    path = tmp_path / "book.xlsx"
    trace.to_excel(path)
    (computed,) = recalculated([path], tmp_path / "computed")
    given = len(trace.experiment.start) + len(trace.system.data)  # in the first row of every sheet
    assert formula_count(path) >= len(trace) * len(trace.system.columns()) - len(trace.runs) * given
    assert disagreements(path, computed) == []


def test_a_wrong_formula_is_found(tmp_path: Path) -> None:
    """The famous slip, planted in one cell: the check must see it, and everything that inherits it."""
    path = tmp_path / "book.xlsx"
    tracer.run(WALKTHROUGH, learning_rate=0.5, columns="compact").to_excel(path)
    right = re.search(r"<f>(\([^<]*\))\*M50\*\(1-M50\)\*B50</f>", sheet_xml(path)["η = 0.5"])
    assert right
    wrong = rewrite(path, tmp_path / "wrong.xlsx", lambda xml: xml.replace("*M50*(1-M50)*B50<", "*K50*(1-K50)*B50<"))
    (computed,) = recalculated([wrong], tmp_path / "computed")
    found = disagreements(wrong, computed)
    assert any(line.startswith("'η = 0.5'!AA50 ") for line in found)
    assert len(found) > 100
    assert not any(re.match(r"'η = 0.5'!\w+?49 ", line) for line in found)


def test_another_learning_rate_typed_into_the_sheet(tmp_path: Path) -> None:
    """η changed to 0.7 in the file: the recalculated sheet is a fresh run at 0.7."""
    path = tmp_path / "book.xlsx"
    tracer.run(WALKTHROUGH, learning_rate=0.1).to_excel(path)
    changed = rewrite(
        path, tmp_path / "changed.xlsx", lambda xml: re.sub(r'(<c r="B1" s="\d+">)<v>0.1</v>', r"\1<v>0.7</v>", xml)
    )
    (computed,) = recalculated([changed], tmp_path / "computed")
    cells = stored_cells(computed)["η = 0.1"]
    fresh = tracer.run(WALKTHROUGH, learning_rate=0.7)
    (run,) = fresh.runs
    assert cells["B1"].value == 0.7
    letters = {str(cell.value): cell.column_letter for cell in openpyxl.load_workbook(path)["η = 0.1"][HEADER_ROW]}
    compared = 0
    for index in range(len(run)):
        for name, expected in run.step(index).items():
            value = cells[f"{letters[name]}{FIRST_ROW + index}"].value
            assert value is not None
            assert agree(value, expected), (name, index)
            compared += 1
    assert compared == 100 * 43


def small(**changes: Any) -> dict[str, Any]:
    """A 2-3-3 network with tame numbers, changed in some places."""
    config: dict[str, Any] = {
        "inputs": [0.4, -0.7], "targets": [0.2, 0.3, 0.5], "iterations": 12, "learning_rate": 0.1,
        "layers": [{"name": "h", "neurons": 3, "activation": "tanh"}, {"name": "o", "neurons": 3, "activation": "sigmoid"}],
        "weights": [0.3, -0.2, 0.5, 0.4, -0.6, 0.1, 0.7, -0.4, 0.2, 0.3, 0.6, -0.5, -0.1, 0.8, 0.4], "biases": {"h": 0.1},
    }  # fmt: skip
    return config | changes


def check_all(configs: Configs, folder: Path) -> None:
    """Write a workbook for each config, both forms of columns, and have all of them recalculated in one go."""
    paths = []
    for name, config in configs.items():
        for columns in ("full", "compact"):
            path = folder / f"{name.replace('/', ' ').replace('*', ' ')} {columns}.xlsx"
            tracer.run(config | {"columns": columns}).to_excel(path)
            paths.append(path)
    found = {
        path.stem: disagreements(path, computed)
        for path, computed in zip(paths, recalculated(paths, folder / "computed"), strict=True)
    }
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert all(formula_count(path) > 20 for path in paths)


def layers(activation: Any) -> list[dict[str, Any]]:
    return [{"name": name, "neurons": 3, "activation": activation} for name in "ho"]


MIXED = ["relu", {"name": "leaky_relu", "alpha": 0.2}, "z^3 / (1 + z^2)"]
EVERY_ACTIVATION = {name: small(layers=layers(name)) for name in [*ACTIVATIONS, SOFTMAX]}


@matrix(EVERY_ACTIVATION | {"mixed": small(layers=layers(MIXED))}, "mixed", SOFTMAX)
def test_every_activation(configs: Configs, tmp_path: Path) -> None:
    check_all(configs, tmp_path)


def output(activation: str) -> list[dict[str, Any]]:
    return [{"name": "h", "neurons": 3, "activation": "tanh"}, {"name": "o", "neurons": 3, "activation": activation}]


def loss_config(loss: str) -> dict[str, Any]:
    """A config whose output layer and targets the loss takes."""
    domain: dict[Domain, dict[str, Any]] = {
        Domain.ANY: {}, Domain.UNIT: {"layers": output("sigmoid")}, Domain.DISTRIBUTION: {"layers": output("softmax")},
        Domain.SIGN: {"layers": output("identity"), "targets": [1, -1, 1]},
    }  # fmt: skip
    return small(loss=loss, **domain[LOSSES[loss].domain])


EVERY_LOSS = {name: loss_config(name) for name in LOSSES} | {
    "penalties": small(l1=0.01, l2=0.1),
    "own": small(loss="abs(t - a)^3"),
    "delta": small(loss={"name": "huber", "delta": 0.1}),
}


@matrix(EVERY_LOSS, "penalties", "cross_entropy")
def test_every_loss(configs: Configs, tmp_path: Path) -> None:
    check_all(configs, tmp_path)


def all_settings(name: str) -> dict[str, Any]:
    """A config in which every setting of the optimizer is at work."""
    settings = {key: setting.default or 0.05 for key, setting in OPTIMIZERS[name].settings.items()}
    return small(optimizer={"name": name, **settings})


EVERY_OPTIMIZER = {name: small(optimizer=name) for name in OPTIMIZERS} | {
    f"{name} with settings": all_settings(name) for name in OPTIMIZERS
}


@matrix(EVERY_OPTIMIZER, "adam", "nesterov with settings")
def test_every_optimizer(configs: Configs, tmp_path: Path) -> None:
    """With PyTorch's defaults, and with every setting at work."""
    check_all(configs, tmp_path)


UPDATES: dict[str, dict[str, Any]] = {
    "online": {}, "batch": {"update": "batch"}, "sum": {"update": "batch", "reduction": "sum", "learning_rate": 0.02},
    "mini": {"update": {"batch_size": 2}}, "shuffled": {"update": {"batch_size": 2}, "order": "shuffled"},
    "momentum": {"update": "batch", "optimizer": {"name": "nesterov", "weight_decay": 0.01}},
    "adam": {"update": {"batch_size": 2}, "optimizer": "adam"},
    "clipped by norm": {"update": "batch", "clip": {"norm": 0.05}},
    "clipped by value": {"clip": {"value": 0.01}, "optimizer": "rmsprop"},
    "formula": {"update": "batch", "learning_rate": "0.1 * 0.9^k"},
    "until": {"update": "batch", "until": "E_total < 0.2"},
    "phases": {"learning_rate": [{"iterations": 5, "learning_rate": 0.1}, {"iterations": 7, "learning_rate": "0.2/k"}]},
}  # fmt: skip


def several(**changes: Any) -> dict[str, Any]:
    """The small network with five samples."""
    config = small(**changes)
    inputs, targets = config.pop("inputs"), config.pop("targets")
    shifted = [[value + 0.2 * number for value in inputs] for number in range(5)]
    return config | {
        "samples": [{"inputs": row, "targets": targets[n % 3 :] + targets[: n % 3]} for n, row in enumerate(shifted)]
    }


@matrix({name: several(**update) for name, update in UPDATES.items()}, "adam", "phases")
def test_every_update_mode(configs: Configs, tmp_path: Path) -> None:
    check_all(configs, tmp_path)


@pytest.mark.long
def test_long_columns_of_batches(tmp_path: Path) -> None:
    """LibreOffice computes a long column of one formula in one go, and takes cells of it for 0 that an AVERAGE above
    asks for meanwhile; the first row of a batch is written so that no such column runs across batches."""
    check_all({"long": several(update="batch", iterations=400, learning_rate=0.02)}, tmp_path)


def far_out(loss: str, activation: str, *net_inputs: float, **changes: Any) -> dict[str, Any]:
    """One layer whose net inputs are the given ones, and stay near them."""
    return {
        "inputs": [1], "layers": [{"name": "o", "neurons": len(net_inputs), "activation": activation}],
        "weights": list(net_inputs), "loss": loss, "learning_rate": 1e-3, "iterations": 3, **changes,
    }  # fmt: skip


FAR_OUT = {
    "sigmoid": far_out("half_squared_error", "sigmoid", 800, -800, targets=[0.5, 0.5]),
    "softplus": far_out("half_squared_error", "softplus", 1000, -1000, targets=[999, 0]),
    "silu": far_out("log_cosh", "silu", 1000, -1000, targets=[999, 0.5]),
    "elu": far_out("huber", "elu", 1000, -1000, targets=[999, -1]),
    "log_cosh": far_out("log_cosh", "identity", 1000, -1000, targets=[0, 0]),
    "bce": far_out("binary_cross_entropy", "sigmoid", 1000, -1000, 1000, -1000, 40, targets=[0, 1, 1, 0.5, 0]),
    "softmax": far_out("half_squared_error", "softmax", 1000, -1000, 990, targets=[0.2, 0.3, 0.5]),
    "tiny square": far_out("half_squared_error", "sigmoid", -400, targets=[0]),
    "tiny gradients": far_out("cross_entropy", "softmax", 200, -200, targets=[1, 0], clip={"norm": 1}),
    "tiny states": far_out("binary_cross_entropy", "sigmoid", -400, targets=[0], optimizer="adam"),
    "tail": far_out("binary_cross_entropy", "sigmoid", 30, -30, 9, 30, targets=[0, 0.5, 1, 1]),
    "ce": far_out("cross_entropy", "softmax", 1000, -1000, 0, targets=[0, 0.25, 0.75]),
    "kl": far_out("kl_divergence", "softmax", 1000, -1000, 0, targets=[0, 0.25, 0.75]),
}


@matrix(FAR_OUT, "bce", "softmax")
def test_net_inputs_far_out_recalculate(configs: Configs, tmp_path: Path) -> None:
    """Net inputs of ±1000: no #NUM! and no #DIV/0! anywhere."""
    check_all(configs, tmp_path)


def own(equations: str, **changes: Any) -> dict[str, Any]:
    """Two parameters, one input of 0, and equations of the user's own."""
    return {
        "inputs": {"x": 0}, "parameters": {"w": 0.5, "u": -3}, "equations": equations, "minimize": "E",
        "learning_rate": 1e-3, "iterations": 12, **changes,
    }  # fmt: skip


CONSTANTS = {
    "equation": own("E = (w*sigmoid(0.5) - 1)^2 + u^2"),
    "equation far out": own("E = (w*sigmoid(-800) + silu(800) - softplus(-30))^2 + u^2*softplus(20)"),
    "tiny constant": own("E = w^2 + u*(1e-160)^2"),
    "no value in the other branch": own("E = u^2 + if(x > 5, sigmoid(w/x) + softplus(1/x) + (w/x)^2, w^2)"),
    "activation": small(layers=output("z * sigmoid(1) + softplus(-800)")),
    "loss": small(loss="(t - a)^2 * softplus(1) + elu(-2)"),
    "rate of k": small(learning_rate="0.1 * sigmoid(1/k)"),
    "rate far out": small(learning_rate="0.1 * sigmoid(100*(k - 9)) + 0.01 * sigmoid(0.5)"),
    "rate of tiny k": small(learning_rate="0.1 + (1e-150/k)^2"),
    "rate without a value": small(learning_rate="if(k > 1, sigmoid(1/(k - 1)) + (1/(k - 1))^2, 0.1)"),
    "rate of a batch": several(learning_rate="0.1 * softplus(-2*k)", update="batch", optimizer="adam"),
    "rate of one of several": several(learning_rate="0.1 * sigmoid(90 - 100*k)"),
    "phases": small(learning_rate=[{"iterations": 5, "learning_rate": 0.1}, {"iterations": 7, "learning_rate": "silu(1/k)"}]),
    "until": small(until="E_total < 0.2 * sigmoid(0.5)"),
    "until at once": small(until="sigmoid(0.5) < 1"),
    "until without a value": small(until="E_total < sigmoid(1/0)"),
}  # fmt: skip
"""Functions of constants and of the iteration's number, which have no column, in every place that takes a formula."""


@matrix(CONSTANTS, "equation far out", "until")
def test_functions_of_constants_and_of_the_iteration(configs: Configs, tmp_path: Path) -> None:
    check_all(configs, tmp_path)


def test_a_run_that_diverged(tmp_path: Path) -> None:
    """What could be computed is in the sheet, and recalculates."""
    trace = tracer.run(BLOWS_UP)
    assert trace.runs[0].divergence == tracer.Divergence("E1", 47)
    path = tmp_path / "diverged.xlsx"
    trace.to_excel(path)
    (computed,) = recalculated([path], tmp_path / "computed")
    assert disagreements(path, computed) == []


def test_a_condition_without_a_value(tmp_path: Path) -> None:
    """Whether w/x is far out cannot be told where x is 0; the run stops there, and its workbook is written."""
    trace = tracer.run(own("a = (w + u)^2\nE = a + if(w > 0, sigmoid(w/x), 1)"))
    assert trace.runs[0].divergence == tracer.Divergence("E", 1)
    path = tmp_path / "no value.xlsx"
    trace.to_excel(path)
    (computed,) = recalculated([path], tmp_path / "computed")
    assert stored_cells(computed)["η = 0.001"]["E5"].value == 6.25
    assert disagreements(path, computed) == []


def shown(path: Path, sheet: int, folder: Path) -> list[list[str]]:
    """What LibreOffice shows in the cells of a sheet (from 1), as text."""
    numbers = f"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,{sheet}"
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", numbers]
    subprocess.run([*command, "--outdir", str(folder), str(path)], check=True, capture_output=True, timeout=120)
    (written,) = folder.glob(f"{path.stem}-*.csv")
    with written.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_numbers_are_shown_with_their_sign_and_in_full(tmp_path: Path) -> None:
    trace = tracer.run(ROOT / "configs" / "deep.yaml", learning_rate=0.2)
    path = tmp_path / "deep.xlsx"
    trace.to_excel(path)
    rows = shown(path, 4, tmp_path)
    header, steps = rows[FIRST_ROW - 2], rows[FIRST_ROW - 1 : FIRST_ROW - 1 + len(trace)]
    negative = 0
    for name, column in zip(header[1:], list(zip(*steps, strict=True))[1:], strict=True):
        for text, value in zip(column, trace[name], strict=True):
            assert "#" not in text
            assert float(text) == pytest.approx(value, rel=1e-6, abs=1e-9)
            negative += value < -1e-9
    assert negative > 1000
