"""How quantities are written in equations that are shown, as in a textbook: h₁, w₁₂, β₁. Nothing reads it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tracer.model.naming import UNICODE, Alphabet, spell
from tracer.model.quantity import Quantity, Role

TYPOGRAPHIC = Alphabet(
    {**UNICODE.templates, Role.SETTING: "{word}"},
    digits=str.maketrans(dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉", strict=True))),
    words={"alpha": "α", "beta": "β", "eps": "ε", "rho": "ρ"},
)


def typeset(quantities: Mapping[str, Quantity]) -> dict[str, str]:
    """How quantities (name → quantity) are written in equations that are shown. Two never look alike: where they would,
    those whose name differs from that keep their name."""
    texts = {name: spell(quantity, TYPOGRAPHIC) for name, quantity in quantities.items()}
    while True:
        seen = Counter(texts.values())
        alike = {name: name for name, text in texts.items() if seen[text] > 1 and text != name}
        if not alike:
            return texts
        texts |= alike
