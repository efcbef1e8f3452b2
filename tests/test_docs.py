"""The documentation is true: its tables are the program's, its examples give what it shows, its links lead somewhere."""

from __future__ import annotations

import doctest
import json
import re
import shutil
from pathlib import Path

import openpyxl
import pytest
import yaml
from click.testing import CliRunner
from openpyxl.utils import column_index_from_string

import tracer
from tests import pages
from tests.homework import Layout, homework, write
from tests.pages import DOCS, FOLDERS, PACKAGE, PAGES, README, subject
from tests.places import CONFIGS, FIGURES, ROOT, WALKTHROUGH
from tests.sheets import stored_cells
from tests.test_architecture import ORDER
from tests.walkthroughs.layouts import LAYOUTS
from tests.walkthroughs.mistakes import named
from tests.walkthroughs.workbook import write as write_plan
from tracer.commands.main import COMMANDS, main
from tracer.config.schema import FIELDS, LAYER
from tracer.formulas.tree import Name, replace
from tracer.grading.judging.causes import SENTENCES
from tracer.grading.judging.findings import Kind
from tracer.grading.slips.search import MOST_PAIRS, MOST_SINGLES
from tracer.grading.slips.table import SLIPS
from tracer.output.formats import shortened
from tracer.tables.catalogue import catalogue

TEXTS = {path.relative_to(ROOT).as_posix(): pages.text(path) for path in PAGES}
MANUAL = "\n".join(pages.text(path) for path in [README, *DOCS])
LONGEST_README = 300

by_page = pytest.mark.parametrize("page", TEXTS)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the examples, with the files that they mention."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    shutil.copy(FIGURES / "torch-2.13.pt2", tmp_path / "model.pt2")
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


KEPT = [
    line for line in WALKTHROUGH.read_text(encoding="utf-8").split("\n") if re.match("inputs|targets|iterations", line)
]
FILES = {
    "lab3.yaml": "\n\n\nlayers:\n  - {name: h, neurons: 2, activation: sigmoyd}\n  - {name: o, neurons: 2}\n"
    "weights: {w1: 1, w2: 1, w3: 1, w4: 1, w5: 1, w6: 1, w7: 1,\n  w9: 1}\nlearning_rate: [0.1, -1]\n"
    + "\n".join(KEPT),
    "lab4.yaml": "inputs: {x1: 1, x2: 0.5}\ntargets: {t: 0.25}\nparameters: {w: 0.6, u: -0.4, b: 0.1}\nequations: |\n"
    "  s1 = tanh(w*x1 + b)\n  s2 = tanh(w*x2 +* u*s1 + b)\n  E = (t - s2)^2 / 2\nminimize: E\nlearning_rate: 0.1\n"
    "iterations: 100\n",
    "or.yaml": "samples:\n"
    + "".join(f"  - {{inputs: [{x}, {y}], targets: {{t: {x | y}}}}}\n" for x in (0, 1) for y in (0, 1))
    + 'layers: [{name: o, neurons: 1, activation: "if(z >= 0, 1, 0)"}]\nweights: [0, 0]\nbiases: {o: [0]}\n'
    "learning_rate: 0.5\niterations: 8\n",
    "measured.yaml": "samples: measured.csv\nlayers: [{neurons: 1}]\nweights: [1, 1]\nlearning_rate: 0.1\niterations: 2\n",
    "measured.csv": 'i1,i2,t1\n0,1,1\n1,abc,0\n"0,5",1,1\n',
}


def homework_with_slips(path: Path) -> None:
    """The classic table with the common slip in two columns, and an update without η."""
    wrong = homework(Layout(steps=10, corner=(5, 1)))
    for gradient in ("∂E/∂w3", "∂E/∂w4"):
        wrong.formulas[gradient] = replace(wrong.formulas[gradient], {Name("a_h2"): Name("a_h1")})
    wrong.texts["w8"] = lambda formula: formula.replace("$D$3*", "")
    write(wrong.book(), path)


def exercise_with_mistakes(path: Path) -> None:
    """The backward pass of three rows, filled in up to the second; with a wrong ∂E/∂a_o1, and one formula copied down
    from another column."""
    trace = tracer.walk(shortened(tracer.load(WALKTHROUGH, [tracer.Override(("learning_rate",), 0.5, "")]), 3))
    trace.to_exercise(path, "backward")
    trace.to_exercise(path.with_name("key.xlsx"), "backward", solved=True)
    book, key = openpyxl.load_workbook(path), openpyxl.load_workbook(path.with_name("key.xlsx")).worksheets[0]
    sheet = book.worksheets[0]
    for row in key.iter_rows(min_row=5, max_row=6, min_col=column_index_from_string("Y"), max_col=key.max_column):
        for cell in row:
            if sheet[cell.coordinate].value is None:
                sheet[cell.coordinate] = cell.value
    sheet["Y5"], sheet["AL6"] = 0.25, sheet["AL6"].value.replace("AD6", "AA6")
    book.save(path)


def matrices(path: Path) -> None:
    """A batch by matrices, as array formulas, with the derivative of another activation."""
    (mistake,) = named(LAYOUTS["matrices, array MMULT"](), [("slope of tanh", "D1")])
    write_plan(mistake.plan, path)


def blocks(text: str, language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block for name, block in fenced if name == language]


def test_the_readme_is_short() -> None:
    assert len(TEXTS["README.md"].splitlines()) <= LONGEST_README


# ------------------------------------------------------------------------------------------------- examples


@pytest.mark.parametrize(("page", "least"), [("README.md", 3), ("docs/python.md", 10)])
def test_python_sessions(page: str, least: int) -> None:
    session = "\n".join(block for block in blocks(TEXTS[page], "python") if block.startswith(">>>"))
    example = doctest.DocTestParser().get_doctest(session, {}, page, page, 0)
    assert len(example.examples) >= least
    assert doctest.DocTestRunner().run(example).failed == 0


SESSIONS = [
    (page, command, shown.splitlines())
    for page, text in TEXTS.items()
    for block in blocks(text, "console")
    for command, shown in re.findall(r"^\$ backprop-trace (.+)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
]


@pytest.mark.parametrize(("page", "command", "shown"), SESSIONS)
def test_commands_print_what_the_pages_show(page: str, command: str, shown: list[str], here: Path) -> None:
    """Line by line; a line `…` stands for any number of lines."""
    homework_with_slips(here / "my-homework.xlsx")
    if "lab-matrices.xlsx" in command:
        matrices(here / "lab-matrices.xlsx")
    if "anna.xlsx" in command:
        exercise_with_mistakes(here / "anna.xlsx")
    printed = [line.rstrip() for line in CliRunner().invoke(main, command.split()).output.splitlines()]
    at, skipping = 0, False
    for line in map(str.rstrip, shown):
        if line == "…":
            skipping = True
            continue
        assert line in printed[at:], "\n".join(printed)
        found = printed.index(line, at)
        assert skipping or found == at, "\n".join(printed[at:found])
        at, skipping = found + 1, False
    assert skipping or at == len(printed)


def test_there_are_examples_of_every_command() -> None:
    assert {"run", "exercise", "check", "list"} <= {command.split()[0] for _, command, _ in SESSIONS}
    assert len(SESSIONS) >= 8


@pytest.mark.parametrize("page", ["README.md", "docs/config.md"])
def test_the_config(page: str) -> None:
    shown, shipped = (
        yaml.safe_load(blocks(TEXTS[page], "yaml")[0]),
        yaml.safe_load(WALKTHROUGH.read_text(encoding="utf-8")),
    )
    assert shown == {key: value for key, value in shipped.items() if key != "description"}


@pytest.mark.parametrize("block", blocks(TEXTS["docs/config.md"], "yaml"), ids=lambda block: block.partition("\n")[0])
def test_every_piece_of_a_config_runs(block: str, here: Path) -> None:
    """Those that are not whole configs, put into the classic one."""
    piece = yaml.safe_load(block)
    whole = yaml.safe_load(WALKTHROUGH.read_text(encoding="utf-8"))
    whole |= {"weights": {"init": "xavier_uniform"}, "iterations": 3}
    instead = {"samples": ("inputs", "targets"), "equations": whole}
    left_out = {key for name in piece for key in instead.get(name, ())}
    if isinstance(piece.get("learning_rate"), list) and "iterations" in str(piece["learning_rate"]):
        left_out.add("iterations")
    rest = {key: value for key, value in whole.items() if key not in {*piece, *left_out}}
    (here / "piece.yaml").write_text(f"{block}\n{yaml.safe_dump(rest) if rest else ''}", encoding="utf-8")
    trace = tracer.run("piece.yaml")
    assert len(trace) > 2
    assert all(run.divergence is None for run in trace.runs)


def test_the_formulas(here: Path) -> None:
    """Each `=FORMULA` that a page quotes stands in the workbook."""
    formulas = set()
    for columns in ("full", "compact"):
        for config in (WALKTHROUGH, ROOT / "configs" / "xor.yaml"):
            tracer.run(config, iterations=3, columns=columns).to_excel(here / "book.xlsx")
            sheets = stored_cells(here / "book.xlsx").values()
            formulas |= {f"={cell.formula}" for cells in sheets for cell in cells.values()}
    quoted = re.findall(r"`(=[^`]+)`", MANUAL)
    assert len(quoted) >= 8
    assert [formula for formula in quoted if formula not in formulas] == []


# ------------------------------------------------------------------------------------------- completeness


@by_page
def test_tables_are_the_programs(page: str) -> None:
    """`make docs` writes them anew."""
    assert pages.written_anew(TEXTS[page]) == TEXTS[page]


@pytest.mark.parametrize("page", pages.PRINTED)
def test_pages_are_what_a_command_prints(page: str) -> None:
    """`make docs` writes them anew."""
    assert pages.printed(page) == TEXTS[page]


def test_every_table_is_on_one_page() -> None:
    assert sorted(name for text in TEXTS.values() for name in pages.marked(text)) == sorted(pages.TABLES)


def test_every_key_and_entry_is_documented() -> None:
    config = TEXTS["docs/config.md"]
    names = [*FIELDS, *LAYER.fields, *(entry.name for entry in catalogue())]
    assert [name for name in names if f"| `{name}`" not in config] == []
    causes = [*SENTENCES, *(slip.name for slip in SLIPS)]
    assert [name for name in causes if f"| `{name}`" not in TEXTS["docs/check.md"]] == []
    assert {f"at most {most:,}" for most in (MOST_SINGLES, MOST_PAIRS)} <= set(
        re.findall(r"at most [\d,]*\d", TEXTS["docs/check.md"])
    )
    assert [kind for kind in Kind if f"`{kind}`" not in TEXTS["docs/check.md"]] == []


def test_every_shipped_config_is_mentioned() -> None:
    assert [path.name for path in CONFIGS if f"`{path.name}`" not in TEXTS["docs/config.md"]] == []


def test_every_command_and_option_is_documented() -> None:
    for name in COMMANDS:
        parameters = pages.command_called(name).params
        options = [option for parameter in parameters for option in parameter.opts if option.startswith("--")]
        assert [option for option in [f"`{name}`", *options] if option not in MANUAL] == []


def test_every_public_name_is_documented() -> None:
    assert [name for name in tracer.__all__ if f"`{name}`" not in TEXTS["docs/python.md"]] == []


def test_the_keys_of_the_json_report(here: Path) -> None:
    """Those of a real report, all of them and no others."""
    homework_with_slips(here / "my-homework.xlsx")
    CliRunner().invoke(main, ["check", "my-homework.xlsx", "--json", "report.json", "--quiet"])
    (form,) = (block for block in blocks(TEXTS["docs/check.md"], "") if block.startswith("[{"))
    assert set(re.findall(r'"(\w+)":', form)) == keys_of(json.loads((here / "report.json").read_text(encoding="utf-8")))


def keys_of(value: object) -> set[str]:
    if isinstance(value, dict):
        parts = (part for key, part in value.items() if key != "parts")  # those differ from slip to slip
        return set(value) | {key for part in parts for key in keys_of(part)}
    return {key for part in value for key in keys_of(part)} if isinstance(value, list) else set()


# ------------------------------------------------------------------------------------------------ the tree


def test_every_folder_of_the_tree_is_explained() -> None:
    """With a table of its files, which `make docs` writes."""
    headings = set(
        re.findall(r"^#+ `([\w/]+)/`\n\n[A-Z][^#]+?\n<!-- files of \1 -->", TEXTS["docs/how-it-works.md"], re.MULTILINE)
    )
    assert headings == set(FOLDERS)


def test_every_file_names_its_subject() -> None:
    files = [path for kind in ("*.py", "*.js", "*.css") for path in PACKAGE.rglob(kind)]
    assert [path.name for path in files if not subject(path)] == []


def test_no_file_is_explained_that_is_gone() -> None:
    page = TEXTS["docs/how-it-works.md"]
    real = {path.name for path in PACKAGE.rglob("*.py")} | {path.name for path in (ROOT / "tests").glob("*.py")}
    assert sorted(set(re.findall(r"`(\w+\.py)`", page)) - real) == []
    folders = {f"{path.parent.relative_to(PACKAGE).as_posix()}/" for path in PACKAGE.rglob("__init__.py")}
    assert sorted(set(re.findall(r"^#+ `([\w/]+/)`", page, re.MULTILINE)) - folders) == []


def test_the_folders_are_in_their_order() -> None:
    headings = re.findall(r"^### `(\w+)/`", TEXTS["docs/how-it-works.md"], re.MULTILINE)
    assert headings == sorted(headings, key=ORDER.index)


# ---------------------------------------------------------------------------------------- links and language


def anchors(text: str) -> set[str]:
    """The headings of a page, as GitHub spells them in links."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@by_page
def test_links_lead_somewhere(page: str) -> None:
    broken = []
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", TEXTS[page]):
        file, _, anchor = target.partition("#")
        path = (ROOT / page).parent / file if file else ROOT / page
        if not path.exists() or (anchor and anchor not in anchors(pages.text(path))):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_the_readme_leads_to_every_page(page: Path) -> None:
    assert f"](docs/{page.name})" in TEXTS["README.md"]


BRITISH = re.compile(
    r"\w*(?:colour|favour|neighbour|behaviour|licence|centre\b|grey|labelled|cancelled|recognis|minimis|maximis|normalis"
    r"|initialis|summaris|organis|generalis|analyse)\w*",
    re.IGNORECASE,
)


@by_page
def test_the_spelling_is_american(page: str) -> None:
    """Outside of names in code."""
    prose = re.sub(r"^```.*?^```|`[^`\n]*`|\]\([^)]*\)", "", TEXTS[page], flags=re.DOTALL | re.MULTILINE)
    assert BRITISH.findall(prose) == []
