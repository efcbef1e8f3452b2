"""The tree explains the architecture: a folder imports only from those that stand above it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tracer

ROOT = Path(tracer.__file__).parent

ORDER = (
    "version", "errors", "guard", "files", "processes", "decimals", "columns", "formulas", "tables", "model", "config", "execution", "explain", "charts", "documents",
    "workbook", "grading", "page", "output", "code", "api", "commands", "__main__",
)  # fmt: skip
"""The rooms of the house, from the ground up. docs/how-it-works.md has a paragraph on each."""
INNER_ORDER = {
    "grading": (
        "book",
        "sheet",
        "network",
        "judging",
        "slips",
        "graph",
        "updates",
        "steps",
        "losses",
        "training",
        "wording",
        "mending",
        "culprits",
        "lifting",
        "report",
        "misreading",
        "terms",
        "marking",
        "exercise",
        "options",
        "ways",
        "check",
        "worker",
        "folder",
    ),
    "workbook": ("xlsx", "trace", "limits", "sheets", "walkthrough", "overview", "book", "exercise"),
}
LONGEST_FILE = 350


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the package: its name below `tracer`, and its source."""
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), ast.parse(path.read_text(encoding="utf-8"))


def imported(source: ast.Module) -> Iterator[str]:
    """What a module imports of ours, below `tracer`, those within functions included."""
    for node in ast.walk(source):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "tracer":
            package = node.module.removeprefix("tracer").lstrip(".")
            for alias in node.names:
                inner = ROOT.joinpath(*package.split("."), alias.name) if package else ROOT / alias.name
                is_module = inner.is_dir() or inner.with_suffix(".py").exists()
                yield f"{package}.{alias.name}".lstrip(".") if is_module else package
        elif isinstance(node, ast.Import):
            yield from (
                alias.name.removeprefix("tracer").lstrip(".")
                for alias in node.names
                if alias.name.split(".")[0] == "tracer"
            )


ARROWS = [(module, target) for module, source in modules() if module for target in imported(source)]


def test_every_room_has_its_place_in_the_order() -> None:
    assert {module.split(".")[0] for module, _ in modules() if module} <= set(ORDER)


def test_no_module_imports_the_face_of_the_package() -> None:
    assert [module for module, target in ARROWS if not target] == []


@pytest.mark.parametrize(("inside", "order"), [("", ORDER), *INNER_ORDER.items()])
def test_arrows_run_one_way(inside: str, order: tuple[str, ...]) -> None:
    prefix = f"{inside}." if inside else ""
    against = [
        f"{module} imports {target}"
        for module, target in ARROWS
        if module.startswith(prefix) and target.startswith(prefix)
        and order.index(target.removeprefix(prefix).split(".")[0]) > order.index(module.removeprefix(prefix).split(".")[0])
    ]  # fmt: skip
    assert against == []


def test_only_commands_import_the_api() -> None:
    assert {module.split(".")[0] for module, target in ARROWS if target == "api"} <= {"commands"}


def test_no_circles_between_modules() -> None:
    waiting: dict[str, set[str]] = {}
    for module, target in ARROWS:
        if target != module:
            waiting.setdefault(module, set()).add(target)
    while True:
        done = {module for module, targets in waiting.items() if not targets & waiting.keys()}
        if not done:
            break
        for module in done:
            del waiting[module]
    assert sorted(waiting) == []


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_one_subject(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring
    assert docstring.partition("\n")[0]


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.js")), ids=lambda path: path.name)
def test_a_module_of_the_page_has_one_subject_too(path: Path) -> None:
    """And uses what it imports."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith("/** ")
    assert len(text.splitlines()) <= LONGEST_FILE
    imported = [name.strip() for names in re.findall(r"import \{([^}]*)\}", text) for name in names.split(",")]
    assert [name for name in imported if len(re.findall(rf"\b{name}\b", text)) < 2] == []
