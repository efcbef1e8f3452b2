"""Reading samples: from a list, from a CSV, from a workbook; and every way in which they can be wrong."""

from __future__ import annotations

import csv
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import tracer
from tests.sheets import rewrite

NETWORK: dict[str, Any] = {
    "layers": [{"neurons": 2}, {"neurons": 1}], "weights": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], "learning_rate": 0.5,
    "iterations": 4,
}  # fmt: skip
XOR = [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]
SAMPLES = [{"inputs": [x, y], "targets": [t]} for x, y, t in XOR]


def problems(config: dict[str, Any]) -> list[str]:
    with pytest.raises(tracer.ConfigError) as error:
        tracer.load(config)
    return list(error.value.problems)


def write(path: Path, text: str, encoding: str = "utf-8") -> str:
    path.write_text(text, encoding=encoding)
    return str(path)


def test_a_list_of_samples() -> None:
    experiment = tracer.load(NETWORK | {"samples": SAMPLES})
    assert (experiment.inputs, experiment.targets) == (("i1", "i2"), ("t1",))
    assert experiment.samples == ((0, 0, 0), (1, 0, 1), (1, 1, 0), (0, 1, 1))  # the targets first, as in the sheet


def test_samples_with_names() -> None:
    by_name = [{"inputs": {"y": y, "x": x}, "targets": {"t": t}} for x, y, t in XOR]
    listed = tracer.load(NETWORK | {"samples": SAMPLES, "inputs": ["x", "y"], "targets": ["t"]})
    named = tracer.load(NETWORK | {"samples": by_name, "inputs": ["x", "y"], "targets": ["t"]})
    assert listed.inputs == ("x", "y")
    assert listed.samples == named.samples


@pytest.mark.parametrize(
    "text",
    [
        "i1,i2,t1\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n",
        "sep=;\r\ni1;i2;t1\r\n0;0;0\r\n0;1;1\r\n1;0;1\r\n1;1;0\r\n",
        "\ufefft1, i2 ,note,i1\r\n0,0,off,0\r\n1,1,on,0\r\n\r\n1,0,on,1\r\n0,1,off,1\r\n",
        'i1;i2;t1\n0,0;0;0\n0;"1,0";1\n1;0e0;1\n 1 ;1;0\n',
        "\n\ni1\ti2\tt1\n0\t0\t0\n0\t1\t1\n1\t0\t1\n1\t1\t0",
    ],
    ids=[
        "plain",
        "its separator in the first line",
        "mark, spaces, another order and column, Windows' lines",
        "as Excel writes it in Europe",
        "tabs",
    ],
)
def test_a_csv(text: str, tmp_path: Path) -> None:
    experiment = tracer.load(NETWORK | {"samples": write(tmp_path / "xor.csv", text)})
    assert experiment.samples == tracer.load(NETWORK | {"samples": SAMPLES}).samples


def test_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in ([], ["t1", "i1", "i2", "what"], *([t, x, y, "a note"] for x, y, t in XOR)):
        book.active.append(row)
    book.save(tmp_path / "xor.xlsx")
    experiment = tracer.load(NETWORK | {"samples": str(tmp_path / "xor.xlsx")})
    assert experiment.samples == tracer.load(NETWORK | {"samples": SAMPLES}).samples


def test_the_path_is_relative_to_the_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lab").mkdir()
    write(tmp_path / "lab" / "xor.csv", "i1,i2,t1\n0,0,0\n1,0,1\n")
    write(tmp_path / "lab" / "xor.yaml",
          "samples: xor.csv\nlayers: [{neurons: 1}]\nweights: [1, 2]\neta: 1\niterations: 1\n")  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert tracer.load("lab/xor.yaml").samples == ((0, 0, 0), (1, 1, 0))
    (tmp_path / "lab" / "xor.csv").unlink()
    assert problems_of_file("lab/xor.yaml") == [
        "lab/xor.yaml:1:10: samples: lab/xor.csv: there is no such file; its path is relative to the config"
    ]


def problems_of_file(path: str) -> list[str]:
    with pytest.raises(tracer.ConfigError) as error:
        tracer.load(path)
    return list(error.value.problems)


def test_equations_take_the_columns_that_they_use(tmp_path: Path) -> None:
    path = write(tmp_path / "line.csv", "w,x,note,t,abs,E\n9,1,a,3,n,n\n9,2,b,5,n,n\n")
    experiment = tracer.load({
        "samples": path, "parameters": {"w": 1}, "equations": "# a note of x\nE = abs(t - w*x)^2", "minimize": "E",
        "learning_rate": 0.1, "iterations": 2,
    })  # fmt: skip
    assert (experiment.inputs, experiment.targets) == (("x",), ("t",))
    assert experiment.samples == ((3, 1), (5, 2))


CELLS = """i1,i2,t1
0,1,1
1,abc,0
,,
1,,0
1e999,1_0,nan
"""


def test_every_wrong_cell_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", CELLS)
    assert problems(NETWORK | {"samples": path}) == [
        f"{path}:3: column 'i2': 'abc' is not a finite number",
        f"{path}:5: column 'i2': is empty",
        f"{path}:6: column 't1': 'nan' is not a finite number",
        f"{path}:6: column 'i1': '1e999' is not a finite number",
        f"{path}:6: column 'i2': '1_0' is not a finite number",
    ]


def test_a_workbook_whose_size_is_told_wrong(tmp_path: Path) -> None:
    """Some programs leave an old <dimension> in a sheet; every row is read all the same."""
    book = openpyxl.Workbook()
    for row in (["i1", "i2", "t1"], *XOR):
        book.active.append(row)
    book.save(tmp_path / "good.xlsx")
    for size in ("A1", "A1:C2"):
        change = lambda xml, size=size: re.sub('<dimension ref="[^"]*"', f'<dimension ref="{size}"', xml)  # noqa: E731
        path = rewrite(tmp_path / "good.xlsx", tmp_path / "stale.xlsx", change)
        assert len(tracer.load(NETWORK | {"samples": str(path)}).samples) == 4


def test_a_workbook_that_breaks_off(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["i1", "i2", "t1"], *XOR):
        book.active.append(row)
    book.save(tmp_path / "good.xlsx")
    path = rewrite(tmp_path / "good.xlsx", tmp_path / "bad.xlsx", lambda xml: xml[: len(xml) // 2])
    (problem,) = problems(NETWORK | {"samples": str(path)})
    assert "cannot be read as an .xlsx workbook" in problem


def test_a_wrong_cell_of_a_workbook_is_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Lab 3"
    for row in (["i1", "i2", "t1"], [0, 1, 1], [True, "half", 0]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    where = f"{tmp_path / 'a.xlsx'}, sheet 'Lab 3', row 3"
    assert problems(NETWORK | {"samples": str(tmp_path / "a.xlsx")}) == [
        f"{where}: column 'i1': true is not a finite number",
        f"{where}: column 'i2': 'half' is not a finite number",
    ]


def test_many_wrong_cells_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "i1,i2,t1\n" + "x,y,z\n" * 50)
    found = problems(NETWORK | {"samples": path})
    assert len(found) == 21
    assert found[-1] == f"{path}:51: and 130 more invalid cells up to here"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("i1,t1\n0,1\n", "1: there is no column 'i2'. Did you mean 'i1'? The file has i1, t1"),
        ("i1,i3,t1\n0,1,1\n", "1: there is no column 'i2'. Did you mean 'i1'? The file has i1, i3, t1"),
        ("i1,i2,i2,t1\n0,1,1,1\n", "1: the column 'i2' appears 2 times"),
        ("", "1: contains no samples; give a row of names, then one row per sample"),
        ("i1,i2,t1\n", "1: contains no samples; give a row of names, then one row per sample"),
        (
            "i1,i2,t1\n1,2,3\0\n",
            "2:6: is a binary file; a CSV file is a text file, saved as UTF-8 (or as UTF-16 with a byte order mark)",
        ),
    ],
)
def test_a_table_that_cannot_be_used(text: str, problem: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", text)
    assert problems(NETWORK | {"samples": path}) == [f"{path}:{problem}"]


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    def only(name: str) -> str:
        (problem,) = problems(NETWORK | {"samples": str(tmp_path / name)})
        return problem.removeprefix("config: samples: ").removeprefix(f"{tmp_path / name}")

    (tmp_path / "latin.csv").write_bytes(b"i1,i2,t1\n\xe9,1,1\n")
    assert (
        only("latin.csv")
        == ":2:1: is not UTF-8 text; is it a CSV file, saved as UTF-8? As Latin-1 it would be 'é' here"
    )
    write(tmp_path / "open.csv", 'i1,i2,t1\n"1,2,3\n')
    assert only("open.csv") == ":2: is not valid CSV (unexpected end of data)"
    write(tmp_path / "fake.xlsx", "no workbook")
    assert "cannot be read as an .xlsx workbook" in only("fake.xlsx")
    write(tmp_path / "data.json", "[]")
    assert only("data.json") == ": is neither a .csv nor an .xlsx file; save the table as one of these"
    (tmp_path / "folder.csv").mkdir()
    assert only("folder.csv") == ": is a folder; give a file of samples in it"
    assert only("none.csv") == ": there is no such file; its path is relative to the config"


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/worksheets/sheet1.xml", b"0" * 250_000_000)
    (problem,) = problems(NETWORK | {"samples": str(tmp_path / "bomb.xlsx")})
    assert problem.endswith("is too large for samples when unpacked")


def test_too_many_samples_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "many.csv", "i1,i2,t1\n" + "0,1,1\n" * 100_001)
    assert problems(NETWORK | {"samples": path}) == [
        f"{path}:100002: contains more than 100,000 samples; this is a tool for small data"
    ]


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ({"samples": []}, ["samples: an empty list: give a list of {inputs: […], targets: […]}, or the name of a .csv or .xlsx file"]),
        ({"samples": [1]}, ["samples.0: 1 is not a sample; write {inputs: […], targets: […]}"]),
        ({"samples": [*SAMPLES, {"inputs": [1], "targets": [0]}]},
         ["samples.4.inputs: 1 given, 2 needed: i1, i2"]),
        ({"samples": [*SAMPLES, {"inputs": [1, "x"], "targets": [0]}]}, ["samples.4.inputs.1: 'x' is not a number"]),
        ({"samples": [*SAMPLES, {"inputs": [1, 0], "target": [0]}]},
         ["samples.4: unknown key 'target'. Did you mean 'targets'?",
          "samples.4: 'targets' is missing; write {inputs: […], targets: […]}"]),
        ({"samples": [{"inputs": [1, 2]}, SAMPLES[0]]},
         ["samples.0: 'targets' is missing; write {inputs: […], targets: […]}",
          "samples.1.targets: 1 given, 0 needed: as many as in the first sample"]),
        ({"samples": SAMPLES, "update": {"batchsize": 2}},
         ["update: unknown key 'batchsize'. Did you mean 'batch_size'?", "update: 'batch_size' is missing; write {batch_size: 4}"]),
        ({"samples": SAMPLES, "update": {"batch_size": True}}, ["update.batch_size: true is not a whole number"]),
        ({"samples": SAMPLES, "inputs": ["a", "a"]},
         ["inputs.1: 'a' is duplicated; every name must be unique"]
         + [f"samples.{n}.inputs: 2 given, 1 needed: a" for n in range(4)]),
        ({"samples": SAMPLES, "inputs": []}, ["inputs: an empty list: with samples, give only the names, such as [x1, x2]"]),
        ({"samples": [{"inputs": {"a": 1, "b": 2}, "targets": [1]}, {"inputs": {"a": 1, "c": 2}, "targets": [1]}]},
         ["samples.1.inputs: 'c' is not one of the inputs."]),
        ({"samples": SAMPLES, "inputs": [1, 2]}, ["inputs: a list of 2: with samples, give only the names, such as [x1, x2]"]),
        ({"samples": SAMPLES, "update": {"batch_size": 5}},
         ["update.batch_size: 5 is larger than the data, which has 4 samples"]),
        ({"samples": SAMPLES, "update": {"batch_size": 0}}, ["update.batch_size: 0 is out of range; must be at least 1"]),
        ({"samples": SAMPLES, "update": {"batch_size": 1.5}}, ["update.batch_size: 1.5 is not a whole number"]),
        ({"samples": SAMPLES, "update": "minibatch"},
         ["update: 'minibatch' is not one of online, batch, {batch_size: 4}. Write {batch_size: …}."]),
        ({"samples": SAMPLES, "order": "shufled", "reduction": "avg", "seed": "x"},
         ["order: 'shufled' is not one of sequential, shuffled. Did you mean 'shuffled'?", "seed: 'x' is not a whole number",
          "reduction: 'avg' is not one of mean, sum. It is called 'mean' here."]),
        ({"samples": SAMPLES, "loss": "cross_entropy"},
         [f"samples.{index}.targets: cross_entropy takes numbers from 0 to 1 that add up to 1 as targets, not 0" for index in (0, 3)]),
    ],
)  # fmt: skip
def test_samples_that_cannot_be_used(config: dict[str, Any], found: list[str]) -> None:
    assert sorted(problems(NETWORK | config)) == sorted(f"config: {problem}" for problem in found)


def test_targets_outside_a_domain_are_named_by_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "i1,i2,t1\n0,1,1\n1,1,2\n")
    assert problems(NETWORK | {"samples": path, "loss": "binary_cross_entropy"}) == [
        f"{path}:3: binary_cross_entropy takes numbers from 0 to 1 as targets, not 2"
    ]


def test_many_targets_outside_a_domain_are_not_all_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "i1,i2,t1\n" + "0,1,7\n" * 500)
    assert len(problems(NETWORK | {"samples": path, "loss": "binary_cross_entropy"})) == 20


def test_a_sample_may_be_changed_from_outside() -> None:
    change = tracer.Override(("samples", "1", "inputs", "0"), 7, "--set")
    assert tracer.load(NETWORK | {"samples": [dict(sample) for sample in SAMPLES]}, [change]).samples[1] == (1, 7, 1)


def test_iris_is_what_fisher_measured() -> None:
    path = Path(__file__).parent.parent / "configs" / "iris.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 150
    means = {"setosa": (5.006, 3.428, 1.462, 0.246), "versicolor": (5.936, 2.77, 4.26, 1.326),
             "virginica": (6.588, 2.974, 5.552, 2.026)}  # fmt: skip
    for species, expected in means.items():
        chosen = [row for row in rows if row[species] == "1"]
        assert len(chosen) == 50
        for column, mean in zip(("sepal_length", "sepal_width", "petal_length", "petal_width"), expected, strict=True):
            assert sum(float(row[column]) for row in chosen) / 50 == pytest.approx(mean, abs=1e-9)
