"""The command `step` in a pseudo-terminal, whose screen an emulator reads; and without a terminal."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.places import BLOWS_UP, CONFIGS, ROOT, WALKTHROUGH
from tracer.commands.main import main

fcntl = pytest.importorskip("fcntl", reason="there are no pseudo-terminals on Windows")
termios = pytest.importorskip("termios")
pty = pytest.importorskip("pty")
pyte = pytest.importorskip("pyte", reason="pyte is not installed: pip install pyte")

PATIENCE = 20.0
"""Seconds until something is shown at the latest."""
QUIET = 0.03
"""Seconds without output after which a screen is whole."""
ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
"""The alternate screen."""


class Tty:
    """A program in a pseudo-terminal, and what it shows."""

    def __init__(self, master: int, slave: int, process: subprocess.Popen[bytes], columns: int, rows: int) -> None:
        self.master, self.slave, self.process, self.written = master, slave, process, b""
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, holds: Callable[[], bool]) -> str:
        """What is shown as soon as this holds, and nothing more comes."""
        end = time.monotonic() + PATIENCE
        while (more := bool(select.select([self.master], [], [], QUIET)[0])) or not holds():
            assert time.monotonic() < end, self.text()
            if more:
                try:
                    written = os.read(self.master, 65536)
                except OSError:  # the program has ended, and closed its side
                    written = b""
                self.written += written
                self.stream.feed(written)
                if not written:
                    assert holds(), self.text()
                    break
        return self.text()

    def shows(self, words: str) -> str:
        return self.until(lambda: words in self.text())

    def press(self, keys: str, shows: str) -> str:
        os.write(self.master, keys.encode())
        return self.shows(shows)

    def resize(self, columns: int, rows: int) -> None:
        size(self.master, columns, rows)
        self.screen.resize(rows, columns)

    def ended(self) -> int:
        """The exit status, once the terminal is as it was."""
        self.until(lambda: self.process.poll() is not None)
        if LEFT not in self.written:
            self.until(lambda: LEFT in self.written)
        assert self.written.rindex(b"\x1b[?25h") > self.written.rindex(b"\x1b[?25l")  # the cursor
        return self.process.wait()


def size(terminal: int, columns: int, rows: int) -> None:
    fcntl.ioctl(
        terminal, termios.TIOCSWINSZ, rows.to_bytes(2, sys.byteorder) + columns.to_bytes(2, sys.byteorder) + bytes(4)
    )


@contextmanager
def stepping(*arguments: str | Path, columns: int = 80, rows: int = 24, **environment: str) -> Iterator[Tty]:
    """`backprop-trace step` in a terminal of this size; its settings must be the same afterwards."""
    master, slave = pty.openpty()
    size(slave, columns, rows)
    before = termios.tcgetattr(slave)
    given = {
        key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR", "COLORTERM")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tracer", "step", *map(str, arguments)],
        stdin=slave, stdout=slave, stderr=slave, cwd=ROOT, start_new_session=True,
        env={**given, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", "PYTHONUTF8": "1", **environment},
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )  # fmt: skip
    try:
        yield Tty(master, slave, process, columns, rows)
        assert termios.tcgetattr(slave) == before
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def test_a_lesson_with_every_key() -> None:
    with stepping(WALKTHROUGH, "--iteration", "3") as tty:
        shown = tty.shows("equation 1 of 39")
        assert "iteration 3 of 100" in shown
        assert "h₁ = w₁·i₁ + w₂·i₂" in shown
        assert tty.screen.display[-1].startswith(" → next  ← back")
        assert ENTERED in tty.written
        assert b"\x1b[38;5;33m" in tty.written  # the color of the forward pass
        for number, keys in enumerate((" ", "n", "\r", "\n", "\x1b[C", "\x1bOC"), 2):
            tty.press(keys, f"equation {number} of 39")
        for number, keys in enumerate(("b", "\x7f", "\x1b[D"), 1):
            tty.press(keys, f"equation {7 - number} of 39")
        tty.press("p", "II Loss")
        tty.press("\x1b[B", "III Output gradients")
        tty.press("\x1b[A", "II Loss")
        tty.press("P", "I Forward")
        tty.press("\x1b[F", "equation 39 of 39")
        tty.press("\x1b[H", "equation 1 of 39")
        tty.press("i", "iteration 4 of 100")
        tty.press("\x1b[6~", "iteration 5 of 100")
        tty.press("I\x1b[5~", "iteration 3 of 100")
        tty.press("e", "η = 0.2 (2 of 6)")
        tty.press("E", "η = 0.1 (1 of 6)")
        tty.press("s", "single sample")
        tty.press("gdE/dw5\r", "∂E/∂w₅ = ∂E/∂o₁·a_h₁")
        tty.press("g100\r", "iteration 100 of 100")
        tty.press("gnothing\r", "No quantity is called 'nothing'.")
        tty.press("?", "another learning rate")
        tty.press("\x1b", "equation 18 of 39")
        tty.press("\x1b[20~", "? shows the keys.")  # F9, which means nothing here
        tty.resize(120, 40)
        tty.until(lambda: "? shows" in tty.screen.display[39])
        assert "∂0.00975" in tty.text()  # there is room for the gradients beside the numbers
        tty.resize(50, 10)
        tty.shows("50 × 10")
        tty.resize(80, 24)
        tty.until(lambda: "? shows" in tty.screen.display[23])
        os.write(tty.master, b"q")
        assert tty.ended() == 0


def test_it_goes_on_by_itself_without_colors_until_a_key_and_ends_with_ctrl_c() -> None:
    with stepping(WALKTHROUGH, "--auto", "0.05", NO_COLOR="1") as tty:
        tty.shows("equation 4 of 39")
        tty.press("n", "Paused")
        tty.press("gdE/do1\r", "∂E/∂o₁ =")
        assert b"\x1b[38" not in tty.written
        assert b"\x1b[1;7m" in tty.written  # what is current is reversed all the same
        os.write(tty.master, b"\x03")
        assert tty.ended() == 0
        assert b"interrupted" not in tty.written


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.long)])
def test_a_signal_leaves_the_terminal_as_it_was(number: signal.Signals) -> None:
    with stepping(WALKTHROUGH) as tty:
        tty.shows("equation 1 of 39")
        tty.process.send_signal(number)
        assert tty.ended() == 128 + number


@pytest.mark.long
def test_an_ascii_locale_and_ctrl_z_without_a_shell() -> None:
    with stepping(WALKTHROUGH, PYTHONUTF8="0", LC_ALL="C", PYTHONCOERCECLOCALE="0") as tty:
        shown = tty.shows("equation 1 of 39")
        assert shown.isascii()
        assert "h1 = w1*i1 + w2*i2" in shown
        os.write(tty.master, b"\x1a")  # nothing could continue it, so it goes on
        tty.until(lambda: tty.written.count(ENTERED) == 2)
        tty.press("n", "equation 2 of 39")
        os.write(tty.master, b"q")
        assert tty.ended() == 0


def test_a_long_way_can_be_stopped_and_reached() -> None:
    with stepping(WALKTHROUGH, "--iterations", "100000000") as tty:
        tty.shows("equation 1 of 39")
        tty.press("g100000000\r", "iterations so far; any key stops.")
        tty.press("x", "Stopped")
        tty.press("g1000\r", "iteration 1,000 of 100,000,000")
        os.write(tty.master, b"\x04")
        assert tty.ended() == 0


# ---------------------------------------------------------------------------------------------------- without a terminal


def command(*arguments: str | Path, input: str | None = None) -> Result:
    result = CliRunner().invoke(main, ["step", *map(str, arguments)], input=input)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize("config", [path for path in CONFIGS if path.stem != "iris"], ids=lambda path: path.stem)
def test_without_a_terminal_the_steps_are_printed(config: Path) -> None:
    result = command(config, "--iteration", "2", "--learning-rate", "0.01")
    assert result.exit_code == 0
    assert "I  Forward" in result.stdout
    assert "←" in result.stdout
    assert "\x1b" not in result.stdout


def test_the_printed_steps_are_those_of_the_walkthrough() -> None:
    lines = command(WALKTHROUGH, "--learning-rate", "0.5").stdout.splitlines()
    at = lines.index("   1 h₁ = w₁·i₁ + w₂·i₂")
    assert lines[at + 1 : at + 4] == ["        = 0.15·0.05 + 0.2·0.1", "        = 0.0275", ""]
    assert lines[-3:] == ["  39 w₈ ← w₈ − η·∂E/∂w₈", "        = 0.55 − 0.5·0.0155223", "        = 0.542239"]
    assert lines[0] == "walkthrough   η = 0.5   iteration 1 of 100"
    plain = command(WALKTHROUGH, "--ascii").stdout
    assert plain.isascii()
    assert "  14 dE/do1 = dE/da_o1*da_o1/do1" in plain


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--iteration", "101"], "iteration 101: the run has the iterations 1 to 100."),
        (["--sample", "2"], "sample 2: the run has only sample 1."),
        (["--iteration", "0"], "iteration 0: the run has the iterations 1 to 100."),
        (["--auto", "0"], "Invalid value for '--auto'"),
        (["--learning-rate", "x"], "--learning-rate: 'x' is neither a number nor a formula"),
    ],
)
def test_what_cannot_be_is_said(arguments: list[str], said: str) -> None:
    result = command(WALKTHROUGH, *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_run_that_stops_is_printed_up_to_there(tmp_path: Path) -> None:
    config = tmp_path / "up.yaml"
    config.write_text(str(BLOWS_UP), encoding="utf-8")
    result = command(config, "--iteration", "47")
    assert result.exit_code == 0
    assert result.stdout.endswith("= not a finite number\n     Stopped in iteration 47: E1 is not a finite number.\n")


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    writing = subprocess.Popen(
        [sys.executable, "-m", "tracer", "step", str(WALKTHROUGH)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert writing.stdout
    assert writing.stderr
    writing.stdout.close()
    assert writing.wait(PATIENCE) == 141
    assert writing.stderr.read() == b""
    writing.stderr.close()


@pytest.mark.long
def test_a_terminal_that_is_too_small_from_the_start() -> None:
    with stepping(WALKTHROUGH, columns=59) as tty:
        tty.until(lambda: tty.process.poll() is not None)
        assert tty.process.returncode == 2
        assert tty.text().startswith("The terminal has 59 × 24 characters; 60 × 15 are needed.")


@pytest.mark.long
def test_a_dumb_terminal_gets_text() -> None:
    with stepping(WALKTHROUGH, TERM="dumb", rows=400) as tty:
        tty.until(lambda: tty.process.poll() is not None)
        tty.until(lambda: b"39 w" in tty.written)
        assert b"\x1b" not in tty.written
