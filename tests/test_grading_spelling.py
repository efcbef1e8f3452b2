"""What headers mean by themselves: one table of spellings people use, and of texts that name nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tracer.grading.sheet.conventions import settled
from tracer.grading.sheet.spelling import candidates, quantity_of
from tracer.model.naming import spell
from tracer.model.quantity import Quantity

SPELLINGS = {
    "E_total": [
        "C", "L_total", "∑E", "ΣE", r"$E_{\text{total}}$", "Global error", "Overall error", "Network error", "Total Error E",
        "Total Squared Error", "Sum of errors", "E(total)", "E tot.", "E_total (sum)", "Fehler", "Gesamtfehler", "erreur totale",
        "error total", "总误差",
    ],
    "E1": ["MSE1", "C1", "E_01", "Error Output 1", "Error o1", "E1 (error)", "erreur 1", "Fehler 1", "误差1"],
    "i1": ["i1 (input)", "i1\n(input)", "Input i1", "Input 1 (x)", "x.1", "entrée 1", "entrada1", "Eingabe 1", "输入1"],
    "t1": ["out1 target", "y1_target", "o1 target", "t1\n(target)", "cible 1", "objetivo1", "Zielwert 1", "目标1"],
    "w1": ["w#1", "w01", "w1 (t)", "Weight w1", "Weight 1 (w1)", "poids 1", "peso 1", "Gewicht 1", "权重1"],
    "w1+": ["w1(t+1)", "updated w1", "w1 (new)", "w1'", "neues w1"],
    "b1": ["β1", "bias", "sesgo 1", "Bias 1"],
    "b_h1": ["θ_h1", "bias_h1"],
    "h1": ["z1_h", "Σh1", "h1 (before)", "h1 (net)", "Net Input h1", "h1_raw", "neto_h1"],
    "a_h1": ["h1'", "φ(h1)", "f(h1)", "post_h1", "h1 (after)", "O_h1", "a1_h", "a_h1 (out)", "Output h1", "sortie_h1"],
    "a_o1": ["a_01", "out_01", "ausgabe o1"],
    "∂E/∂w1": [
        "ΔE/Δw1", "deltaE/deltaw1", "∂E⁄∂w1", "∂E÷∂w1", "∂E\n――\n∂w1", "dE wrt w1", "dE by dw1", "Derivative wrt w1",
        "Error gradient w1", "slope w1", "partial_w1", "E'(w1)", "dE/dw1 (gradient)", "delta w1",
    ],
    "∂E/∂a_o1": ["∂E/∂a_01", "dEtotal/douto1", "dE/da_o1"],
    "Δw1": ["Δw1", "change in w1"],
    "η": ["学习率", "Lernrate", "tasa de aprendizaje", "taux d'apprentissage", "learning rate (η)"],
    "": [
        "w1 momentum", "E (lr 0.1)", "E_total 0.1", "h1 error", "(t1-a_o1)^2", "ΔE", "w1*i1", "1-a_o1", "exp(-h1)", "% error",
        "RMSE", "Accuracy", "max", "total", "note", "target reached?", "error message",
    ],
}  # fmt: skip


def spelled(quantities: Iterable[Quantity]) -> tuple[str, ...]:
    return tuple(map(spell, quantities))


@pytest.mark.parametrize(("header", "quantity"), [(h, q) for q, headers in SPELLINGS.items() for h in headers])
def test_a_header_names_a_quantity(header: str, quantity: str) -> None:
    assert next(iter(spelled(candidates(header))), "") == quantity


def test_a_header_may_stand_for_several() -> None:
    assert spelled(candidates("w01")) == ("w1", "b1")
    assert spelled(candidates("da_o1")) == ("∂E/∂a_o1", "∂a_o1/∂o1")
    assert spelled(candidates("n")) == ("iteration", "η")


def test_weights_beyond_those_of_the_network_are_its_biases() -> None:
    weights = [f"w{n}" for n in range(1, 13)]
    spelling = settled(candidates, ["i1", "i2", "t1", "t2", "h1", "h2", *weights, "∂E/∂w11"])
    assert [spell(spelling(f"w{n}")[0]) for n in range(9, 13)] == ["b1", "b2", "b3", "b4"]
    assert spelled(spelling("∂E/∂w11")) == ("∂E/∂b3",)
    assert spelled(spelling("w8")) == ("w8",)


def test_weights_are_no_biases_where_the_inputs_have_no_columns() -> None:
    weights = [f"w{n}" for n in range(1, 9)]
    spelling = settled(candidates, ["h1", "h2", "o1", "o2", *weights])
    assert [spelled(spelling(weight)) for weight in weights] == [(weight,) for weight in weights]


def test_the_second_of_two_equal_headers_is_known_by_its_number() -> None:
    spelling = settled(candidates, ["bias", "bias.1"])
    assert spelled(spelling("bias.1")) == spelled(spelling("bias")) == ("b1", "b2")
    assert spelled(settled(candidates, ["x.1", "x.2"])("x.1")) == ("i1",)


def test_neurons_counted_through_beside_named_ones() -> None:
    spelling = settled(candidates, ["h1", "h2", "o1", "o2", "t1", "t2", "δ1", "δ2", "δ3", "δ4"])
    assert [spell(spelling(f"δ{n}")[0]) for n in (1, 2, 3, 4)] == ["∂E/∂h1", "∂E/∂h2", "∂E/∂o1", "∂E/∂o2"]


NEURONS = [f"{kind}{layer}{n}" for kind in ("", "a_", "b_") for layer in "ho" for n in (1, 2, 12)]
PARAMETERS = [*(f"w{n}" for n in (1, 8, 12, 345)), "b1", "b12", *(name for name in NEURONS if name[0] == "b")]
FORWARD = [*(f"{kind}{n}" for kind in "itE" for n in (1, 2, 30)), *NEURONS, *PARAMETERS]
NAMES = {
    *FORWARD, "E_total", "η", "iteration",
    *(f"∂E/∂{name}" for name in FORWARD if name[0] not in "tE"),
    *(f"∂E{n}/∂{name}" for n in (1, 2) for name in FORWARD if name[0] not in "tE"),
    *(f"∂a_{neuron}/∂{neuron}" for neuron in ("h1", "o2", "h12")), "∂h1/∂w1", "∂o1/∂b_o1", "∂o2/∂a_h1",
    *(f"{name}+" for name in PARAMETERS), *(f"Δ{name}" for name in PARAMETERS),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_name_of_a_quantity_is_read_back(name: str) -> None:
    quantity = quantity_of(name)
    assert quantity is not None
    assert spell(quantity) == name
