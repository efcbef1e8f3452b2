"""Writing result files: checked before the work begins, written beside their target, moved into place when whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracer.errors import OutputError


def problems_of(targets: list[Path]) -> list[str]:
    """Make the targets' folders and see whether the files can be written there.

    Returns every problem: a folder that cannot be made or written to, a target that is a folder or is open in another
    program.
    """
    problems = []
    for folder in dict.fromkeys(target.parent for target in targets):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            problems.append(f"{folder}: cannot write here ({error.strerror}); choose another folder with -o")
    for target in targets:
        try:
            problems += _problems_of(target)
        except (OSError, RuntimeError) as error:
            problems.append(f"{target}: cannot be written ({getattr(error, 'strerror', None) or error})")
    return problems


def _problems_of(target: Path) -> list[str]:
    if target.is_dir():
        return [f"{target}: is a folder; remove it, or choose another name"]
    if target.resolve().is_symlink():  # a loop; before Python 3.13 resolve() raises
        return [f"{target}: is a link that leads back to itself; remove it, or choose another name"]
    if target.resolve().exists() and not target.is_file():
        return [f"{target}: is no regular file; remove it, or choose another name"]
    return [
        f"{target}: is open in another program; close it there (if it is not open, delete the leftover {lock})"
        for lock in _locks(target)
    ]


def _locks(target: Path) -> list[Path]:
    """The files that Excel and LibreOffice keep beside a workbook while it is open."""
    locks = [target.with_name(f"~${target.name}"), target.with_name(f".~lock.{target.name}#")]
    return [lock for lock in locks if lock.exists()]


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path to write to in place of `target`; on success the file takes the target's place, otherwise it is removed
    and the target stays as it was. Raises OutputError when the file cannot be written or moved."""
    target = target.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield part
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    except OSError as error:
        what = "is open in another program; close it there" if isinstance(error, PermissionError) else "cannot write it"
        raise OutputError([f"{target}: {what} ({error.strerror or error})"]) from None
    finally:
        part.unlink(missing_ok=True)
