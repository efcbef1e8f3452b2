"""The nodes of an expression, addressed by paths."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.formulas.tree import Call, Expression

Path = tuple[int, ...]
"""The path from an expression to one of its nodes: indices of arguments, from the root on."""


def nodes(expression: Expression) -> Iterator[tuple[Path, Expression]]:
    """Every node with its path, the root first, repeated nodes repeatedly."""
    pending: list[tuple[Path, Expression]] = [((), expression)]
    while pending:
        path, node = pending.pop()
        yield path, node
        if isinstance(node, Call):
            pending += [((*path, index), node.args[index]) for index in range(len(node.args) - 1, -1, -1)]


def put(expression: Expression, path: Path, new: Expression | None) -> Expression:
    """The expression, not simplified, with the node there replaced, or removed from its sum or product (None)."""
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
