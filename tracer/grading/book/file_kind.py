"""Whether a file is an .xlsx workbook at all, by its name, size and first bytes."""

from __future__ import annotations

from pathlib import Path
from typing import IO

MEGABYTE = 1 << 20
MAX_FILE = 64 * MEGABYTE

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class Unreadable(Exception):
    """A file that cannot be read as a workbook; the message is the reason, and what to do."""


def check_kind(path: Path) -> None:
    """Refuse files whose first bytes are not those of an .xlsx file."""
    if path.is_dir():
        raise Unreadable("is a folder")
    if not path.exists():
        raise Unreadable("does not exist")
    if not path.is_file():
        raise Unreadable("is not a regular file")
    size = path.stat().st_size
    if size > MAX_FILE:
        raise Unreadable(f"has {size // MEGABYTE} MB; the limit is {MAX_FILE // MEGABYTE} MB")
    with path.open("rb") as file:
        head = file.read(8)
        if head == _COMPOUND:
            encrypted = _ENCRYPTED in file.read(MEGABYTE) or _tail_has(file, size)
            raise Unreadable(
                "is encrypted; save it without a password"
                if encrypted
                else "is an old .xls workbook; save it as .xlsx in Excel or LibreOffice"
            )
    if path.name.startswith(("~$", ".~lock")) or (size <= 512 and head[:1] != b"P" and size in (165, 162, 171)):
        raise Unreadable("is the leftover lock file of an open workbook, not a workbook; delete it")
    if not size:
        raise Unreadable("is empty")
    if head[:2] != b"PK":
        raise Unreadable("is not an .xlsx workbook; save it as .xlsx in Excel or LibreOffice")


def _tail_has(file: IO[bytes], size: int) -> bool:
    file.seek(max(0, size - MEGABYTE))
    return _ENCRYPTED in file.read(MEGABYTE)
