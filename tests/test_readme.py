"""The README is true: its tables are the program's, its examples give what it shows."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

import tracer
from tests.places import CONFIGS, ROOT, WALKTHROUGH
from tests.sheets import stored_cells
from tracer.commands.main import COMMANDS, main
from tracer.config.schema import FIELDS

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_python_session() -> None:
    block = re.search(r"```python\n(>>>.*?)```", README, re.DOTALL)
    assert block
    example = doctest.DocTestParser().get_doctest(block[1], {}, "README", "README.md", 0)
    assert len(example.examples) >= 6
    assert doctest.DocTestRunner().run(example).failed == 0


def test_the_table_of_keys() -> None:
    rows = []
    for key, field in FIELDS.items():
        names = ", ".join(f"`{name}`" for name in (key, *field.aliases))
        default = "required" if field.required else "" if field.default in (None, "", [], {}) else field.default
        text = field.help.replace("|", "\\|")
        rows.append(f"| {names} | {text} | {default} |".replace("|  |", "| |"))
    assert "\n".join(rows) in README


def test_the_config() -> None:
    block = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert block
    shown, shipped = yaml.safe_load(block[1]), yaml.safe_load(WALKTHROUGH.read_text(encoding="utf-8"))
    assert shown == {key: value for key, value in shipped.items() if key != "description"}


def test_every_shipped_config_is_mentioned() -> None:
    assert [path.name for path in CONFIGS if f"`{path.name}`" not in README] == []


def test_the_screen() -> None:
    block = re.search(r"```\n( η .*?)\n …\n", README, re.DOTALL)
    assert block
    printed = CliRunner().invoke(main, ["run", "configs/walkthrough.yaml"]).stdout
    assert block[1] in printed


def test_the_formulas(here: Path) -> None:
    """Each `=FORMULA` that the README quotes stands in the workbook."""
    formulas = set()
    for columns in ("full", "compact"):
        for config in (WALKTHROUGH, ROOT / "configs" / "xor.yaml"):
            tracer.run(config, iterations=3, columns=columns).to_excel(here / "book.xlsx")
            sheets = stored_cells(here / "book.xlsx").values()
            formulas |= {f"={cell.formula}" for cells in sheets for cell in cells.values()}
    quoted = re.findall(r"`(=[^`]+)`", README)
    assert len(quoted) >= 5
    assert [formula for formula in quoted if formula not in formulas] == []


def test_the_problems(here: Path) -> None:
    block = re.search(r"run lab3.yaml\n(.*?)```", README, re.DOTALL)
    assert block
    text = WALKTHROUGH.read_text(encoding="utf-8").split("\n")
    (here / "lab3.yaml").write_text(
        "\n\n\nlayers:\n  - {name: h, neurons: 2, activation: sigmoyd}\n  - {name: o, neurons: 2}\n"
        "weights: {w1: 1, w2: 1, w3: 1, w4: 1, w5: 1, w6: 1, w7: 1,\n  w9: 1}\nlearning_rate: [0.1, -1]\n"
        + "\n".join(line for line in text if re.match("inputs|targets|iterations", line)),
        encoding="utf-8",
    )
    printed = CliRunner().invoke(main, ["run", "lab3.yaml"]).stderr.splitlines()
    assert [line for line in block[1].splitlines() if line not in printed] == []


def test_every_command_and_option_is_documented() -> None:
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command
        options = [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
        assert [option for option in [name, *options] if option not in README] == []
