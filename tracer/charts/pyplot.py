"""Figures by matplotlib, for the file formats that it writes."""

from __future__ import annotations

from pathlib import Path

from tracer.charts.figure import Figure
from tracer.charts.svg import COLORS, DASHES

DOTS = 2_000
"""The columns of a picture that lines are thinned to."""
SIZE = (7.2, 3.6)
"""Of a panel, in inches."""


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
    picture.savefig(path, format=suffix[1:], dpi=150, metadata=metadata)
