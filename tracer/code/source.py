"""Formulas as the source of a script: names as identifiers, and the functions that the script has to define."""

from __future__ import annotations

import builtins
import keyword
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from operator import is_
from textwrap import TextWrapper
from typing import Any

from tracer.formulas.expansion import bind
from tracer.formulas.notation import ATOM, Notation, Operator, TooLong, render, shortest
from tracer.formulas.notation.python import PYTHON
from tracer.formulas.notation.source import Source
from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import Call, Expression, Function, Name, fold, names
from tracer.model import naming
from tracer.tables.activations import ACTIVATIONS

WIDTH = 120
"""Of a line, in characters."""
BESIDE = 100
"""Characters of a statement that assigns several values."""
LONGEST = 300
"""Characters of a formula in one statement; a longer one is written with intermediate results."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a kind of script writes formulas.

    notation: of the formulas, named as nothing else. helpers: functions that it lacks → the lines that define them.
    imports: identifier → the statement that makes it known. activations: those of our table that it has too.
    """

    notation: Notation
    helpers: Mapping[str, str]
    imports: Mapping[str, str]
    activations: tuple[str, ...] = ()


_OPERATORS = {name: operator for name, operator in PYTHON.operators.items() if name not in ("max", "min", "sign")}
_ROUNDED = """def rounded(x, decimals):
    return float(Decimal(f"{x:.15g}").quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))"""
_SUM = {
    "sum": "def total(*values):\n    return reduce(add, values)",
    "mean": "def mean(*values):\n    return reduce(add, values) / len(values)",
}
_EXTREME = """def {0}(*values):
    return torch.stack(torch.broadcast_tensors(*map(torch.as_tensor, values))).{1}(0)"""
_OWN = {"sum": "total", "round": "rounded", "max": "maximum", "min": "minimum"}
"""Functions that a script defines under another name."""
_IMPORTS = {
    "reduce": "from functools import reduce", "add": "from operator import add", "random": "import random",
    "Decimal": "from decimal import ROUND_HALF_UP, Decimal", "count": "from itertools import count",
}  # fmt: skip
_MATH = {name: f"from math import {name}" for name in dir(math) if not name.startswith("_") and len(name) > 2}


def _of_arrays(
    module: str, imported: str, spelled: Mapping[str, str], helpers: Mapping[str, str], *activations: str
) -> Dialect:
    """A dialect in which functions take arrays: those of a module, where it has them."""
    choice = Operator(f"{'where' if 'where' in helpers else f'{module}.where'}({{0}}, {{1}}, {{2}})", ATOM, (0, 0))

    def function(name: str) -> str:
        return _OWN.get(name, name) if name in helpers else f"{module}.{spelled.get(name, name)}"

    notation = Notation(f"{module} script", {**_OPERATORS, "if": choice}, function, shortest)
    imports = {**_MATH, **_IMPORTS, module: imported, "math": "import math"}
    return Dialect(notation, helpers, imports, activations)


DIALECTS = {
    "python": Dialect(
        replace(PYTHON, name="script", operators=_OPERATORS, number=shortest,
                function=lambda name: name if name in ("max", "min") else _OWN.get(name, name)),
        {
            "sign": "def sign(x):\n    return (x > 0) - (x < 0)",
            "normal_cdf": "def normal_cdf(x):\n    return erfc(-x / sqrt(2)) / 2",
            "sum": "def total(*values):\n    return fsum(values)",
            "mean": "def mean(*values):\n    return fsum(values) / len(values)",
            "round": _ROUNDED,
        },
        {**_MATH, **_IMPORTS},
    ),
    "numpy": _of_arrays(
        "np", "import numpy as np", {"atan": "arctan", "min": "minimum", "max": "maximum"},
        {
            "erf": "erf = np.vectorize(math.erf)",
            "normal_cdf": "def normal_cdf(x):\n    return np.vectorize(math.erfc)(-x / math.sqrt(2)) / 2",
            "round": _ROUNDED, **_SUM,
            "softmax": "def softmax(z):\n    powers = np.exp(z - z.max(axis=1, keepdims=True))\n"
                       "    return powers / powers.sum(axis=1, keepdims=True)",
        },
    ),
    "pytorch": _of_arrays(
        "torch", "import torch", {"normal_cdf": "special.ndtr"},
        {"max": _EXTREME.format("maximum", "amax"), "min": _EXTREME.format("minimum", "amin"), **_SUM,
         "softmax": "def softmax(z):\n    return torch.softmax(z, dim=1)",
         "where": "def where(condition, x, y):\n    return torch.where(torch.as_tensor(condition), x, y)"},
        "sigmoid", "relu", "selu",
    ),
}  # fmt: skip
"""By the name of the kind of script."""

_RESERVED = {
    *keyword.kwlist, *dir(builtins), *_IMPORTS, *dir(math), *FUNCTIONS, *_OWN.values(), "np", "torch", "k", "p", "g",
    "SAMPLES", "RUNS", "run", "batches", "batch", "iterations", "given", "expected", "found", "name", "value", "loss",
    "optimizer", "parameters", "gradients", "order", "start", "number", "keys", "ROUND_HALF_UP", "eta",
    "ours",
}  # fmt: skip


class Identifiers:
    """Names of quantities as identifiers of Python, each its own: ∂E/∂w1 is dE_dw1, the state before it v_w1_before."""

    def __init__(self) -> None:
        self._known: dict[Name | str, str] = {Name(naming.ETA): "eta", Name(naming.COUNT): "k"}
        self._taken = set(_RESERVED)

    def __call__(self, name: Name | str) -> str:
        """The identifier of a quantity, or of anything else by its words."""
        if name not in self._known:
            words = name if isinstance(name, str) else naming.label(name.name) + "_before" * name.lag
            if isinstance(name, Name) and name.batch:
                words = naming.label(name.name) + "_rows"
            self._known[name] = self._own(words)
        return self._known[name]

    def call(self, name: Name, text: str) -> None:
        """Spell a quantity so."""
        self._known[name] = text

    def _own(self, words: str) -> str:
        text = re.sub(r"\W", "_", unicodedata.normalize("NFKC", naming.to_ascii(words)))
        text = text if text.isidentifier() else f"_{text}"
        while text in self._taken:
            text += "_"
        self._taken.add(text)
        return text


@dataclass(slots=True)
class Writer:
    """Writes the formulas of one script, and collects what it has to define for them.

    far: whether the forms for far-out arguments are needed. defines: whether functions of one argument are defined, or
    all are written out. functions: what was called, by its identifier.
    """

    dialect: Dialect
    far: bool = False
    defines: bool = True
    identifiers: Identifiers = field(default_factory=Identifiers)
    functions: dict[str, Function] = field(default_factory=dict)

    @property
    def notation(self) -> Notation:
        """The dialect's, which knows the functions of the script."""
        spelled = self.dialect.notation.function
        return replace(self.dialect.notation, function=lambda name: name if name in self.functions else spelled(name))

    def formula(self, expression: Expression) -> str:
        """An expression as text."""
        return render(self._prepared(expression), self.notation, self._spelled)

    def assignment(self, target: str, expression: Expression) -> list[str]:
        """The statements that give a variable the value of an expression."""
        prepared = self._prepared(expression)
        try:
            return [f"{target} = {render(prepared, self.notation, self._spelled, LONGEST)}"]
        except TooLong:
            return Source(self._spelled, self.notation).assignment(target, prepared)

    def assignments(self, values: Iterable[tuple[Name, Expression]]) -> Iterator[str]:
        """The statements that give each of several variables its value, those that are `beside` each other as one."""
        written = []
        for name, expression in values:
            target, needed = self.identifiers(name), set(map(self.identifiers, names(expression)))
            written.append((target, self.assignment(target, expression), needed))
        return beside(written)

    def definitions(self, body: str) -> list[str]:
        """The imports and the functions that the body of the script needs, each as lines."""
        functions: list[str] = []
        while len(functions) < len(self.functions):  # the formula of one may call others
            identifier, function = list(self.functions.items())[len(functions)]
            call = Call(function, tuple(map(Name, function.parameters)))
            inner = render(self._prepared(self._put_in(call)), self.notation, lambda name: name.name)
            functions.append(f"def {identifier}({', '.join(function.parameters)}):\n    return {inner}")
        functions.reverse()
        words = _used("\n".join([body, *functions]))
        spelled = self.dialect.notation.function
        helpers = [text for name, text in self.dialect.helpers.items() if spelled(name) in words]
        words |= _used("\n".join(helpers))
        imports = [text for name, text in self.dialect.imports.items() if name in words]
        return [*_merged(imports), *(f"\n\n{text}" for text in [*helpers, *functions])]

    def _spelled(self, name: Name) -> str:
        return f"{'*' * name.batch}{self.identifiers(name)}"

    def _prepared(self, expression: Expression) -> Expression:
        """The expression with functions of one argument under the names that the script gives them, and all others
        written out."""

        def visit(node: Expression, args: list[Expression]) -> Expression:
            if not isinstance(node, Call):
                return node
            call = node if all(map(is_, args, node.args)) else Call(node.function, tuple(args))
            if node.function.formula is None:
                return call
            name = node.function.name
            if name in self.dialect.activations and node.function == ACTIVATIONS[name].function(name):
                return Call(Function(name), tuple(args))
            if self.defines and len(args) == 1 and name.isidentifier() and name not in FUNCTIONS:
                return Call(Function(self._defined(node.function)), tuple(args))
            return self._prepared(self._put_in(call))

        return fold(expression, visit)

    def _put_in(self, call: Call) -> Expression:
        """A call as the formula that it stands for."""
        assert call.function.formula is not None
        plain = bind(call.function.formula, call)
        if not (self.far and call.function.far):
            return plain
        return Call(FUNCTIONS["if"], (*(bind(form, call) for form in call.function.far), plain))

    def _defined(self, function: Function) -> str:
        """The identifier of a function that the script defines."""
        for identifier, known in self.functions.items():
            if known == function and known.far == function.far:
                return identifier
        namesakes = sum(known.name == function.name for known in self.functions.values())
        identifier = self.identifiers(function.name + "_again" * namesakes)
        self.functions[identifier] = function
        return identifier


def beside(assigned: Iterable[tuple[str, list[str], set[str]]]) -> Iterator[str]:
    """Assignments, those as one statement that fit in a line and do not need each other. Each is the variable, its
    statements, and the variables that these need."""
    targets, sources = list[str](), list[str]()

    def together() -> str:
        return f"{', '.join(targets)} = {', '.join(sources)}"

    for target, statements, needed in assigned:
        source = statements[0].removeprefix(f"{target} = ")
        length = len(together()) + len(target) + len(source) + 4
        alone = len(statements) > 1 or "\n" in source
        if targets and (alone or length > BESIDE or not needed.isdisjoint(targets)):
            yield together()
            targets, sources = [], []
        if alone:
            yield from statements
        else:
            targets.append(target)
            sources.append(source)
    if targets:
        yield together()


def literal(value: Any, column: int = 0) -> str:
    """The source of a number, a list or a tuple that begins in a column, over as many lines as it takes; a row of
    numbers stays in its line."""
    whole = re.sub(r"[(\[][^()\[\]]{,90}[)\]]", lambda row: row[0].replace(" ", "\0"), repr(value))
    lines = TextWrapper(WIDTH, " " * column, " " * (column + 1), break_long_words=False, break_on_hyphens=False)
    return lines.fill(whole).lstrip().replace("\0", " ")


def _used(text: str) -> set[str]:
    """The identifiers in a source that are not attributes of others."""
    return {*re.findall(r"(?<![\w.])[^\W\d]\w*", text)}


def _merged(imports: Iterable[str]) -> list[str]:
    """Import statements in their usual order: the standard library first; those from one module together."""
    modules: dict[str, list[str]] = {}
    for statement in dict.fromkeys(imports):
        module, _, imported = statement.partition(" import ")
        modules.setdefault(module, []).append(imported)
    lines = {
        f"{module} import {', '.join(sorted(what))}" if what != [""] else module for module, what in modules.items()
    }
    further = {line for line in lines if line.endswith(("numpy as np", " torch"))}
    own = sorted(lines - further, key=lambda line: (not line.startswith("import"), line))
    return [*own, *([""] if own and further else []), *sorted(further)]
