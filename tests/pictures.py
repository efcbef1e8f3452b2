"""The pictures of these pages, made by LibreOffice from the real workbooks, by Chromium from a real screen, and as SVG:
python -m tests.pictures

Needs soffice, pdftoppm, pdftotext, chromium (Debian: libreoffice-calc, poppler-utils), nbconvert and ipykernel (PyPI); with
the argument svg nothing.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.syntax import Syntax

import tracer
from tests.pages import step_in_the_middle
from tests.places import ROOT, WALKTHROUGH
from tests.sheets import rewrite, without_results
from tests.test_exercise import answers, filled, trace_of
from tests.test_walkthrough import chosen
from tracer.commands.terminal import styled

PICTURES = ROOT / ".github" / "pictures"
DOTS_PER_INCH, FINE = 150, 220
NOTEBOOK_CELL = """\
import tracer

trace = tracer.run("configs/walkthrough.yaml", learning_rate=0.5)
trace.explain("∂E/∂w5", iteration=3)"""
Inches = tuple[float, float, float, float]


def on_large_paper(xml: str) -> str:
    """A sheet printed on A3 at 62 % in place of fitted to one page's width, so that its numbers can be read."""
    xml = re.sub(r"<colBreaks.*?</colBreaks>", "", xml.replace('fitToPage="1"', 'fitToPage="0"'))
    return re.sub(r"<pageSetup[^>]*/>", '<pageSetup orientation="landscape" paperSize="8" scale="62"/>', xml)


def printed(book: Path) -> Path:
    """The workbook as a PDF, computed anew."""
    copy = rewrite(book, book.with_name(f"printed-{book.name}"), without_results)
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{book.parent}/profile", "--convert-to", "pdf"]
    subprocess.run([*command, "--outdir", str(book.parent), str(copy)], check=True, capture_output=True)
    return copy.with_suffix(".pdf")


def page_of(pdf: Path, words: str) -> int:
    """The first page that has these words."""
    for page in count(1):
        command = ["pdftotext", "-f", str(page), "-l", str(page), str(pdf), "-"]
        if words in subprocess.run(command, check=True, capture_output=True, text=True).stdout:
            return page
    raise AssertionError


def picture(pdf: Path, page: int, name: str, crop: Inches, dots: int = DOTS_PER_INCH) -> None:
    """A part of a page, given by its left, top, width and height."""
    measures = [str(round(dots * inches)) for inches in crop]
    place = [
        part for option, measure in zip(("-x", "-y", "-W", "-H"), measures, strict=True) for part in (option, measure)
    ]
    command = ["pdftoppm", "-png", "-singlefile", "-r", str(dots), "-f", str(page), "-l", str(page), *place]
    subprocess.run([*command, str(pdf), str(PICTURES / name)], check=True)


def half_done(folder: Path) -> Path:
    """An exercise with some answers in it, one of them wrong."""
    path, right = answers(trace_of(WALKTHROUGH, 3, learning_rate=0.5), folder, "forward")
    given: dict[str, str | float] = {**dict(list(right.items())[:9]), "K6": "1/(1+EXP(J6))"}
    return filled(path, "η = 0.5", given, "half.xlsx")


def svg_pictures() -> dict[str, str]:
    """The SVG files, each with its text."""
    classic = tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=1)
    attention = tracer.run(ROOT / "configs" / "attention.yaml", iterations=1)
    return {
        "network.svg": classic.graph().svg(),
        "equations.svg": attention.graph("equations").svg(),
        "loss.svg": tracer.run(WALKTHROUGH).plot(log=True).svg(),
    }


def terminal(folder: Path) -> None:
    """The screen of `step` in the middle of the backward pass."""
    console = recorder(80)
    for row in step_in_the_middle().rows(80, 24):
        line = styled(row)
        line.truncate(80, pad=True)
        console.print(line, crop=True)
    recorded(console, folder, "step", "step configs/walkthrough.yaml --learning-rate 0.5", (994, 636))


def script(folder: Path) -> None:
    """What an exported script computes and asserts."""
    source = tracer.script(tracer.run(WALKTHROUGH, learning_rate=0.5), "numpy")
    console = recorder(104)
    console.print(Syntax(source[source.index("def run(") :], "python", theme="monokai", background_color="default"))
    recorded(console, folder, "script", "export configs/walkthrough.yaml --to numpy", (1287, 658))


def recorder(width: int) -> Console:
    """A terminal of so many columns, whose contents become a picture."""
    return Console(
        width=width, record=True, file=io.StringIO(), force_terminal=True, color_system="256", highlight=False
    )


def recorded(console: Console, folder: Path, name: str, arguments: str, size: tuple[int, int]) -> None:
    """The picture of a terminal, under a title with the command."""
    drawn = console.export_svg(title=f"backprop-trace {arguments}")
    svg = folder / f"{name}.svg"
    svg.write_text(drawn.replace("Fira Code", "DejaVu Sans Mono"), encoding="utf-8")
    screenshot(svg, f"{name}.png", size)


def notebook(folder: Path) -> None:
    """A cell of a notebook, executed."""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "source": NOTEBOOK_CELL,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    path, page = ROOT / "notebook.ipynb", folder / "notebook.html"
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--execute", "--output-dir", str(folder), str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    finally:
        path.unlink()
    screenshot(page, "notebook.png", (900, 830))


def explanation(folder: Path) -> None:
    """The upper part of an explanation as HTML."""
    page = folder / "explanation.html"
    trace = tracer.run(WALKTHROUGH, learning_rate=0.5, iterations=1)
    page.write_text(trace.explain("∂E/∂w1").written("html"), encoding="utf-8")
    screenshot(page, "explanation.png", (800, 1150))


def screenshot(page: Path, name: str, size: tuple[int, int]) -> None:
    """What a browser shows of a file, in pixels."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    options = [f"--window-size={size[0]},{size[1]}", f"--screenshot={PICTURES / name}"]
    subprocess.run([*command, *options, page.as_uri()], check=True, capture_output=True)


def main() -> None:
    for name, document in svg_pictures().items():
        (PICTURES / name).write_text(document, encoding="utf-8")
    if sys.argv[1:] == ["svg"]:
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        terminal(folder)
        script(folder)
        explanation(folder)
        notebook(folder)
        classic, deep = folder / "walkthrough.xlsx", folder / "deep.xlsx"
        tracer.run(WALKTHROUGH).to_excel(classic)
        tracer.run(ROOT / "configs" / "deep.yaml").to_excel(deep)
        picture(printed(chosen(classic, folder, 30, 0.5)), 1, "walkthrough", (0.2, 0.3, 6.9, 4.9), FINE)
        picture(printed(chosen(deep, folder, 10, 0.02)), 1, "deep", (0.5, 0.75, 9.9, 5.9))
        picture(
            printed(rewrite(half_done(folder), folder / "exercise.xlsx", on_large_paper)),
            1,
            "exercise",
            (0.33, 0.85, 12.9, 1.5),
        )
        large = printed(rewrite(classic, folder / "large.xlsx", on_large_paper))
        picture(large, page_of(large, "go to the chart"), "trace", (0.33, 0.72, 10.6, 2.75))
        xor = folder / "xor.xlsx"
        tracer.run(ROOT / "configs" / "xor.yaml").to_excel(xor)
        regions = printed(chosen(xor, folder, 200, 0.5))
        picture(regions, page_of(regions, "the decision regions"), "regions", (0.68, 0.9, 6.85, 5.75))


if __name__ == "__main__":
    main()
