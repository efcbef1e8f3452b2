"""A formula as a tree: its nodes, and copies of it with some of them changed. Nothing is simplified."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tracer.formulas.tree import Call, Expression, Name, Number, names

Path = tuple[int, ...]
"""The way from a formula to one of its nodes: which argument, of which argument, …"""


def nodes(expression: Expression, path: Path = ()) -> Iterator[tuple[Path, Expression]]:
    """Every node with the way to it, the root first."""
    yield path, expression
    if isinstance(expression, Call):
        for index, arg in enumerate(expression.args):
            yield from nodes(arg, (*path, index))


def put(expression: Expression, path: Path, new: Expression | None) -> Expression:
    """The expression with the node there replaced, or taken out of its sum or product (None)."""
    if not path:
        assert new is not None
        return new
    assert isinstance(expression, Call)
    first, *rest = path
    if new is None and not rest:
        left = [arg for index, arg in enumerate(expression.args) if index != first]
        return left[0] if len(left) == 1 else Call(expression.function, tuple(left))
    args = list(expression.args)
    args[first] = put(args[first], tuple(rest), new)
    return Call(expression.function, tuple(args))


def with_names(expression: Expression, meant: Mapping[Name, Expression]) -> Expression:
    """The expression with its names replaced, as it was written."""
    if isinstance(expression, Name):
        return meant.get(expression, expression)
    if isinstance(expression, Call):
        return Call(expression.function, tuple(with_names(arg, meant) for arg in expression.args))
    return expression


def distinct(expression: Expression) -> list[Name]:
    """The names in it, each once, in their order."""
    return list(dict.fromkeys(names(expression)))


def with_number(expression: Expression, number: Number, name: Name) -> Expression:
    """The expression with a name in place of a number."""
    if expression == number:
        return name
    if isinstance(expression, Call):
        return Call(expression.function, tuple(with_number(arg, number, name) for arg in expression.args))
    return expression
