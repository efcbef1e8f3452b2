"""A terminal that is drawn on as a whole and read key by key; it is left as it was, whatever happens."""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tracer.charts.screen.canvas import STYLES, Row

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

RESIZED = "resized"
"""In place of a key where the terminal has another size."""
CONTROL = {
    "\r": "enter", "\n": "enter", " ": "space", "\x7f": "backspace", "\x08": "backspace", "\x03": "ctrl-c",
    "\x04": "ctrl-d", "\x1b": "escape", "\t": "tab",
}  # fmt: skip
SEQUENCES = {
    "A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end",
    "1~": "home", "7~": "home", "4~": "end", "8~": "end", "5~": "pageup", "6~": "pagedown",
}  # fmt: skip
"""What follows ESC [ or ESC O."""
WINDOWS = {"H": "up", "P": "down", "M": "right", "K": "left", "G": "home", "O": "end", "I": "pageup", "Q": "pagedown"}
"""What follows NUL or à there."""
ESCAPE_WAIT = 0.05
"""Seconds in which the rest of a key that begins with ESC arrives, also over ssh."""
POLL = 0.02
"""Seconds between two looks at the keys where they cannot be waited for."""
BUFFER = 1024


class Terminal:
    """The terminal of this process, as a context: the alternate screen without a cursor, keys that are not echoed.

    It is stateful: keys that have been typed ahead, the settings to put back. Ctrl-C interrupts as ever; Ctrl-Z leaves
    the screen until the process goes on.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._pending = ""
        self._before: dict[int, Any] = {}
        self._settings: list[Any] | None = None
        self._signals: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        try:
            self._enter()
            if sys.platform != "win32":
                self._signals = os.pipe()
                for end in self._signals:
                    os.set_blocking(end, False)
                for number, action in ((signal.SIGWINCH, self._resized), (signal.SIGTSTP, self._suspended)):
                    self._before[number] = signal.signal(number, action)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        for number, action in self._before.items():
            signal.signal(number, action)
        self._leave()
        for end in self._signals or ():
            os.close(end)
        self._signals = None

    def _enter(self) -> None:
        if sys.platform != "win32":
            import termios

            self._settings = termios.tcgetattr(sys.stdin)
            raw = [*self._settings[:6], [*self._settings[6]]]
            raw[0] &= ~(termios.ICRNL | termios.IXON)
            raw[3] &= ~(termios.ICANON | termios.ECHO)
            raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, raw)
        self.console.set_alt_screen(True)
        self.console.show_cursor(False)

    def _leave(self) -> None:
        with suppress(OSError, ValueError):  # the terminal is gone
            self.console.show_cursor(True)
            self.console.set_alt_screen(False)
        if self._settings is not None:
            import termios

            with suppress(OSError, termios.error):
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._settings)

    # --------------------------------------------------------------------------------------------------------- signals

    def _resized(self, *_: object) -> None:
        if self._signals:
            with suppress(BlockingIOError):
                os.write(self._signals[1], b"r")

    def _suspended(self, number: int, _frame: object) -> None:
        """Ctrl-Z: leave the screen, stop, and come back when the shell says so."""
        self._leave()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self._suspended)  # here the process goes on
        self._enter()
        self._resized()

    # ------------------------------------------------------------------------------------------------- keys and screen

    def key(self, timeout: float | None = None) -> str | None:
        """The next key, by its name or character; RESIZED where the terminal has been resized, None where nothing has
        happened in so many seconds. The end of the input is Ctrl-D."""
        if not self._pending:
            if sys.platform == "win32":
                return _windows_key(timeout)
            ready, _, _ = select.select([sys.stdin, *(self._signals or ())[:1]], [], [], timeout)
            if self._signals and self._signals[0] in ready:
                os.read(self._signals[0], BUFFER)
                return RESIZED
            if not ready:
                return None
            self._read()
        return self._taken()

    def _read(self) -> None:
        """Take up what has been typed."""
        try:
            typed = os.read(sys.stdin.fileno(), BUFFER)
        except OSError:
            typed = b""
        self._pending += typed.decode(errors="ignore") if typed else "\x04"

    def _taken(self) -> str | None:
        """The first key of what has been typed."""
        first, rest = self._pending[:1], self._pending[1:]
        if first == "\x1b" and not rest and select.select([sys.stdin], [], [], ESCAPE_WAIT)[0]:
            self._read()
            rest = self._pending[1:]
        if first == "\x1b" and rest[:1] in ("[", "O") and rest[:1]:
            end = next((place for place, c in enumerate(rest[1:], 2) if c.isalpha() or c == "~"), len(rest))
            self._pending = rest[end:]
            return SEQUENCES.get(rest[1:end], "unknown")
        self._pending = rest
        return CONTROL.get(first, first if first.isprintable() else "unknown")

    def draw(self, rows: Sequence[Row]) -> None:
        """Show rows, the first one at the top; the rest of the screen is cleared."""
        from rich.control import Control
        from rich.text import Text

        width, height = self.console.size
        with self.console:  # all of it is written at once
            self.console.control(Control.home())
            for number, row in enumerate(rows[:height]):
                line = styled(row)
                line.truncate(width, pad=True)
                self.console.print(line, end="" if number == height - 1 else "\n", no_wrap=True, crop=True)
            for number in range(len(rows), height):
                self.console.print(Text(" " * width), end="" if number == height - 1 else "\n", crop=True)


def styled(row: Row) -> Text:
    """A row as rich prints it."""
    from rich.text import Text

    text = Text(no_wrap=True, overflow="crop")
    for span in row:
        text.append(span.text, " ".join(filter(None, (STYLES.get(word, "") for word in span.style.split()))))
    return text


def _windows_key(timeout: float | None) -> str | None:
    """The next key in a console of Windows."""
    import msvcrt

    end = None if timeout is None else time.monotonic() + timeout
    size = shutil.get_terminal_size()
    while not msvcrt.kbhit():  # type: ignore[attr-defined]
        if shutil.get_terminal_size() != size:
            return RESIZED
        if end is not None and time.monotonic() >= end:
            return None
        time.sleep(POLL)
    first: str = msvcrt.getwch()  # type: ignore[attr-defined]
    if first in ("\x00", "\xe0"):
        return WINDOWS.get(msvcrt.getwch(), "unknown")  # type: ignore[attr-defined]
    return CONTROL.get(first, first if first.isprintable() else "unknown")
