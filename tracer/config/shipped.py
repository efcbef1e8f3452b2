"""The shipped configs: what each shows, and the files that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tracer.config import yamlfile

SCHEMA = "schema.json"
"""What the comment at the top of a config names, for editors."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A shipped config. description: the one in it. files: the config, its samples, the schema."""

    name: str
    description: str
    files: tuple[Path, ...]


def shipped() -> Iterator[Shipped]:
    """The shipped configs by their names."""
    package = Path(__file__).parent.parent
    folder = next(folder for folder in (package / "configs", package.parent / "configs") if folder.is_dir())
    for path in sorted(folder.glob("*.yaml")):
        config = yamlfile.read(path).value
        samples = config.get("samples")
        further = [folder / samples] if isinstance(samples, str) else []
        yield Shipped(path.stem, config["description"], (path, *further, folder / SCHEMA))
