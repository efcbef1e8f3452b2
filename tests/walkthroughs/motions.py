"""Random state equations under the headers of trainings: each is moved by something, none is trained by a loss."""

from __future__ import annotations

from random import Random

from tests.walkthroughs.drafting import Column, Draft
from tests.walkthroughs.evaluator import column_name
from tests.walkthroughs.plan import Plan, chance

HEADERS = ("x", "y", "z", "price", "level", "error", "E", "loss", "t", "a", "w", "b", "h1", "out", "y_pred", "target", "v", "rate", "forecast", "MSE")  # fmt: skip
SETTINGS = ("$B$1", "$D$1", "$F$1")
TERMS = (
    "{a}",
    "{a}",
    "{a}",
    "{a}*{b}",
    "({a}-{b})",
    "{s}*{a}",
    "(1-{a})",
    "{a}^2",
    "TANH({a})",
    "1/(1+EXP(-{a}))",
    "{n}",
)
DEVIATIONS = ("({a}-{b})^2", "0.5*({a}-{b})^2", "{a}-{b}", "ABS({a}-{b})")


class _Formulas:
    """Random formulas; its state is where the random numbers are."""

    def __init__(self, source: Random) -> None:
        self.source = source

    def term(self, columns: list[str], row: str) -> str:
        a, b = (self.source.choice(columns) + row for _ in range(2))
        number = round(self.source.uniform(0.1, 3), 1)
        return self.source.choice(TERMS).format(a=a, b=b, s=self.source.choice(SETTINGS), n=number)

    def sum(self, columns: list[str], row: str) -> str:
        text = self.term(columns, row)
        for _ in range(self.source.randint(0, 2)):
            text += self.source.choice("+-*") + self.term(columns, row)
        return text

    def state(self, own: str, columns: list[str]) -> str:
        """What moves a state from the row above: by a rate, by itself, as a running mean, or as anything."""
        sign, setting = self.source.choice("+-"), self.source.choice(SETTINGS)
        ways = [
            *[f"={own}{{p}}{sign}{setting}*{self.term(columns, '{p}')}"] * 5,
            *[f"={own}{{p}}{sign}{setting}*({self.sum(columns, '{p}')})"] * 2,
            f"={own}{{p}}{sign}{self.term(columns, '{p}')}",
            f"=(1-$D$1)*{own}{{p}}+$D$1*{self.term(columns, '{p}')}",
            f"={self.sum(columns, '{p}')}",
        ]
        return self.source.choice(ways)

    def follower(self, columns: list[str]) -> str:
        """What depends on the states of its row: a deviation of two columns, or anything."""
        if len(columns) > 1 and self.source.random() < 0.35:
            a, b = self.source.sample(columns, 2)
            return "=" + self.source.choice(DEVIATIONS).format(a=a + "{r}", b=b + "{r}")
        return "=" + self.sum(columns, "{r}")


def motion(number: int) -> Plan:
    """One to four states, followers of them, perhaps two columns of data, and perhaps a mean of one of these columns."""
    source = chance("motion", number)
    formulas = _Formulas(source)
    s = Draft(f"motion {number}", expected="no finding")
    rows = source.choice((6, 10, 14))
    counts = source.randint(1, 4), source.randint(1, 5), 2 * source.randint(0, 1)
    letters = [column_name(2 + k) for k in range(sum(counts))]
    states, followers, data = (
        letters[: counts[0]],
        letters[counts[0] : counts[0] + counts[1]],
        letters[counts[0] + counts[1] :],
    )
    headers = dict(zip(letters, source.sample(HEADERS, len(letters)), strict=True))
    s.row("A1", ["dt", 0.1, "k", round(source.uniform(0.05, 0.9), 2), "c", round(source.uniform(0.1, 2), 2)])
    columns: list[Column | None] = [("n", [float(k) for k in range(rows)], "")]
    columns += [(headers[c], round(source.uniform(-1, 2), 2), formulas.state(c, letters)) for c in states]
    columns += [(headers[c], "", formulas.follower([*states, *data, *followers[:k]])) for k, c in enumerate(followers)]
    period = source.choice((4, rows))
    columns += [(headers[c], [round(source.uniform(0, 2), 2) for _ in range(period)], "") for c in data]
    s.table("A4", rows, columns)
    if source.random() < 0.5:
        c = source.choice(followers)
        s.row(
            f"{column_name(max(len(letters) + 4, 8))}1",
            ["MSE", f"={source.choice(('AVERAGE', 'SUM'))}({c}4:{c}{3 + rows})"],
        )
    return s.plan
