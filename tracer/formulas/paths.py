"""The parts of an expression, by the ways that lead to them."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.formulas.tree import Call, Expression

Path = tuple[int, ...]
"""The way from an expression to one of its nodes: which argument, of which argument, …"""


def nodes(expression: Expression) -> Iterator[tuple[Path, Expression]]:
    """Every node with the way to it, the root first, as often as it stands there."""
    pending: list[tuple[Path, Expression]] = [((), expression)]
    while pending:
        path, node = pending.pop()
        yield path, node
        if isinstance(node, Call):
            pending += [((*path, index), node.args[index]) for index in range(len(node.args) - 1, -1, -1)]


def put(expression: Expression, path: Path, new: Expression | None) -> Expression:
    """The expression, as it was written, with the node there replaced, or taken out of its sum or product (None)."""
    above: list[Call] = []
    for index in path:
        assert isinstance(expression, Call)
        above.append(expression)
        expression = expression.args[index]
    for call, index in zip(reversed(above), reversed(path), strict=True):
        args = (*call.args[:index], *(() if new is None else (new,)), *call.args[index + 1 :])
        new = args[0] if new is None and len(args) == 1 else Call(call.function, args)
    assert new is not None
    return new
