"""Small edits of single formulas that make all updates of a training right."""
