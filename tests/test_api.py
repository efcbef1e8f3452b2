"""The API in Python: a Trace as a mapping of its columns, values of other libraries, and what is wrong said plainly."""

from __future__ import annotations

import copy
import pickle
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracer
from tests.places import BLOWS_UP, CONFIGS, WALKTHROUGH
from tracer.errors import ConfigError, OutputError
from tracer.model import naming

BASE: dict[str, Any] = {
    "inputs": [0.05, 0.1], "targets": [0.5, 0.5], "layers": [{"neurons": 2}, {"neurons": 2}],
    "weights": [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55], "learning_rate": 0.5, "iterations": 2,
}  # fmt: skip


@pytest.mark.parametrize("config", [*CONFIGS, BLOWS_UP], ids=lambda config: getattr(config, "stem", "blows up"))
def test_a_trace_can_be_copied_and_pickled(config: Any) -> None:
    trace = tracer.run(config, iterations=3)
    for other in (pickle.loads(pickle.dumps(trace)), copy.deepcopy(trace), copy.copy(trace)):
        assert other.experiment == trace.experiment
        assert [run.rows.tobytes() for run in other.runs] == [run.rows.tobytes() for run in trace.runs]
        assert [run.divergence for run in other.runs] == [run.divergence for run in trace.runs]
        assert other.columns == trace.columns
        pandas.testing.assert_frame_equal(other.to_frame(), trace.to_frame())


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.stem)
def test_a_trace_is_a_mapping_of_its_columns(config: Any) -> None:
    trace = tracer.run(config, iterations=2)
    assert list(trace) == list(trace.keys()) == trace.columns
    assert len(trace) == len(trace["iteration"])
    for name in trace:
        assert name in trace
        assert naming.to_ascii(name) in trace
        assert trace[naming.to_ascii(name)] == pytest.approx(trace[name], nan_ok=True)
    assert set(dict(trace)) == set(trace.columns)


def test_the_learning_rate_has_two_names() -> None:
    trace = tracer.run(WALKTHROUGH, iterations=2)
    assert (trace["η"] == trace["eta"]).all()
    assert ("η" in trace, "w5" in trace, "w99" in trace, 3 in trace, "dE/dw5" in trace) == (
        True,
        True,
        False,
        False,
        True,
    )
    with pytest.raises(KeyError, match=r"'E_totl' is not a column of this trace. Did you mean 'E_total'?"):
        trace["E_totl"]
    with pytest.raises(TypeError, match="a column must be of type str, not int: 0"):
        trace[0]  # type: ignore[index]


def test_no_learning_rate_no_column() -> None:
    trace = tracer.run(
        {key: value for key, value in BASE.items() if key != "learning_rate"} | {"optimizer": {"update": "p - 0.1*g"}}
    )
    assert "eta" not in trace
    assert "η" not in trace


def test_its_repr_is_short() -> None:
    assert repr(tracer.run(WALKTHROUGH)) == "<Trace of 'walkthrough': 600 rows, 45 columns, 6 runs>"


def test_a_step_that_is_not_there() -> None:
    (run,) = tracer.run(WALKTHROUGH, iterations=3, learning_rate=1).runs
    assert run.step(-1) == run.step(2)
    with pytest.raises(IndexError, match="step 3 of a run of 3 steps"):
        run.step(3)


OTHER_VALUES: dict[str, dict[str, Any]] = {
    "decimals": {"learning_rate": Decimal("0.5"), "inputs": {"i1": Decimal("0.05"), "i2": Decimal("0.1")}},
    "fractions": {"targets": [Fraction(1, 2), Fraction(1, 2)]},
    "numpy": {"weights": np.array(BASE["weights"]), "iterations": np.int64(2), "learning_rate": np.float64(0.5)},
    "numpy in lists": {"inputs": [np.float64(0.05), np.array(0.1)], "layers": ({"neurons": np.int8(2)}, {"neurons": 2})},
    "pandas": {"weights": pandas.Series(BASE["weights"]), "inputs": pandas.Series({"i1": 0.05, "i2": 0.1})},
    "other sequences": {"weights": deque(BASE["weights"]), "inputs": {"i1": 0.05, "i2": 0.1}.values(), "targets": (0.5, 0.5)},
}  # fmt: skip


@pytest.mark.parametrize("kind", OTHER_VALUES)
def test_values_of_other_libraries(kind: str) -> None:
    assert tracer.run(BASE | OTHER_VALUES[kind]).to_frame().equals(tracer.run(BASE).to_frame())


def test_a_range() -> None:
    assert tracer.run(BASE | {"weights": range(8)})["w8"][0] == 7
    assert len(tracer.run(BASE, learning_rate=range(1, 4)).runs) == 3


@pytest.mark.parametrize("value", [
    object(), {1, 2}, b"x", 1j, iter([1]), np.datetime64("2020-01-01"), pandas.NA, pandas.NaT, lambda: 0, Decimal("sNaN"),
    Decimal("1e999"), Fraction(10**400), 10**5000, float("nan"), pandas.DataFrame({"a": [1.0], "b": [2.0]}),
], ids=lambda value: type(value).__name__)  # fmt: skip
def test_other_values_are_refused_with_their_place(value: object) -> None:
    for config in (BASE | {"learning_rate": value}, BASE | {"weights": [value, *BASE["weights"][1:]]}):
        with pytest.raises(ConfigError, match=r"^config: (learning_rate|weights)") as raised:
            tracer.run(config)
        assert all("\n" not in problem and len(problem) < 250 for problem in raised.value.problems)


def test_values_within_themselves_are_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ConfigError, match="weights: is nested more than 50 levels deep"):
        tracer.run(BASE | {"weights": endless})


_ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3),
              st.decimals(), st.fractions(), st.complex_numbers()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip


@given(st.sampled_from([*BASE, "optimizer", "samples", "loss", "name", "output", "l2", "clip", "batch"]), _ANYTHING)
def test_whatever_is_given_is_taken_or_refused(key: str, value: object) -> None:
    with suppress(ConfigError):
        tracer.load(BASE | {key: value})


def test_arguments_of_other_types() -> None:
    calls: list[tuple[Callable[[], Any], str]] = [
        (lambda: tracer.walk(3), "an experiment must be of type Experiment, not int: 3"),  # type: ignore[arg-type]
        (lambda: tracer.assemble(None), "an experiment must be of type Experiment"),  # type: ignore[arg-type]
        (lambda: tracer.run(BASE, overrides=3), "overrides must be of type Iterable"),  # type: ignore[arg-type]
        (lambda: tracer.run(BASE, overrides=["a"]), "an override must be of type Override"),  # type: ignore[list-item]
    ]
    for call, what in calls:
        with pytest.raises(TypeError, match=what):
            call()
    sources: list[Any] = ["", None, 3, b"x", []]
    for source in sources:
        with pytest.raises(ConfigError, match="is neither a file nor a mapping"):
            tracer.run(source)
    for place in ((), "iterations"):
        with pytest.raises(ConfigError, match="place must be the keys that lead to a value"):
            tracer.run(BASE, overrides=[tracer.Override(place, 3, "test")])  # type: ignore[arg-type]
    with pytest.raises(OutputError, match="blank: 'nothing' is not one of forward, backward, updates, all"):
        tracer.run(BASE).to_exercise("never.xlsx", blank="nothing")
