"""The settings of an entry of a table: each with its default and the range of its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """A number that a config may set; dimensionless.

    default: its value if the config does not set it. minimum, maximum: the range, ends included; above, below: the
    range, ends excluded. Without them, any finite number is allowed.
    """

    default: float
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None

    def ends(self) -> dict[str, float]:
        """The ends of its range, as JSON Schema calls them."""
        ends = {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "exclusiveMinimum": self.above,
            "exclusiveMaximum": self.below,
        }
        return {word: end for word, end in ends.items() if end is not None}


def nonnegative(default: float) -> Setting:
    """A setting of 0 or more."""
    return Setting(default, minimum=0)


def fraction(default: float) -> Setting:
    """A setting of 0 or more and below 1."""
    return Setting(default, minimum=0, below=1)


Settings = Mapping[str, Setting]
"""Settings by their names in a config."""


def defaults(settings: Settings) -> dict[str, float]:
    """The default of every setting."""
    return {name: setting.default for name, setting in settings.items()}
