"""Every layout by its name: what is trained, and how the sheet is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from tests.walkthroughs import programs
from tests.walkthroughs.matrices import Matrices, place_matrices
from tests.walkthroughs.messy import MESSY
from tests.walkthroughs.networks import Net, Program, program
from tests.walkthroughs.placing import Manner, place
from tests.walkthroughs.plan import Plan
from tests.walkthroughs.public.register import TRAINED

_SCALAR: Mapping[str, tuple[Net, Manner]] = {
    "rows, classic 2-2-2": (Net((2, 2, 2), manner="compact", bias="shared", samples=1), Manner(merged=True, steps=6, language="classic")),
    "rows, 2-2-1 full": (Net(manner="full", extras=("count",)), Manner(steps=6, merged=True, order="parameters first")),
    "rows, 2-3-2 beside": (Net((2, 3, 2), bias="none", turned=True), Manner(language="portuguese", order="parameters first")),
    "rows, 3-2-2-1 relu": (Net((3, 2, 2, 1), hidden="relu", output="linear", bias="none", eta=0.05), Manner(language="none", merged=True, steps=5)),
    "rows, 2-2-1 changes": (Net(manner="change", turned=True, extras=("sum", "count")), Manner(language="korean", merged=True, steps=6)),
    "rows, 2-2-1 one formula": (Net(manner="update", hidden="tanh", bias="own", extras=("running",)), Manner(language="code", merged=True, steps=6, data="table", rate="name")),
    "rows, xor one by one": (Net((2, 2, 1), xor=True, extras=("accuracy", "log")), Manner(language="short", merged=True, steps=8, rate="typed", data="table")),
    "rows, leaky and ones": (Net((2, 3, 1), hidden="leaky", output="linear", bias="ones", sumproduct=True, eta=0.1), Manner(language="german", steps=5, order="parameters first", spaces=True)),
    "rows, softmax": (Net((2, 3, 3), hidden="tanh", output="softmax", loss="cross", eta=0.2), Manner(language="english", steps=5, merged=True)),
    "rows, logistic": (Net((3, 1), loss="bce", turned=True, samples=6, eta=0.1), Manner(language="none", merged=True, steps=8)),
    "rows, linear regression": (Net((1, 1), output="linear", loss="squared", samples=5, eta=0.05, extras=("rounded",)), Manner(language="english", merged=True, steps=8)),
    "rows, linear without loss": (Net((2, 1), output="linear", loss_cell=False, samples=5, eta=0.05, manner="update"), Manner(language="portuguese", merged=True, steps=8)),
    "rows, no loss 2-2-1": (Net(loss_cell=False), Manner(language="english", merged=True, steps=6)),
    "rows, perceptron": (Net((2, 1), output="step", loss="perceptron", manner="change", turned=True, samples=4, xor=True, eta=0.1), Manner(language="english", merged=True, steps=12)),
    "rows, perceptron beside": (Net((3, 1), output="step", loss="perceptron", manner="update", turned=True, samples=6, eta=0.5), Manner(language="portuguese", steps=12, order="parameters first")),
    "rows, momentum": (Net(optimizer="momentum", eta=0.1), Manner(language="english", merged=True, steps=6)),
    "rows, adam": (Net((2, 2, 1), optimizer="adam", eta=0.01, bias="none"), Manner(language="english", steps=6, order="parameters first")),
    "rows, rmsprop": (Net((2, 1), optimizer="rmsprop", eta=0.05), Manner(language="code", merged=True, steps=6)),
    "rows, weight decay": (Net((2, 2, 1), optimizer="decay", bias="none", eta=0.3), Manner(language="short", merged=True, steps=6)),
    "batch in rows, weights once": (Net(batch=4, xor=True), Manner(language="english", weights="once", bottom="first", merged=True, order="parameters first")),
    "batch in rows, copied": (Net(batch=4, average=False, hidden="tanh"), Manner(language="none", weights="copied", bottom="last", order="parameters first")),
    "batch in rows, summary row": (Net((2, 1), loss="bce", batch=5, extras=("accuracy",), eta=0.8), Manner(language="portuguese", weights="once", bottom="below", gap=1)),
    "batch in rows, regression": (Net((1, 1), output="linear", loss="squared", batch=6, eta=0.05), Manner(language="korean", weights="once", bottom="below", gap=2, data="linked")),
    "batch wide": (Net((2, 2, 1), batch=3, bias="none"), Manner(way="wide", language="short", merged=True, steps=4)),
    "columns, 2-2-1": (Net(manner="full"), Manner(way="columns", language="english", merged=True, steps=5)),
    "columns, batch": (Net((2, 2, 1), batch=4, xor=True, average=False), Manner(way="columns", language="german", gap=1, data="sheet")),
    "blocks, 2-2-2": (Net((2, 2, 2), bias="shared", samples=1, manner="full"), Manner(way="blocks", language="english", steps=4)),
    "blocks, one step": (Net((2, 2, 2), samples=1), Manner(way="blocks", language="classic", steps=1, above=True)),
    "blocks per neuron": (Net((2, 3, 1), hidden="relu", eta=0.1), Manner(way="blocks", language="english", steps=4, above=True)),
    "blocks, batch": (Net(batch=4, xor=True), Manner(way="blocks", language="none", steps=4)),
    "blocks across": (Net((2, 2, 1), turned=True), Manner(way="across", language="portuguese", steps=4)),
    "a step a sheet": (Net((2, 2, 1)), Manner(way="sheets", language="english", steps=4)),
    "a step a sheet, batch": (Net((1, 1), output="linear", loss="squared", batch=4, eta=0.05), Manner(way="sheets", language="korean", steps=4, data="sheet")),
}  # fmt: skip

_MATRICES: Mapping[str, Matrices] = {
    "matrices, array MMULT": Matrices(),
    "matrices, array, new matrices beside": Matrices((3, 2, 2), merged=False, titles="words", once=False, per_line=5),
    "matrices, W X, array": Matrices((2, 2, 2), upright=False, titles="portuguese", hidden="tanh"),
    "matrices, single-cell MMULT": Matrices((2, 3, 2), write="single", titles="none", merged=False),
    "matrices, SUMPRODUCT": Matrices((3, 2, 1), write="sumproduct", titles="korean", dollars=True, scale="sum", eta=0.2),
    "matrices, written out": Matrices((2, 2, 1), write="explicit", titles="step", dollars=True, way="right", per_line=3),
    "matrices, three layers relu masks": Matrices((2, 3, 3, 2), hidden="relu", output="linear", mask=True, eta=0.05, titles="plain", per_line=6),
    "matrices, relu cell by cell": Matrices((3, 3, 2, 1), hidden="relu", output="linear", write="single", eta=0.05, merged=False, titles="words", bias="none"),
    "matrices, softmax": Matrices((3, 4, 3), hidden="tanh", output="softmax", loss="cross", titles="words", samples=5),
    "matrices, softmax regression": Matrices((2, 3), output="softmax", loss="cross", write="sumproduct", samples=6, way="right", titles="none"),
    "matrices, ones": Matrices((2, 2, 1), bias="ones", titles="plain", way="right"),
    "matrices, ones, cell by cell": Matrices((2, 3, 1), bias="ones", write="single", titles="words", turned=True),
    "matrices, linear regression": Matrices((2, 1), output="linear", bias="ones", loss="squared", samples=6, eta=0.1, steps=4),
    "matrices, regression W X": Matrices((3, 1), output="linear", bias="vector", upright=False, loss="half", samples=5, eta=0.1, titles="words"),
    "matrices, logistic": Matrices((3, 1), loss="bce", bias="ones", samples=8, write="sumproduct", titles="portuguese", steps=4),
    "matrices, a step a sheet": Matrices((2, 2, 1), way="sheets", once=False, titles="portuguese", separate=False),
    "matrices, a step a sheet, cells": Matrices((2, 2, 2), way="sheets", once=False, titles="korean", write="explicit", merged=False),
    "matrices, one sample": Matrices((3, 2, 2), samples=1, titles="step", bias="none"),
    "matrices, one sample W x": Matrices((2, 3, 2), samples=1, titles="words", upright=False, write="single"),
    "matrices, one step": Matrices((2, 3, 1), steps=1, titles="words", write="single", merged=False),
    "matrices, without loss": Matrices((2, 3, 1), loss_cell=False),
    "matrices, without loss, sum": Matrices((3, 2, 2), loss_cell=False, scale="sum", hidden="tanh", write="explicit", eta=0.1, turned=True),
    "matrices, momentum": Matrices((2, 2, 1), optimizer="momentum", eta=0.1, steps=4),
    "matrices, weight decay": Matrices((2, 3, 2), optimizer="decay", write="sumproduct", titles="words"),
}  # fmt: skip

_OTHERS: Mapping[str, tuple[Callable[[], Program], Manner]] = {
    "function of two variables": (programs.minimum, Manner(language="none", merged=True, steps=8)),
    "function, columns": (programs.minimum, Manner(way="columns", language="english", steps=6)),
    "regression over a table": (programs.regression_over_table, Manner(language="english", merged=True, steps=8)),
    "regression over a table, no loss": (partial(programs.regression_over_table, 6, False), Manner(language="portuguese", steps=8, rate="name")),
    "regression over a sheet": (programs.regression_over_table, Manner(language="korean", merged=True, steps=6, data="sheet")),
    "logistic over a table": (programs.logistic_over_table, Manner(language="english", merged=True, steps=6)),
    "logistic over a table, blocks": (programs.logistic_over_table, Manner(way="blocks", language="english", steps=4, data="sheet")),
    "falling rate": (programs.decaying_rate, Manner(language="german", merged=True, steps=8)),
    "two rates": (programs.two_rates, Manner(language="short", merged=True, steps=8, order="parameters first")),
    "matrix factorization": (programs.factors, Manner(language="english", merged=True, steps=6)),
    "matrix factorization, sheets": (programs.factors, Manner(way="sheets", language="none", steps=4)),
    "recurrent network": (programs.recurrent, Manner(language="english", merged=True, steps=5, order="parameters first")),
    "recurrent network, across": (programs.recurrent, Manner(way="across", language="korean", steps=4)),
    "convolution trained": (programs.kernel, Manner(language="english", merged=True, steps=6, data="linked")),
    "convolution trained, columns": (programs.kernel, Manner(way="columns", language="none", steps=5)),
    "tied autoencoder": (programs.tied, Manner(language="code", merged=True, steps=6)),
    "huber": (partial(programs.robust, "huber"), Manner(language="english", merged=True, steps=8)),
    "absolute error": (partial(programs.robust, "absolute"), Manner(language="english", steps=8)),
    "ridge": (partial(programs.robust, "ridge"), Manner(language="none", merged=True, steps=8)),
    "support vectors": (programs.hinge, Manner(language="english", merged=True, steps=8)),
    "perceptron with IF": (programs.step_rule, Manner(language="english", merged=True, steps=12, epoch=4, order="parameters first")),
    "perceptron, ±1": (partial(programs.step_rule, True), Manner(language="korean", steps=12, order="parameters first")),
    "softmax with MAX": (programs.stable_softmax, Manner(language="english", merged=True, steps=6)),
    "likelihood climbed": (programs.likelihood, Manner(language="short", merged=True, steps=6)),
    "all values rounded": (programs.rounded, Manner(language="english", merged=True, steps=6)),
    "epochs with sums": (partial(program, Net((2, 2, 1), xor=True, extras=("accuracy",))), Manner(language="english", merged=True, steps=12, epoch=4, notes=True)),
    "first step absolute": (partial(program, Net((2, 2, 1), turned=True)), Manner(language="english", steps=6, absolute=True, notes=True)),
    "rate in every row": (partial(program, Net((2, 2, 1), manner="full")), Manner(language="classic", merged=True, steps=6, rate="column")),
    "elu and softplus": (partial(program, Net((2, 2, 2), hidden="softplus", output="linear", loss="mean", eta=0.1)), Manner(language="english", merged=True, steps=5, notes=True)),
    "mean over outputs": (partial(program, Net((2, 3, 2), hidden="elu", loss="mean", eta=0.5, bias="ones")), Manner(way="blocks", language="portuguese", steps=3)),
    "deep 2-2-2-2-1": (partial(program, Net((2, 2, 2, 2, 1), hidden="tanh", eta=0.3)), Manner(language="none", merged=True, steps=5)),
    "wide 2-6-1": (partial(program, Net((2, 6, 1), hidden="leaky", output="linear", eta=0.05, manner="update")), Manner(language="english", merged=True, steps=4)),
    "one neuron": (partial(program, Net((1, 1), eta=0.9, samples=1)), Manner(way="blocks", language="english", steps=6, above=True)),
    "1-1-1": (partial(program, Net((1, 1, 1), samples=1, manner="full")), Manner(language="english", steps=6)),
    "one step, columns": (partial(program, Net((2, 2, 2), samples=1, manner="full")), Manner(way="columns", language="english", steps=1)),
    "one step, no loss": (partial(program, Net((2, 2, 1), loss_cell=False)), Manner(way="blocks", language="none", steps=1)),
}  # fmt: skip


def scaled(name: str, steps: int) -> Plan:
    """A layout with so many steps; not of those with several networks, or a mess."""
    if name in _MATRICES:
        return place_matrices(replace(_MATRICES[name], steps=steps), name)
    made, manner = (
        (program(_SCALAR[name][0]), _SCALAR[name][1]) if name in _SCALAR else (_OTHERS[name][0](), _OTHERS[name][1])
    )
    return place(made, replace(manner, steps=steps), name)


def _two_networks() -> Plan:
    """Two networks in one sheet that have nothing to do with each other, and a third in another one."""
    plan = place(
        program(Net((2, 2, 1), seed=1)), Manner(merged=True, steps=5, language="english"), "two networks in a sheet"
    )
    right = max(column for _, _, column in plan.cells) + 5
    place(
        program(Net((1, 2, 1), hidden="tanh", output="linear", eta=0.1)),
        Manner(merged=True, steps=5, language="english", corner=(4, right)),
        "",
        plan,
    )
    place(programs.likelihood(), Manner(steps=4, language="german"), "", plan)
    return plan


def _factor() -> Plan:
    plan = place(programs.without_two(), Manner(language="english", merged=True, steps=8), "right up to a factor")
    plan.expected = "right up to a factor"
    return plan


def _scalar(name: str) -> Callable[[], Plan]:
    net, manner = _SCALAR[name]
    return lambda: place(program(net), manner, name)


def _other(name: str) -> Plan:
    make, manner = _OTHERS[name]
    plan = place(make(), manner, name)
    plan.rounding = 0.05 if "rounded" in name else plan.rounding
    return plan


LAYOUTS: dict[str, Callable[[], Plan]] = {name: _scalar(name) for name in _SCALAR}
"""Layout → what makes its right sheet."""
LAYOUTS |= {name: partial(place_matrices, net, name) for name, net in _MATRICES.items()}
LAYOUTS |= {name: partial(_other, name) for name in _OTHERS}
LAYOUTS["right up to a factor"] = _factor
LAYOUTS["two networks in a sheet"] = _two_networks
LAYOUTS |= MESSY
LAYOUTS |= TRAINED
