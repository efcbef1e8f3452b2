"""Expressions as Python statements: common subexpressions are computed once, and no statement nests too deep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tracer.formulas.notation import ATOM, Notation, Written, compose, joined, leaf
from tracer.formulas.notation.python import PYTHON
from tracer.formulas.tree import Call, Expression, Name

DEEPEST = 200
"""Limit of nested operations, or of terms of a sum, in a statement; Python's compiler has one."""
LAZY = "if"


@dataclass(frozen=True, slots=True)
class Syntax:
    """The statements of a language: a variable or a target gets a value; a choice of blocks.

    assigned, declared: of an existing and of a new variable. first, further, last, end: what stands before, between and
    after the blocks of a choice; nothing does where `end` is empty.
    """

    assigned: str = "{} = {}"
    declared: str = "{} = {}"
    first: str = "if {}:"
    further: str = "elif {}:"
    last: str = "else:"
    end: str = ""


PYTHON_SYNTAX = Syntax()


class Source:
    """Writes expressions as statements in Python, or a notation of its kind; it counts the temporary variables.

    Where the notation has an operator for `if`, a branch is only computed where it is taken, with all that is needed
    for it alone. function: how a function of written arguments is written, where it is not as in the notation; None for
    as there.
    """

    def __init__(
        self,
        spell: Callable[[Name], str],
        notation: Notation = PYTHON,
        function: Callable[[Call, Sequence[Written]], Written | None] | None = None,
        syntax: Syntax = PYTHON_SYNTAX,
    ) -> None:
        self._spell, self._notation, self._function, self._syntax = spell, notation, function, syntax
        self._lazy = LAZY in notation.operators
        self._count = 0
        self._uses: dict[int, int] = {}
        self._depth: dict[int, int] = {}
        self._known: dict[int, Written] = {}

    def assignment(self, target: str, expression: Expression) -> list[str]:
        """The statements that give a variable the value of an expression; the last one is `target = …`."""
        lines, text = self.written(expression)
        return [*lines, self._syntax.assigned.format(target, text)]

    def written(self, expression: Expression) -> tuple[list[str], str]:
        """The value of an expression as text, and the statements that come before it."""
        lines: list[str] = []
        self._uses, self._depth, self._known = _uses(expression), {}, {}
        return lines, joined(self._write(expression, lines).parts)

    def _write(self, root: Expression, lines: list[str]) -> Written:
        """An expression as text; what has to be computed before is added to the lines of the block."""
        known, pending = self._known, [root]
        while pending:
            node = pending[-1]
            if id(node) in known:
                pending.pop()
                continue
            if not isinstance(node, Call):
                known[id(node)] = leaf(self._notation, node, self._spell)
                continue
            lazy = self._is_lazy(node)
            ready = True
            for arg in node.args[:1] if lazy else node.args:
                if id(arg) not in known:
                    if isinstance(arg, Call):
                        pending.append(arg)
                        ready = False
                    else:
                        known[id(arg)] = leaf(self._notation, arg, self._spell)
            if not ready:
                continue
            pending.pop()
            written = self._choice(node, lines) if lazy else self._operation(node, lines)
            if self._uses[id(node)] > 1 or self._depth.get(id(node), 0) > DEEPEST:
                written = self._kept(written, lines)
                self._depth[id(node)] = 0
            known[id(node)] = written
        return known[id(root)]

    def _is_lazy(self, node: Expression) -> bool:
        return self._lazy and isinstance(node, Call) and node.function.name == LAZY

    def _forget(self, known: int) -> None:
        """Forget what a block has computed: all but the first so many."""
        while len(self._known) > known:
            self._known.popitem()

    def _kept(self, written: Written, lines: list[str]) -> Written:
        """A value stored in a new variable."""
        if isinstance(written.parts, str):
            return written
        variable = self._variable()
        lines.append(self._syntax.declared.format(variable, joined(written.parts)))
        return Written(variable, ATOM)

    def _variable(self) -> str:
        self._count += 1
        return f"t{self._count}"

    def _operation(self, node: Call, lines: list[str]) -> Written:
        args = [self._known[id(arg)] for arg in node.args]
        self._depth[id(node)] = max([self._depth.get(id(arg), 0) for arg in node.args], default=0) + len(args)
        special = self._function(node, args) if self._function else None
        if special is not None:
            return special
        name = node.function.name
        operator = self._notation.operators.get(name)
        if operator is not None and operator.is_infix:
            while len(args) > DEEPEST:
                args[:DEEPEST] = [self._kept(compose(self._notation, name, args[:DEEPEST]), lines)]
        elif operator is not None and not operator.takes(args) and operator.takes([Written("", ATOM)] * len(args)):
            args = [self._kept(arg, lines) for arg in args]  # it repeats an argument
        return compose(self._notation, name, args)

    def _choice(self, choice: Call, lines: list[str]) -> Written:
        """A choice, with those that stand in its last branch: one conditional expression, or one `if` statement where
        a branch takes statements. Its first condition is written already."""
        arms: list[tuple[Written, list[str], Written]] = []
        last: Expression = choice
        known = len(self._known)
        while isinstance(last, Call) and self._is_lazy(last) and (last is choice or self._uses[id(last)] == 1):
            before: list[str] = []
            condition = self._write(last.args[0], before)
            if before:  # what takes statements begins a choice of its own
                break
            arms.append((condition, *self._block(last.args[1])))
            last = last.args[2]
        self._forget(known)
        otherwise, value = self._block(last)
        self._depth[id(choice)] = len(arms) + max(self._depth.get(id(arg), 0) for arg in (*choice.args, last))
        if not otherwise and not any(statements for _, statements, _ in arms) and len(arms) < DEEPEST:
            for condition, _, yes in reversed(arms):
                value = compose(self._notation, LAZY, [condition, yes, value])
            return value
        variable = self._variable()
        syntax = self._syntax
        for number, (condition, statements, yes) in enumerate(arms):
            lines.append((syntax.further if number else syntax.first).format(joined(condition.parts)))
            lines += _indented([*statements, syntax.declared.format(variable, joined(yes.parts))])
        lines.append(syntax.last.format())
        lines += _indented([*otherwise, syntax.declared.format(variable, joined(value.parts))])
        lines += [syntax.end] if syntax.end else []
        return Written(variable, ATOM)

    def _block(self, expression: Expression) -> tuple[list[str], Written]:
        """The statements and the value of a branch, which sees what was computed before it."""
        lines: list[str] = []
        known = len(self._known)
        written = self._write(expression, lines)
        self._forget(known)
        return lines, written


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _uses(expression: Expression) -> dict[int, int]:
    """How often each distinct operation is used by others."""
    uses = {id(expression): 1}
    pending = [expression]
    while pending:
        node = pending.pop()
        for arg in node.args if isinstance(node, Call) else ():
            if isinstance(arg, Call):
                uses[id(arg)] = uses.get(id(arg), 0) + 1
                if uses[id(arg)] == 1:
                    pending.append(arg)
    return uses
