"""Runs the grader over all generated sheets: `python -m tests.walkthroughs.score --help`.

What comes of each right layout, how many planted mistakes are noticed, and how often the right cell is named.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.walkthroughs.evaluator import Place
from tests.walkthroughs.layouts import LAYOUTS
from tests.walkthroughs.mistakes import at_random, named
from tests.walkthroughs.plan import Mistake, Plan, chance, ref_from
from tests.walkthroughs.sentences import Said, mended
from tests.walkthroughs.untrained import UNTRAINED
from tests.walkthroughs.workbook import write

ALL = {**LAYOUTS, **UNTRAINED}
COMMAND = {"right": True, "nothing": False}
"""The words of the whole command for a sheet without findings → whether it was judged."""
Grader = Callable[[Path], "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """What a grader says of a workbook: its standing in a word, each finding, and a reason."""

    standing: str
    said: tuple[Said, ...]
    reason: str
    seconds: float
    firm: bool = True

    @property
    def faults(self) -> tuple[frozenset[Place], ...]:
        """The cells of each finding."""
        return tuple(frozenset(each.cells) for each in self.said)

    @property
    def noticed(self) -> bool:
        """Whether anything is said to be wrong."""
        return bool(self.faults) or self.standing == "wrong"

    def names(self, mistake: Mistake) -> bool:
        """Whether a cell of the mistake is named."""
        return any(_is_of(each, mistake) for each in self.said)


def _is_of(said: Said, mistake: Mistake) -> bool:
    """Whether a finding names a cell of the mistake."""
    owner = mistake.plan.values.owner
    return any(owner.get(place, place) in mistake.cells for place in said.cells)


def by_graph(path: Path) -> Verdict:
    """The verdict by the sheet's graph alone."""
    from tracer.grading.book.package import read_book
    from tracer.grading.graph.read import read_graph
    from tracer.grading.ways.formulas import judge_graph

    book = read_book(path)
    start = time.perf_counter()
    judged = judge_graph(book, read_graph(book))
    seconds = time.perf_counter() - start
    order = ("wrong", "right up to a factor", "confirmed", "nothing to judge")
    first = min(judged, key=lambda judgement: order.index(str(judgement.standing)))
    said = tuple(
        Said(
            tuple((sheet, *where) for sheet, where in fault.places),
            fault.why.sentence if fault.why else None,
            fault.right,
        )
        for judgement in judged
        for fault in judgement.faults
    )
    return Verdict(str(first.standing), said, first.reason, seconds, first.firm)


def by_command(path: Path) -> Verdict:
    """The verdict of the whole command, by headers and by the graph."""
    from tracer.grading.check import check_workbook
    from tracer.grading.judging.findings import NOTES

    start = time.perf_counter()
    report = check_workbook(path)
    seconds = time.perf_counter() - start
    said = tuple(
        Said(tuple((sheet.sheet, *where) for where in finding.places), finding.cause, finding.right)
        for sheet in report.sheets
        for finding in sheet.findings
        if finding.kind not in NOTES
    )
    told = [str(sheet.verdict) for sheet in report.sheets if sheet.verdict != "no table"]
    reasons = [report.reason or "", *(sheet.reason or "" for sheet in report.sheets)]
    return Verdict("wrong" if said else told[0] if told else "nothing", said, next(filter(None, reasons), ""), seconds)


def judged(plan: Plan, folder: Path, grader: Grader, stored: bool = True) -> Verdict:
    """The verdict on a plan; an exception of the grader is a standing of its own."""
    path = write(plan, folder / "sheet.xlsx", stored)
    try:
        return grader(path)
    except Exception as error:
        return Verdict(f"exception {type(error).__name__}: {error}", (), "", 0.0, False)


def fits(plan: Plan, verdict: Verdict) -> bool:
    """Whether the verdict is the right one for a right sheet."""
    if verdict.standing.startswith("exception") or verdict.noticed:
        return False
    if verdict.standing in COMMAND and plan.expected != "no finding":
        return COMMAND[verdict.standing] or plan.expected not in ("confirmed", "right up to a factor")
    return plan.expected in (verdict.standing, "no finding")


def sampled_slips(plan: Plan, most: int) -> Iterator[Mistake]:
    """One of each named slip of a layout, in a unit chosen at random."""
    kinds: dict[str, list[str]] = {}
    for slip, unit in plan.slips:
        kinds.setdefault(slip, []).append(unit)
    source = chance("slips", plan.layout)
    for slip in source.sample(sorted(kinds), min(most, len(kinds))):
        yield from named(plan, [(slip, source.choice(kinds[slip]))])


@dataclass
class Tally:
    """Counts of mistakes."""

    all: int = 0
    noticed: int = 0
    right: int = 0

    def add(self, noticed: bool, right: bool) -> None:
        self.all += 1
        self.noticed += noticed
        self.right += right

    def __str__(self) -> str:
        if not self.all:
            return "none"
        return f"{self.all:5} noticed {self.noticed / self.all:6.1%} named {self.right / self.all:6.1%}"


@dataclass
class Told:
    """Counts of mistakes whose cell is named: how many have a cause and the right formula, and how many sheets are
    right with this; and of the causes that are given for other cells of wrong sheets, without mending them."""

    all: int = 0
    caused: int = 0
    formula: int = 0
    mended: int = 0
    misplaced: int = 0

    def __str__(self) -> str:
        parts = {"caused": self.caused, "formula": self.formula, "mends": self.mended}
        shares = " ".join(f"{word} {part / max(self.all, 1):6.1%}" for word, part in parts.items())
        return f"{self.all:5} {shares} misplaced {self.misplaced}"


def tell(told: Iterable[Told], mistake: Mistake, verdict: Verdict, folder: Path, grader: Grader) -> str:
    """Count what is said of a mistake; what is amiss with it in a line."""
    own = [each for each in verdict.said if _is_of(each, mistake)]
    plan = mended(mistake.plan, verdict.said) if verdict.said else None
    mends = plan is not None and fits(plan, judged(plan, folder, grader))
    misplaced = sum(each.cause is not None for each in verdict.said if each not in own and not mends)
    caused, formula = any(each.cause for each in own), any(each.right for each in own)
    for each in told:
        each.all += bool(own)
        each.caused += caused
        each.formula += formula
        each.mended += bool(own) and mends
        each.misplaced += misplaced
    amiss = (
        "" if not own else "no cause" if not caused else "no formula" if not formula else "" if mends else "mends not"
    )
    return f"misplaced {amiss}" if misplaced else amiss


def score(
    names: Iterable[str], grader: Grader, slips: int, random: int, show: int, stored: bool = True, seed: int = 0
) -> None:
    """Print the tables."""
    tallies: dict[str, Tally] = {}
    told: dict[str, Told] = {}
    failures: list[str] = []
    sentences: list[str] = []
    false, wrong_right = 0, []
    slowest = 0.0

    def count(keys: Iterable[str], verdict: Verdict, named_right: bool) -> None:
        for key in keys:
            tallies.setdefault(key, Tally()).add(verdict.noticed, named_right)

    with TemporaryDirectory() as made:
        folder = Path(made)
        for name in names:
            plan = ALL[name]()
            verdict = judged(plan, folder, grader, stored)
            slowest = max(slowest, verdict.seconds)
            ok = fits(plan, verdict)
            false += len(verdict.faults)
            if not ok or not (verdict.firm or plan.expected != "confirmed"):
                wrong_right.append(name)
            mark = "  " if ok and (verdict.firm or plan.expected != "confirmed") else "??"
            print(
                f"{mark} {name:38} {verdict.standing}{'' if verdict.firm else ' (not firm)'} {verdict.seconds * 1000:.0f} ms {len(verdict.faults) or ''} {verdict.reason[:110] if not ok else ''}",
                flush=True,
            )
            if not plan.steps or plan.expected != "confirmed":
                continue
            for origin, mistakes in (("slip", sampled_slips(plan, slips)), ("random", at_random(plan, random, seed))):
                for mistake in mistakes:
                    verdict = judged(mistake.plan, folder, grader, stored)
                    right = verdict.names(mistake)
                    loss = "with a loss cell" if plan.loss_cell else "without a loss cell"
                    keys = [
                        "all",
                        f"{origin}: all",
                        f"{origin}: {loss}",
                        f"{origin}: layout {name}",
                        f"{origin}: kind {mistake.kind}",
                    ]
                    keys.append(f"{origin}: " + ("in all copies" if mistake.whole else "in one cell"))
                    keys.append(
                        f"{origin}: " + ("contradicts the loss" if mistake.spoils else "only differs from its copies")
                    )
                    count(keys, verdict, right)
                    counts = [told.setdefault(key, Told()) for key in keys]
                    if amiss := tell(counts, mistake, verdict, folder, grader):
                        sentences.append(f"{amiss} | {described(plan, mistake, verdict, origin)} | {verdict.said}")
                    if not (verdict.noticed and right):
                        failures.append(described(plan, mistake, verdict, origin))
    print(
        f"\nright layouts not confirmed firmly: {len(wrong_right)}; false findings in right sheets: {false}; slowest {slowest:.2f} s"
    )
    for key in sorted(tallies):
        print(f"{key:60} {tallies[key]}")
    print("\nsentences")
    for key in sorted(told):
        print(f"{key:60} {told[key]}")
    print()
    for line in failures[:show]:
        print(line)
    print("\nwhat is said amiss")
    for line in sentences[:show]:
        print(line)


def described(plan: Plan, mistake: Mistake, verdict: Verdict, origin: str) -> str:
    """One failure in a line: what was planted and what was said."""
    place = min(mistake.cells)
    said = "; ".join(ref_from(place[0], min(cells)) for cells in verdict.faults if cells)
    what = f"{plan.layout} | {origin} {mistake.kind} | {mistake.unit} {ref_from('', place)} ×{len(mistake.cells)}"
    return f"{what} | {plan.cells[place]} → {mistake.plan.cells[place]} | {verdict.standing} {said} {verdict.reason[:60] if not said else ''}"


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.walkthroughs.score", description=__doc__)
    parser.add_argument("layout", nargs="*", help="parts of layouts' names; all by default")
    parser.add_argument("--slips", type=int, default=0, help="named slips per layout")
    parser.add_argument("--random", type=int, default=0, help="random mistakes per layout")
    parser.add_argument("--seed", type=int, default=0, help="another choice of random mistakes")
    parser.add_argument("--show", type=int, default=0, help="how many failures are listed")
    parser.add_argument("--keep", type=Path, help="write the right sheets here, and judge nothing")
    parser.add_argument("--command", action="store_true", help="the whole command, not the graph alone")
    parser.add_argument("--without-values", action="store_true", help="formulas without stored values")
    options = parser.parse_args(arguments)
    names = [name for name in ALL if not options.layout or any(part in name for part in options.layout)]
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
        for name in names:
            write(ALL[name](), options.keep / f"{name.replace(' ', '_').replace(',', '')}.xlsx")
        return
    grader = by_command if options.command else by_graph
    score(names, grader, options.slips, options.random, options.show, not options.without_values, options.seed)


if __name__ == "__main__":
    main(sys.argv[1:])
