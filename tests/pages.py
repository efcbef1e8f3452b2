"""The pages of the documentation, and the tables in them that the program writes.

Such a table stands between `<!-- its name -->` and `<!-- end -->`. Run as a script (`make docs`), this writes all of
them anew.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

import click
from click.testing import CliRunner

from tests.places import ROOT, WALKTHROUGH
from tests.stuck import SPEAKS
from tracer.api import steps
from tracer.charts.screen.session import HELP, Session
from tracer.commands.main import main
from tracer.config import Override, load
from tracer.config.records import Field
from tracer.config.schema import CSV, FIELDS, LAYER
from tracer.explain.diagnoses import DIAGNOSES
from tracer.grading.book.worksheet_functions import function_names
from tracer.grading.graph.facts import OF_FACTS
from tracer.grading.judging.causes import SENTENCES
from tracer.grading.slips.table import SLIPS
from tracer.tables.catalogue import catalogue

README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))
PACKAGE = ROOT / "tracer"
FOLDERS = sorted(path.parent.relative_to(PACKAGE).as_posix() for path in PACKAGE.glob("*/**/__init__.py"))
PAGES = [README, *DOCS, ROOT / "CHANGELOG.md", ROOT / ".github" / "CONTRIBUTING.md"]

_MARKED = re.compile(r"(<!-- (?!end)([^\n]+?) -->\n).*?(<!-- end -->)", re.DOTALL)


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def row(*cells: str) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |".replace("|  |", "| |").replace("|  |", "| |")


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(header)
    return "\n".join([row(*names), "|---" * len(names) + "|", *(row(*cells) for cells in rows)]) + "\n"


def code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words if word)


def keys(fields: Mapping[str, Field]) -> str:
    """The keys of a mapping in a config: spellings, meaning, default."""
    rows = []
    for key, field in fields.items():
        default = "required" if field.required else "" if field.default in (None, "", [], {}) else str(field.default)
        rows.append((code((key, *field.aliases)), field.help, default))
    return table(("key", "meaning", "default"), rows)


def entries(kind: str) -> str:
    """The entries of one kind that `backprop-trace list` shows: name, formulas, settings."""
    chosen = [entry for entry in catalogue() if entry.kind == kind]
    left_out = {"source", "∂a/∂z", "∂a_j/∂z_j", "∂E/∂a", "by x"}
    labels = list(dict.fromkeys(label for entry in chosen for label in entry.lines if label not in left_out))
    if kind == "activation":
        labels = ["a", "settings", "also"]
    if kind == "optimizer":
        labels = ["next p", "states", "settings", "also"]
    rows = []
    for entry in chosen:
        lines = dict(entry.lines)
        if kind == "activation":
            lines.setdefault("a", lines.get("a_j", ""))
        lines["states"] = "; ".join(f"{name} = {line}" for name, line in lines.items() if name not in _NO_STATES)
        rows.append((code([entry.name]), *(_cell(label, lines.get(label, "")) for label in labels)))
    return table((kind, *labels), rows)


_NO_STATES = {"next p", "settings", "source", "also"}


def _cell(label: str, line: str) -> str:
    if label in ("targets", "weights"):
        return line
    if label == "numbers":
        return " and ".join(code([part]) for part in line.split(" and "))
    return "; ".join(code([part]) for part in line.split("; ")) if line else ""


def command_called(name: str) -> click.Command:
    command = main.get_command(click.Context(main), name)
    assert command
    return command


def options(command: str) -> str:
    """The options of a command: how each is written, its help, its default."""
    rows = []
    for option in command_called(command).params:
        if isinstance(option, click.Option):
            default = f" Default: {option.default}." if option.show_default else ""
            rows.append((code(f"{spelled}{_value(option)}" for spelled in option.opts), f"{option.help}{default}"))
    return table(("option", "meaning"), rows)


def _value(option: click.Option) -> str:
    """What follows an option."""
    if option.is_flag:
        return ""
    choices = option.type.choices if isinstance(option.type, click.Choice) else ()
    return f" {option.metavar or '|'.join(choices) or option.type.name.removesuffix(' range').upper()}"


def worksheet_functions() -> str:
    """The worksheet functions that `check` reads."""
    both = function_names()
    further = sorted(name for name in OF_FACTS if name not in both and name.isupper() and name != "ARRAYCONSTANT")
    return table(("read", "functions"), [("always", code(sorted(both))), ("by the sheet's formulas", code(further))])


def slips() -> str:
    """The slips that `check` looks for."""
    rows = ((code([slip.name]), slip.sentence, code([slip.right]), code([slip.wrong])) for slip in SLIPS)
    return table(("name", "cause", "right", "wrong"), rows)


def diagnoses() -> str:
    """What is said when a run does not learn: an example of each sentence, and its condition."""
    examples: dict[str, str] = {}
    for name, _, sentence in SPEAKS:
        examples.setdefault(name, sentence)
    rows = (
        (code([line.name]), examples[line.name], " ".join((line.condition.__doc__ or "").split())) for line in DIAGNOSES
    )
    return table(("name", "such as", "when"), rows)


def files(folder: Path) -> str:
    """The files of a folder of the package, each with the subject that its first line names."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in (".py", ".js", ".css") and path.stem[:2] != "__")
    return table(("file", "subject"), ((code([path.name]), subject(path)) for path in paths))


def subject(path: Path) -> str:
    """The first paragraph of a file's docstring, or of its first comment."""
    source = text(path)
    said = ast.get_docstring(ast.parse(source)) if path.suffix == ".py" else source.split("*/")[0].lstrip("/* ")
    return " ".join((said or "").split("\n\n")[0].split())


def step_in_the_middle() -> Session:
    """The command `step` in the middle of the backward pass of the classic network."""
    session = steps(load(WALKTHROUGH, [Override(("learning_rate",), 0.5, "")]))
    session.place = session.to("∂E/∂a_h1")
    return session


def screen_of_step() -> str:
    rows = step_in_the_middle().rows(80, 24)
    lines = ["".join(span.text for span in row).rstrip() for row in rows]
    return "\n".join(["```text", *lines, "```"]) + "\n"


TABLES: dict[str, Callable[[], str]] = {
    "keys": lambda: keys(FIELDS),
    "layer keys": lambda: keys(LAYER.fields),
    "csv keys": lambda: keys(CSV.fields),
    "activations": lambda: entries("activation"),
    "losses": lambda: entries("loss"),
    "penalties": lambda: entries("penalty"),
    "initializers": lambda: entries("initializer"),
    "clippings": lambda: entries("clipping"),
    "optimizers": lambda: entries("optimizer"),
    "functions": lambda: entries("function"),
    "worksheet functions": worksheet_functions,
    "slips": slips,
    "screen of step": screen_of_step,
    "keys of step": lambda: table(("key", "what it does"), HELP),
    "diagnoses": diagnoses,
    "causes": lambda: table(("name", "cause"), ((code([name]), sentence) for name, sentence in SENTENCES.items())),
    "files of the top level": lambda: files(PACKAGE),
    **{f"files of {name}": partial(files, PACKAGE / name) for name in FOLDERS},
    **{
        f"options {name}": partial(options, name)
        for name in ("run", "sweep", "step", "exercise", "check", "list", "init")
    },
}


def marked(page: str) -> dict[str, str]:
    """The tables of a page as they stand there, by name."""
    return {match[2]: match[0].removeprefix(match[1]).removesuffix(match[3]) for match in _MARKED.finditer(page)}


def written_anew(page: str) -> str:
    """The page with its tables as the program is now."""
    return _MARKED.sub(lambda match: match[1] + TABLES[match[2]]() + match[3], page)


PRINTED = {"docs/walkthrough.md": "explain configs/walkthrough.yaml --learning-rate 0.5 --format md"}
"""Pages that a command prints, as a whole."""


def printed(page: str) -> str:
    """A page as the command prints it now, in the folder of the project."""
    result = CliRunner().invoke(main, PRINTED[page].split())
    assert result.exit_code == 0, result.output
    return result.output


if __name__ == "__main__":
    for path in PAGES:
        page, before = path.relative_to(ROOT).as_posix(), text(path)
        now = printed(page) if page in PRINTED else written_anew(before)
        if now != before:
            path.write_text(now, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")
