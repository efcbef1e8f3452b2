"""The language of formulas: trees, the grammar, derivatives, values, notations."""
