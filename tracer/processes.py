"""Worker processes: how they are started and ended."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import IO, Any

_APART = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""On Windows; elsewhere a session of its own has the same effect: Ctrl-C reaches only the command, which ends its
workers."""


def command(module: str) -> list[str]:
    """What calls `serve()` of a module of this program in another process."""
    return [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}; from {module} import serve; serve()"]


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """A process with pipes as its standard input and output."""
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=nothing, start_new_session=True, creationflags=_APART
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """End it at once."""
    process.kill()
    process.wait()
    for stream in filter(None, (process.stdin, process.stdout)):
        with suppress(OSError):
            stream.close()


def received(tasks: SimpleQueue[Any]) -> Thread:
    """In such a process, the thread that reads what it is sent; the process ends with the one that started it, whose
    end closes the input."""

    def receive() -> None:
        with suppress(EOFError):
            while True:
                tasks.put(pickle.load(sys.stdin.buffer))
        os._exit(0)

    return Thread(target=receive, daemon=True)


def answers() -> IO[bytes]:
    """In such a process, where its answers go; nothing that is printed comes between them."""
    found = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return found
