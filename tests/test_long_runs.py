"""Traces that are written while they are computed: the same files as of a trace that is held, in little memory."""

from __future__ import annotations

import csv
import io
import json
import os
import select
import signal
import subprocess
import sys
import time
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

import tracer
from tests.places import BLOWS_UP, CONFIGS, ROOT, WALKTHROUGH, package, parquet
from tracer.api import stream, walk
from tracer.commands.main import main
from tracer.commands.run import NOT_DIAGNOSED
from tracer.execution import engine
from tracer.model.batches import Keep
from tracer.output import formats
from tracer.output.blocks import Block, Layout
from tracer.output.parquetfile import parquet_file

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX's")
XOR = ROOT / "configs" / "xor.yaml"


def command(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def streamed_csv(experiment: tracer.Experiment, keep: Keep) -> list[list[str]]:
    file = io.StringIO()
    stream(replace(experiment, keep=keep), tracer.assemble(experiment), {"csv": file})
    return [*csv.reader(io.StringIO(file.getvalue()))]


@pytest.fixture
def blows_up(tmp_path: Path) -> Path:
    path = tmp_path / "blows-up.yaml"
    path.write_text(json.dumps(BLOWS_UP), encoding="utf-8")
    return path


@pytest.mark.parametrize("config", [*CONFIGS, None], ids=lambda config: config.stem if config else "blows-up")
def test_a_streamed_run_is_that_which_is_held(
    config: Path | None, blows_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config or blows_up
    monkeypatch.setattr(engine, "CHUNK_CELLS", 3_000)  # many stretches, as in long runs
    held = command("run", config, "--iterations", 60, "--format", "csv", "--final", "-o", tmp_path)
    path = tmp_path / f"{config.stem}.csv"
    expected = path.read_bytes()
    path.unlink()
    monkeypatch.setattr(formats, "MAX_KEPT", 0)
    streamed = command("run", config, "--iterations", 60, "--format", "csv", "--final", "-o", tmp_path)
    assert path.read_bytes() == expected
    assert (streamed.exit_code, streamed.stderr) == (held.exit_code, held.stderr)
    tables = streamed.stdout.splitlines()
    assert len(tables) > 5
    assert {*tables} - {*held.stdout.splitlines()} == {NOT_DIAGNOSED}
    printed = command("run", config, "--iterations", 60, "--format", "csv", "-o", "-")
    assert printed.stdout.encode() == expected


@settings(max_examples=25, deadline=None)
@given(
    every=st.none() | st.integers(1, 50),
    tail=st.none() | st.integers(1, 50),
    config=st.sampled_from([WALKTHROUGH, XOR, ROOT / "configs" / "iris.yaml"]),
    changes=st.fixed_dictionaries({"iterations": st.integers(1, 40), "learning_rate": st.sampled_from([0.5, 1e300])}),
    cells=st.sampled_from([50, 500, 200_000]),
)
def test_the_iterations_that_are_kept(
    every: int | None, tail: int | None, config: Path, changes: dict[str, Any], cells: int
) -> None:
    """They are the rows of the whole trace with these numbers, and nothing else."""
    experiment = tracer.load(config, [tracer.Override((key,), value, key) for key, value in changes.items()])
    head, *rows = streamed_csv(experiment, Keep())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "CHUNK_CELLS", cells)
        head_again, *found = streamed_csv(experiment, Keep(every, tail))
    last = int(rows[-1][0])
    wanted = {n for n in range(1, last + 1) if every and (n % every == 0 or n in (1, last))}
    wanted |= {n for n in range(1, last + 1) if tail and n > last - tail}
    if every is None and tail is None:
        wanted = {*range(1, last + 1)}
    assert head_again == head
    assert found == [row for row in rows if int(row[0]) in wanted]


def test_a_run_that_ends_early_ends_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CHUNK_CELLS", 500)
    trace = tracer.run(XOR)
    assert any(run.until_met for run in trace.runs)
    result = command("run", XOR, "--format", "csv", "--tail", 1, "-o", tmp_path)
    assert result.exit_code == 0
    assert " yes" in result.stdout
    found = pandas.read_csv(tmp_path / "xor.csv")
    assert sorted(set(found["iteration"])) == sorted({run.iterations for run in trace.runs})


def test_what_a_report_cannot_do(tmp_path: Path) -> None:
    result = command("run", WALKTHROUGH, "--every", 10, "--format", "csv,md", "-o", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (2, "")
    able = "csv,xlsx,html,parquet"
    assert result.stderr == f"--every and --tail: --format md takes all iterations; choose from {able}\n"
    assert not (tmp_path / "out").exists()
    assert command("run", WALKTHROUGH, "--every", 0).exit_code == 2


# --------------------------------------------------------------------------------------------------------- Parquet


def test_parquet_in_pandas(blows_up: Path, tmp_path: Path) -> None:
    pyarrow = parquet()
    trace = tracer.run(blows_up)
    trace.to_parquet(tmp_path / "a.parquet", ascii=True)
    found, frame = pandas.read_parquet(tmp_path / "a.parquet"), trace.to_frame(ascii=True)
    pandas.testing.assert_frame_equal(found, frame, check_exact=True)
    assert found.isna().to_numpy().any()
    about = json.loads(pyarrow.parquet.read_schema(tmp_path / "a.parquet").metadata[b"backprop-trace"])
    assert about["config"] == blows_up.read_text(encoding="utf-8")
    assert about["version"] == tracer.__version__


def test_a_streamed_parquet_is_that_of_the_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet()
    monkeypatch.setattr(engine, "CHUNK_CELLS", 3_000)
    result = command("run", XOR, "--set", "name=x", "--format", "csv,parquet", "--every", 7, "-o", tmp_path)
    assert result.exit_code == 0
    text = pandas.read_csv(tmp_path / "x.csv")
    pandas.testing.assert_frame_equal(pandas.read_parquet(tmp_path / "x.parquet"), text, check_exact=True)


def test_a_block_without_rows(tmp_path: Path) -> None:
    """What is left of a run that is interrupted between two blocks."""
    parquet()
    experiment = tracer.load(WALKTHROUGH)
    layout = Layout(("iteration",), False, ("w1",))
    with parquet_file(tmp_path / "a.parquet", layout, experiment, False) as write:
        write(Block(layout, {"w1": 0}, [], memoryview(array("d"))))
    assert pandas.read_parquet(tmp_path / "a.parquet").shape == (0, 2)


@pytest.mark.parametrize("reader", ["polars", "duckdb"])
def test_parquet_elsewhere(reader: str, tmp_path: Path) -> None:
    parquet()
    library = package(reader, "readers", reader)
    trace = tracer.run(WALKTHROUGH, iterations=5)
    trace.to_parquet(path := tmp_path / "a.parquet")
    if reader == "polars":
        found = library.read_parquet(path)["E_total"].to_list()
    else:
        found = [row[0] for row in library.sql(f"select E_total from '{path}'").fetchall()]
    assert found == trace["E_total"].tolist()


def test_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "pyarrow" else name)
    result = command("run", WALKTHROUGH, "--format", "parquet", "-o", tmp_path)
    assert (result.exit_code, result.stderr) == (2, "--format parquet needs pyarrow, which is not installed\n")


# ---------------------------------------------------------------------------------------------------------- Ctrl-C


def in_a_terminal(out: Path, answer: bytes) -> tuple[int, str]:
    """A long run in a terminal that is interrupted, and the question answered: its exit code and what is shown."""
    import pty

    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from tracer.__main__ import start; start()"
    arguments = ["run", WALKTHROUGH, "--learning-rate", 1, "--iterations", 1_500_000, "--format", "csv", "-o", out]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdin=theirs, stdout=theirs, stderr=theirs,
        start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    shown, began, asked, answered = b"", time.monotonic(), False, False
    while time.monotonic() - began < 60:
        if not asked and out.is_dir() and any(part.stat().st_size > 1_000_000 for part in out.glob(".*.part")):
            process.send_signal(signal.SIGINT)
            asked = True
        if b"[y/N]" in shown and not answered:
            if answer == b"\x03":  # once and at once, before `input` waits
                process.send_signal(signal.SIGINT)
            else:
                os.write(ours, answer)
            answered = True
        if select.select([ours], [], [], 0.02)[0]:
            try:
                shown += os.read(ours, 65_536)
            except OSError:
                break
    os.close(ours)
    return process.wait(30), shown.decode()


@POSIX
@pytest.mark.parametrize("answer", [b"\n", b"\x03"], ids=["no", "Ctrl-C again"])
def test_what_is_interrupted_is_not_written(answer: bytes, tmp_path: Path) -> None:
    code, shown = in_a_terminal(tmp_path / "out", answer)
    assert code == 130
    assert "interrupted: nothing was written" in shown
    assert [*(tmp_path / "out").iterdir()] == []


@POSIX
def test_ctrl_c_just_before_the_question_waits() -> None:
    """Python has noted the signal, but `input` was not interrupted by it: as interrupt_main leaves it."""
    import pty

    code = """
import _thread, signal, threading
from tracer.commands.screen import interruptible
with interruptible(None) as stop:
    signal.raise_signal(signal.SIGINT)
    threading.Timer(0.3, _thread.interrupt_main).start()
    try:
        stop()
    except KeyboardInterrupt:
        print("ended", signal.getitimer(signal.ITIMER_REAL))
"""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, start_new_session=True
    ) as process:
        try:
            assert process.communicate(timeout=20)[0] == b"ended (0.0, 0.0)\n"
        finally:
            process.kill()
            os.close(ours)
            os.close(theirs)


@POSIX
def test_what_is_interrupted_is_kept_on_request(tmp_path: Path) -> None:
    code, shown = in_a_terminal(tmp_path / "out", b"y\n")
    assert code == 130
    (path,) = (tmp_path / "out").iterdir()
    with path.open(encoding="utf-8") as file:
        first, *rows = csv.reader(file)
    assert {*map(len, rows)} == {len(first)}
    assert [int(row[0]) for row in rows] == [*range(1, len(rows) + 1)]
    assert f"interrupted: the files end with iteration {len(rows):,}" in shown


def test_a_run_that_is_ended_early_is_the_beginning_of_the_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held or streamed alike; its last parameters and their loss are those after its last iteration."""
    monkeypatch.setattr(engine, "CHUNK_CELLS", 1_000)
    experiment = tracer.load(WALKTHROUGH)
    asked = iter([False] * 6 + [True] * 3)
    trace = walk(experiment, stop=lambda: next(asked))
    whole, ended = tracer.run(WALKTHROUGH).runs[:2], trace.runs
    assert [run.stopped for run in ended] == [False, True]
    assert ended[0].rows == whole[0].rows
    assert 0 < len(ended[1]) < len(whole[1])
    assert ended[1].rows == whole[1].rows[: len(ended[1].rows)]
    assert ended[1].final == {name: whole[1][name][len(ended[1])] for name in experiment.start}
    asked = iter([False] * 6 + [True] * 3)
    file = io.StringIO()
    outcomes = stream(experiment, trace.system, {"csv": file}, stop=lambda: next(asked))
    assert outcomes == trace.outcomes
    held = io.StringIO()
    trace.write_csv(held)
    assert file.getvalue() == held.getvalue()


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from Linux's /proc")
def test_memory_does_not_grow_with_the_run(tmp_path: Path) -> None:
    code = (
        "import sys; from tracer.commands.main import main; main(sys.argv[1:], standalone_mode=False); "
        "print(*(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    used = []
    for iterations in (100_000, 1_000_000):
        arguments = ["run", WALKTHROUGH, "--learning-rate", 0.5, "--iterations", iterations, "--format", "csv", "-q"]
        found = subprocess.run(
            [sys.executable, "-c", code, *map(str, [*arguments, "-o", tmp_path])], capture_output=True, check=True
        )
        used.append(int(found.stdout) // 1024)
    assert max(used) < 100
    assert used[1] < used[0] + 10
