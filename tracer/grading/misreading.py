"""Tells a misread table from one with mistakes: a person makes slips, a misread column is another formula."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tracer.formulas.tree import Name, names
from tracer.grading.judging.findings import Finding, Kind
from tracer.grading.judging.judge import Judge, JudgedColumn, Wrong
from tracer.model import naming
from tracer.model.quantity import BIASES, Role

UNEXPLAINED = frozenset({None, "multiplied", "offset", "two_slips"})
"""Causes that say little of how a person came to a formula."""
FEWEST = 2
"""Minimum columns of a kind that tell another rule from a mistake; one, if it is another function of the same."""
KINDS: Mapping[Role, str] = {
    **dict.fromkeys((Role.WEIGHT, Role.OWN_PARAMETER, Role.AFTER_UPDATE, Role.CHANGE), "updates"),
    **dict.fromkeys(BIASES, "updates of the biases"),
    Role.GRADIENT: "gradients",
    Role.NET_INPUT: "net inputs",
    Role.ACTIVATION: "activations",
    **dict.fromkeys((Role.ERROR, Role.LOSS), "errors"),
}
"""Columns that follow one rule: an optimizer's, a loss's, an activation's."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A judged table. columns: the quantities that are computed. findings: their mistakes, with the slips behind them.
    inferred: whether the network was inferred from the table."""

    judge: Judge
    columns: Mapping[str, JudgedColumn]
    findings: Iterable[Finding]
    inferred: bool

    def misread(self) -> str | None:
        """Why the table shows something else than it was read as; None if mistakes of a person explain it as well."""
        wrong = {name: column for name, column in self.columns.items() if _steps(column)}
        if not wrong:
            return None
        if any(self._sums_rows(group) for column in wrong.values() for group in column.wrong):
            return "its updates take the gradients of several rows"
        kind = self._of_another_rule(wrong) if self.inferred else None
        if kind:
            return f"its {kind} follow another rule"
        count = sum(column.known for column in self.columns.values())
        return f"{len(wrong)} of {count} columns are wrong in ways no slip explains" if self._outweighed() else None

    def _slips(self, name: str) -> set[str | None]:
        return {finding.slip for finding in self.findings if finding.quantity == name and finding.mistake}

    def _outweighed(self) -> bool:
        """Whether more speaks against the reading than for it.

        Every right column supports it, unless its formula is the same in every network: a reference, an update by the
        gradient beside it. Against it stand mistakes, each once: a person who forgets η does so in all updates, and
        that is one slip. So do columns that have numbers but cannot be judged, and, half as much, columns of formulas
        whose headers mean nothing.
        """
        judge = self.judge
        against: set[tuple[str | None, str]] = set()
        support = unread = 0
        for name, column in self.columns.items():
            steps, filled = len(_steps(column)), len(judge.rows.known(name)) - judge.demand.first_step(name)
            slips = self._slips(name)
            if not column.known:
                unread += filled > 0
            elif steps > 1 and slips & UNEXPLAINED:
                against.add((None, name))
            elif 2 * steps > filled:
                against |= {(slip, naming.family(name)) for slip in slips}
            else:
                support += not self._is_common(name)
        cells = (judge.found.cells(column.places) for column in judge.table.unknown)
        unnamed = sum(any(cell and cell.formula for cell in column) for column in cells)
        return len(against) + unread + unnamed / 2 > support

    def _is_common(self, name: str) -> bool:
        """Whether the formula of a quantity is the same in every network."""
        judge = self.judge
        updated = name in judge.model.parameters and judge.model.system.gradient(name) in judge.rows.names
        return updated or self._is_bare(name)

    def _sums_rows(self, wrong: Wrong) -> bool:
        """Whether a parameter is updated by its gradients in several rows, though every row has its own update."""
        model = self.judge.model
        if model.shared or wrong.quantity not in model.parameters or wrong.reading is None:
            return False
        gradient = model.system.gradient(wrong.quantity)
        return len({n.lag for n in names(wrong.reading) if n.name == gradient}) > 1

    def _of_another_rule(self, wrong: Mapping[str, JudgedColumn]) -> str | None:
        """The kind of columns that are all wrong, each in most of its rows and in a way that no slip explains."""
        kinds: dict[str, list[str]] = {}
        for name, column in self.columns.items():
            quantity = self.judge.model.read(name)
            copied = naming.after_update(name) in self.columns  # the update stands in a column of its own
            if column.known and quantity and quantity.role in KINDS and not copied and not self._is_bare(name):
                kinds.setdefault(KINDS[quantity.role], []).append(name)
        foreign = {name for name in wrong if self._is_foreign(name)}
        found = (kind for kind, names in kinds.items() if foreign.issuperset(names) and self._tell(names))
        return next(found, None)

    def _is_foreign(self, name: str) -> bool:
        column = self.columns[name]
        return None in self._slips(name) and 2 * len(_steps(column)) >= len(column.right) - 1

    def _tell(self, kind: Sequence[str]) -> bool:
        """Whether the columns of a kind, which are all wrong, tell another rule."""
        own = {n.name for form in self.judge.demand.forms(kind[0]) for n in names(form)}
        readings = [wrong.reading for wrong in self.columns[kind[0]].wrong]
        return len(kind) >= FEWEST or all(r is not None and {n.name for n in names(r)} <= own for r in readings)

    def _is_bare(self, name: str) -> bool:
        return all(isinstance(form, Name) for form in self.judge.demand.forms(name))


def _steps(column: JudgedColumn) -> set[int]:
    """The steps in which a column is not what its row implies; an outdated value is."""
    return {step for wrong in column.wrong if wrong.kind not in (Kind.STALE, Kind.ERROR) for step in wrong.steps}
