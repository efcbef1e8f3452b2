"""The modules of the page as one script."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator

IMPORT = re.compile(r'import (\{[^}]*\}) from "\./([\w.]+)";')
EXPORT = re.compile(r"export ((?:async )?(?:function|class|const) (\w+))")
COMMENT = re.compile(r"(?:^|  )// .*$")
"""At the end of a line."""


def joined(entry: str) -> str:
    """The source of a module and of those that it imports, each in a scope of its own after those that it needs: a
    script that defines what the module exports."""
    found: dict[str, str] = {}
    exported = _add(entry, found)
    names = f"const {{ {', '.join(exported)} }} = {_variable(entry)};\n" if exported else ""
    return "\n".join(found.values()) + names


def _add(name: str, found: dict[str, str]) -> list[str]:
    """Add a module after those that it imports; what it exports. A module is written with imports of one form, `import
    { … } from "./….js";`, and exports where things are defined."""
    source = text_of(name)
    for _, other in IMPORT.findall(source):
        if other not in found:
            _add(other, found)
    exported = [name for _, name in EXPORT.findall(source)]
    body = EXPORT.sub(r"\1", IMPORT.sub(lambda match: f"const {match[1]} = {_variable(match[2])};", source))
    found[name] = f"const {_variable(name)} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();\n"
    return exported


def text_of(name: str) -> str:
    """A file of the page, without comments and indentation. No text in it may go over several lines; a comment in
    /* and */ has its lines for itself."""
    source = pkgutil.get_data(__package__, name)
    assert source is not None
    return "".join(f"{line}\n" for line in _lines(source.decode()))


def _lines(source: str) -> Iterator[str]:
    is_comment = False
    for line in map(str.strip, source.splitlines()):
        if is_comment or line.startswith("/*"):
            is_comment = not line.endswith("*/")
        elif written := COMMENT.sub("", line) if "//" in line else line:
            yield written


def _variable(name: str) -> str:
    return name.replace(".", "_")
