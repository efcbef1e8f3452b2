"""Writing result files: checked in advance, written beside their target, moved into place when complete."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tracer.errors import OutputError

KINDS = {
    stat.S_IFCHR: "a character device", stat.S_IFBLK: "a block device", stat.S_IFIFO: "a named pipe (FIFO)",
    stat.S_IFSOCK: "a socket",
}  # fmt: skip
"""What a path can be besides a regular file and a folder."""


def path_of(text: str | Path) -> Path:
    """A path as people write it: ~ is the home folder, and folders may be separated by backslashes also where the
    system knows only slashes. Raises OutputError where there is no home folder."""
    path = Path(text)
    if os.sep == "/" and "\\" in str(path) and not path.exists():
        path = Path(str(path).replace("\\", "/"))
    try:
        return path.expanduser()
    except RuntimeError:
        raise OutputError([f"{path}: cannot find the home folder"]) from None


def problems_of(targets: list[Path]) -> list[str]:
    """Create the targets' folders and check whether the files can be written there.

    Returns all problems: a folder that cannot be created or written to, a target that is a folder or is open in another
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
        problems += _first(target, _not_a_file, _open_elsewhere)
    return problems


def _first(target: Path, *checks: Callable[[Path], list[str]]) -> list[str]:
    """The problems that the first of these checks finds, or that a check itself runs into."""
    try:
        return next(filter(None, (check(target) for check in checks)), [])
    except (OSError, RuntimeError) as error:
        return [f"{target}: cannot be written ({getattr(error, 'strerror', None) or error})"]


def _not_a_file(target: Path) -> list[str]:
    """The problem of a target that exists and is not a regular file, which must not be replaced."""
    if target.is_dir():
        return [f"{target}: is a folder; remove it, or choose another name"]
    if target.resolve().is_symlink():  # a loop; before Python 3.13 resolve() raises
        return [f"{target}: is a link that points back to itself; remove it, or choose another name"]
    if target.exists() and not target.is_file():
        kind = KINDS.get(stat.S_IFMT(target.stat().st_mode), "special")
        return [f"{target}: is {kind}, not a regular file; choose another name"]
    return []


def _open_elsewhere(target: Path) -> list[str]:
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
    and the target stays as it was. Raises OutputError when the file cannot be written or moved, and before anything is
    written when the target is not a regular file: a device or a named pipe is never replaced."""
    if problems := _first(target, _not_a_file):
        raise OutputError(problems)
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
