"""Walking through a run, without a terminal: which equations in which order, with which numbers; where keys lead."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tracer
from tests.places import BLOWS_UP, CONFIGS, WALKTHROUGH
from tracer.api import steps
from tracer.charts.screen.canvas import Row, fitted
from tracer.charts.screen.session import Session
from tracer.columns import columns
from tracer.config import Override, load
from tracer.explain.stop import stop_of
from tracer.explain.walk import Place, Walk
from tracer.formulas.tree import names
from tracer.model import naming

IRIS, XOR, LSTM = (next(path for path in CONFIGS if path.stem == stem) for stem in ("iris", "xor", "lstm"))
WIDE: dict[str, Any] = {
    "inputs": [0.1] * 12,
    "targets": [0.2, 0.3, 0.4],
    "layers": [{"neurons": 11, "activation": "tanh"}, {"neurons": 3, "activation": "sigmoid"}],
    "weights": {"init": "xavier_uniform", "seed": 1},
    "learning_rate": [0.1, 0.2],
    "iterations": 9,
}
SHUFFLED: dict[str, Any] = {
    "samples": [{"inputs": [0.1 * n, -0.2], "targets": [0.5]} for n in range(5)],
    "layers": [{"neurons": 2, "activation": "tanh"}, {"neurons": 1, "activation": "identity"}],
    "weights": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
    "order": "shuffled", "seed": 3, "update": {"batch_size": 2}, "iterations": 9,
    "optimizer": "adam", "learning_rate": "0.1 / k",
}  # fmt: skip
"""The last batch of a pass has a single row; Adam's states are what an iteration remembers."""


def session(source: Path | dict[str, Any], ascii: bool = False, **config: Any) -> Session:
    return steps(load(source, [Override((key,), value, key) for key, value in config.items()]), ascii)


def text(rows: list[Row]) -> list[str]:
    return ["".join(span.text for span in row) for row in rows]


def screen(of: Session, width: int = 80, height: int = 24) -> str:
    return "\n".join(line.rstrip() for line in text(of.rows(width, height)))


def pressed(of: Session, *keys: str) -> str:
    for key in keys:
        of.press(key)
    return screen(of)


def asked(of: Session, answer: str) -> str:
    """What is shown after going to this."""
    return pressed(of, "g", *("space" if c == " " else c for c in answer), "enter")


# ------------------------------------------------------------------------------------------------- the order of a walk


@pytest.mark.parametrize(
    "source", [*CONFIGS, SHUFFLED, WIDE], ids=lambda s: s.stem if isinstance(s, Path) else str(len(s))
)
@pytest.mark.parametrize("columns", ["full", "compact"])
def test_next_visits_every_equation_once_with_the_numbers_of_the_trace(
    source: Path | dict[str, Any], columns: str
) -> None:
    of = session(source, columns=columns, iterations=4)
    trace = tracer.run(source, columns=columns, iterations=4)
    walk, run, system = of.walk, trace.runs[0], trace.system
    place, row_before = Place(iteration=3), {}
    while place.iteration == 3:
        found = walk.iteration(place)
        first = run.batches.first_row(2)
        now = run.step(first + walk.row(place))
        line = walk.lines[place.line]
        name = naming.after_update(line.quantity) if line.is_update else line.quantity
        key = (name, place.row)
        assert key not in row_before
        row_before[key] = place
        for used in names(line.expression):  # what it uses is computed before: given, or visited
            assert (
                used.lag
                or used.name not in walk._line_of
                or any((used.name, row) in row_before for row in range(len(found.rows)))
            )
        expected = run.step(run.batches.first_row(3))[line.quantity] if line.is_update else now[line.quantity]
        assert walk.result(place) == expected
        assert walk.known(place, name) == expected
        following = walk.next(place)
        assert walk.back(following) == place
        place = following
    rows = run.batches.first_row(3) - run.batches.first_row(2)
    once = [e for e in system.equations if system.once_an_iteration(e.phase)]
    expected_count = (len(system.equations) - len(once)) * rows + len(once) + len(system.updates)
    if not system.batches.several or not once:
        expected_count = len(system.equations) * rows + len(system.updates)
    assert len(row_before) == expected_count


@given(st.lists(st.sampled_from(["n", "b", "p", "P", "i", "I", "e", "E", "s", "S", "home", "end"]), max_size=25))
@example(["p"] * 9 + ["P"] * 9)
@settings(max_examples=25)
def test_wherever_keys_lead_there_is_an_equation_and_a_whole_screen(keys: list[str]) -> None:
    for of in SESSIONS:
        of.place = Place()
        for key in keys:
            of.press(key)
            assert 0 <= of.walk.index(of.place) < of.walk.count(of.place)
        rows = of.rows(80, 24)
        assert len(rows) == 24
        assert max(columns(line) for line in text(rows)) <= 80
        stop = stop_of(of.walk, of.place, {}, "sgd")
        assert stop.result in "".join(text(rows)).replace("\n", "")


SESSIONS = [session(source, iterations=7) for source in (WALKTHROUGH, XOR, LSTM, IRIS, SHUFFLED, WIDE)]


@given(st.integers(60, 140), st.integers(15, 50), st.integers(0, 10**6), st.sampled_from(range(6)), st.booleans())
@settings(max_examples=60)
def test_a_screen_fills_any_terminal_and_never_more(width: int, height: int, at: int, number: int, ascii: bool) -> None:
    of = SESSIONS[number]
    of.place = of.walk._at(Place(), at % of.walk.count(Place()))
    of.ascii = ascii
    rows = of.rows(width, height)
    of.ascii = False
    assert len(rows) == height
    assert max(columns(line) for line in text(rows)) <= width
    assert not ascii or all(line.isascii() for line in text(rows))


# ---------------------------------------------------------------------------------------------------- what is shown


def test_the_classic_network_in_the_first_step() -> None:
    """Mazur's walkthrough has h1, o1 and ∂E/∂w5 of other targets; these are those of the shipped config by hand."""
    of = session(WALKTHROUGH, learning_rate=[0.5])
    shown = screen(of)
    assert " h₁ = w₁·i₁ + w₂·i₂\n    = 0.15·0.05 + 0.2·0.1\n    = 0.0275\n" in shown
    assert " uses     w₁ 0.15   i₁ 0.05   w₂ 0.2   i₂ 0.1\n used by  a_h₁\n" in shown
    assert "a_h₁  ·" in shown  # not known yet
    assert " I Forward  II  III  IV  V  VI " in shown
    assert "equation 1 of 39" in shown
    shown = pressed(of, "n")
    assert "a_h₁  0.50687" in shown
    shown = asked(of, "dE/dw5")
    assert " ∂E/∂w₅ = ∂E/∂o₁·a_h₁\n        = 0.0254122·0.506875\n        = 0.0128808\n" in shown
    assert "∂w₅ 0.01288" in shown  # in the place of the weight
    assert " used by  w₅ (update)\n" in shown
    shown = asked(of, "w5")
    assert " w₅ ← w₅ − η·∂E/∂w₅\n    = 0.4 − 0.5·0.0128808\n    = 0.39356\n" in shown
    assert " used by  o₁, ∂E/∂a_h₁, ∂E/∂a_h₂, w₅ (update) in the next iteration" not in shown
    assert " used by  o₁, ∂E/∂a_h₁, w₅ (update) in the next iteration" in shown
    assert "w₅  0.39356" in shown
    assert " ∂E/∂w₅ is positive, so w₅ goes down by η·0.0128808 = 0.00644041.\n" in shown
    shown = asked(of, "dE/do1")
    assert " ∂E/∂o₁ is positive, so a slightly larger o₁ would increase E.\n" in shown


def test_a_current_quantity_and_its_operands_are_pointed_out() -> None:
    of = session(WALKTHROUGH)
    asked(of, "o1")
    marked = {
        word: {span.text.split()[0] for row in of.picture(80, 12) for span in row if word in span.style.split()}
        for word in ("current", "operand")
    }
    assert marked == {"current": {"o₁"}, "operand": {"w₅", "w₆", "a_h₁", "a_h₂"}}


def test_a_batch_shows_its_samples_one_after_another_then_what_they_have_in_common() -> None:
    of = session(XOR)
    assert "sample 1 (1 of 4 in the batch)" in screen(of)
    assert "sample 2 (2 of 4 in the batch)" in pressed(of, "s")
    shown = asked(of, "dE_batch/dw5")
    assert "all 4 of the batch" in shown
    values = [tracer.run(XOR).row(1, sample)["∂E/∂w5"] for sample in (1, 2, 3, 4)]
    assert f"= mean({', '.join(f'{value:.6g}' for value in values)})".replace("-", "−") in shown
    assert "sample 1 (1 of 4 in the batch)" in pressed(of, "I", "i", "s")


def test_a_number_that_the_iteration_before_left_behind() -> None:
    of = session(SHUFFLED)
    shown = pressed(of, "i") and asked(of, "m_w1")
    before = tracer.run(SHUFFLED).runs[0].step(0)["m_w1"]
    assert f"m_w₁ before {before:.6g}".replace("-", "−") in shown


def test_a_chain_too_long_for_the_screen_is_shown_around_the_current_equation() -> None:
    chain = ["y0 = w*x", *(f"y{k} = y{k - 1}*w + x" for k in range(1, 60)), "E = (t - y59)^2"]
    config = {"inputs": {"x": 1.0}, "targets": {"t": 0.5}, "parameters": {"w": 1.0}, "learning_rate": 0.0,
              "equations": "\n".join(chain), "minimize": "E", "iterations": 2}  # fmt: skip
    shown = asked(session(config), "y40")
    assert "y₄₀ 41\n" in shown
    assert "y₄₁ ·\n" in shown
    assert "y₁₀ " not in shown


def test_names_that_are_long_or_wide_stay_within_the_screen() -> None:
    y, w, x = "y" * 30, "重み" * 9, "x" * 30
    config = {"inputs": {x: 1.0}, "targets": {"t": 0.5}, "parameters": {w: 1.0}, "learning_rate": 0.1,
              "equations": f"{y} = {w}*{x}\nE = (t - {y})^2", "minimize": "E", "iterations": 2}  # fmt: skip
    of = session(config)
    for place in of.walk.places(Place()):
        of.place = place
        for width, height in ((60, 15), (80, 24)):
            rows = of.rows(width, height)
            assert len(rows) == height
            assert max(map(columns, text(rows))) <= width
    of.place = Place()
    assert f"\n {y} =\n" in screen(of, 60, 15)  # what follows stands below a long left side


def test_in_ascii_names_are_plain() -> None:
    of = session(WALKTHROUGH, ascii=True)
    shown = asked(of, "dE/dw5")
    assert shown.isascii()
    assert " dE/dw5 = dE/do1*a_h1\n        = 0.0254122*0.506875\n" in shown


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([6, 7, 9]))
def test_a_fitted_number_has_its_width_and_as_many_digits_as_fit(value: float, width: int) -> None:
    shown = fitted(value, width)
    assert len(shown) <= width
    if 1e-99 < abs(value) < 1e99:
        assert math.isclose(float(shown.replace("−", "-")), value, rel_tol=0.06 if width > 6 else 0.6)


# ------------------------------------------------------------------------------------------------------------ going to


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("w99", "No quantity is called 'w99'. Did you mean 'w8'?"),
        ("dE/dw55", "No quantity is called 'dE/dw55'. Did you mean 'dE/dw8'?"),
        ("i1", "i1 is given: no equation computes it."),
        ("0", "The run begins with iteration 1."),
        ("101", "The run ends here, with iteration 100."),
        ("sample 2", "There is no sample 2; choose one from 1 to 1."),
        ("10000000000000000000000000", "The run ends here, with iteration 100."),
    ],
)  # fmt: skip
def test_what_there_is_not_is_said_with_the_nearest_name(answer: str, said: str) -> None:
    assert said in asked(session(WALKTHROUGH), answer)


def test_going_to_an_iteration_keeps_the_equation() -> None:
    of = session(WALKTHROUGH)
    asked(of, "∂E/∂o2")
    shown = asked(of, "57")
    assert "iteration 57 of 100" in shown
    value = tracer.run(WALKTHROUGH).row(57)["∂E/∂o2"]
    assert f" = {value:.6g}\n" in shown
    assert "iteration 7 of 100" in asked(of, "iteration 7")
    assert "η = 0.2 (2 of 6)   iteration 7" in pressed(of, "e")
    assert "η = 2 (6 of 6)   iteration 7" in pressed(of, "E", "E")


@pytest.mark.parametrize("spelling", ["∂E/∂w5", "dE/dw5", "∂E/∂w₅", "∂E_total/∂w5", "dE_total/dw5"])
def test_a_quantity_is_found_however_it_is_written(spelling: str) -> None:
    assert "∂E/∂w₅ = ∂E/∂o₁·a_h₁" in asked(session(WALKTHROUGH), spelling)


@pytest.mark.parametrize("spelling", ["w5", "w₅", "w5+", "Δw5"])
def test_a_parameter_is_where_it_is_updated(spelling: str) -> None:
    assert "w₅ ← w₅ − η·∂E/∂w₅" in asked(session(WALKTHROUGH), spelling)


def test_what_is_typed_can_be_changed_and_given_up() -> None:
    of = session(WALKTHROUGH)
    assert "sample 2): w5" in pressed(of, "g", "w", "6", "left", "backspace", "5")
    assert "equation 1 of" in pressed(of, "escape")
    assert of.typed is None
    assert pressed(of, "g", "backspace").endswith("q quit")
    assert "? shows the keys." in pressed(of, "x")
    assert "next equation" in pressed(of, "?")
    assert "equation 1 of" in pressed(of, "n")  # closes the help only


def test_where_there_is_one_run_or_one_sample_it_says_so() -> None:
    of = session(WALKTHROUGH, learning_rate=[0.5])
    assert "single run" in pressed(of, "e")
    assert "single sample" in pressed(of, "s")


def test_samples_of_a_shuffled_order() -> None:
    of = session(SHUFFLED)
    taken = [sample for sample, _ in zip(range(1, 6), range(5), strict=True)]
    seen = []
    for _ in taken:
        pressed(of, "s")
        seen.append(of.sample)
        found = of.walk.iteration(of.place)
        assert found.rows[of.place.row]["i1"] == pytest.approx(0.1 * (of.sample - 1))
    assert sorted(seen) == taken


# ---------------------------------------------------------------------------------------------------- where a run ends


def test_a_run_that_diverges_is_walked_up_to_there() -> None:
    of = session(BLOWS_UP)
    shown = asked(of, "100")
    assert "iteration 47 of 47" in shown
    assert "Stopped in iteration 47: E1 is not a finite number." in shown
    shown = pressed(of, "end")
    assert "E₁ = 0.5·(t₁ − a_o₁)²" in shown
    assert "= not a finite number" in shown
    before = of.place
    assert "Stopped in iteration 47" in pressed(of, "n")
    assert of.place == before
    assert "equation 8 of 9" in pressed(of, "b")


def test_a_condition_that_is_met_ends_the_run() -> None:
    of = session(XOR)
    last = tracer.run(XOR).runs[0].iterations
    assert f"The run ends here, in iteration {last}: the condition until is met." in asked(of, "400")
    assert f"iteration {last} of {last}" in screen(of) or f"iteration {last} of {last}" in pressed(of, "b")


def test_going_on_by_itself_stops_at_the_end_and_at_any_key() -> None:
    of = session(WALKTHROUGH, iterations=1)
    pressed(of, "a")
    assert of.automatic
    for _ in range(100):
        of.pass_time()
    assert not of.automatic
    assert of.walk.is_last(of.place)
    of.automatic = True
    before = of.place
    assert "Paused" in pressed(of, "n")
    assert (of.automatic, of.place) == (False, before)


def test_too_small_a_terminal_says_so() -> None:
    of = session(WALKTHROUGH)
    assert "The terminal has 59 × 24 characters; 60 × 15 are needed. q" in screen(of, 59, 24)
    assert "60 × 14" in screen(of, 60, 14)
    assert screen(of, 5, 2)
    assert "h₁ =" in screen(of, 60, 15)
    assert screen(of, 60, 15).endswith("g go to  ? help  q quit")


def test_the_walk_needs_no_more_of_a_long_run_than_a_few_points() -> None:
    of = session(WALKTHROUGH, iterations=10**9)
    assert "iteration 20,000" in asked(of, "20,000")
    assert isinstance(of.walk, Walk)
    assert sum(len(values) for values, _ in of.walk.runs[0]._points.values()) < 200
