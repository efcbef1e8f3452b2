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
"""What the suite must not do without: browser, office, graphviz, latex, node, torch, parquet, readers, dask,
shared. Tests of it fail where it is missing."""


def package(name: str, requirement: str, install: str) -> ModuleType:
    """A package; where it is missing, the test or the file of tests is skipped, unless BACKPROP_TRACE_REQUIRE names the
    requirement. install: what pip installs."""
    if requirement not in REQUIRED:
        pytest.importorskip(name, reason=f"{name} is not installed: pip install {install}")
    return import_module(name)


def pytorch() -> ModuleType:
    """PyTorch."""
    return package("torch", "torch", "torch==2.13.0")


def parquet() -> ModuleType:
    """pyarrow, with its Parquet."""
    found = package("pyarrow", "parquet", "'backprop-trace[parquet]'")
    import_module("pyarrow.parquet")
    return found


def dask() -> ModuleType:
    """distributed, Dask's part for clusters."""
    return package("distributed", "dask", "'backprop-trace[distributed]'")


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
