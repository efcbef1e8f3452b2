"""The tables of the terminal: nothing is cut, whatever the width."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracer.commands.table import lines

WORDS = st.lists(st.text("abcη", min_size=1, max_size=9), min_size=1, max_size=3).map(" ".join)
NUMBERS = st.text("0123456789.", min_size=1, max_size=12)


@given(data=st.data(), columns=st.integers(1, 7), width=st.integers(1, 120), ascii=st.booleans())
def test_every_cell_is_whole_and_below_its_head(data: st.DataObject, columns: int, width: int, ascii: bool) -> None:
    heads = data.draw(st.lists(WORDS, min_size=columns, max_size=columns))
    rows = data.draw(st.lists(st.lists(NUMBERS, min_size=columns, max_size=columns), max_size=4))
    shown = [line.replace("\x1b[1m", "").replace("\x1b[0m", "") for line in lines(heads, rows, width, ascii)]
    inner = shown[1:-1]
    assert len({*map(len, inner)}) == 1
    rule = next(index for index, line in enumerate(inner) if {*line} <= {*"|-+ ─"})
    parts = [line.replace("|", " ").split() for line in inner]
    assert sorted(word for part in parts[:rule] for word in part) == sorted(
        word for head in heads for word in head.split()
    )
    assert parts[rule + 1 :] == rows
    least = sum(max([*map(len, head.split()), *(len(row[n]) for row in rows)]) for n, head in enumerate(heads))
    natural = sum(max([len(head), *(len(row[n]) for row in rows)]) for n, head in enumerate(heads))
    around = 3 * (columns - 1) + 2
    assert len(inner[0]) <= max(width, least + around)
    if natural + around <= width:
        assert rule == 1
