"""A walk in progress: what each key does and what is shown next. It knows nothing of terminals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from tracer.charts.screen import layout, picture
from tracer.charts.screen.canvas import Row, Span, to_ascii
from tracer.columns import columns, cut, wrapped
from tracer.execution.progress import Progress
from tracer.explain.lesson import asked
from tracer.explain.stop import Stop, spots, stop_of
from tracer.explain.walk import Place, Walk
from tracer.explain.words import stopped
from tracer.formulas.notation import shortest
from tracer.formulas.tree import distinct
from tracer.model import naming
from tracer.model.experiment import Experiment
from tracer.model.typography import typeset

HELP = (
    ("Space → n Enter", "next equation"),
    ("← b Backspace", "the one before"),
    ("↓ p", "next block"),
    ("↑ P", "beginning of the block, the block before"),
    ("i PgDn", "next iteration, same equation"),
    ("I PgUp", "iteration before"),
    ("Home End", "first, last equation of the iteration"),
    ("e E", "another learning rate"),
    ("s S", "another sample"),
    ("g", "go to a quantity (w5, dE/dw5, a_h1), an iteration (30), a sample (sample 2)"),
    ("a", "go on by itself; any key pauses"),
    ("?", "this help"),
    ("q Ctrl-C Ctrl-D", "quit"),
)
"""The keys, and what they do."""
KEYS = {
    "n": ("→", "next"), "b": ("←", "back"), "p": ("↓", "block"), "i": ("i", "iteration"), "e": ("e", naming.ETA),
    "s": ("s", "sample"), "g": ("g", "go to"), "?": ("?", "help"), "q": ("q", "quit"),
}  # fmt: skip
"""The keys of the last line: each with its sign, where that can be shown, and its word."""
LEAST_HINTS = 3
"""Keys in the last line: going to, help, quitting."""
LONGEST = 20_000
"""Characters of a printed line."""
QUESTION = " Go to (a quantity, an iteration, sample 2): "
PAUSE = 2.0
"""Seconds for an equation where it goes on by itself, unless told otherwise."""


class Interrupted(Exception):
    """Raised by a `progress` where the reader does not want to wait."""


@dataclass(slots=True)
class Session:
    """Where one is, and what is being typed or said.

    automatic: whether it goes on by itself, every `seconds`. ended: whether the reader has quit. typed: what has been
    typed of where to go; None where nothing is asked.
    """

    experiment: Experiment
    walk: Walk
    place: Place = field(default_factory=Place)
    ascii: bool = False
    automatic: bool = False
    seconds: float = PAUSE
    progress: Progress | None = None
    ended: bool = False
    typed: str | None = None
    said: str = ""
    helping: bool = False
    _names: Mapping[str, str] = field(init=False)
    _actions: Mapping[str, Callable[[], Place]] = field(init=False)

    def __post_init__(self) -> None:
        names = typeset(self.walk.system.quantities)
        self._names = {name: naming.label(name) for name in names} if self.ascii else names
        walk = self.walk
        ways: dict[str, Callable[[], Place]] = {
            "space right n enter": self._next,
            "left b backspace": lambda: walk.back(self.place),
            "down p": lambda: walk.next_block(self.place),
            "up P": lambda: walk.previous_block(self.place),
            "i pagedown": lambda: self._iteration(self.place.iteration + 1),
            "I pageup": lambda: self._iteration(self.place.iteration - 1),
            "home": lambda: replace(self.place, row=0, line=0),
            "end": lambda: [*walk.places(self.place)][-1],
            "e": lambda: self._run(1),
            "E": lambda: self._run(-1),
            "s": lambda: self._sample(1),
            "S": lambda: self._sample(-1),
        }
        self._actions = {key: action for keys, action in ways.items() for key in keys.split()}

    def begin(self, iteration: int | None, sample: int | None = None) -> None:
        """Start with an iteration and a sample, each the first one by default. Raises OutputError where the run has no
        such one."""
        batches, last = self.walk.system.batches, self.experiment.iterations
        number = asked.iteration_for(batches, iteration, sample)
        asked.check_iteration(number, last)
        found = self.walk.iteration(Place(iteration=number), self.progress)
        asked.check_iteration(number, found.number, found.divergence, found.divergence is None)
        self.place = Place(iteration=number, row=asked.row_of(found, batches, sample, last))

    # -------------------------------------------------------------------------------------------------------- the keys

    def press(self, key: str) -> None:
        """Do what a key says."""
        self.said = ""
        if key in ("ctrl-c", "ctrl-d"):
            self.ended = True
        elif self.typed is not None:
            self._type(key)
        elif self.automatic:
            self.automatic = False
            self.said = "Paused; a goes on by itself again."
        elif self.helping:
            self.helping = False
        elif key == "q":
            self.ended = True
        elif key == "?":
            self.helping = True
        elif key == "g":
            self.typed = ""
        elif key == "a":
            self.automatic = True
        elif key in self._actions:
            self._go(self._actions[key])
        else:
            self.said = "? shows the keys."

    def pass_time(self) -> None:
        """Go on by itself, to the end of the run."""
        self._go(self._next)
        if self.walk.is_last(self.place):
            self.automatic = False

    def _go(self, action: Callable[[], Place]) -> None:
        try:
            self.place = action()
        except LookupError as error:
            self.said = str(error.args[0])
        except Interrupted:
            self.said = "Stopped; the run is computed up to there when it is asked for again."

    def _type(self, key: str) -> None:
        """A key of what is being typed."""
        assert self.typed is not None
        if key == "escape" or (key == "backspace" and not self.typed):
            self.typed = None
        elif key == "backspace":
            self.typed = self.typed[:-1]
        elif key == "enter":
            text, self.typed = self.typed.strip(), None
            if text:
                self._go(lambda: self.to(text))
        else:
            self.typed += " " if key == "space" else key if len(key) == 1 else ""

    def to(self, text: str) -> Place:
        """The place that is meant by an iteration, a sample or a quantity. Raises LookupError, with a sentence."""
        word, _, rest = text.rpartition(" ")
        digits = rest.replace(",", "").replace("_", "")
        if digits.isdecimal() and word in ("", "iteration", "sample"):
            number = int(digits[:18])
            return self._to_sample(number) if word == "sample" else self._iteration(number)
        return self.walk.to_quantity(self.place, text)

    def _next(self) -> Place:
        if self.walk.is_last(self.place):
            raise LookupError(self._end())
        return self.walk.next(self.place)

    def _iteration(self, number: int) -> Place:
        if number < 1:
            raise LookupError("The run begins with iteration 1.")
        at = self.walk.to_iteration(self.place, number, self.progress)
        if at.iteration < number:
            self.said = self._end(at)
        return at

    def _run(self, by: int) -> Place:
        count = len(self.walk.runs)
        if count == 1:
            raise LookupError("The config has a single run; --learning-rate, repeated, gives several.")
        wanted = self.place.iteration
        at = self.walk.to_run(self.place, (self.place.run + by) % count, self.progress)
        if at.iteration < wanted:
            self.said = self._end(at)
        return at

    def _sample(self, by: int) -> Place:
        count = self.walk.system.batches.samples
        if count == 1:
            raise LookupError("The config has a single sample.")
        return self._to_sample((self.sample - 1 + by) % count + 1)

    def _to_sample(self, number: int) -> Place:
        return self.walk.to_sample(self.place, number, self.progress)

    def _end(self, place: Place | None = None) -> str:
        """A sentence on the end of the run."""
        place = place or self.place
        found = self.walk.iteration(place)
        if found.divergence:
            return stopped(found.divergence)
        if place.iteration < self.experiment.iterations:
            return f"The run ends here, in iteration {place.iteration:,}: the condition until is met."
        return f"The run ends here, with iteration {place.iteration:,}."

    # ------------------------------------------------------------------------------------------------- what is shown

    @property
    def sample(self) -> int:
        """The sample of the place, from 1."""
        return self.walk.iteration(self.place).samples[self.walk.row(self.place)]

    def heading(self) -> layout.Heading:
        """Where one is."""
        walk, place = self.walk, self.place
        run = walk.runs[place.run]
        where = [self.experiment.name]
        if run.hyper:
            several = f" ({place.run + 1} of {len(walk.runs)})" if len(walk.runs) > 1 else ""
            where.append(", ".join(f"{naming.label(n)} = {shortest(v)}" for n, v in run.hyper.items()) + several)
        where.append(f"iteration {place.iteration:,} of {run.last:,}")
        if walk.system.several_samples:
            rows = len(walk.iteration(place).rows)
            of_batch = f" ({walk.row(place) + 1} of {rows} in the batch)" if rows > 1 else ""
            together = rows > 1 and place.line >= walk.of_sample
            where.append(f"all {rows} of the batch" if together else f"sample {self.sample:,}{of_batch}")
        titles = tuple(block.title for block in walk.blocks)
        return layout.Heading(tuple(where), titles, walk.block_of[place.line])

    def picture(self, width: int, height: int) -> list[Row]:
        """The picture of the place."""
        walk, place = self.walk, self.place
        line = walk.lines[place.line]
        names = [name.name for name in distinct(line.expression)]
        system = walk.system
        return picture.drawn(
            self.experiment, system, lambda name: walk.known(place, name), width, height, self.ascii,
            spots(system, line.quantity), [spot for name in names for spot in spots(system, name)],
            [line.quantity, *names], self._names,
        )  # fmt: skip

    def rows(self, width: int, height: int) -> list[Row]:
        """The screen in so many columns and rows."""
        if problem := layout.too_small(width, height):
            lines = wrapped(f"{problem} q quits.", max(width, 1))
            rows: list[Row] = [(Span(line),) for line in lines[: max(height, 1)]]
        elif self.helping:
            rows = self._help(width, height)
        else:
            stop = self._stop(self.place)
            rows = layout.laid_out(self.heading(), stop, self.picture, self._foot(width), width, height)
        return to_ascii(rows, width) if self.ascii else rows

    def printed(self, width: int) -> Iterator[list[Row]]:
        """The steps of the iteration from the place on, where there is no screen."""
        for place in self.walk.places(self.place):
            if self.walk.index(place) >= self.walk.index(self.place):
                self.place = place
                rows = layout.printed(self._stop(place), self.heading(), width)
                yield to_ascii(rows, LONGEST) if self.ascii else rows

    def _stop(self, place: Place) -> Stop:
        stop = stop_of(self.walk, place, self._names, self.experiment.optimizer.name)
        return stop.respelled(naming.to_ascii) if self.ascii else stop

    def _foot(self, width: int) -> Row:
        if self.typed is not None:
            room = width - len(QUESTION) - 1
            tail = self.typed if columns(self.typed) <= room else self.typed[-room:]
            return Span(QUESTION, "head"), Span(tail), Span(" ", "current")
        if self.said:
            return (Span(cut(f" {self.said}", width), "problem"),)
        if self.automatic:
            return (Span(f" Going on every {shortest(self.seconds)} s; any key pauses.", "head"),)
        return (Span(cut(f" {'  '.join(self._hints(width - 2))}", width), "dim"),)

    def _hints(self, width: int) -> list[str]:
        """As many keys as fit, always with the last ones."""
        usable = {"e": len(self.walk.runs) > 1, "s": self.walk.system.several_samples}
        shown = {key: hint for key, hint in KEYS.items() if usable.get(key, True)}
        hints = [f"{key if self.ascii else sign} {word}" for key, (sign, word) in shown.items()]
        while len("  ".join(hints)) > width and len(hints) > LEAST_HINTS:
            del hints[-LEAST_HINTS - 1]
        return hints

    def _help(self, width: int, height: int) -> list[Row]:
        rows: list[Row] = [(Span(" Keys".ljust(width), "title"),), ()]
        rows += [(Span(f"  {keys:<17}", "head"), Span(cut(text, width - 19))) for keys, text in HELP]
        legend = [layout.SAID_OF_GRADIENTS, "In the picture · is a number that is not computed yet."]
        if len(rows) + 4 <= height:
            rows += [(), *((Span(f"  {cut(text, width - 3)}", "dim"),) for text in legend)]
        return [*rows[: height - 1], *[()] * (height - 1 - len(rows)), (Span(" Any key goes on.", "dim"),)]
