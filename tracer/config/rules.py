"""The form of an update rule of the user's own, in formulas."""

from __future__ import annotations

import re
from typing import Any

from tracer.config.choices import formula_pattern
from tracer.config.forms import RESERVED, Case, Identifier, Named, Number, Text
from tracer.config.records import Field, Record
from tracer.formulas.symbols import CONSTANTS
from tracer.tables.optimizers import BEFORE, OPTIMIZERS, VARIABLES
from tracer.tables.synonyms import SAME

EXAMPLE = '{states: {v: "beta*v + (1-beta)*g"}, update: "p - eta*v", settings: {beta: 0.9}}'
_USES_ETA = formula_pattern(("eta",))
_NAME = Identifier(RESERVED | frozenset(VARIABLES) | CONSTANTS.keys(), BEFORE)


def _rule(formula: Text) -> Record:
    """The record of a rule whose formulas have this form."""
    numbers = Named(Number(), "give numbers by name, such as {beta: 0.9}", _NAME, least=0)
    states = Named(formula, f"give formulas by name, as in {EXAMPLE}", _NAME, least=0)
    return Record({
        "states": Field("The states of a parameter, computed in this order: {v: beta*v + g}.", states, default={}),
        "update": Field("The next value of a parameter p, with its gradient g.", formula, required=True),
        "settings": Field("The constants of the formulas: {beta: 0.9}.", numbers, default={}),
        "start": Field("The initial values of states that do not start at 0.", numbers, default={}),
    }, "rule", EXAMPLE)  # fmt: skip


RULE = _rule(Text(r"\S", "is not a formula"))


def is_rule(value: Any) -> bool:
    """Whether the value describes an update rule instead of naming one."""
    if not isinstance(value, dict) or not any(key in value for key in RULE.fields):
        return False
    return "name" not in value or ("update" in value and value["name"] not in [*OPTIMIZERS, *SAME["optimizer"]])


def _uses_no_rate(value: Any) -> bool:
    """Whether the value describes a rule in which no formula uses eta."""
    if not is_rule(value):
        return False
    states = value.get("states")
    formulas = [value.get("update"), *(states.values() if isinstance(states, dict) else ())]
    return not any(isinstance(formula, str) and re.search(_USES_ETA, formula) for formula in formulas)


WITHOUT_RATE = Case(_uses_no_rate, _rule(Text(rf"^(?![\s\S]*{_USES_ETA})[\s\S]*\S", "uses eta")))
"""A rule that needs no learning rate."""
