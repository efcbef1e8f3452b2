"""The public sheets by their names."""

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


def by_name(makes: tuple[Callable[[], Plan], ...]) -> Sheets:
    """Layout → what makes its sheet."""
    return {make().layout: make for make in makes}


TRAINED: Sheets = by_name((*GATES, *LINES, *CLASSIC, *HIDDEN, *BOARDS, *DESCENT, *SEQUENCES, *HABITS))
STANDING_STILL: Sheets = by_name((*STILL, *DYNAMICS))
