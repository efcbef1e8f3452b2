"""Result files: whole or not at all, whatever ends the run, and nothing is left beside them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import tracer
from tests.places import WALKTHROUGH
from tracer import files
from tracer.errors import OutputError

SHELL = "/bin/sh"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are POSIX's")


def command(*arguments: object, prelude: str = "") -> subprocess.Popen[str]:
    """The command in a process of its own, which first runs the prelude."""
    code = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {prelude}\n"
    code += "from tracer.__main__ import start; start()"
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], stdout=pipe, stderr=pipe, text=True)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def long_run(out: Path, how: int) -> int:
    """A run that is ended while it writes: its exit status."""
    process = command("run", WALKTHROUGH, "-o", out, "--iterations", 1_500_000, "--learning-rate", 1, "--format", "csv")
    began = time.monotonic()
    while not out.is_dir() or not any(name.endswith(".part") for name in names(out)):
        assert process.poll() is None
        assert time.monotonic() - began < 60
        time.sleep(0.01)
    process.send_signal(how)
    errors = process.communicate(timeout=30)[1]
    assert "Traceback" not in errors
    return process.returncode


@POSIX
@pytest.mark.parametrize(("name", "code"), [("SIGHUP", 129), ("SIGINT", 130), ("SIGTERM", 143)])
def test_a_signal_leaves_nothing(name: str, code: int, tmp_path: Path) -> None:
    assert long_run(tmp_path / "out", getattr(signal, name)) == code
    assert names(tmp_path / "out") == []


@POSIX
def test_a_later_run_removes_what_a_killed_one_left_and_nothing_else(tmp_path: Path) -> None:
    long_run(tmp_path, signal.SIGKILL)
    (left,) = names(tmp_path)
    alive = left.replace(left.split("-")[3], str(os.getppid()))
    foreign = left.replace(left.split("-")[2], "00000000")
    old = foreign.replace("-0000", "-1111")
    kept = [alive, foreign, ".mine.part", f"{left}.txt", ".backprop-trace-notes.part"]
    for name in (*kept, old):
        (tmp_path / name).touch()
    os.utime(tmp_path / old, (0, 0))
    tracer.run(WALKTHROUGH, iterations=2).to_csv(tmp_path / "trace.csv")
    assert names(tmp_path) == sorted([*kept, "trace.csv"])


def test_two_threads_on_one_path(tmp_path: Path) -> None:
    traces = [tracer.run(WALKTHROUGH, iterations=count, learning_rate=0.5) for count in (300, 301, 302, 303)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda trace: trace.to_csv(tmp_path / "trace.csv"), traces * 3))
    assert names(tmp_path) == ["trace.csv"]
    assert len((tmp_path / "trace.csv").read_text(encoding="utf-8").splitlines()) in range(301, 305)


@POSIX
@pytest.mark.parametrize("arguments", [
    ("run", WALKTHROUGH, "-o", "out", "--format", "csv"), ("run", WALKTHROUGH, "-o", "out", "--format", "xlsx"),
    ("run", WALKTHROUGH, "-o", "out", "--format", "csv", "--every", "2"),
    ("exercise", WALKTHROUGH, "-o", "out/e.xlsx", "--key"), ("check", "book.xlsx", "--json", "out/found.json"),
    ("check", "book.xlsx", "--annotate", "out"),
], ids=lambda arguments: f"{arguments[0]} {arguments[-1]}")  # fmt: skip
def test_a_full_disk_names_the_result(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files may not grow beyond 4 KB, in this process only."""
    monkeypatch.chdir(tmp_path)
    trace = tracer.run(WALKTHROUGH, iterations=3)
    trace.to_exercise("book.xlsx")
    process = command(*arguments, prelude="import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))")
    errors = process.communicate()[1]
    assert process.returncode == 2
    assert errors.count("\n") == 1
    assert str(tmp_path / "out") in errors
    assert "cannot write it (File too large)" in errors
    assert ".part" not in errors
    assert names(tmp_path / "out") == []


def test_a_read_only_file_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "trace.csv"
    target.write_text("mine", encoding="utf-8")
    target.chmod(0o444)
    with pytest.raises(OutputError, match="is read-only; make it writable, or choose another name"):
        tracer.run(WALKTHROUGH, iterations=2).to_csv(target)
    process = command("run", WALKTHROUGH, "-o", tmp_path, "--set", "name=trace")
    assert "trace.csv: is read-only" in process.communicate()[1]
    assert process.returncode == 2
    assert target.read_text(encoding="utf-8") == "mine"
    target.chmod(0o644)


def test_two_results_in_one_file_are_refused(tmp_path: Path) -> None:
    (problem,) = files.problems_of([tmp_path / "a", tmp_path / "b", tmp_path / "x" / ".." / "a"])
    assert problem.endswith("a: is to hold two results; choose another name")


@pytest.mark.parametrize("writer", ["to_csv", "to_excel", "to_exercise"])
def test_what_is_no_path(writer: str) -> None:
    trace = tracer.run(WALKTHROUGH, iterations=2)
    for blank in ("", "a\0b"):
        with pytest.raises(OutputError, match="is not the name of a file; give a path such as"):
            getattr(trace, writer)(blank)
    for value in (None, 3, b"x", ["x"]):
        with pytest.raises(TypeError, match="a path must be a text or a Path, not"):
            getattr(trace, writer)(value)


@POSIX
@pytest.mark.parametrize("closed", [(1,), (2,), (0, 1, 2)])
@pytest.mark.parametrize(
    "arguments", [("run", WALKTHROUGH), ("list",), ("schema",), ("check", "book.xlsx"), ("run", "x")]
)
def test_streams_that_are_closed(
    arguments: tuple[str, ...], closed: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tracer.run(WALKTHROUGH, iterations=3, learning_rate=0.5).to_excel("book.xlsx")
    streams = " ".join(f"{number}>&-" for number in closed)
    call = " ".join([sys.executable, "-m", "tracer", *map(str, arguments), streams])
    result = subprocess.run([SHELL, "-c", call], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == (2 if "x" in arguments else 0)
    assert "Traceback" not in result.stderr


@POSIX
def test_a_reader_that_goes_away_costs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tracer.run(WALKTHROUGH, iterations=3, learning_rate=0.5).to_excel("book.xlsx")
    call = f"{sys.executable} -m tracer check book.xlsx --json j.json --report r.csv --gradescope g.json --annotate marked | true"
    result = subprocess.run([SHELL, "-c", call], capture_output=True, text=True, check=False, timeout=60)
    assert result.stderr == ""
    assert names(tmp_path) == ["book.xlsx", "g.json", "j.json", "marked", "r.csv"]
    assert names(tmp_path / "marked") == ["book.xlsx"]


@POSIX
@pytest.mark.parametrize("arguments", [
    ("run", WALKTHROUGH, "--set", "name={}"), ("run", WALKTHROUGH, "--set", "{}=1"), ("run", WALKTHROUGH, "--iterations", "{}"),
    ("run", WALKTHROUGH, "-o", "{}"), ("run", "{}.yaml"), ("run", WALKTHROUGH, "--format", "{}"), ("run", "--{}"), ("{}",),
    ("list", "{}"), ("exercise", WALKTHROUGH, "--blank", "{}"), ("check", "{}.xlsx"), ("check", "x.xlsx", "--config", "{}"),
    ("check", "x.xlsx", "--seconds", "{}"), ("run", WALKTHROUGH, "--learning-rate", "{}"), ("run", WALKTHROUGH, "--columns", "{}"),
])  # fmt: skip
def test_names_and_options_that_are_not_utf_8(arguments: tuple[object, ...], tmp_path: Path) -> None:
    call = [os.fsencode(str(argument)).replace(b"{}", b"na\xefve") for argument in arguments]
    result = subprocess.run([sys.executable, "-m", "tracer", *call], capture_output=True, check=False, cwd=tmp_path)
    assert result.returncode in (0, 2)
    assert b"Traceback" not in result.stderr
    assert result.returncode == 0 or b"na" in result.stdout + result.stderr or b"--output" in result.stderr


WHEN_LOOKED_FOR = """
import sys, weakref
class Thing: pass
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            {action}
sys.meta_path.insert(0, Finder())
"""
"""Does something when a module is looked for."""
DROPPED = "thing = Thing(); seen = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT)); del thing"


def while_loading(module: str, action: str, *arguments: object) -> subprocess.Popen[str]:
    """The command, which does this before it loads the module."""
    return command(*arguments, prelude=f"exec({WHEN_LOOKED_FOR.format(module=module, action=action)!r})")


@POSIX
@pytest.mark.parametrize("milliseconds", [0, 25, 40, 60, 90])
def test_ctrl_c_while_python_loads_the_command(milliseconds: int, tmp_path: Path) -> None:
    """From the moment on at which its first module is loaded; before it, the interpreter answers."""
    process = while_loading("tracer.commands.main", "print('here', flush=True)", "run", WALKTHROUGH, "-o", tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGINT)
    errors = process.communicate(timeout=30)[1]
    assert (process.returncode, errors) in [(130, "interrupted: nothing was written\n"), (0, "")]


@POSIX
@pytest.mark.parametrize("module", ["click", "tracer.commands.main", "tracer.commands.check", "tracer.grading.folder", "tracer.grading.report.terminal"])  # fmt: skip
def test_ctrl_c_in_a_callback_of_the_import_system(module: str, tmp_path: Path) -> None:
    """Python drops an exception there. The workbook may have been checked when the last of these modules is loaded."""
    (tmp_path / "book.xlsx").write_bytes(b"")
    process = while_loading(module, DROPPED, "check", tmp_path)
    errors = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert errors in ("interrupted: nothing was written\n", "interrupted: 1 of 1 workbooks were checked\n")
