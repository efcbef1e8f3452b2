"""The section of a config for the update rule: an entry of the table, or a rule of the user's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracer.config.choices import formula, place_of, with_caret
from tracer.config.sections.reading import Reader
from tracer.config.yamlfile import Place
from tracer.errors import nearest
from tracer.formulas.tree import names
from tracer.model.experiment import Choice
from tracer.tables.optimizers import BEFORE, OPTIMIZERS, VARIABLES, Optimizer
from tracer.tables.settings import Setting

OWN = "own rule"
"""What a rule of the user's own is called."""


@dataclass(slots=True)
class OptimizerReader(Reader):
    """Reads which rule updates the parameters."""

    def optimizer(self) -> tuple[Choice, Optimizer]:
        """The choice of an optimizer, and its rule."""
        value = self.config["optimizer"]
        if isinstance(value, dict):
            return self._own_rule(value)
        chosen = value or Choice(next(iter(OPTIMIZERS)))
        return chosen, OPTIMIZERS[chosen.name]

    def _own_rule(self, value: Mapping[str, Any]) -> tuple[Choice, Optimizer]:
        """The rule that its formulas describe."""
        settings, states, start = (value[key] or {} for key in ("settings", "states", "start"))
        named = (("settings", "a setting", [*settings]), ("states", "a state", [*states]))
        self.unique_names((("optimizer", key), what, known) for key, what, known in named)
        self.check_known(("optimizer", "start"), start, states, "a state")
        known = [*VARIABLES, *states, *(state + BEFORE for state in states), *settings]
        written = {name: self._formula(text, ("optimizer", "states", name), known) for name, text in states.items()}
        update = self._formula(value["update"], ("optimizer", "update"), known)
        rule = Optimizer(update, "the config", written, {n: Setting(x) for n, x in settings.items()}, start)
        return Choice(OWN, tuple(settings.items())), rule

    def _formula(self, text: str | None, place: Place, known: Sequence[str]) -> str:
        """A formula of the rule; `p` if it is invalid."""
        expression = formula(text, place, self.document) if text else None
        if text is None or expression is None:
            return "p"
        for name in dict.fromkeys(name.name for name in names(expression) if name.name not in known):
            hint = nearest(name, known) or f" It may use {', '.join(known)}."
            what = f"the formula has an unknown '{name}'.{hint}"
            self.problem(place, with_caret(what, text, place_of(name, text)))
        return text
