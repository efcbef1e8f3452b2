"""Loading openpyxl without the packages that it would only look for."""

from __future__ import annotations

import sys

UNUSED = ("numpy", "PIL")
"""What openpyxl imports to take numbers and pictures of these kinds, of which a workbook of ours has none."""


def load_openpyxl() -> None:
    """Load openpyxl for a command that writes a workbook, as if NumPy and Pillow were not installed: they take an
    eighth of the time of a run. Whatever imports them later gets them; a program that uses this package as a library
    is left alone."""
    hidden = [name for name in UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: an import of it fails
    try:
        import openpyxl  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]
