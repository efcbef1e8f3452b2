"""The values of an Excel formula: blocks of cells, two-dimensional as ranges are; a single value is a block of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tracer.formulas.tree import Expression

Block = tuple[tuple[Expression, ...], ...]
"""Row by row; every row as long as the others, none empty."""


class Shown(tuple[tuple[Expression, ...], ...]):
    """A block that a function of whole blocks returns: a cell shows its first value."""

    __slots__ = ()


def single(value: Expression) -> Block:
    """One value."""
    return ((value,),)


def only(block: Block) -> Expression:
    """The value of a block of one. Raises ValueError for a larger one."""
    ((value,),) = block
    return value


def flat(blocks: Sequence[Block]) -> list[Expression]:
    """All values, row by row, one block after the other."""
    return [value for block in blocks for row in block for value in row]


def shape(block: Block) -> tuple[int, int]:
    """Rows and columns."""
    return len(block), len(block[0])


def transposed(block: Block) -> Block:
    """The block with rows and columns exchanged."""
    return tuple(zip(*block, strict=True))


def each(function: Callable[..., Expression], *blocks: Block) -> Block:
    """Apply a function of single values to every cell; a single value, row or column is broadcast to
    the others. Raises ValueError where the shapes do not fit."""
    if all(len(block) == len(block[0]) == 1 for block in blocks):
        return single(function(*(block[0][0] for block in blocks)))
    rows, columns = (max(sizes) for sizes in zip(*map(shape, blocks), strict=True))
    if any(size not in (1, most) for block in blocks for size, most in zip(shape(block), (rows, columns), strict=True)):
        raise ValueError("ranges of different shapes are combined")
    spread = [
        tuple((row * columns if len(row) == 1 else row) for row in (block * rows if len(block) == 1 else block))
        for block in blocks
    ]
    result = tuple(tuple(map(function, *lines)) for lines in zip(*spread, strict=True))
    return Shown(result) if any(isinstance(block, Shown) for block in blocks) else result
