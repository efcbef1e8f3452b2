"""The generated sheets are what they claim to be: right by finite differences, and read the same way by LibreOffice."""

from __future__ import annotations

import subprocess
from pathlib import Path

import openpyxl
import pytest

from tests.walkthroughs.evaluator import FormulaError
from tests.walkthroughs.layouts import LAYOUTS
from tests.walkthroughs.plan import gradient_errors, ref
from tests.walkthroughs.untrained import UNTRAINED
from tests.walkthroughs.workbook import write


@pytest.mark.parametrize("layout", LAYOUTS)
def test_right_sheets_agree_with_finite_differences(layout: str) -> None:
    plan = LAYOUTS[layout]()
    assert plan.steps
    assert gradient_errors(plan) == {}


@pytest.mark.office
@pytest.mark.long
def test_libreoffice_computes_the_same_values(tmp_path: Path) -> None:
    plans = {f"sheet{number}.xlsx": make() for number, make in enumerate([*LAYOUTS.values(), *UNTRAINED.values()])}
    plans = {name: plan for name, plan in plans.items() if not plan.written}
    for name, plan in plans.items():
        write(plan, tmp_path / name, stored=False)
    out = tmp_path / "computed"
    subprocess.run(
        ["soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx",
         "--outdir", str(out), *(str(tmp_path / name) for name in plans)],
        check=True, capture_output=True, timeout=400,
    )  # fmt: skip
    for name, plan in plans.items():
        book = openpyxl.load_workbook(out / name, data_only=True)
        for (sheet, row, column), value in plan.values.values.items():
            if isinstance(value, str):
                continue
            found = book[sheet].cell(row, column).value
            where = f"{plan.layout}: {sheet}!{ref((sheet, row, column))}"
            assert not isinstance(value, FormulaError), where
            assert (found or 0) == pytest.approx(value or 0, rel=1e-9, abs=1e-12), where
