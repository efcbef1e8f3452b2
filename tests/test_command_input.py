"""Standard input and output, the CSV for a spreadsheet, and configs to start from."""

from __future__ import annotations

import csv
import io
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result

import tracer
from tests.places import CONFIGS, ROOT, WALKTHROUGH
from tests.test_config import BASE, problems
from tracer.commands.main import main


def command(*arguments: str | Path, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), input=stdin)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --------------------------------------------------------------------------------------- standard input and output


def test_a_config_from_standard_input(here: Path) -> None:
    result = command("run", "-", "--iterations", "2", stdin=WALKTHROUGH.read_bytes())
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(path.name for path in (here / "out").iterdir()) == ["stdin.csv", "stdin.html", "stdin.xlsx"]
    assert (
        command("exercise", "-", "--rows", "1", stdin=WALKTHROUGH.read_bytes()).output
        == "wrote out/stdin-exercise.xlsx\n"
    )


def test_an_exercise_in_the_home_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("USERPROFILE", str(here))
    assert command("exercise", WALKTHROUGH, "--rows", "1", "-o", "~/e.xlsx").output == f"wrote {here / 'e.xlsx'}\n"


@pytest.mark.parametrize(
    ("stdin", "problem"),
    [
        (b"", "<stdin>:1:1: is empty; a config has at least inputs, targets, layers and weights"),
        (
            b"iterations: [\n",
            "<stdin>:2:1: not valid YAML while parsing a flow node: did not find expected node content",
        ),
        (
            b"\xff",
            "<stdin>:1:1: is not UTF-8 text; is it a YAML config, saved as UTF-8? As Latin-1 it would be 'ÿ' here",
        ),
        (b"iterations: 0", "<stdin>:1:13: iterations: 0 is out of range; must be at least 1"),
    ],
)
def test_problems_of_standard_input(stdin: bytes, problem: str) -> None:
    result = command("run", "-", stdin=stdin)
    assert result.exit_code == 2
    assert problem in result.stderr.splitlines()


def test_samples_are_looked_for_in_the_current_folder(here: Path) -> None:
    (here / "a.csv").write_text("i1,t1\n1,0\n", encoding="utf-8")
    text = b"samples: a.csv\nlayers: [{neurons: 1}]\nweights: [1]\neta: 1\niterations: 1\n"
    assert command("run", "-", "--format", "csv", stdin=text).exit_code == 0


def test_the_csv_on_standard_output_is_the_file(here: Path) -> None:
    command("run", WALKTHROUGH, "--format", "csv")
    result = command("run", WALKTHROUGH, "--format", "csv", "-o", "-")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout_bytes == (here / "out" / "walkthrough.csv").read_bytes()
    assert command("run", WALKTHROUGH, "--format", "csv", "-o", "-", "--ascii").stdout_bytes.isascii()


@pytest.mark.parametrize("formats", [[], ["--format", "xlsx"], ["--format", "csv,xlsx"]])
def test_only_one_text_goes_to_standard_output(formats: list[str], here: Path) -> None:
    result = command("run", WALKTHROUGH, "-o", "-", *formats)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr
        == "-o -: standard output takes one format that is text; write --format csv or --format md beside it\n"
    )


def test_there_is_never_a_folder_called_minus(here: Path) -> None:
    assert "- is standard output" in problems(BASE | {"output": "-"})[0]
    assert command("exercise", WALKTHROUGH, "-o", "-").exit_code == 2
    assert command("init", "xor", "-o", "-").exit_code == 2
    assert list(here.iterdir()) == []


# ------------------------------------------------------------------------------------------ the CSV of a spreadsheet

STYLES: dict[str, Any] = {
    "excel": {"separator": ",", "decimal": ".", "bom": True}, "excel-eu": {"separator": ";", "decimal": ",", "bom": True},
    "tabs": {"separator": "\t", "decimal": ",", "bom": False},
}  # fmt: skip
SMALL = BASE | {"inputs": {"i1": 1e-5, "i2": 12345.678901234567}, "learning_rate": [0.1, 1e-7]}


@pytest.mark.parametrize("name", STYLES)
def test_a_style_holds_the_same_numbers(name: str, tmp_path: Path) -> None:
    style = STYLES[name]
    trace = tracer.run(SMALL | {"csv": style if name == "tabs" else name})
    trace.to_csv(tmp_path / "a.csv")
    data = (tmp_path / "a.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf") == style["bom"]
    text = io.StringIO(data.decode("utf-8-sig"))
    header, *rows = csv.reader(text, delimiter=style["separator"])
    assert header == trace.columns
    assert [
        [float(cell.replace(style["decimal"], ".")) for cell in row] for row in rows
    ] == trace.to_frame().to_numpy().tolist()


def test_the_plain_csv_is_unchanged(tmp_path: Path) -> None:
    tracer.run(SMALL).to_csv(tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"iteration,eta,t1")


def test_an_empty_cell_stays_empty_in_every_style(tmp_path: Path) -> None:
    """Where a run has diverged."""
    config = BASE | {
        "layers": [{"neurons": 2, "activation": "1 / z"}, {"neurons": 2}],
        "inputs": [0, 0],
        "csv": "excel-eu",
    }
    tracer.run(config).to_csv(tmp_path / "a.csv")
    assert ";;" in (tmp_path / "a.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("style", "problem"),
    [
        ("exel", "csv: 'exel' is not one of excel, excel-eu, or a mapping such as {separator: \";\", decimal: \",\", bom: true}. Did you "
                 "mean 'excel'?"),
        ({"separator": ",", "decimal": ","}, "csv: separator and decimal are both ','; change one"),
        ({"separator": "|"}, "csv.separator: '|' is not one of ,, ;, \t."),
        ({"bom": "yes"}, "csv.bom: 'yes' is neither true nor false"),
        ({"delimiter": ";"}, "csv: unknown key 'delimiter'. Known keys: separator, decimal, bom."),
    ],
)  # fmt: skip
def test_styles_that_cannot_be_used(style: Any, problem: str) -> None:
    assert f"config: {problem}".replace("\t", "\\t") in problems(BASE | {"csv": style})


@pytest.mark.office
@pytest.mark.parametrize(("language", "name"), [("en-US", "excel"), ("de-DE", "excel-eu"), ("de-DE", "excel")])
def test_libreoffice_opens_the_csv_of_its_language(language: str, name: str, tmp_path: Path) -> None:
    """With the separator and UTF-8, which its dialog finds, and the numbers of the computer's language. The last case
    shows that the language matters: there numbers with a point are text."""
    trace = tracer.run(SMALL | {"csv": name})
    trace.to_csv(tmp_path / "a.csv")
    profile = tmp_path / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        '<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">'
        f"<value>{language}</value></prop></item></oor:items>",
        encoding="utf-8",
    )
    reading = f"--infilter=CSV:{ord(STYLES[name]['separator'])},34,76,1,,0,false,false"
    run = ["soffice", "--headless", f"-env:UserInstallation=file://{profile.parent}", reading, "--convert-to", "xlsx"]
    run += ["--outdir", str(tmp_path), str(tmp_path / "a.csv")]
    subprocess.run(run, check=True, capture_output=True, timeout=120)
    header, *rows = openpyxl.load_workbook(tmp_path / "a.xlsx").active.iter_rows(values_only=True)
    assert list(header) == trace.columns
    expected = trace.to_frame().to_numpy().tolist()
    if (language, name) == ("de-DE", "excel"):
        assert any(isinstance(value, str) for row in rows for value in row)
        return
    for row, numbers in zip(rows, expected, strict=True):
        assert row == pytest.approx(numbers, rel=1e-14)


# ------------------------------------------------------------------------------------------------ configs to start from


def test_the_shipped_configs_are_listed() -> None:
    lines = command("init").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [path.stem for path in CONFIGS]
    assert all(len(line.split()) > 3 for line in lines)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_config_can_be_started_from(config: Path, here: Path) -> None:
    result = command("init", config.stem)
    assert (result.exit_code, result.stderr) == (0, "")
    assert Path(config.name).read_bytes() == config.read_bytes()
    assert Path("schema.json").read_bytes() == (ROOT / "configs" / "schema.json").read_bytes()
    assert tracer.load(config.name).samples == tracer.load(config).samples


def test_nothing_is_overwritten_without_being_asked(here: Path) -> None:
    assert command("init", "xor.yaml", "-o", "lab").stdout == "wrote lab/xor.yaml\nwrote lab/schema.json\n"
    assert (
        command("init", "xor", "-o", "lab").stdout
        == "lab/xor.yaml is there already\nlab/schema.json is there already\n"
    )
    Path("lab/xor.yaml").write_text("mine", encoding="utf-8")
    result = command("init", "xor", "-o", "lab")
    assert result.exit_code == 2
    assert result.stderr == "lab/xor.yaml: exists already; choose another folder with -o, or replace it with --force\n"
    assert Path("lab/xor.yaml").read_text(encoding="utf-8") == "mine"
    assert command("init", "xor", "-o", "lab", "--force").stdout.startswith("wrote lab/xor.yaml\n")


def test_a_name_that_no_shipped_config_has() -> None:
    result = command("init", "walktrough")
    assert (result.exit_code, result.stderr) == (
        2,
        "'walktrough' is not a shipped config. Did you mean 'walkthrough'?\n",
    )


def test_a_csv_style_as_a_mapping(here: Path) -> None:
    style = "{separator: ';', decimal: ',', bom: true}"
    for name, asked in (("mapping", style), ("name", "excel-eu")):
        assert command("run", WALKTHROUGH, "--format", "csv", "--csv", asked, "-o", name).exit_code == 0
    assert (here / "mapping" / "walkthrough.csv").read_bytes() == (here / "name" / "walkthrough.csv").read_bytes()


def test_many_problems_are_counted(here: Path) -> None:
    """120 samples without a number each: the first 50 are listed, whatever the command."""
    samples = "".join("  - {inputs: {i1: a, i2: 1}, targets: {t1: 0, t2: 1}}\n" for _ in range(120))
    head = "".join(line for line in WALKTHROUGH.read_text(encoding="utf-8").splitlines(True) if "0.05" not in line)
    text = "".join(line for line in head.splitlines(True) if not line.startswith("targets:")) + f"samples:\n{samples}"
    for name in ("run", "step", "exercise", "verify"):
        result = command(name, "-", stdin=text.encode())
        lines = result.stderr.splitlines()
        assert (result.exit_code, len(lines), lines[-1]) == (2, 51, "… and 70 more problems"), name
        assert "samples.0.inputs.i1" in lines[0]
