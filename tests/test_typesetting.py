"""Expressions and names in LaTeX and in MathML."""

from __future__ import annotations

import pytest

from tracer.config import load
from tracer.formulas.notation.latex import LATEX
from tracer.formulas.notation.mathml import MATHML
from tracer.formulas.notation.typesetting import as_it_stands, forms, typeset
from tracer.model import typography
from tracer.model.assembly import assemble
from tracer.tables.activations import read_formula


@pytest.mark.parametrize(
    ("formula", "latex"),
    [
        ("exp(-h)", "e^{-h}"), ("exp(h)^2", "(e^h)^2"), ("1 / (1 + exp(-h))", r"\frac{1}{1 + e^{-h}}"),
        ("1 - tanh(z)^2", r"1 - \tanh(z)^2"), ("(t - a)^2 / 2", r"\frac{(t - a)^2}{2}"), ("x^0.5", "x^{0.5}"),
        ("x^10", "x^{10}"), ("-2 * (1/2) * (t - a)", "-(t - a)"), ("3 * (1/2) * a", r"\frac{3}{2} \cdot a"),
        ("a * (-b)", r"a \cdot (-b)"), ("-a^3", "-a^3"), ("(-a)^3", "(-a)^3"), ("(a^2)^3", r"(a^2)^3"),
        ("-a / b", r"-\frac{a}{b}"), ("log(x / y)", r"\ln\left(\frac{x}{y}\right)"), ("log10(x)", r"\log_{10}(x)"),
        ("sqrt(v + 1e-5)", r"\sqrt{v + 10^{-5}}"), ("2.5e-7 * x", r"2.5 \cdot 10^{-7} \cdot x"),
        ("abs(x)", r"\left\lvert x \right\rvert"), ("max(0, z)", r"\max(0, z)"), ("sign(z)", r"\operatorname{sign}(z)"),
        ("2 * if(z > 0, z, 0)", r"2 \cdot \left(\begin{cases} z & \text{if } z > 0 \cr 0 & \text{otherwise} \end{cases}\right)"),
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
