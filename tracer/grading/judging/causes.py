"""Why cells are wrong, or how their values were entered: a machine-readable name, its parts, a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Part = str | float
"""A part of a cause: a quantity, a formula, a cell, words; or a number."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause as a value.

    slip: its machine-readable name, in snake_case. sentence: what a person reads. parts: what the sentence says of this
    table in particular, by name.
    """

    slip: str
    sentence: str
    parts: Mapping[str, Part] = field(default_factory=dict, hash=False)

    def respelled(self, spell: Callable[[str], str]) -> Cause:
        """The cause with every text respelled."""
        parts = {key: spell(part) if isinstance(part, str) else part for key, part in self.parts.items()}
        return Cause(self.slip, spell(self.sentence), parts)


SENTENCES: Mapping[str, str] = {
    # given numbers
    "first_value_differs": "{found:.15g} is typed here, but the config starts with {expected:.15g}",
    "sample_differs": "{found:.15g} is typed here, but the config has {expected:.15g}",
    "filled_as_series": "filled as a series: {start}, …",
    "differs_from_other_rows": "differs from the other rows",
    "differs_from_copies": "the formula differs from those around it, which are copies of each other",
    "rows_differ_from_others": "differs from the other rows in {rows} of {of} rows",
    # the table as a whole
    "label_contradicts_updates": "the {label} says {expected:g}, but all updates use {found:.6g}",
    "headers_swapped": "the headers of {one} and {other} are swapped",
    "row_repeated": "the row repeats the previous one: no weight is updated",
    "rows_repeated": "{rows} rows repeat the previous one: no weight is updated",
    "other_loss": "right for the {followed} {formula}; for the {shown} that the sheet computes, {change}",
    # cells of an exercise
    "not_filled_in": "not filled in",
    "copied_from_key": "copied: the formula refers to the worked sheet",
    "follows_from_wrong": "consistent with your {whose}, which {verb} wrong",
    "follows_from_own": "consistent with your own cells, which are not exactly the key's",
    # formulas and values
    "subtracted_from_itself": "a cell is subtracted from itself",
    "typed_over_formula": "a typed constant is used instead of a formula",
    "typed_value_unexplained": "a typed value that does not follow from its row; the column's other values are correct",
    "constant_for_formula": "the constant {found:g} is used instead of a formula",
    "changed_within_batch": "must not change within a batch",
    "outdated_value": "the formula is correct, but its stored value is outdated: recalculate the sheet",
    "multiplied": "the correct value times {factor:.6g}",
    "offset": "the correct value plus {offset:.6g}",
    "formula_of_another_quantity": "this is the {what} of {quantity}{where}",
    "other_rate_in_all_updates": "from row {row} on, all updates use {found:g} for η; those before use {expected:g}",
    "rate_reference_slides": "the reference to η slides down with the rows; it should be fixed as {fixed}: {where}",
    "reference_frozen": "always {whose}: the reference {references} does not move down with the rows",
    "references_frozen": "always {whose}: the references {references} do not move down with the rows",
    # formulas that are compared as they are written
    "reference_slides": "the reference to {what} moves along when the formula is copied; it should be fixed as {fixed}",
    "reference_stuck": "the reference {found} is fixed; it should move along when the formula is copied",
    "range_short": "the range {found} leaves out {missing}",
    "range_long": "the range {found} includes {extra}, which does not belong in it",
    "mask_missing": "the relu mask {missing} is left out",
    "derivative_of_sigmoid": "the derivative of the sigmoid is used instead of {expected}",
    "minus_for_plus": "− is used instead of + before {after}",
    "minus_for_times": "− is used instead of · in {whole}",
    "wrong_step": "{found} of {which} step is used instead of {expected}",
    "wrong_quantities": "{found} are used instead of {expected}",
    "factors_missing": "the factors {missing} are missing",
    "single_term": "only {found} is used instead of {expected}",
    "complement_missing": "1 − is missing before {part}",
    "extra_term": "an extra term {term}",
    "extra_division": "an extra division by {divisor}",
    "extra_exponent": "an extra exponent {exponent} of {base}",
    "extra_function": "an extra {function} of {argument}",
    "wrong_function": "{found} is used instead of {expected}",
    "transposed": "{matrix} is transposed, but should not be",
    "not_transposed": "{matrix} is not transposed",
    # cells without a value
    "error_value": "an error is typed instead of a value",
    "error_shown": "the cell shows {error}",
    "error_in_formula": "the cell shows an error: {reason}",
    "error_unexplained": "the cell shows an error although the other cells of its row have values",
    "circular_reference": "circular reference: {cells}",
    "not_computed": "{reason}",
    "no_number": "text, not a number",
    # how right values came there
    "pasted": "pasted: consistent",
    "pasted_rounded": "pasted, {how}: consistent",
    "rounded_by_formula": "rounded by its formula: consistent",
    "rounded_as_computed": "every value is rounded to {decimals} decimals as it is computed: consistent",
    "e_typed": "e is typed with {decimals} decimals: consistent",
    "factor_in_all_updates": "all updates are right up to one factor: they use {factor:.6g} for η: consistent",
    "other_labeled_rate": "the learning rate is {rate:g}, as {cell} says: consistent",
}
"""Sentences of the causes that are found without a search for slips: name → template."""


def cause_of(slip: str, **parts: Part) -> Cause:
    """The cause of that name, from its row in `SENTENCES`."""
    named = {key: part.strip() if isinstance(part, str) else part for key, part in parts.items() if part != ""}
    return Cause(slip, SENTENCES[slip].format(**parts), named)
