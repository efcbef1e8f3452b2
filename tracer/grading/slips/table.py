"""The table of slips, one row each, in search order: likeliest first."""

from __future__ import annotations

from collections.abc import Iterator

from tracer.formulas.paths import nodes, put
from tracer.formulas.tree import ADD, DIV, MUL, NEG, SUB, Call, Expression, Name, Number
from tracer.grading.network.place import MEAN, SUM
from tracer.grading.sheet.spelling import quantity_of
from tracer.grading.slips.batches import all_but_one, only_one, other_divisor, other_reduction, other_rows
from tracer.grading.slips.optimizers import count_shifted, with_decay, without_corrections, without_function
from tracer.grading.slips.parentheses import without_parentheses
from tracer.grading.slips.patterns import any_of, duplicated, instead, left_out, operator
from tracer.grading.slips.quantities import another, from_row, slope_of_another, swapped, two_neighbors, typed
from tracer.grading.slips.slip import Parts, Setting, Slip
from tracer.model import naming
from tracer.model.quantity import BIASES, Quantity, Role
from tracer.tables.activations import ACTIVATIONS

Edited = Iterator[tuple[Expression, Parts]]


def _is_rate(part: Expression) -> bool:
    return isinstance(part, Name) and part.name == naming.ETA


def _is_half(part: Expression) -> bool:
    return part == Number(0.5)


def _meant(part: Expression) -> Quantity | None:
    return quantity_of(part.name) if isinstance(part, Name) else None


def _is_slope(part: Expression) -> bool:
    quantity = _meant(part)
    return quantity is not None and quantity.of is not None and quantity.of.role is Role.ACTIVATION


def _is_bias(part: Expression) -> bool:
    quantity = _meant(part)
    return quantity is not None and quantity.role in BIASES


def _is_plain(part: Expression) -> bool:
    """Whether a factor has no specific slip for its omission."""
    return not (_is_rate(part) or _is_half(part) or _is_slope(part))


def _nothing(right: Expression, setting: Setting) -> Edited:
    if isinstance(right, Name):
        yield Number(0.0), {"missing": right}


def _negated(right: Expression, setting: Setting) -> Edited:
    yield Call(NEG, (right,)), {}


def _part_negated(right: Expression, setting: Setting) -> Edited:
    for path, node in nodes(right):
        is_signed = isinstance(node, Number) or (isinstance(node, Call) and node.function in (SUB, NEG))
        if path and not is_signed:
            yield put(right, path, Call(NEG, (node,))), {"flipped": node}


def _multiplied(right: Expression, setting: Setting) -> Edited:
    for factor in (0.5, 2.0, 0.25, 4.0):
        yield Call(MUL, (Number(factor), right)), {"factor": factor}


def _rate_multiplied(right: Expression, setting: Setting) -> Edited:
    for path, node in nodes(right):
        for factor in (0.5, 2.0) if _is_rate(node) else ():
            yield put(right, path, Call(MUL, (Number(factor), node))), {"factor": factor, "rate": node}


def _other_number(right: Expression, setting: Setting) -> Edited:
    for path, node in nodes(right):
        if isinstance(node, Number):
            for other in (0.5, 1.0, 2.0, 3.0, 0.0, *setting.numbers):
                if other != node.value:
                    yield put(right, path, Number(other)), {"found": Number(other), "expected": node.value}


def _other_activation(right: Expression, setting: Setting) -> Edited:
    for path, node in nodes(right):
        if isinstance(node, Call) and node.function.parameters == ("z",) and len(node.args) == 1:
            for name, activation in ACTIVATIONS.items():
                if name != node.function.name:
                    other = Call(activation.function(name), node.args)
                    yield put(right, path, other), {"found": name, "expected": node.function.name}


BATCH = (
    Slip("sum_instead_of_mean",
         "the sum of {quantity} is used instead of the mean: the division by the batch size is missing",
         "mean(g1)", "sum(g1)", other_reduction(MEAN, SUM)),
    Slip("mean_instead_of_sum", "the mean of {quantity} is used instead of the sum",
         "sum(g1)", "mean(g1)", other_reduction(SUM, MEAN)),
    Slip("wrong_divisor", "the sum of {quantity} is divided by {divisor}, not by the batch size",
         "mean(g1)", "sum(g1)/7", other_divisor),
    Slip("sample_left_out", "the {which} sample of the batch is left out of {quantity}{divided}",
         "mean(g1)", "(g1 + g1[+1])/2", other_rows(all_but_one)),
    Slip("row_of_next_batch", "a row of the next batch is included in {quantity}{divided}",
         "mean(g1)", "(g1 + g1[+1] + g1[+2] + g1[+3])/4", other_rows(lambda lags: iter([("", [*lags, lags[-1] - 1])]))),
    Slip("row_of_previous_batch", "a row of the previous batch is included in {quantity}{divided}",
         "mean(g1)", "(g1[−1] + g1 + g1[+1] + g1[+2])/4", other_rows(lambda lags: iter([("", [lags[0] + 1, *lags])]))),
    Slip("rows_too_low", "the rows of {quantity} start one row too far down",
         "mean(g1)", "(g1[+1] + g1[+2] + g1[+3])/3", other_rows(lambda lags: iter([("", [lag - 1 for lag in lags])]))),
    Slip("rows_too_high", "the rows of {quantity} start one row too far up",
         "mean(g1)", "(g1[−1] + g1 + g1[+1])/3", other_rows(lambda lags: iter([("", [lag + 1 for lag in lags])]))),
    Slip("single_sample", "only sample {which} of the batch is used for {quantity}{divided}",
         "mean(g1)", "g1[+1]", other_rows(only_one)),
)  # fmt: skip

MISSING = (
    Slip("bias_correction_missing", "the bias correction is missing: the division by {missing}",
         "m_w1/(1 − beta1^k)", "m_w1", without_corrections),
    Slip("learning_rate_missing", "{missing} is missing",
         "w1[−1] − η·g1[−1]", "w1[−1] − g1[−1]", left_out(MUL, _is_rate)),
    Slip("half_missing", "the factor ½ is missing",
         "0.5·(t1 − a_o1)^2", "(t1 − a_o1)^2", left_out(MUL, _is_half)),
    Slip("activation_slope_missing", "the activation's derivative {missing} is missing",
         "(a_o1 − t1)·a_o1·(1 − a_o1)·a_h1", "(a_o1 − t1)·a_h1",
         any_of(left_out(MUL, _is_slope), instead("a*(1 - a)", None, "missing"))),
    Slip("factor_missing", "the factor {missing} is missing",
         "(a_o1 − t1)·w5·i1", "(a_o1 − t1)·i1", left_out(MUL, _is_plain)),
    Slip("bias_missing", "the bias {missing} is missing",
         "w1·i1 + b1", "w1·i1", left_out(ADD, _is_bias)),
    Slip("term_missing", "the term {missing} is missing",
         "w1·i1 + w2·i2", "w1·i1",
         any_of(left_out(ADD, lambda part: not _is_bias(part)),
                instead("kept - missing", "kept"), instead("missing - kept", "kept"))),
    Slip("division_missing", "the division by {missing} is missing",
         "(E1 + E2)/t1", "E1 + E2", instead("kept/missing", "kept")),
    Slip("function_missing", "the {function} of {argument} is missing", "w1/sqrt(E1)", "w1/E1", without_function),
    Slip("exponent_missing", "the exponent {missing} of {base} is missing",
         "(t1 − a_o1)^2", "t1 − a_o1", instead("base^missing", "base")),
    Slip("quantity_missing", "{missing} is missing", "w1[−1]", "0", _nothing),
)  # fmt: skip

INDICES = (
    Slip("activation_slope_of_another_neuron", "{found} is used instead of {expected} in the activation's derivative",
         "w5·a_h2·(1 − a_h2)·a_h2", "w5·a_h1·(1 − a_h1)·a_h2", slope_of_another),
    Slip("wrong_index", "{found} is used instead of {expected}{where}",
         "w1·i1 + w2·i2", "w1·i1 + w2·i1", another(neighbor=True)),
)  # fmt: skip

SIGNS = (
    Slip("plus_for_minus", "+ is used instead of − before {after}",
         "w1 − η·g1", "w1 + η·g1", instead("before - after", "before + after")),
    Slip("sign_flipped", "the sign is flipped", "E1 + E2", "−(E1 + E2)", _negated),
    Slip("sign_of_part_flipped", "the sign of {flipped} is flipped", "E1 + E2", "E1 + −E2", _part_negated),
    Slip("minus_missing", "the minus sign before {part} is missing",
         "1/(1 + exp(−h1))", "1/(1 + exp(h1))", instead("-part", "part")),
    Slip("difference_reversed", "{first} and {second} are swapped: the sign is flipped",
         "(a_o1 − t1)·w5", "(t1 − a_o1)·w5", instead("first - second", "second - first")),
)  # fmt: skip

ROWS = (
    Slip("count_shifted", "{found} is used instead of {expected}",
         "m_w1/(1 − beta1^k)", "m_w1/(1 − beta1^(k − 1))", count_shifted),
    Slip("previous_row", "takes {quantities} from the previous {unit}", "w5·g1", "w5[−1]·g1", from_row(1)),
    Slip("next_row", "takes {quantities} from the next {unit}", "w5·g1", "w5[+1]·g1", from_row(-1)),
    Slip("two_rows_above", "takes {quantities} from two {unit}s before", "w5·g1", "w5[−2]·g1", from_row(2)),
)  # fmt: skip

PARENTHESES = (
    Slip("parentheses_missing", "parentheses are missing around {around}",
         "(a_o1 − t1)·w5", "a_o1 − t1·w5", without_parentheses),
    Slip("term_under_root", "{term} is under the root of {radicand}, not beside it",
         "w1/(sqrt(E1) + eps)", "w1/sqrt(E1 + eps)", instead("sqrt(radicand) + term", "sqrt(radicand + term)")),
    Slip("term_beside_root", "{term} is beside the root of {radicand}, not under it",
         "w1/sqrt(E1 + eps)", "w1/(sqrt(E1) + eps)", instead("sqrt(radicand + term)", "sqrt(radicand) + term")),
    Slip("exponent_of_product", "the exponent {exponent} of {base} is applied to the whole product",
         "0.5·(t1 − a_o1)^2", "(0.5·(t1 − a_o1))^2", instead("factor*base^exponent", "(factor*base)^exponent")),
    Slip("exponent_of_difference", "the exponent {exponent} of {base} is applied to the whole difference",
         "1 − a_h1^2", "(1 − a_h1)^2", instead("first - base^exponent", "(first - base)^exponent")),
)  # fmt: skip

SWAPPED = (
    Slip("quantities_swapped", "{one} and {other} are swapped",
         "w5·a_h1 + w6·a_h2", "w6·a_h1 + w5·a_h2", swapped),
)  # fmt: skip

NUMBERS = (
    Slip("extra_factor", "an extra factor {factor}", "w5·a_h1", "2·(w5·a_h1)", _multiplied),
    Slip("extra_factor_on_learning_rate", "an extra factor {factor} on {rate}",
         "w1 − η·g1", "w1 − 0.5·η·g1", _rate_multiplied),
    Slip("wrong_number", "{found} is used instead of {expected}",
         "1 − a_h1^2", "1 − a_h1^3", _other_number),
)  # fmt: skip

TWICE = (
    Slip("factor_duplicated", "the factor {duplicated} appears twice", "w5·a_h1", "w5·a_h1·a_h1", duplicated(MUL)),
    Slip("term_duplicated", "the term {duplicated} appears twice", "E1 + E2", "E1 + E2 + E2", duplicated(ADD)),
)  # fmt: skip

FUNCTIONS = (
    Slip("derivative_of_tanh", "the derivative of tanh is used instead of {expected}",
         "w5·a_h1·(1 − a_h1)", "w5·(1 − a_h1^2)", instead("a*(1 - a)", "1 - a^2", "expected")),
    Slip("wrong_activation", "{found} is used instead of {expected}", "sigmoid(h1)", "tanh(h1)", _other_activation),
)  # fmt: skip

UNLIKELY = (
    Slip("typed_constant", "the constant {found} is used instead of {expected}", "w5·a_h1", "w5·0.517", typed),
    Slip("wrong_quantity", "{found} is used instead of {expected}{where}", "w5·a_h1", "w5·t1", another(neighbor=False)),
    Slip("two_wrong_indices", "{found} and {also_found} are used instead of {expected} and {also_expected}",
         "g1·w5 + g2·w7", "g1·w6 + g2·w8", two_neighbors),
    Slip("plus_for_times", "+ is used instead of · in {whole}", "w1·i1", "w1 + i1", operator(MUL, ADD)),
    Slip("times_for_plus", "· is used instead of + in {whole}", "E1 + E2", "E1·E2", operator(ADD, MUL)),
    Slip("times_between_two_terms", "· is used instead of + between {first} and {second}",
         "E1 + E2 + E3", "E1·E2 + E3", instead("first + second", "first*second")),
    Slip("division_for_times", "/ is used instead of · in {whole}", "w1·i1", "w1/i1", operator(MUL, DIV, 2)),
    Slip("times_for_division", "· is used instead of / before {divisor}",
         "E1/t1", "E1·t1", instead("kept/divisor", "kept*divisor")),
    Slip("weight_decay_coupled", "the weight decay of {parameter} is added to {gradient}",
         "(1 − beta1)·g1", "(1 − beta1)·(g1 + weight_decay·w1)", with_decay),
    Slip("look_ahead_missing", "{kept} alone is used instead of {whole}",
         "w1 − η·(g1 + momentum·v_w1)", "w1 − η·v_w1", instead("first + factor*kept", "kept", "whole")),
)  # fmt: skip

SLIPS: tuple[Slip, ...] = (
    *BATCH, *MISSING, *INDICES, *SIGNS, *ROWS, *PARENTHESES, *SWAPPED, *NUMBERS, *TWICE, *FUNCTIONS, *UNLIKELY,
)  # fmt: skip
"""In the order of the search for a single slip."""
IN_PAIRS: tuple[Slip, ...] = (
    *INDICES, *BATCH, *MISSING, *SIGNS, *ROWS, *PARENTHESES, *NUMBERS, *SWAPPED,
)  # fmt: skip
"""In the order of the search for two slips at once."""
