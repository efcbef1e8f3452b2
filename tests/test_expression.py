"""The expression language: reading, writing in each notation, differentiating."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracer.formulas.derivative import partials
from tracer.formulas.expansion import expand
from tracer.formulas.grammar import FormulaError
from tracer.formulas.notation import Notation, render
from tracer.formulas.notation.excel import EXCEL
from tracer.formulas.notation.python import PYTHON
from tracer.formulas.notation.text import TEXT, TYPESET
from tracer.formulas.notation.typesetting import typeset
from tracer.formulas.primitives import FUNCTIONS
from tracer.formulas.tree import (
    ADD,
    DIV,
    MUL,
    NEG,
    ONE,
    POW,
    SUB,
    ZERO,
    Call,
    Expression,
    Name,
    Number,
    add,
    mul,
    neg,
    power,
    sub,
)
from tracer.tables.activations import ACTIVATIONS, read_formula

MATH = {
    **{name: getattr(math, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh")},
    "abs": abs, "min": min, "max": max, "normal_cdf": lambda x: 0.5 * math.erfc(-x / math.sqrt(2)),
}  # fmt: skip


def write(expression: Expression, notation: Notation) -> str:
    return render(expression, notation, lambda name: name.name)


def value(expression: Expression, **values: float) -> float:
    return float(eval(write(expand(expression), PYTHON), {**MATH, **values}))


@pytest.mark.parametrize(
    ("formula", "python", "excel", "text"),
    [
        ("a + b*c", "a + b * c", "a+b*c", "a + b·c"),
        ("(a + b)*c", "(a + b) * c", "(a+b)*c", "(a + b)·c"),
        ("a - (b - c)", "a - (b - c)", "a-(b-c)", "a − (b − c)"),
        ("a - b - c", "a - b - c", "a-b-c", "a − b − c"),
        ("a / (b*c)", "a / (b * c)", "a/(b*c)", "a/(b·c)"),
        ("a / b / c", "a / b / c", "a/b/c", "a/b/c"),
        ("2^3^a", "2.0 ** 3.0 ** a", "2^(3^a)", "2^(3^a)"),
        ("(a^b)^c", "(a ** b) ** c", "a^b^c", "(a^b)^c"),
        ("-a^2", "-a ** 2.0", "-(a^2)", "−a^2"),
        ("(-a)^2", "(-a) ** 2.0", "-a^2", "(−a)^2"),
        ("-(a + b)", "-(a + b)", "-(a+b)", "−(a + b)"),
        ("a * -b", "a * -b", "a*-b", "a·−b"),
        ("1 / (1 + exp(-a))", "1.0 / (1.0 + exp(-a))", "1/(1+EXP(-a))", "1/(1 + e^(−a))"),
        ("max(0, a)", "0.0 if 0.0 > a else a", "MAX(0,a)", "max(0, a)"),
        ("if(a > 0, 1, 0) * b", "(1.0 if a > 0.0 else 0.0) * b", "IF(a>0,1,0)*b", "(1 if a > 0, else 0)·b"),
        ("1e-8 * a", "1e-08 * a", "1E-8*a", "1e-8·a"),
    ],
)  # fmt: skip
def test_brackets_come_from_precedence(formula: str, python: str, excel: str, text: str) -> None:
    expression = read_formula(formula)
    assert [write(expression, notation) for notation in (PYTHON, EXCEL, TEXT)] == [python, excel, text]


NAMES = "abc"


def formulas() -> st.SearchStrategy[Expression]:
    leaves = st.sampled_from([Name(name) for name in NAMES]) | st.sampled_from([Number(v) for v in (-2.0, 0.5, 3.0)])

    def extend(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        pair = st.tuples(inner, inner)
        return st.one_of(
            st.builds(Call, st.sampled_from([ADD, SUB, MUL, DIV]), pair),
            inner.map(lambda x: Call(NEG, (x,))),
            inner.map(lambda x: Call(POW, (x, Number(2.0)))),
            inner.map(lambda x: Call(FUNCTIONS["tanh"], (x,))),
            pair.map(lambda args: Call(FUNCTIONS["max"], args)),
        )

    return st.recursive(leaves, extend, max_leaves=12)


POINT = {"a": 0.7, "b": -1.3, "c": 2.1}


def direct(expression: Expression) -> float:
    """The value of a tree by walking it; shares nothing with the notations."""
    if isinstance(expression, Name):
        return POINT[expression.name]
    if isinstance(expression, Number):
        return expression.value
    assert isinstance(expression, Call)
    args = [direct(arg) for arg in expression.args]
    operations: dict[str, Callable[[list[float]], float]] = {
        "+": sum, "-": lambda v: v[0] - v[1], "*": math.prod, "/": lambda v: v[0] / v[1], "neg": lambda v: -v[0],
        "^": lambda v: v[0] ** v[1], "tanh": lambda v: math.tanh(v[0]), "max": max,
    }  # fmt: skip
    return float(operations[expression.function.name](args))


@given(formulas())
def test_what_python_reads_is_the_tree(expression: Expression) -> None:
    try:
        expected = direct(expression)
    except (ZeroDivisionError, OverflowError):
        return
    assert value(expression, **POINT) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(formulas())
def test_a_formula_reads_back_as_it_was_written(expression: Expression) -> None:
    """Python's notation with ^ for ** is our own grammar, but for conditions."""
    text = write(expression, PYTHON)
    if " if " in text:
        return
    again = read_formula(text.replace("**", "^"))
    try:
        expected = direct(expression)
    except (ZeroDivisionError, OverflowError):
        return
    assert direct(again) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@given(formulas(), st.sampled_from(NAMES))
def test_the_derivative_is_the_slope(expression: Expression, by: str) -> None:
    """Central difference; points where it is not to be trusted (a kink, a pole) are left out."""
    slope = partials(expression).get(Name(by), ZERO)
    width = 1e-6
    try:
        left, middle, right = (value(expression, **{**POINT, by: POINT[by] + step}) for step in (-width, 0, width))
        found = value(slope, **POINT)
    except (ZeroDivisionError, OverflowError):
        return
    forward, backward = (right - middle) / width, (middle - left) / width
    if max(abs(middle), abs(forward)) > 1e4 or abs(forward - backward) > 1e-2 * max(1, abs(forward)):
        return
    assert found == pytest.approx((right - left) / (2 * width), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(
    ("formula", "by", "slope"),
    [
        ("0.5 * (t - a)^2", "a", "−(t − a)"),
        ("w1*i1 + w2*i2 + b", "w2", "i2"),
        ("a * b * a", "a", "b·a + a·b"),
        ("tanh(z)", "z", "1 − tanh(z)^2"),
        ("exp(2*z)", "z", "2·e^(2·z)"),
        ("log(z)", "z", "1/z"),
        ("a / b", "b", "−a/b^2"),
        ("x^3", "x", "3·x^2"),
        ("if(x > 0, x, 2*x)", "x", "(1 if x > 0, else 2)"),
    ],
)
def test_derivatives_read_like_a_textbook(formula: str, by: str, slope: str) -> None:
    assert write(partials(read_formula(formula))[Name(by)], TEXT) == slope


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("exp(-h)", "e^−h"), ("exp(2*h)", "e^(2·h)"), ("exp(-h^2)", "e^(−h²)"), ("exp(h)^2", "(e^h)²"),
        ("1 - tanh(z)^2", "1 − tanh(z)²"), ("(t - a)^2 / 2", "(t − a)²/2"), ("beta^k", "beta^k"), ("x^0.5", "x^0.5"),
        ("x^10", "x^10"), ("-2 * (1/2) * (t - a)", "−(t − a)"), ("4 * (1/2) * a", "2·a"), ("3 * (1/2) * a", "3·(1/2)·a"),
        ("0.5 * (t - a)^2", "0.5·(t − a)²"), ("(-a)^3", "(−a)³"), ("-a^3", "−a³"), ("(a^2)^3", "(a²)³"),
    ],
)  # fmt: skip
def test_equations_are_typeset_as_in_a_textbook(formula: str, text: str) -> None:
    assert typeset(read_formula(formula), TYPESET, lambda name: name.name) == text


def test_the_square_of_a_derivative_has_brackets() -> None:
    assert typeset(power(Name("∂E/∂w"), Number(2.0)), TYPESET, lambda name: name.name) == "(∂E/∂w)²"


def test_a_slope_names_the_result() -> None:
    """An activation's slope in terms of its own output uses the output's name."""
    sigmoid = ACTIVATIONS["sigmoid"].function("sigmoid")
    call = Call(sigmoid, (Name("h1"),))
    assert write(partials(call, {call: Name("a_h1")})[Name("h1")], TEXT) == "a_h1·(1 − a_h1)"


def test_equal_arguments_of_max_share_the_gradient() -> None:
    """As PyTorch's torch.maximum does."""
    slope = partials(read_formula("max(x, y)"))
    assert value(slope[Name("x")], x=1.0, y=1.0) == 0.5
    assert value(slope[Name("y")], x=1.0, y=1.0) == 0.5


def test_relu_has_no_slope_at_zero() -> None:
    relu = Call(ACTIVATIONS["relu"].function("relu"), (Name("z"),))
    assert [value(partials(relu)[Name("z")], z=z) for z in (-1.0, 0.0, 1.0)] == [0, 0, 1]


@pytest.mark.parametrize("name", ACTIVATIONS)
@given(z=st.floats(-6, 6))
def test_a_stated_slope_is_that_of_the_formula(name: str, z: float) -> None:
    """The formula is differentiated without the entry's slope; kinks at 0 and ±3 are left out."""
    if min(abs(z), abs(z - 3), abs(z + 3)) < 1e-3:
        return
    entry = ACTIVATIONS[name]
    stated = partials(Call(entry.function(name), (Name("z"),)))[Name("z")]
    derived = partials(Call(replace(entry, slope=None).function(name), (Name("z"),)))[Name("z")]
    assert value(stated, z=z) == pytest.approx(value(derived, z=z), rel=1e-9, abs=1e-12)


@given(st.floats(-800, 800))
def test_far_formulas_continue_the_plain_ones(z: float) -> None:
    entry = ACTIVATIONS["sigmoid"]
    call = Call(entry.function("sigmoid"), (Name("z"),))
    far = eval(write(expand(call, far=True), PYTHON), {**MATH, "z": z})
    exact = math.exp(z) / (1 + math.exp(z)) if z < 0 else 1 / (1 + math.exp(-z))
    assert far == pytest.approx(exact, rel=1e-14)


def test_simplification_keeps_to_what_a_person_writes() -> None:
    x, y = Name("x"), Name("y")
    assert add(x, ZERO, neg(y)) == sub(x, y)
    assert mul(Number(-1.0), sub(x, y), x) == mul(sub(y, x), x)
    assert mul(Number(2.0), x, Number(0.5)) == x
    assert mul(x, ZERO) == ZERO
    assert neg(neg(x)) == x
    assert add() == ZERO
    assert mul() == ONE


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("", 0, "a value is missing at the end"),
        ("a +", 3, "a value is missing at the end"),
        ("a + * b", 4, "a value is missing before '*'"),
        ("(a + b", 6, "')' is missing"),
        ("a b", 2, "an operator is missing before 'b'"),
        ("sinus(a", 0, "'sinus' is not a function. Did you mean 'sin'?"),
        ("max(a)", 0, "max takes at least 2 arguments, not 1"),
        ("a ; b", 2, "';' is not allowed here"),
        ("a.b", 1, "'.' is not allowed here"),
        ("'a'", 0, "''' is not allowed here"),
        ("a[0]", 1, "'[' is not allowed here"),
        ("__import__('os')", 0, "'__import__' is not a function; choose from identity"),
        ("(" * 200 + "a", 100, "nested more than 100 levels deep"),
    ],
)
def test_what_is_no_formula(text: str, position: int, problem: str) -> None:
    with pytest.raises(FormulaError) as caught:
        read_formula(text)
    assert (caught.value.problem.split(",")[0], caught.value.position) == (problem.split(",")[0], position)


@given(st.text(max_size=40))
def test_any_text_is_a_formula_or_a_formula_error(text: str) -> None:
    with contextlib.suppress(FormulaError):
        read_formula(text)
