"""Figures by matplotlib, for the file formats that it writes."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Thread

from tracer.charts.figure import Figure
from tracer.charts.svg import COLORS, DASHES

SIZE = (7.2, 3.6)
"""Of a panel, in inches."""
DPI = 150
"""Dots per inch of a .png."""
DOTS = round(SIZE[0] * DPI)
"""The columns of a picture that lines are thinned to."""
SWITCH = 1e-4
"""Seconds after which a thread that waits for the interpreter gets it, while matplotlib is loaded."""


def load_meanwhile() -> None:
    """Load matplotlib on another thread, beside pandas' reading of a large file, which needs the interpreter only for a
    moment after each part of the file."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)

    def load() -> None:
        with suppress(ImportError):  # `save` raises it again
            import_module("matplotlib.backends.backend_agg")
        sys.setswitchinterval(usual)

    Thread(target=load).start()


def save(figure: Figure, path: Path, suffix: str) -> None:
    """Write the figure to a file in the format of this suffix, one of BY_MATPLOTLIB. Raises ModuleNotFoundError without
    matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Picture

    picture = Picture(figsize=(SIZE[0], SIZE[1] * len(figure.panels)), layout="constrained")
    FigureCanvasAgg(picture)
    for row, panel in enumerate(figure.panels, 1):
        axes = picture.add_subplot(len(figure.panels), 1, row)
        for number, line in enumerate(panel.lines):
            thin = line.thinned(DOTS)
            dash = DASHES[number // len(COLORS) % len(DASHES)]
            style: str | tuple[float, tuple[float, ...]] = (0, tuple(map(float, dash.split()))) if dash else "-"
            axes.plot(thin.x, thin.y, label=line.label, color=COLORS[number % len(COLORS)], linestyle=style)
        axes.set_xlabel(figure.x_label)
        axes.set_ylabel(panel.y_label)
        axes.grid(alpha=0.3)
        if figure.log:
            axes.set_yscale("log", nonpositive="mask")
        if len(panel.lines) > 1:
            axes.legend(fontsize="small", ncols=2)
    metadata = {"CreationDate": None} if suffix == ".pdf" else {}
    picture.savefig(path, format=suffix[1:], dpi=DPI, metadata=metadata)
