"""Numbers, marks and paths as people write them by habit: read as they are meant, or refused with what to write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.test_cli import command
from tests.test_config import BASE, problems_of_text
from tests.test_samples import NETWORK, problems, write
from tracer.config.habits import advice, decimal_comma, spellings

LINES = "targets: [0.5]\nlayers: [{name: o, neurons: 1}]\nweights: {init: zeros}\nlearning_rate: 0.5\niterations: 1\n"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0,5", ["0.5"]), ("1,000", ["1.000", "1000"]), ("1.234,5", ["1234.5"]), ("1,234.5", ["1234.5"]), ("1 000", ["1000"]),
        ("1'000", ["1000"]), ("1_000", ["1000"]), ("1.000.000", ["1000000"]), ("1\u00a0000", ["1000"]), ("12,5 %", ["0.125"]),
        ("1/4", ["0.25"]), ("−0,5", ["-0.5"]), ("1,5e-3", ["1.5e-3"]), ("1,2,3", []), ("12:30", []), ("", []), ("1.5.2", []),
    ],
)  # fmt: skip
def test_what_a_number_may_mean(text: str, meant: list[str]) -> None:
    assert spellings(text) == meant


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_decimal_comma_is_read_as_a_point(number: float) -> None:
    assert float(spellings(repr(number).replace(".", ","))[0]) == number


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=2, max_size=6))
def test_a_list_with_decimal_commas_is_recognized(numbers: list[tuple[int, int]]) -> None:
    written = [f"{whole},{decimals:02}" for whole, decimals in numbers]
    assert decimal_comma(", ".join(written)) in written


@given(st.lists(st.integers(0, 99), min_size=1), st.sampled_from([",", ", ", " , ", ",\n"]))
def test_a_list_of_whole_numbers_is_left_alone(numbers: list[int], comma: str) -> None:
    assert decimal_comma(comma.join(map(str, numbers))) == ""


@given(st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), min_size=1), st.sampled_from([",", ", ", ",\n"]))
def test_a_list_of_decimals_is_left_alone(numbers: list[float], comma: str) -> None:
    assert decimal_comma(comma.join(map(str, numbers))) == ""


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("inputs: [0,05, 0,10]", "x.yaml:1:9: inputs: '0,05' would be two numbers; write 0.05: decimals take a point, thousands no mark; "
                                "if they are two, write a space behind every comma"),
        ("inputs: [1,250.5, 2]", "x.yaml:1:9: inputs: '1,250.5' would be two numbers; write 1250.5: decimals take a point, thousands no mark; "
                                 "if they are two, write a space behind every comma"),
        ("inputs: [0,5, 1,25]", "x.yaml:1:9: inputs: '0,5' would be two numbers; write 0.5: decimals take a point, thousands no mark; "
                               "if they are two, write a space behind every comma"),
        ("inputs: {i1: 0,05, i2: 1}", "x.yaml:1:14: inputs.i1: '0,05' would be a number and a key; write 0.05: decimals take a point, "
                                      "thousands no mark"),
        ("inputs: ['1.234,5']", "x.yaml:1:10: inputs.0: '1.234,5' is not a number; write 1234.5: decimals take a point, thousands no mark"),
        ("inputs: [–3]", "x.yaml:1:10: inputs.0: '–3' is not a number; '–' is EN DASH (U+2013), write '-'"),
        ("inputs: ['0.5']", "x.yaml:1:10: inputs.0: '0.5' is not a number; write 0.5 without quotes"),
    ],
)  # fmt: skip
def test_numbers_of_a_config(line: str, problem: str, tmp_path: Path) -> None:
    """One mistake is one problem: no wrong counts follow from it."""
    assert problems_of_text(f"{line}\n{LINES}", tmp_path)[0] == problem
    assert all("given" not in found for found in problems_of_text(f"{line}\n{LINES}", tmp_path))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"iterations": "1,000"}, "iterations: '1,000' is not a whole number; write 1000: decimals take a point, thousands no mark"),
        ({"learning_rate": "1/3"}, "learning_rate: '1/3' is not a number; write 0.3333333333333333"),
        ({"learning_rate": "5 %"}, "learning_rate: '5 %' is not a number; write 0.05"),
    ],
)  # fmt: skip
def test_numbers_with_marks(change: dict[str, Any], problem: str) -> None:
    assert f"config: {problem}" in problems(BASE | change)


def test_a_whole_number_grouped_by_points(tmp_path: Path) -> None:
    text = LINES.replace("iterations: 1", "iterations: 1.000") + "inputs: [1.000]\n"
    assert problems_of_text(text, tmp_path) == ["x.yaml:5:13: iterations: 1.000 is ambiguous; write 1 or 1000"]
    option = tracer.Override(("iterations",), tracer.config.yamlfile.scalar("12.500"), "--iterations")
    with pytest.raises(tracer.ConfigError, match=r"12\.500 is ambiguous; write 12500"):
        tracer.load(BASE, [option])


def test_numbers_of_an_option() -> None:
    result = command(
        "run", "configs/walkthrough.yaml", "--learning-rate", "0,1", "--learning-rate", "0,2", "--set", "l2=1/2"
    )
    assert result.stderr.splitlines() == [
        "--learning-rate: '0,1' would be two numbers; write 0.1: decimals take a point, thousands no mark; if they are two, write "
        "a space behind every comma",
        "--set l2=1/2: '1/2' is not a number; write 0.5",
    ]  # fmt: skip


def test_a_comma_that_makes_two_values_of_one(tmp_path: Path) -> None:
    found = problems_of_text(LINES.replace("[0.5]", "[0,5]") + "inputs: [1]\n", tmp_path)
    assert found == ["x.yaml:1:10: targets: 2 given, 1 needed: one per neuron of the output layer 'o'; if a comma is meant "
                     "as a decimal point, write a point"]  # fmt: skip
    found = problems_of_text(LINES.replace("rate: 0.5", "rate: [0,5]") + "inputs: [1]\n", tmp_path)
    assert found == ["x.yaml:4:16: learning_rate: two learning rates, one of them 0; if the comma is meant as a decimal "
                     "point, write a point"]  # fmt: skip


# -------------------------------------------------------------------------------------------------- CSV and xlsx


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("i1,i2,t1\n0,5,1,25,0,1\n", [":2: has 6 fields, the header 3; with decimal commas, the fields are separated by ';'"]),
        ("i1;i2;t1\n1;2;3;4\n", [":2: has 4 fields, the header 3"]),
        ("i1;i2;t1\n1.234;0,5;0,1\n2.5;0,7;0,9\n",
         [":2: column 'i1': this file has decimal commas (0,1), but here is '1.234'; write 1,234 or 1234",
          ":3: column 'i1': this file has decimal commas (0,1), but here is '2.5'; write 2,5"]),
        ("i1;i2;t1\n1.234,5;0;1\n0,5;0;1\n",
         [":2: column 'i1': this file has decimal commas (0,5), but here is '1.234,5'; write 1234,5"]),
        ('i1,i2,t1\n"1,000",1,1\n', [":2: column 'i1': '1,000' is not a finite number; write 1.000 or 1000: decimals take a point, "
                                    "thousands no mark"]),
    ],
)  # fmt: skip
def test_marks_of_a_csv(text: str, found: list[str], tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", text)
    assert problems(NETWORK | {"samples": path}) == [f"{path}{problem}" for problem in found]


def test_empty_fields_beyond_the_header_are_left_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "i1,i2,t1\n1,2,3,,\n")
    assert tracer.load(NETWORK | {"samples": path}).samples == ((3, 1, 2),)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3))
def test_a_csv_of_europe_holds_the_same_numbers(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]) -> None:
    row = ";".join(repr(number).replace(".", ",") for number in numbers)
    path = write(tmp_path_factory.getbasetemp() / "eu.csv", f"t1;i1;i2\n{row}\n")
    assert tracer.load(NETWORK | {"samples": path}).samples == (tuple(numbers),)


def test_cells_of_a_workbook_that_are_text_or_dates(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["i1", "i2", "t1"], ["0,5", "1 000", 1]):
        book.active.append(row)
    book.active["C2"].number_format = "dd.mm.yyyy"
    book.save(tmp_path / "a.xlsx")
    found = [problem.split("column ")[1] for problem in problems(NETWORK | {"samples": str(tmp_path / "a.xlsx")})]
    assert found == [
        "'t1': 1900-01-01 00:00:00 is a date or a time; format the cell as a number and enter it again",
        "'i1': '0,5' is not a finite number; write 0.5: decimals take a point, thousands no mark",
        "'i2': '1 000' is not a finite number; write 1000: decimals take a point, thousands no mark",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_are_read(encoding: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "größe,i2,t1\n1,2,3\n", encoding)
    assert tracer.load(NETWORK | {"samples": path, "inputs": ["größe", "i2"], "targets": ["t1"]}).samples == (
        (3, 1, 2),
    )


@pytest.mark.parametrize(
    ("encoding", "problem"),
    [
        ("latin-1", r":1:3: is not UTF-8 text; is it a CSV file, saved as UTF-8\? As Latin-1 it would be 'ö' here"),
        ("utf-16-le", r":1:2: is a binary file; a CSV file is a text file, saved as UTF-8 \(or as UTF-16 with a byte order mark\)|"
                      r":1:5: is not UTF-8 text; .*"),
        ("utf-32", ":1:1: is a binary file; .*"),
    ],
)  # fmt: skip
def test_encodings_that_are_refused(encoding: str, problem: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "größe,i2,t1\n1,2,3\n", encoding)
    (found,) = problems(NETWORK | {"samples": path})
    assert re.fullmatch(problem, found.removeprefix(path)), found


@pytest.mark.parametrize("name", ["data.ods", "data.xls", "data.xlsb"])
def test_other_spreadsheets_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"PK")
    (found,) = problems(NETWORK | {"samples": str(tmp_path / name)})
    assert found.endswith("is neither a .csv nor an .xlsx file; save the table as one of these (File, Save As)")


# ------------------------------------------------------------------------------------------------ paths, YAML


def test_paths_with_a_tilde_and_with_backslashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "lab").mkdir()
    write(tmp_path / "lab" / "a.csv", "i1,i2,t1\n1,2,3\n")
    write(tmp_path / "lab" / "a.yaml", "samples: a.csv\ninputs: [i1, i2]\n" + LINES.removeprefix("targets: [0.5]\n"))
    for path in ("~/lab/a.csv", r"~\lab\a.csv", rf"{tmp_path}\lab\a.csv"):
        assert tracer.load(NETWORK | {"samples": path}).samples == ((3, 1, 2),)
    for path in ("~/lab/a.yaml", r"~\lab\a.yaml"):
        assert tracer.load(path).samples == ((3, 1, 2),)
    assert tracer.load(BASE | {"output": r"~\results\week 1"}).output == tmp_path / "results" / "week 1"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("inputs：[1]\n", "x.yaml:1:1: is not a mapping; a config consists of lines like 'iterations: 100'; '：' is FULLWIDTH COLON "
                         "(U+FF1A), write ':'"),
        ("layers:\n\t- {neurons: 1}\n", "; the line begins with a tab: indent with spaces"),
        ("inputs: [1]\niterations:100\neta: 1\n", "; a space is missing after 'iterations'"),
        ("samples: \"data\\iris.csv\"\n", r"; in double quotes \ begins an escape: use single quotes, or / in a path"),
        ("inputs:\u00a0[1]\n", "; '\u00a0' is NO-BREAK SPACE (U+00A0), write a space"),
        ("a: 1\nb: \x07\n", "x.yaml:2:4: not valid YAML: the character U+0007 is not allowed; remove it"),
    ],
)  # fmt: skip
def test_marks_that_stop_a_file_from_being_yaml(text: str, problem: str, tmp_path: Path) -> None:
    (found,) = problems_of_text(text, tmp_path)
    assert problem.replace("\u00a0", "\\xa0") in found
    assert re.match(r"x\.yaml:\d+:\d+: ", found)


def test_advice_is_given_for_numbers_only() -> None:
    assert advice("abc") == ""
