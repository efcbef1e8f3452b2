"""The cell behind wrong updates: the last one that all of them share, or one that differs from its copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracer.grading.book.relative import UnknownFormula, absolute
from tracer.grading.culprits.cancelled import CANCELS, cancelled_fault, stands_still
from tracer.grading.culprits.copies import Odd
from tracer.grading.culprits.dependence import Dependence
from tracer.grading.culprits.mended import mended_fault
from tracer.grading.culprits.unlike import unlike_steps
from tracer.grading.graph.graph import Graph
from tracer.grading.graph.language import mentioned
from tracer.grading.judging.causes import cause_of
from tracer.grading.judging.findings import Kind
from tracer.grading.mending.formulas import Reader, Unreadable, referred
from tracer.grading.mending.nearby import Places
from tracer.grading.training.case import Case
from tracer.grading.training.judgement import Fault, Judgement, Parameter, Standing
from tracer.grading.wording.sentences import home_of

TOLERANCE = 1e-6
"""Relative difference between the values that wrong updates ask of a cell."""
RIGHT = 1
"""The bit of the right updates."""


def with_culprits(case: Case, judgement: Judgement, odd: Sequence[Odd]) -> Judgement:
    """The judgement with the cells to blame in place of the gradients and updates that they spoil."""
    cancelled = cancelled_fault(case)
    if cancelled is not None and len(case.changes) > 1 and (judgement.firm or stands_still(case)):
        return replace(judgement, standing=Standing.WRONG, reason=CANCELS, faults=(cancelled,))
    if judgement.standing is Standing.WRONG and judgement.faults:
        mended = mended_fault(case, judgement, odd)
        if mended is not None:
            return replace(judgement, faults=(mended,))
        faults = _Search(case, judgement).faults(odd)
        return replace(judgement, faults=faults) if faults else judgement
    told = [entry for entry in odd if entry.between and entry.alone and _counts(case, entry)]
    told = told or [entry for entry in unlike_steps(case) if _counts(case, entry)]
    if not told:
        return judgement
    reason = "a formula differs from those around it, which are copies of each other"
    faults = tuple(_odd_fault(case.graph, entry, ()) for entry in told)
    return replace(judgement, standing=Standing.WRONG, reason=reason, faults=faults)


def _counts(case: Case, odd: Odd) -> bool:
    """Whether an odd cell belongs to the training, and another formula would give it another value."""
    return _matters(case, odd) and (not odd.text or _differs(case, odd))


def _matters(case: Case, odd: Odd) -> bool:
    """Whether a cell belongs to the training: it depends on a parameter, and an update on it."""
    leading = case.cells.leading_to_updates()
    updates = set(case.training.nodes.ravel().tolist())
    return any(node in updates or (leading[node] and case.cells.region.inside[node]) for node in odd.nodes)


def _differs(case: Case, odd: Odd) -> bool:
    """Whether a cell has other values than with the formula of its neighbors, at any point."""
    nodes, graph = np.array(odd.nodes), case.graph
    at = np.stack([np.append(point.values, 0.0) for point in case.points], 1)
    try:
        usual = Reader(Places(graph), nodes).reading(odd.text).values(at)[0]
    except Unreadable:
        return True
    return not np.allclose(usual, at[nodes], rtol=TOLERANCE, atol=0.0, equal_nan=True)


def _odd_fault(graph: Graph, odd: Odd, spoils: tuple[Parameter, ...]) -> Fault:
    place = graph.places[odd.nodes[0]]
    return Fault(
        places=tuple(graph.places[node] for node in odd.nodes),
        kind=Kind.FORMULA,
        why=cause_of("differs_from_copies"),
        formula=absolute(graph.texts[graph.text[odd.nodes[0]]].relative, place[1]),
        right=absolute(odd.text, place[1]) if odd.text else None,
        value=float(graph.values[odd.nodes[0]]),
        spoils=spoils,
    )


def _referred(graph: Graph, odd: Odd) -> set[int]:
    """What an odd cell would refer to with the formula of its neighbors."""
    sheet, home = home_of(graph, odd.nodes[0])
    try:
        return {referred(graph, sheet, home, name.name) for name in mentioned(odd.text)}
    except (Unreadable, UnknownFormula):
        return set()


@dataclass(frozen=True, slots=True)
class _Target:
    """A wrong gradient or update, the value that it should have, and the parameter that it spoils."""

    node: int
    right: float
    fault: Fault


class _Search:
    """Looks for the cells behind wrong gradients and updates; its state is what depends on what."""

    def __init__(self, case: Case, judgement: Judgement) -> None:
        self._case, self._graph, self._judgement = case, case.graph, judgement
        self._values = case.points[0].values
        self._within = Dependence(case)
        self._updates = {int(n) for n in case.training.nodes.ravel() if n >= 0}
        self._number = {place: node for node, place in enumerate(self._graph.places)}
        self._reached: dict[int, set[int]] = {}
        self._targets = self._wrong()

    def _wrong(self) -> list[_Target]:
        found = []
        for fault in self._judgement.faults:
            rights = fault.right_values or (fault.right_value,) * len(fault.places)
            for place, right in zip(fault.places, rights, strict=True):
                found.append(_Target(self._number[place], np.nan if right is None else right, fault))
        return found

    def _takes_one_gradient(self, update: int) -> bool:
        """Whether a single cell besides parameters leads from the training to an update."""
        operands = self._graph.operands_of(update)
        inside = self._case.cells.region.inside[operands] & ~self._case.steps.parameters[operands]
        return int(inside.sum()) == 1

    def faults(self, odd: Sequence[Odd]) -> tuple[Fault, ...]:
        """The faults by their culprits."""
        blamed = self._odd(odd)
        left = [t for t in self._targets if not any(self._reach(t) & set(entry.nodes) for entry in blamed)]
        faults = [
            _odd_fault(self._graph, entry, self._spoiled(t for t in self._targets if self._reach(t) & set(entry.nodes)))
            for entry in blamed
        ]
        return (*faults, *self._shared(left))

    def _reach(self, target: _Target) -> set[int]:
        """What a target depends on within its step, with the parameters and the cells that show them."""
        found = self._reached.get(target.node)
        if found is None:
            found = self._reached[target.node] = self._within.shown_above(target.node)
        return found

    def _odd(self, odd: Sequence[Odd]) -> list[Odd]:
        """The odd cells that wrong targets depend on: with neighbors on both sides, or else one that all depend on. A
        right update is not odd, nor one that is right but for its gradient."""
        reached = [self._reach(target) for target in self._targets]
        right = self._right_updates(self._targets)
        found = [
            entry
            for entry in odd
            if not right.intersection(entry.nodes)
            and any(own.intersection(entry.nodes) for own in reached)
            and not self._takes_its_gradient(entry)
        ]
        sure = [entry for entry in found if entry.between]
        return sure or [entry for entry in found if entry.alone and all(own & set(entry.nodes) for own in reached)][:1]

    def _takes_its_gradient(self, odd: Odd) -> bool:
        """Whether an odd cell is an update that takes the gradient that its neighbors' formula takes there, by the
        factor of most updates of its step."""
        case, graph = self._case, self._graph
        rows, steps = np.nonzero(case.training.nodes == odd.nodes[0])
        if not len(rows):
            return False
        row, step = int(rows[0]), int(steps[0])
        gradient = int(case.all_taken.nodes[row, step])
        with np.errstate(all="ignore"):
            rates = case.changes[:, step] / case.all_taken.changes(case.points)[:, step]
            if np.isnan(rates).all(0).any():
                return False
            usual = np.nanmedian(rates, 0)
            same = bool((np.abs(rates[row] - usual) <= TOLERANCE * np.abs(usual)).all())
        return same and gradient >= 0 and gradient in _referred(graph, odd)

    def _spoiled(self, targets: Iterable[_Target]) -> tuple[Parameter, ...]:
        return tuple(dict.fromkeys(parameter for target in targets for parameter in target.fault.spoils))

    def _shared(self, targets: list[_Target]) -> list[Fault]:
        """The faults by the last cells that wrong targets share and that no right update depends on."""
        right = self._right(targets)
        targets = [moved for target in targets for moved in self._from_right(target, right)]
        above = {target.node: self._suspects(target) for target in targets}
        used: dict[int, list[_Target]] = {}
        for target in targets:
            for node in above[target.node] - right:
                used.setdefault(node, []).append(target)
        culprits: list[tuple[int, list[_Target]]] = []
        done: set[int] = set()
        for node, spoiled in sorted(used.items(), key=lambda item: (-len(item[1]), -item[0])):
            if len(spoiled) > 1 and not any(t.node in done for t in spoiled) and self._explains(node, spoiled):
                culprits.append((node, spoiled))
                done |= {target.node for target in spoiled}
        left = [target for target in targets if target.node not in done]
        return self._by_text([*culprits, *self._by_formula(left, above, right)])

    def _from_right(self, target: _Target, right: set[int]) -> list[_Target]:
        """The target; if a right update depends on it too, the updates that it spoils instead."""
        if target.node not in right:
            return [target]
        updates = {self._number[place] for parameter in target.fault.spoils for place in parameter.after}
        spoiled = updates.intersection(self._within.below(target.node, max(updates, default=0)))
        return [_Target(node, np.nan, target.fault) for node in sorted(spoiled)]

    def _by_formula(
        self, targets: list[_Target], above: dict[int, set[int]], right: set[int]
    ) -> list[tuple[int, list[_Target]]]:
        """The copies of a formula that most targets depend on, and no right update; then those of the rest."""
        found: list[tuple[int, list[_Target]]] = []
        spoiled_by: dict[str, dict[int, list[_Target]]] = {}
        for target in targets:
            for node in above[target.node]:
                spoiled_by.setdefault(self._formula(node), {}).setdefault(node, []).append(target)
        clean = {text: nodes for text, nodes in spoiled_by.items() if not right.intersection(nodes)}
        left = {target.node for target in targets}

        def merit(nodes: dict[int, list[_Target]]) -> tuple[int, float]:
            covered = {target.node for own in nodes.values() for target in own if target.node in left}
            return len(covered), float(np.median(list(nodes)))

        while left and clean:
            text = max(clean, key=lambda name: merit(clean[name]))
            nodes = clean.pop(text)
            if not merit(nodes)[0]:
                break
            for node in sorted(nodes):
                own = [target for target in nodes[node] if target.node in left]
                if own:
                    found.append((node, own))
            left -= {target.node for own in nodes.values() for target in own}
        return found + [(target.node, [target]) for target in targets if target.node in left]

    def _formula(self, node: int) -> str:
        text = int(self._graph.text[node])
        return str(node) if text < 0 else self._graph.texts[text].relative

    def _right(self, targets: list[_Target]) -> set[int]:
        """What the right updates depend on."""
        return self._within.all_above(self._right_updates(targets))

    def _right_updates(self, targets: list[_Target]) -> set[int]:
        """The updates that no target spoils."""
        return self._updates - {self._number[place] for t in targets for p in t.fault.spoils for place in p.after}

    def _suspects(self, target: _Target) -> set[int]:
        """The cells that may be to blame: what a target depends on, or an update alone if its gradient is right."""
        node = target.node
        if target.fault.exact:
            return {node}
        return {node} if node in self._updates and self._takes_one_gradient(node) else self._within.above(node)

    def _explains(self, node: int, targets: Sequence[_Target]) -> bool:
        """Whether one other value of a cell would make all these targets right, as far as they are linear in it."""
        rates = self._within.rates(node, (target.node for target in targets))
        asked = [
            (target.right - float(self._values[target.node])) / rates.get(target.node, 0.0)
            if rates.get(target.node)
            else np.nan
            for target in targets
        ]
        return bool(np.ptp(asked) <= TOLERANCE * np.abs(asked).max()) if np.isfinite(asked).all() else False

    def _by_text(self, culprits: Sequence[tuple[int, list[_Target]]]) -> list[Fault]:
        """One fault for all cells with the same formula."""
        groups: dict[tuple[str, bool], list[tuple[int, list[_Target]]]] = {}
        for node, targets in culprits:
            groups.setdefault((self._formula(node), node in self._updates), []).append((node, targets))
        found = []
        for (_, is_update), members in groups.items():
            members.sort(key=lambda member: member[0])
            nodes = [node for node, _ in members]
            targets = [target for _, own in members for target in own]
            first = targets[0]
            exact = first.node == nodes[0]
            found.append(
                Fault(
                    places=tuple(self._graph.places[node] for node in nodes),
                    kind=Kind.UPDATE if is_update else Kind.FORMULA,
                    value=float(self._values[nodes[0]]),
                    right_value=first.right if exact and np.isfinite(first.right) else self._asked(nodes[0], first),
                    spoils=self._spoiled(targets),
                )
            )
        return found

    def _asked(self, node: int, target: _Target) -> float | None:
        rate = self._within.rates(node, [target.node]).get(target.node, 0.0)
        asked = (target.right - float(self._values[target.node])) / rate if rate else np.nan
        return float(self._values[node]) + asked if np.isfinite(asked) else None
