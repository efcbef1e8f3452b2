"""What comes of each named slip in each layout, and the table of those that are not yet named.

`python -m tests.walkthroughs.misses` writes the table anew; the reasons of entries that stay are kept.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.walkthroughs.layouts import LAYOUTS
from tests.walkthroughs.mistakes import each_slip
from tests.walkthroughs.plan import Mistake, Plan, ref_from
from tests.walkthroughs.score import Grader, Verdict, by_graph, judged

TABLE = Path(__file__).with_name("misses.csv")
NAMED, NOT_NOTICED, ANOTHER, AMONG_MANY = "named", "not noticed", "another cell", "among many"
MOST_FINDINGS = 4
"""More findings for a single slip bury the cell that is to blame."""


def outcome(mistake: Mistake, verdict: Verdict) -> str:
    """What comes of a mistake, in a word of the table."""
    if not verdict.noticed:
        return NOT_NOTICED
    if not verdict.names(mistake):
        return ANOTHER
    return NAMED if len(verdict.faults) <= MOST_FINDINGS else AMONG_MANY


def missed(plan: Plan, folder: Path, grader: Grader = by_graph) -> Iterator[tuple[str, str, str]]:
    """(slip, outcome, what is said) of each slip of a layout whose cell is not named."""
    for mistake in each_slip(plan):
        verdict = judged(mistake.plan, folder, grader)
        assert not verdict.standing.startswith("exception"), (plan.layout, mistake.kind, verdict)
        found = outcome(mistake, verdict)
        if found != NAMED:
            yield mistake.kind, found, _said(plan, mistake, verdict)


def _said(plan: Plan, mistake: Mistake, verdict: Verdict) -> str:
    place = min(mistake.cells)
    cells = ", ".join(ref_from(place[0], min(cells)) for cells in verdict.faults if cells)
    what = f"{ref_from('', place)} {plan.cells[place]} -> {mistake.plan.cells[place]}"
    return f"{what}: {cells or verdict.standing}"


def known() -> Mapping[str, Mapping[str, str]]:
    """The table: layout → slip → outcome."""
    found: dict[str, dict[str, str]] = {}
    for row in rows():
        found.setdefault(row["layout"], {})[row["slip"]] = row["outcome"]
    return found


def rows() -> list[dict[str, str]]:
    """The table's rows: layout, slip, outcome, reason."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _of_layout(layout: str) -> list[tuple[str, str, str]]:
    with TemporaryDirectory() as folder:
        return list(missed(LAYOUTS[layout](), Path(folder)))


def main() -> None:
    """Write the table."""
    reasons = {(row["layout"], row["slip"], row["outcome"]): row["reason"] for row in rows()} if TABLE.exists() else {}
    layouts = sorted(LAYOUTS)
    with ProcessPoolExecutor() as pool:
        found = zip(layouts, pool.map(_of_layout, layouts), strict=True)
        table = [(layout, *miss) for layout, misses in found for miss in misses]
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["layout", "slip", "outcome", "reason"])
        for layout, slip, what, said in table:
            writer.writerow([layout, slip, what, reasons.get((layout, slip, what), said)])


if __name__ == "__main__":
    main()
