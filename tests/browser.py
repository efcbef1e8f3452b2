"""A browser without a window, driven through a pipe (the DevTools protocol): it opens pages and evaluates JavaScript."""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
    "--disable-dev-shm-usage",  # a container may have little of it
    "--disable-background-networking", "--disable-component-update", "--disable-extensions", "--disable-sync",
    "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
    "--disable-background-timer-throttling",  # a page that is not in front draws its frames as well
)  # fmt: skip
PATIENCE = 60.0
"""Seconds that an answer may take."""
STARTS = 3
"""How often a browser is started that does not answer."""


class Unavailable(RuntimeError):
    """The browser, or the process of its page, has ended or does not answer."""


class Failed(AssertionError):
    """The browser answers that it could not do what it was asked."""


@dataclass(frozen=True, slots=True)
class Accessible:
    """A part of a page as a screen reader says it."""

    role: str
    name: str
    focusable: bool


class Chromium:
    """The process of a browser with a profile of its own, and the pipe to it: messages end with a zero byte."""

    def __init__(self, width: int, height: int) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._complaints = (Path(self._folder.name) / "stderr").open("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            ["sh", "-c", 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null', "sh", *COMMAND,  # it reads from 3 and writes to 4
             f"--user-data-dir={self._folder.name}/profile", f"--window-size={width},{height}", "about:blank"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._complaints, bufsize=0,
        )  # fmt: skip
        self._unread = b""

    def write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\0")
        except BrokenPipeError:
            raise Unavailable(f"the browser has ended: {self._last_words()}") from None

    def read(self, end: float) -> dict[str, Any]:
        """The next message; end: the time at which the wait is over."""
        assert self._process.stdout
        pipe = self._process.stdout.fileno()
        while b"\0" not in self._unread:
            if not select.select([pipe], [], [], max(0.0, end - time.monotonic()))[0]:
                raise Unavailable(f"the browser does not answer: {self._last_words()}")
            more = os.read(pipe, 1 << 20)
            if not more:
                raise Unavailable(f"the browser has ended: {self._last_words()}")
            self._unread += more
        first, _, self._unread = self._unread.partition(b"\0")
        said: dict[str, Any] = json.loads(first)
        return said

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)

    def close(self) -> None:
        """End the browser, and remove its profile."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        for file in (self._process.stdin, self._process.stdout, self._complaints):
            file.close()
        self._folder.cleanup()

    def _last_words(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read()[-500:]


class Browser:
    """A running browser with one page; it holds the process, and ends it. A page that is opened in a browser that has
    ended, or does not answer, is opened in another. complaints: errors, and what the page's policy has blocked, since
    the page was opened."""

    def __init__(self, width: int = 1280, height: int = 720) -> None:
        self._window = width, height
        self._emulated: list[tuple[str, dict[str, Any]]] = []
        self.complaints: list[str] = []
        self._start()

    def _start(self) -> None:
        for left in reversed(range(STARTS)):
            self.process = Chromium(*self._window)
            self._number, self._session = 0, ""
            try:
                target = self._ask("Target.createTarget", url="about:blank")["targetId"]
                self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
                for domain in ("Page", "Runtime", "Log", "Performance", "Inspector"):
                    self._ask(f"{domain}.enable")
                for method, parameters in self._emulated:
                    self._ask(method, **parameters)
                return
            except Unavailable:
                self.process.close()
                if not left:
                    raise

    def open(self, path: Path, address: str = "") -> None:
        """Open a page in the state of an address, and wait until it is built."""
        try:
            self._open(f"{path.as_uri()}{address}")
        except Unavailable:
            self.process.close()
            self._start()
            self._open(f"{path.as_uri()}{address}")

    def _open(self, url: str) -> None:
        self._ask("Page.navigate", url="about:blank")
        self.complaints.clear()
        self._ask("Page.navigate", url=url)
        self.wait_for("document.querySelector('h1, #page > :not(noscript)')")

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Be in the page's frame, as soon as its page is built."""
        page = self._session
        self._ask("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)
        try:
            self._session = ""
            target = self._target_of_frame()
            self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            self.wait_for("document.querySelector('#page h1')")
            yield
        finally:
            self._session = page

    def _target_of_frame(self) -> str:
        """The frame, which has a process of its own, as soon as this has started."""
        end = time.monotonic() + PATIENCE
        while True:
            targets = self._ask("Target.getTargets")["targetInfos"]
            frames = [str(target["targetId"]) for target in targets if target["type"] == "iframe"]
            if frames:
                (frame,) = frames
                return frame
            assert time.monotonic() < end, targets
            time.sleep(0.01)

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page, or of what it promises."""
        answer = self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def middle(self, selector: str) -> tuple[float, float]:
        """The middle of an element in the window, where it is brought."""
        element = f"document.querySelector({json.dumps(selector)})"
        self.evaluate(f"{element}.scrollIntoViewIfNeeded()")
        box = f"{element}.getBoundingClientRect()"
        x, y = self.evaluate(f"(({{ left, top, width, height }}) => [left + width/2, top + height/2])({box})")
        return float(x), float(y)

    def script_time(self) -> float:
        """How long scripts have run in the page, in seconds."""
        metrics = self._ask("Performance.getMetrics")["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == "ScriptDuration"))

    def emulate(self, width: int, height: int, *, dark: bool = False, printed: bool = False) -> None:
        """Another size of the window, a reader's preference, or paper."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._emulated = [
            ("Emulation.setDeviceMetricsOverride", size),
            ("Emulation.setEmulatedMedia", {"media": "print" if printed else "", "features": scheme}),
        ]
        for method, parameters in self._emulated:
            self._ask(method, **parameters)

    def press(self, key: str, text: str = "", modifiers: int = 0) -> None:
        """Press a key; modifiers: 8 for shift."""
        what = {"key": key, "code": key, "modifiers": modifiers, "windowsVirtualKeyCode": KEYS.get(key, 0)}
        self._ask("Input.dispatchKeyEvent", type="keyDown", text=text, **what)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **what)

    def mouse(self, kind: str, x: float, y: float, *, held: bool = False) -> None:
        """Move the mouse, with its button held or not, press or release it: mouseMoved, mousePressed, mouseReleased."""
        is_down = held or kind != "mouseMoved"
        self._ask(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left" if is_down else "none",
            buttons=int(held or kind == "mousePressed"), clickCount=int(kind != "mouseMoved"),
        )  # fmt: skip

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """Put a finger on the page, move it, or lift it: touchStart, touchMove, touchEnd (without a point)."""
        self._ask("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y} for x, y in points])

    def accessible(self) -> list[Accessible]:
        """What a screen reader gets of the page."""
        found = []
        for node in self._ask("Accessibility.getFullAXTree")["nodes"]:
            if not node.get("ignored"):
                states = {one["name"]: one["value"].get("value") for one in node.get("properties", [])}
                role, name = (str(node.get(key, {}).get("value", "")) for key in ("role", "name"))
                found.append(Accessible(role, name, bool(states.get("focusable"))))
        return found

    def wait_for(self, condition: str) -> None:
        """Wait until an expression is true in the page, and the page has drawn what follows from it."""
        end = time.monotonic() + PATIENCE
        while not self._is_true(condition):
            assert time.monotonic() < end, [condition, *self.complaints]
            time.sleep(0.01)
        self.follow()

    def _is_true(self, condition: str) -> bool:
        try:
            return bool(self.evaluate(f"Boolean({condition})"))
        except Failed:  # the page is being left for another
            return False

    def follow(self) -> None:
        """Wait until the page has drawn what it was asked for."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def crash(self) -> None:
        """End the process of the page."""
        with suppress(Unavailable):
            self._ask("Page.crash")

    def close(self) -> None:
        """End the browser."""
        self.process.close()

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self.process.write(message)
        end = time.monotonic() + PATIENCE
        while True:
            said = self.process.read(end)
            if said.get("id") == self._number:
                if "error" in said:
                    raise Failed(f"{method}: {said['error']}")
                answer: dict[str, Any] = said["result"]
                return answer
            self._note(said)

    def _note(self, said: dict[str, Any]) -> None:
        match said.get("method"):
            case "Inspector.targetCrashed":
                raise Unavailable("the page's process has ended")
            case "Runtime.exceptionThrown":
                details = said["params"]["exceptionDetails"]
                self.complaints.append(details.get("exception", {}).get("description") or details["text"])
            case "Log.entryAdded" if said["params"]["entry"]["level"] == "error":
                self.complaints.append(said["params"]["entry"]["text"])
            case "Runtime.consoleAPICalled" if said["params"]["type"] == "error":
                self.complaints.append(str(said["params"]["args"]))


KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Enter": 13, "Escape": 27}
