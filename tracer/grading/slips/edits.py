"""Small edits of a right formula: the slips that people make, each with its name in words.

Rules are a list; each gives (the edited expression, what was done). The likeliest come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from tracer.formulas.paths import nodes, put
from tracer.formulas.tree import ADD, DIV, MUL, NEG, POW, SUB, Call, Expression, Name, Number, distinct, with_names
from tracer.grading.network.model import family
from tracer.grading.slips.batch_edits import over_batch
from tracer.grading.slips.brackets import brackets
from tracer.grading.slips.setting import Edit, Rule, Setting
from tracer.model import naming

# -------------------------------------------------------------------------------------------------- the rules


def neighbour(right: Expression, setting: Setting) -> Iterator[Edit]:
    """A neighbour's quantity: a_h1 for a_h2, everywhere or in one place."""
    for name in distinct(right):
        for other in setting.quantities:
            if other != name.name and family(other) == family(name.name):
                yield from _in_place_of(right, name, replace(name, name=other), setting)


def stranger(right: Expression, setting: Setting) -> Iterator[Edit]:
    """Any other quantity of the table in place of one."""
    for name in distinct(right):
        for other in setting.quantities:
            if family(other) != family(name.name):
                yield from _in_place_of(right, name, replace(name, name=other), setting)


def _in_place_of(right: Expression, name: Name, other: Name, setting: Setting) -> Iterator[Edit]:
    cause = f"{setting.text(other)} stands where {setting.text(name)} belongs"
    yield Edit(with_names(right, {name: other}), cause)
    places = [path for path, node in nodes(right) if node == name]
    if len(places) > 1:
        for path in places:
            yield Edit(put(right, path, other), f"{cause}, in one place")


def exchanged(right: Expression, setting: Setting) -> Iterator[Edit]:
    """Two quantities exchanged: w5 and w7, or t1 and a_o1."""
    for one, two in combinations(distinct(right), 2):
        if one.batch != two.batch:
            continue
        cause = f"{setting.text(one)} and {setting.text(two)} are exchanged"
        yield Edit(with_names(right, {one: two, two: one}), cause)


def neighbours(right: Expression, setting: Setting) -> Iterator[Edit]:
    """Two neighbours at once, as when a formula is copied to the wrong neuron: w5, w7 for w6, w8."""
    pairs = [
        (name, replace(name, name=other))
        for name in distinct(right)
        for other in setting.quantities
        if other != name.name and family(other) == family(name.name)
    ]
    for (one, first), (two, second) in combinations(pairs, 2):
        if one != two and first != second:
            cause = (
                f"{setting.text(first)} and {setting.text(second)} stand where {setting.text(one)} and "
                f"{setting.text(two)} belong"
            )
            yield Edit(with_names(right, {one: first, two: second}), cause)


def missing(right: Expression, setting: Setting) -> Iterator[Edit]:
    """A factor or a term left out; a whole activation's derivative."""
    for path, node in nodes(right):
        if not isinstance(node, Call) or node.function not in (MUL, ADD, SUB, DIV, POW, NEG):
            continue
        if node.function in (MUL, ADD):
            for index, arg in enumerate(node.args):
                yield Edit(put(right, (*path, index), None), _without(arg, node.function == MUL, setting))
        if node.function == MUL:
            for index in range(len(node.args) - 1):
                slope = _slope(node.args[index], node.args[index + 1])
                if slope:
                    rest = (*node.args[:index], *node.args[index + 2 :])
                    left: Expression = Number(1.0) if not rest else rest[0] if len(rest) == 1 else Call(MUL, rest)
                    yield Edit(put(right, path, left), f"the activation's derivative {setting.text(slope)} is left out")
        if node.function == SUB:
            first, second = node.args
            yield Edit(put(right, path, first), f"the term {setting.text(second)} is missing")
            yield Edit(put(right, path, second), f"the term {setting.text(first)} is missing")
        if node.function == DIV:
            yield Edit(put(right, path, node.args[0]), f"the division by {setting.text(node.args[1])} is missing")
        if node.function == POW:
            yield Edit(put(right, path, node.args[0]), f"the power of {setting.text(node.args[0])} is missing")
    if isinstance(right, Name):
        yield Edit(Number(0.0), f"{setting.text(right)} is missing")


def _without(arg: Expression, is_factor: bool, setting: Setting) -> str:
    what = "factor" if is_factor else "term"
    if arg == Name(naming.ETA) or (isinstance(arg, Name) and arg.name == naming.ETA):
        return f"{naming.ETA} is left out"
    if arg == Number(0.5):
        return "the factor ½ is missing"
    if isinstance(arg, Name) and arg.name.startswith("∂a_"):
        return f"the activation's derivative {setting.text(arg)} is left out"
    if isinstance(arg, Name) and arg.name.startswith("b"):
        return f"the bias {setting.text(arg)} is left out"
    return f"the {what} {setting.text(arg)} is missing"


def _slope(one: Expression, two: Expression) -> Expression | None:
    """a·(1 − a), where it is that."""
    if two == Call(SUB, (Number(1.0), one)):
        return Call(MUL, (one, two))
    return None


def twice(right: Expression, setting: Setting) -> Iterator[Edit]:
    """A factor or a term that is there twice."""
    for path, node in nodes(right):
        if isinstance(node, Call) and node.function in (MUL, ADD):
            what = "factor" if node.function == MUL else "term"
            for arg in node.args:
                yield Edit(
                    put(right, path, Call(node.function, (*node.args, arg))),
                    f"the {what} {setting.text(arg)} is there twice",
                )


def numbers(right: Expression, setting: Setting) -> Iterator[Edit]:
    """½ or 2 too much or too little, on the whole or on a part; a number that is another."""
    for factor, cause in (
        (0.5, "a factor ½ too many"),
        (2.0, "a factor 2 too many"),
        (0.25, "a factor ¼ too many"),
        (4.0, "a factor 4 too many"),
    ):
        yield Edit(Call(MUL, (Number(factor), right)), cause)
    for path, node in nodes(right):
        if isinstance(node, Name) and node.name == naming.ETA:
            for factor, word in ((0.5, "½"), (2.0, "2")):
                yield Edit(
                    put(right, path, Call(MUL, (Number(factor), node))), f"a factor {word} too many on {node.name}"
                )
        if isinstance(node, Number):
            for other in (0.5, 1.0, 2.0, 3.0, 0.0, *setting.numbers):
                if other != node.value:
                    cause = f"{other:g} stands where {_number(node.value)} belongs"
                    yield Edit(put(right, path, Number(other)), cause)


def _number(value: float) -> str:
    return "½" if value == 0.5 else f"{value:g}"


def constants(right: Expression, setting: Setting) -> Iterator[Edit]:
    """A typed number in place of a quantity."""
    for name in distinct(right):
        for number in (*setting.numbers, 1.0):
            cause = f"the constant {number:g} stands where {setting.text(name)} belongs"
            yield Edit(with_names(right, {name: Number(number)}), cause)


def signs(right: Expression, setting: Setting) -> Iterator[Edit]:
    """A sign turned: of the whole, of a part, − for +."""
    if isinstance(right, Call) and right.function == SUB:
        first, second = right.args
        yield Edit(
            Call(ADD, (first, second)), f"+ stands where − belongs: the sign of {setting.text(second)} is turned"
        )
    yield Edit(Call(NEG, (right,)), "the sign is turned")
    for path, node in nodes(right):
        if not path or isinstance(node, Number):
            continue
        if isinstance(node, Call) and node.function == SUB:
            first, second = node.args
            yield Edit(
                put(right, path, Call(ADD, (first, second))), f"+ stands where − belongs before {setting.text(second)}"
            )
            yield Edit(
                put(right, path, Call(SUB, (second, first))),
                f"{setting.text(first)} and {setting.text(second)} are exchanged: the sign is turned",
            )
        elif isinstance(node, Call) and node.function == NEG:
            yield Edit(put(right, path, node.args[0]), f"the sign before {setting.text(node.args[0])} is missing")
        else:
            yield Edit(put(right, path, Call(NEG, (node,))), f"the sign of {setting.text(node)} is turned")


def operators(right: Expression, setting: Setting) -> Iterator[Edit]:
    """One operator for another: + for ·, / for ·."""
    for path, node in nodes(right):
        if isinstance(node, Call) and node.function in (MUL, ADD) and len(node.args) >= 2:
            other, now = (
                (ADD, "+ stands where · belongs") if node.function == MUL else (MUL, "· stands where + belongs")
            )
            yield Edit(put(right, path, Call(other, node.args)), f"{now} in {setting.text(node)}")
            if len(node.args) > 2 and node.function == ADD:
                for index in range(len(node.args) - 1):
                    both = Call(MUL, node.args[index : index + 2])
                    sum_ = Call(ADD, (*node.args[:index], both, *node.args[index + 2 :]))
                    where = f"between {setting.text(both.args[0])} and {setting.text(both.args[1])}"
                    yield Edit(put(right, path, sum_), f"{now} {where}")
            if node.function == MUL and len(node.args) == 2:
                yield Edit(put(right, path, Call(DIV, node.args)), f"/ stands where · belongs in {setting.text(node)}")


def rows(right: Expression, setting: Setting) -> Iterator[Edit]:
    """Quantities of the row before, or of the next one: all of them, all weights, one family, one alone. What is the
    same in all rows is not taken from another one."""
    every = [n for n in distinct(right) if n.name not in setting.constant]
    groups: list[tuple[str, list[Name]]] = [(setting.text(n), [n]) for n in every]
    families: dict[str, list[Name]] = {}
    for n in every:
        families.setdefault(family(n.name), []).append(n)
    groups += [(", ".join(map(setting.text, group)), group) for group in families.values() if len(group) > 1]
    if len(every) > 1:
        groups.append(("everything", every))
        groups += [(f"everything but {setting.text(n)}", [m for m in every if m != n]) for n in every if len(every) > 2]
    for shift, words in ((1, "the {} before"), (-1, "the next {}"), (2, "two {}s before")):
        for text, group in groups:
            moved: dict[Name, Expression] = {n: replace(n, lag=n.lag + shift) for n in group}
            lines = words.format("batch" if all(n.batch or n.name in setting.shared for n in group) else "row")
            what = "the weights" if len(group) > 1 and family(group[0].name) == "w" and text != "everything" else text
            label = f"{what} ({text})" if what != text else text
            verb = "is" if len(group) == 1 or text.startswith("everything") else "are"
            yield Edit(with_names(right, moved), f"{label} {verb} taken from {lines}")


def activations(right: Expression, setting: Setting) -> Iterator[Edit]:
    """Another activation's formula or derivative; a net input in place of its activation."""
    from tracer.grading.book.formula import combined

    for path, node in nodes(right):
        if isinstance(node, Call) and node.function == MUL:
            for index in range(len(node.args) - 1):
                slope = _slope(node.args[index], node.args[index + 1])
                if slope:
                    a = node.args[index]
                    tanh = combined("-", Number(1.0), Call(POW, (a, Number(2.0))))
                    rest = (*node.args[:index], tanh, *node.args[index + 2 :])
                    new: Expression = rest[0] if len(rest) == 1 else Call(MUL, rest)
                    yield Edit(
                        put(right, path, new), f"the derivative of tanh stands where {setting.text(slope)} belongs"
                    )
                    rest = (*node.args[:index], a, a, *node.args[index + 2 :])
                    yield Edit(
                        put(right, path, Call(MUL, rest)),
                        f"{setting.text(a)}² stands where {setting.text(slope)} belongs",
                    )
        if isinstance(node, Call) and node.function.parameters == ("z",) and len(node.args) == 1:
            from tracer.tables.activations import ACTIVATIONS

            for name, activation in ACTIVATIONS.items():
                if name != node.function.name:
                    other = Call(activation.function(name), node.args)
                    yield Edit(put(right, path, other), f"{name} stands where {node.function.name} belongs")


LIKELY: tuple[Rule, ...] = (
    over_batch,
    missing,
    neighbour,
    signs,
    rows,
    brackets,
    exchanged,
    numbers,
    twice,
    activations,
)
UNLIKELY: tuple[Rule, ...] = (constants, stranger, neighbours, operators)


def single(right: Expression, setting: Setting) -> Iterator[Edit]:
    """Every small edit of a formula, the likeliest first."""
    for rule in (*LIKELY, *UNLIKELY):
        yield from rule(right, setting)


def double(right: Expression, setting: Setting, most: int) -> Iterator[Edit]:
    """Two likely edits, one after the other; at most so many."""
    count = 0
    pairs: Iterable[Rule] = (neighbour, over_batch, missing, signs, rows, brackets, numbers, exchanged)
    for first in pairs:
        for edit in first(right, setting):
            for second in pairs:
                for other in second(edit.expression, setting):
                    yield Edit(other.expression, f"{edit.cause}; and {other.cause}")
                    count += 1
                    if count >= most:
                        return
