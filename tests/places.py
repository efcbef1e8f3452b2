"""Where the project's files are, and the tolerance that all figures are held to."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
WALKTHROUGH = ROOT / "configs" / "walkthrough.yaml"
FIGURES = Path(__file__).parent / "figures"
SHARED = ROOT.parent / "shared"
"""Real workbooks, the XML Schema of the .xlsx format (ECMA-376) and cases, beside the project where they are at hand."""
SCHEMAS = SHARED / "ooxml-xsd"
REQUIRED = os.environ.get("BACKPROP_TRACE_REQUIRE", "").split()
"""What the suite must not do without: browser, office, latex, node, torch, parquet, dask, shared. Tests of it fail where it is missing."""


def pytorch() -> ModuleType:
    """PyTorch; where it is missing, the test or the file of tests is skipped, unless it is required."""
    if "torch" in REQUIRED:
        return import_module("torch")
    skipped: ModuleType = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch==2.13.0")
    return skipped


def parquet() -> ModuleType:
    """pyarrow, with its Parquet; where it is missing, the test is skipped, unless it is required."""
    if "parquet" not in REQUIRED:
        pytest.importorskip("pyarrow", reason="pyarrow is not installed: pip install 'backprop-trace[parquet]'")
    import_module("pyarrow.parquet")
    return import_module("pyarrow")


def dask() -> ModuleType:
    """distributed, Dask's part for clusters; where it is missing, the test is skipped, unless it is required."""
    if "dask" not in REQUIRED:
        pytest.importorskip("distributed", reason="Dask is not installed: pip install 'backprop-trace[distributed]'")
    return import_module("distributed")


def needs_shared(folder: str) -> pytest.MarkDecorator:
    """Skip a test where this folder of SHARED is missing, unless it is required."""
    missing = not (SHARED / folder).is_dir() and "shared" not in REQUIRED
    return pytest.mark.skipif(missing, reason=f"../shared/{folder} is not beside the project")


RELATIVE, ABSOLUTE = 1e-12, 1e-15
"""The figures' tolerance: relative, or absolute where a difference such as t − a cancels."""


def agree(value: float, expected: float) -> bool:
    """Whether two figures are the same within the tolerance."""
    return abs(value - expected) <= max(RELATIVE * abs(expected), ABSOLUTE)


BLOWS_UP: dict[str, Any] = {
    "name": "blows-up",
    "inputs": [0.05, 0.1],
    "targets": [0.5, 0.5],
    "layers": [{"neurons": 2, "activation": "relu"}, {"neurons": 2, "activation": "identity"}],
    "weights": [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55],
    "frozen": ["w1", "w2", "w3", "w4"],
    "learning_rate": 1_000_000,
    "iterations": 100,
}
"""A config whose loss grows without bounds, until a number overflows."""
