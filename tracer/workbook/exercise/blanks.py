"""What an exercise leaves for a student to fill in."""

from __future__ import annotations

from tracer.model.system import Phase

BLANKS: dict[str, frozenset[Phase]] = {
    "forward": frozenset({Phase.FORWARD, Phase.LOSS}),
    "backward": frozenset({Phase.BACKWARD, Phase.BATCH}),
    "updates": frozenset({Phase.OPTIMIZER, Phase.PARAMETER}),
    "all": frozenset(Phase) - {Phase.DATA},
}
"""The computed cells of these phases."""
