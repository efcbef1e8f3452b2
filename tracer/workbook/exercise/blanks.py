"""What an exercise leaves for a student to fill in."""

from __future__ import annotations

from tracer.model.system import FORWARD_PASS, Phase

BLANKS: dict[str, frozenset[Phase]] = {
    "forward": frozenset(FORWARD_PASS),
    "backward": frozenset({Phase.BACKWARD, Phase.BATCH}),
    "updates": frozenset({Phase.OPTIMIZER, Phase.PARAMETER}),
    "all": frozenset(Phase) - {Phase.DATA},
}
"""The computed cells of these phases."""
