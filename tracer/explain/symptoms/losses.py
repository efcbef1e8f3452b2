"""Conditions on the course of the loss: it grows, oscillates, or stalls because η is too small."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import pairwise

from tracer.explain.symptoms.evidence import MOST_ROWS, Evidence, Found, Text
from tracer.formulas.derivative import IF
from tracer.formulas.paths import nodes
from tracer.formulas.tree import Call
from tracer.model import naming
from tracer.model.system import FORWARD_PASS
from tracer.tables.optimizers import OPTIMIZERS

GROWN = 2.0
"""Times the first loss. Descent by a small enough η never increases the loss of all samples (Goodfellow, Bengio and
Courville, Deep Learning, 2016, section 4.3); a single sample at a time may, by less than this."""
MOST_PASSES, LEAST_PASSES = 64, 8
"""At the end of a run, of its second half, in which the loss is looked at."""
OFTEN = 0.25
"""The least share of rises, and of falls: with η beyond 2/λ a step goes over the minimum and up, the same section."""
LEAST_TURNS = 3
"""From falls to rises and back: with momentum, a loss that falls well may turn once behind the minimum."""
SWING, SWING_OF_SOME = 0.1, 0.5
"""The size of a rise or fall of the loss, as a share of it, that is not usual: of an iteration that takes all samples,
and of one that takes some, whose gradient is a noisy one."""
FALLEN, STILL_HIGH = 0.5, 0.1
"""A loss above the one share of the first has not become much smaller; a mean of losses below the other is that of a
run that learns, if not smoothly, as with momentum."""
STEADY = 0.5
"""The largest loss in the last quarter of these passes, as a share of that in their first half: with momentum it
settles. A swing of a short run may take longer than a quarter."""
REVERSED = 0.9
"""The negative cosine of two moves of which the second takes back the first."""
LEARNED = 1e-2
"""A run that ends below this share of its first loss has learned, whatever some of its neurons do: a relu without a
slope for a single sample, say."""
SLOWED = 0.1
"""A loss that falls in the second half of a run by less than this share of its fall in the first half has come to a
halt."""
SMALL_STEP = 1e-6
"""The size of a step to that of all weights. A usual one is 1e-3 (Karpathy, CS231n, "ratio of weights to updates")."""
DONE = 1e-12
"""A loss below this share of the first one is 0, but for rounding."""
MOST_STEPS = 8
"""At the beginning and at the end, whose sizes are looked at."""
UNCHANGED, SENSITIVE = 1e-3, 1e-2
"""The change of the loss in a whole run, as a share, and what it would be if the weights changed by their own size."""


def learned(evidence: Evidence) -> bool:
    """Whether the loss has fallen far, and is still falling or all but 0."""
    run, loss = evidence.run, evidence.subject.system.loss
    first, last = run.over_pass(loss), run.over_pass(loss, last=True)
    if not 0 <= last <= LEARNED * first or not first:
        return False
    gradients = map(evidence.gradient, evidence.subject.trained)
    return last <= DONE * first or any(evidence.row(gradients, run.complete - 1))


def is_learning(evidence: Evidence) -> bool:
    """Whether the loss has become much smaller, or goes on falling: some neurons or inputs without a gradient do not
    keep the run from learning then. So it is with a single pass, of which nothing is known."""
    run, loss = evidence.run, evidence.subject.system.loss
    samples = run.batches.samples
    passes = run.complete // samples
    if passes < 2:
        return True
    places = (0, passes // 2, passes - 1)
    first, middle, last = (sum(run.over(loss, range(at * samples, (at + 1) * samples))) for at in places)
    if 0 <= last <= FALLEN * first or passes == 2:
        return last < first
    return middle - last > SLOWED * (first - middle) > 0


def grows(evidence: Evidence, earlier: Collection[str]) -> list[Found]:
    """The loss of the last pass is larger than that of the first."""
    return [{"cause": _cause(evidence)}] if _has_grown(evidence) and "oscillates" not in earlier else []


def _has_grown(evidence: Evidence) -> bool:
    loss = evidence.subject.system.loss
    return evidence.run.over_pass(loss, last=True) > GROWN * evidence.run.over_pass(loss) > 0


def _cause(evidence: Evidence, size: str = "large") -> Text:
    """What is too large, or too small."""
    rate = f"{naming.ETA} is" if naming.ETA in {*evidence.run.hyper, *evidence.run.columns} else "the steps are"
    own = evidence.subject.experiment.optimizer.name not in OPTIMIZERS
    return (f"{rate} too {size}{', or the update goes uphill' if own and size == 'large' else ''}",)


def oscillates(evidence: Evidence, _earlier: Collection[str]) -> list[Found]:
    """The loss of all samples goes up and down to the end and does not settle, or it stays as the parameters go to and
    fro."""
    run, loss = evidence.run, evidence.subject.system.loss
    passes = min(run.complete // run.batches.samples // 2, MOST_PASSES)
    if passes < LEAST_PASSES or _has_cases(evidence):
        return []
    swing = SWING if run.batches.per_pass == 1 else SWING_OF_SOME
    losses, first = _by_pass(evidence, passes), sum(run.over(loss, evidence.first))
    is_high = sum(losses) >= (STILL_HIGH if run.batches.per_pass == 1 else FALLEN) * passes * first
    stays = FALLEN * first <= losses[-1] <= GROWN * first
    if (is_high and _swings(losses, swing)) or (stays and _goes_to_and_fro(evidence)):
        return [{"cause": _cause(evidence)}]
    return []


def _swings(losses: Sequence[float], swing: float) -> bool:
    """Whether losses that are not negative rise and fall, by much and in turn, and do not settle."""
    moves = [after - before for before, after in pairwise(losses)]
    rises, falls = (sum(sign * move > 0 for move in moves) for sign in (1, -1))
    turns = sum(move * further < 0 for move, further in pairwise(moves))
    quarter = len(losses) // 4
    far = sum(map(abs, moves)) >= swing * sum(losses) / len(losses) * len(moves)
    settles = max(losses[-quarter:]) < STEADY * max(losses[: 2 * quarter])
    is_often = min(rises, falls) >= OFTEN * len(moves) and turns >= LEAST_TURNS
    return min(losses) >= 0 and is_often and far and not settles


def _goes_to_and_fro(evidence: Evidence) -> bool:
    """Whether each of the last updates takes back most of the one before, over and over, by the same amount."""
    run = evidence.run
    if run.batches.per_pass > 1:
        return False
    end = run.complete // run.batches.size
    weights = [evidence.row(evidence.subject.trained, run.batches.first_row(at)) for at in range(end - MOST_STEPS, end)]
    moves = [[x - y for x, y in zip(after, before, strict=True)] for before, after in pairwise(weights)]
    back = [sum(x * y for x, y in zip(one, other, strict=True)) for one, other in pairwise(moves)]
    sizes = [math.hypot(*move) for move in moves]
    reversed_all = all(product <= -REVERSED * a * b for product, (a, b) in zip(back, pairwise(sizes), strict=True))
    return reversed_all and min(sizes) >= STEADY * max(sizes) > 0


def _has_cases(evidence: Evidence) -> bool:
    """Whether the user's own equations tell cases apart, as the perceptron rule does, whose loss may jump."""
    own = evidence.subject.network is None
    equations = (e for e in evidence.subject.system.equations if own and e.phase in FORWARD_PASS)
    return any(isinstance(node, Call) and node.function == IF for e in equations for _, node in nodes(e.expression))


def _by_pass(evidence: Evidence, passes: int) -> list[float]:
    """The losses of the last passes, each the sum over its samples."""
    run, samples = evidence.run, evidence.run.batches.samples
    end = run.complete // samples * samples
    values = run.over(evidence.subject.system.loss, range(end - passes * samples, end)).tolist()
    return [sum(values[start : start + samples]) for start in range(0, len(values), samples)]


def rate_is_tiny(evidence: Evidence, earlier: Collection[str]) -> list[Found]:
    """The loss does not move, although it would if the weights did, and their steps are tiny."""
    run, loss = evidence.run, evidence.subject.system.loss
    if earlier or evidence.first == evidence.last:
        return []
    first, last = run.over_pass(loss), run.over_pass(loss, last=True)
    if not abs(last - first) <= UNCHANGED * abs(first):
        return []
    iterations = run.batches.iteration(run.complete - 1) + 1
    places = {*range(min(iterations, MOST_STEPS)), *range(max(0, iterations - MOST_STEPS), iterations)}
    weights = {at: evidence.row(evidence.subject.trained, run.batches.first_row(at)) for at in places}
    size = max(math.hypot(*weights[0]), 1.0)
    if any(math.dist(weights[at], weights[at + 1]) > SMALL_STEP * size for at in places if at + 1 in places):
        return []
    some = evidence.first[:MOST_ROWS]
    gradients = (run.over(evidence.gradient(name), some) for name in evidence.subject.trained)
    slope = math.hypot(*(sum(values) / len(some) for values in gradients))
    return [{"cause": _cause(evidence, "small")}] if slope * size >= SENSITIVE * abs(first) > 0 else []
