"""Expressions and names in LaTeX and in MathML: read back, by latex2mathml and by tests/mathml.py, they are what they were."""

from __future__ import annotations

import math
from collections.abc import Callable
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from latex2mathml.converter import convert

from tests.mathml import of_latex, value
from tests.test_expression import formulas
from tests.test_primitives import CASES, Arguments, call, exact, values
from tracer.config import load
from tracer.explain.templates import filled, template, written
from tracer.formulas.evaluation import NO_NUMBER, evaluate
from tracer.formulas.notation.latex import LATEX
from tracer.formulas.notation.mathml import MATHML
from tracer.formulas.notation.typesetting import Typesetting, as_it_stands, forms, typeset
from tracer.formulas.tree import Call, Expression, Name
from tracer.model import typography
from tracer.model.assembly import assemble
from tracer.model.quantity import Quantity, Role
from tracer.tables.activations import ACTIVATIONS, read_formula, softmax

NOTATIONS: list[tuple[Typesetting, Callable[[str], str], Callable[[str], str]]] = [
    (LATEX, str, of_latex), (MATHML, lambda name: f"<mi>{name}</mi>", str),
]  # fmt: skip
"""A notation, how a letter is written in it, and how a formula of it becomes MathML."""
BOTH = pytest.mark.parametrize("notation", NOTATIONS, ids=["latex", "mathml"])
Notation = tuple[Typesetting, Callable[[str], str], Callable[[str], str]]


@pytest.mark.parametrize(
    ("formula", "latex"),
    [
        ("exp(-h)", "e^{-h}"), ("exp(h)^2", "(e^h)^2"), ("1 / (1 + exp(-h))", r"\frac{1}{1 + e^{-h}}"),
        ("1 - tanh(z)^2", r"1 - \tanh(z)^2"), ("(t - a)^2 / 2", r"\frac{(t - a)^2}{2}"), ("(a + b)^0.5", "(a + b)^{0.5}"),
        ("x^10", "x^{10}"), ("-2 * (1/2) * (t - a)", "-(t - a)"), ("3 * (1/2) * a", r"\frac{3}{2} \cdot a"),
        ("a * (-b)", r"a \cdot (-b)"), ("-a^3", "-a^3"), ("(-a)^3", "(-a)^3"), ("(a^2)^3", r"(a^2)^3"),
        ("-a / b", r"-\frac{a}{b}"), ("log(x / y)", r"\ln\left(\frac{x}{y}\right)"), ("log10(x)", r"\log_{10}(x)"),
        ("sqrt(v + 1e-5)", r"\sqrt{v + 10^{-5}}"), ("2.5e-7 * x", r"2.5 \cdot 10^{-7} \cdot x"),
        ("abs(x)", r"\left\lvert x \right\rvert"), ("max(0, z)", r"\max(0, z)"), ("sign(z)", r"\operatorname{sign}(z)"),
        ("2 * if(z > 0, z, 0)", r"2 \cdot \left(\begin{cases} z & \text{if } {z > 0} \cr 0 & \text{otherwise} \end{cases}\right)"),
        ("if(z > 3, 1, if(z > 0, z, 0))", r"\begin{cases} 1 & \text{if } {z > 3} \cr z & \text{if } {z > 0} \cr 0 & \text{otherwise} \end{cases}"),
    ],
)  # fmt: skip
def test_equations_in_latex(formula: str, latex: str) -> None:
    assert typeset(read_formula(formula), LATEX, lambda name: name.name) == latex


@pytest.mark.parametrize(
    ("formula", "symbols", "written_out"),
    [
        ("sigmoid(h)", r"\sigma(h)", r"\frac{1}{1 + e^{-h}}"), ("relu(h)", r"\operatorname{ReLU}(h)", r"\max(0, h)"),
        ("silu(h)", r"\operatorname{SiLU}(h)", r"h \cdot \frac{1}{1 + e^{-h}}"), ("tanh(h)", r"\tanh(h)", r"\tanh(h)"),
    ],
)  # fmt: skip
def test_functions_by_their_symbols(formula: str, symbols: str, written_out: str) -> None:
    expression = read_formula(formula)
    assert as_it_stands(expression, LATEX, lambda name: name.name) == symbols
    assert typeset(expression, LATEX, lambda name: name.name) == written_out
    texts = [as_it_stands(form, LATEX, lambda name: name.name) for form in forms(expression)]
    assert texts == list(dict.fromkeys((symbols, written_out)))


def test_names_in_latex_and_mathml() -> None:
    layers = [{"name": "h1", "neurons": 12}, {"name": "o", "neurons": 1}]
    config = {"layers": layers, "weights": [0.1] * 36, "biases": {"h1": [0.1] * 12, "o": 0.2}, "optimizer": "adam",
              "inputs": {"x1": 1, "sepal_length": 2}, "targets": [0.5], "learning_rate": 0.1, "iterations": 1}  # fmt: skip
    quantities = assemble(load(config)).quantities
    texts = typography.typeset(quantities, "latex")
    shown = {
        "x1": "x_1", "sepal_length": r"\mathit{sepal_{length}}", "w12": "w_{12}", "h1_12": "h_{1,12}",
        "a_h1_12": "a_{h_{1,12}}", "b_h1_2": "b_{h_{1,2}}", "b2": "b_2", "E_total": "E_{total}", "η": r"\eta",
        "∂E/∂w12": r"\frac{\partial E_{total}}{\partial w_{12}}", "m_w3": "m_{w_3}", "m̂_w3": r"\hat m_{w_3}",
        "setting.beta1": r"\beta_1", "setting.eps": r"\varepsilon",
    }  # fmt: skip
    assert {name: texts[name] for name in shown} == shown
    texts = typography.typeset(quantities, "mathml")
    assert texts["w12"] == "<msub><mi>w</mi><mrow><mn>12</mn></mrow></msub>"
    assert texts["E_total"] == "<msub><mi>E</mi><mrow><mi>total</mi></mrow></msub>"
    assert typeset(read_formula("x1 < 2"), MATHML, lambda name: texts[name.name]) == (
        "<msub><mi>x</mi><mrow><mn>1</mn></mrow></msub><mo>&lt;</mo><mn>2</mn>"
    )


@pytest.mark.parametrize(
    ("word", "shown"),
    [("v", "v_{w_3}"), ("v_max", "v_{max,w_3}"), ("v1", "v_{1,w_3}"), ("v1_max", "v_{1,max,w_3}"),
     ("v\N{COMBINING CIRCUMFLEX ACCENT}", r"\hat v_{w_3}")],
)  # fmt: skip
def test_a_state_with_indices_of_its_own(word: str, shown: str) -> None:
    """TeX refuses a second subscript, and so does MathJax."""
    weight = Quantity(Role.WEIGHT, indices=(3,))
    assert typography.typeface("latex").spell(Quantity(Role.STATE, of=weight, word=word)) == shown


@given(st.sampled_from(Role), st.text("aβ_1₂ \N{COMBINING CIRCUMFLEX ACCENT}é", min_size=1, max_size=6), st.booleans())
def test_no_quantity_has_two_subscripts_or_powers(role: Role, word: str, is_after: bool) -> None:
    """Also where it is raised to a power. latex2mathml refuses what TeX does."""
    weight = Quantity(Role.WEIGHT, indices=(3,))
    quantity = Quantity(role, of=weight, by=weight, word=word)
    if is_after:
        quantity = Quantity(Role.AFTER_UPDATE, of=quantity)
    spell = typography.typeface("latex").spell
    for formula in (read_formula("x"), read_formula("x^2"), read_formula("x^10")):
        convert(as_it_stands(formula, LATEX, lambda _: spell(quantity)))


# ------------------------------------------------------------------------------------------------ read back


def read(notation: Notation, expression: Expression, numbers: dict[str, float]) -> float:
    """The value of what a person sees."""
    setting, letter, markup = notation
    return value(markup(typeset(expression, setting, lambda name: letter(name.name))), numbers)


@BOTH
@pytest.mark.parametrize(("name", "args"), CASES)
def test_every_primitive_reads_back(notation: Notation, name: str, args: Arguments) -> None:
    letters = {f"x{number}": letter for number, letter in enumerate("abcd")}
    expression = call(name, args)
    setting, letter, markup = notation
    text = markup(typeset(expression, setting, lambda x: letter(letters[x.name])))
    numbers = {letters[key]: number for key, number in values(args).items()}
    if name == "exp" and args[0] > 709:
        return
    assert value(text, numbers) == pytest.approx(exact(name, args), rel=1e-12, abs=1e-300)


@BOTH
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_reads_back(notation: Notation, name: str) -> None:
    for z in (-2.5, -0.3, 0.4, 3.5):
        expression = Call(ACTIVATIONS[name].function(name), (Name("z"),))
        assert read(notation, expression, {"z": z}) == pytest.approx(evaluate(expression, {"z": z}), rel=1e-12)


@BOTH
def test_softmax_reads_back(notation: Notation) -> None:
    numbers = {"a": 0.5, "b": -1.0, "c": 2.0}
    expression = Call(softmax(1, 3), tuple(map(Name, numbers)))
    assert read(notation, expression, numbers) == pytest.approx(evaluate(expression, numbers), rel=1e-12)


@BOTH
@given(expression=formulas())
def test_any_expression_reads_back(notation: Notation, expression: Expression) -> None:
    numbers = {"a": 0.7, "b": -1.3, "c": 2.1}
    try:
        expected = evaluate(expression, numbers)
        found = read(notation, expression, numbers)
    except NO_NUMBER:
        return
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


NUMBERS = st.sampled_from([0.0, 0.5, -0.25, 3.0, -7.0, 1e-7, -2.5e-9, 1.25e12]) | st.floats(-100, 100)


@BOTH
@given(expression=formulas(), a=NUMBERS, b=NUMBERS, c=NUMBERS)
def test_numbers_put_in_read_back(notation: Notation, expression: Expression, a: float, b: float, c: float) -> None:
    """Negative numbers and powers of ten have brackets where they need them."""
    setting, _, markup = notation
    numbers = {name: 0.0 if abs(number) < 1e-300 else number for name, number in zip("abc", (a, b, c), strict=True)}
    try:
        expected = evaluate(expression, numbers)
        text = filled(template(expression, 1, setting), lambda slot: numbers[slot.name.name], 17, setting)
        found = value(markup(text), {})
    except NO_NUMBER:
        return
    assume(math.isfinite(expected) and abs(expected) < 1e200)
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9 * max(1.0, *map(abs, numbers.values())) ** 2)


@pytest.mark.parametrize(
    ("number", "digits", "latex", "shown"),
    [
        (0.5, 6, "0.5", "0.5"), (-0.0275, 6, "-0.0275", "−0.0275"), (1.23456789e-7, 6, r"1.23457 \cdot 10^{-7}", "1.23457e-7"),
        (1e-9, 6, "10^{-9}", "1e-9"), (2e7, 6, r"2 \cdot 10^7", "2e7"), (0.1 + 0.2, 17, "0.30000000000000004", "0.30000000000000004"),
        (math.inf, 6, r"\infty", "inf"), (-math.inf, 6, r"-\infty", "−inf"),
    ],
)  # fmt: skip
def test_numbers(number: float, digits: int, latex: str, shown: str) -> None:
    assert written(number, digits=digits, setting=LATEX) == latex
    assert written(number, digits=digits) == shown
    assert fromstring(written(number, digits=digits, setting=MATHML)) is not None


# ------------------------------------------------------------------------------------------------ names


@pytest.mark.parametrize(
    "word", ["größe", "мама", "入力", "שלום", "a_", "_a", "a__b", "my_loss", "βx", "β1", "Å_2", "x₁"]
)
def test_words_of_users_are_set_in_both_notations(word: str) -> None:
    quantity = Quantity(Role.OWN, word=word)
    gradient = Quantity(Role.GRADIENT, of=Quantity(Role.LOSS), by=quantity)
    texts = typography.typeset({word: quantity, "g": gradient}, "latex")
    for text in texts.values():
        convert(text)
    for text in typography.typeset({word: quantity, "g": gradient}, "mathml").values():
        fromstring(text)
    assert texts["g"].startswith(r"\frac{\partial E_{total}}{\partial ")


@pytest.mark.parametrize("notation", ["latex", "mathml"])
@given(words=st.sets(st.from_regex(r"[a-zEβμ₁][a-zE_0-9₀-₉]{0,4}", fullmatch=True), min_size=2, max_size=30))
def test_no_two_quantities_are_set_alike(notation: str, words: set[str]) -> None:
    own = {word: Quantity(Role.OWN, word=word) for word in words}
    others = {f"setting.{word}": Quantity(Role.SETTING, word=word) for word in ("beta1", "eps", *words)}
    others |= {f"v_{word} of the optimizer": Quantity(Role.STATE, word="v", of=own[word]) for word in words}
    others |= {
        "E_total of a network": Quantity(Role.LOSS),
        "E_batch": Quantity(Role.BATCH_LOSS, of=Quantity(Role.LOSS)),
    }
    texts = typography.typeset(own | others, notation)
    assert len({*texts.values()}) == len(own | others)


def test_markup_in_texts_is_escaped() -> None:
    for setting in (LATEX, MATHML):
        text = setting.plain(r"</math><script>\end{document}$x$ & %_#^~")
        assert "<script" not in text
        assert r"\end" not in text or setting is MATHML
    assert fromstring(MATHML.plain("<b> & c")).text == "<b>\N{NO-BREAK SPACE}&\N{NO-BREAK SPACE}c"
    assert LATEX.plain(r"\end{x}$&%_#") == r"\text{\textbackslash{}end\{x\}\$\&\%\_\#}"
