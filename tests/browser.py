"""A browser without a window, driven through a pipe (the DevTools protocol): it opens pages and evaluates JavaScript."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = ("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe")
PATIENCE = 60.0
"""Seconds that an answer may take."""


@dataclass(frozen=True, slots=True)
class Accessible:
    """A part of a page as a screen reader says it."""

    role: str
    name: str
    focusable: bool


class Browser:
    """A running browser with one page; it holds the process, and ends it. complaints: errors, and what the page's policy
    has blocked, since the page was opened."""

    def __init__(self, width: int = 1280, height: int = 720) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_browser, self._to = os.pipe()
        self._from, from_browser = os.pipe()
        os.set_blocking(self._from, False)

        def connect() -> None:  # the browser reads from 3 and writes to 4
            reads, writes = os.dup(to_browser), os.dup(from_browser)
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self._process = subprocess.Popen(
            [*COMMAND, f"--user-data-dir={self._folder.name}", f"--window-size={width},{height}", "about:blank"],
            preexec_fn=connect, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_browser)
        os.close(from_browser)
        self._number, self._session, self._unread = 0, "", b""
        self.complaints: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Performance"):
            self._ask(f"{domain}.enable")

    def open(self, path: Path, address: str = "") -> None:
        """Open a page in the state of an address, and wait until it is built."""
        self._ask("Page.navigate", url="about:blank")
        self.complaints.clear()
        self._ask("Page.navigate", url=f"{path.as_uri()}{address}")
        self._wait_for("h1, #page > :not(noscript)")

    @contextmanager
    def frame(self) -> Iterator[None]:
        """Be in the page's frame, as soon as its page is built."""
        page = self._session
        self._ask("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=True)
        self._session = ""
        (target,) = (t for t in self._ask("Target.getTargets")["targetInfos"] if t["type"] == "iframe")
        self._session = self._ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        self._wait_for("#page h1")
        yield
        self._session = page

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
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._ask("Emulation.setEmulatedMedia", media="print" if printed else "", features=scheme)

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

    def _wait_for(self, selector: str) -> None:
        end = time.monotonic() + PATIENCE
        while not self.evaluate(f"Boolean(document.querySelector('{selector}'))"):
            assert time.monotonic() < end, [selector, *self.complaints]
            time.sleep(0.01)
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(PATIENCE)
        os.close(self._to)
        os.close(self._from)
        self._folder.cleanup()

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while True:
            said = self._next(end)
            if said.get("id") == self._number:
                assert "error" not in said, said["error"]
                answer: dict[str, Any] = said["result"]
                return answer
            self._note(said)

    def _next(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._unread:
            assert time.monotonic() < end, "the browser does not answer"
            try:
                more = os.read(self._from, 1 << 20)
            except BlockingIOError:
                time.sleep(0.001)
                continue
            assert more, "the browser has ended"
            self._unread += more
        first, _, self._unread = self._unread.partition(b"\0")
        said: dict[str, Any] = json.loads(first)
        return said

    def _note(self, said: dict[str, Any]) -> None:
        match said.get("method"):
            case "Runtime.exceptionThrown":
                details = said["params"]["exceptionDetails"]
                self.complaints.append(details.get("exception", {}).get("description") or details["text"])
            case "Log.entryAdded" if said["params"]["entry"]["level"] == "error":
                self.complaints.append(said["params"]["entry"]["text"])
            case "Runtime.consoleAPICalled" if said["params"]["type"] == "error":
                self.complaints.append(str(said["params"]["args"]))


KEYS = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Enter": 13, "Escape": 27}
