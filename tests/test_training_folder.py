"""A folder of mixed workbooks: right and wrong trainings, sheets that train nothing, and files that mean harm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.test_grading_command import run
from tests.test_training_bad_input import DAMAGED, JUDGED, NOT_JUDGED, put, saved
from tests.walkthroughs.layouts import LAYOUTS
from tests.walkthroughs.mistakes import each_slip
from tests.walkthroughs.untrained import UNTRAINED
from tests.walkthroughs.workbook import write

EVERY = 4
"""One of so many of each kind."""


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """The folder; the first word of each file's name is what it holds."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for number, layout in enumerate(list(LAYOUTS)[::EVERY]):
        plan = LAYOUTS[layout]()
        write(plan, folder / f"right {number}.xlsx")
        if plan.expected == "confirmed":
            write(next(each_slip(plan)).plan, folder / f"wrong {number}.xlsx")
    for number, layout in enumerate(list(UNTRAINED)[::EVERY]):
        write(UNTRAINED[layout](), folder / f"untrained {number}.xlsx")
    for number, change in enumerate([*JUDGED.values(), *NOT_JUDGED.values()][::EVERY]):
        saved(tmp_path, change[0]).rename(folder / f"strange {number}.xlsx")
    for number, (damage, _) in enumerate(DAMAGED.values()):
        path = saved(tmp_path, put())
        path.write_bytes(damage(path.read_bytes()))
        path.rename(folder / f"damaged {number}.xlsx")
    return folder


@pytest.mark.long
def test_each_workbook_has_a_verdict_or_a_reason(mixed: Path, tmp_path: Path) -> None:
    result = run(mixed, "--json", tmp_path / "all.json", "--seconds", 60)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    reports = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert len(reports) == len(list(mixed.iterdir())) >= 60
    counts = {"right": 0, "findings": 0, "reason": 0}
    for report in reports:
        kind = Path(report["workbook"]).name.split()[0]
        found = [f["cause"] or f["kind"] for sheet in report["sheets"] for f in sheet["findings"] if f["mistake"]]
        assert not found or kind == "wrong", (report["workbook"], found)
        assert bool(report["reason"]) == all(s["verdict"] == "no table" for s in report["sheets"]), report["workbook"]
        assert report["status"] != "late", report["workbook"]
        assert not (report["reason"] or "").startswith("could not be checked"), report["reason"]
        assert kind != "right" or not report["reason"], report["workbook"]
        counts["reason" if report["reason"] else "findings" if found else "right"] += 1
    assert result.output.splitlines()[-1] == (
        f"{len(reports)} workbooks: {counts['right']} right, {counts['findings']} with findings, "
        f"{counts['reason']} could not be judged"
    )
    assert counts["findings"] >= len([path for path in mixed.iterdir() if path.name.startswith("wrong")]) * 0.8
