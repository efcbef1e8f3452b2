"""The public sheets by their names; those that are judged wrongly today are kept apart."""

from __future__ import annotations

from collections.abc import Callable

from tests.walkthroughs.plan import Plan
from tests.walkthroughs.public.boards import BOARDS
from tests.walkthroughs.public.descent import DESCENT
from tests.walkthroughs.public.dynamics import DYNAMICS
from tests.walkthroughs.public.gates import GATES
from tests.walkthroughs.public.habits import HABITS
from tests.walkthroughs.public.hidden import HIDDEN
from tests.walkthroughs.public.lines import LINES
from tests.walkthroughs.public.mazur import CLASSIC
from tests.walkthroughs.public.sequences import SEQUENCES
from tests.walkthroughs.public.still import STILL

Sheets = dict[str, Callable[[], Plan]]

OPEN = {
    "public: Elman, truncated": "nothing to judge: the context units look like parameters",
}
"""Sheet → how it is judged wrongly today. The score includes these, the tests do not."""


def by_name(makes: tuple[Callable[[], Plan], ...]) -> Sheets:
    """Layout → what makes its sheet."""
    return {make().layout: make for make in makes}


_TRAINED = by_name((*GATES, *LINES, *CLASSIC, *HIDDEN, *BOARDS, *DESCENT, *SEQUENCES, *HABITS))
_STILL = by_name((*STILL, *DYNAMICS))

TRAINED: Sheets = {name: make for name, make in _TRAINED.items() if name not in OPEN}
STANDING_STILL: Sheets = {name: make for name, make in _STILL.items() if name not in OPEN}
UNSETTLED: Sheets = {name: make for name, make in {**_TRAINED, **_STILL}.items() if name in OPEN}
