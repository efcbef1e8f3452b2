"""The modules of the page as one script."""

from __future__ import annotations

from importlib import resources

IMPORT, EXPORT = "import ", "export "


def joined(*modules: str) -> str:
    """The source of these modules and of those that they import, each after those that it needs, without imports and
    exports: a script, in which every name of a module is known."""
    found: dict[str, str] = {}
    for name in modules:
        _add(name, found)
    return "\n".join(found.values())


def _add(name: str, found: dict[str, str]) -> None:
    if name in found:
        return
    lines = resources.files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.startswith(IMPORT):
            _add(line.split('"')[1].removeprefix("./"), found)
    kept = [line.removeprefix(EXPORT) for line in lines if not line.startswith(IMPORT)]
    found[name] = "\n".join(kept).strip() + "\n"
