"""The README's pictures, made by LibreOffice from the real workbook: python -m tests.pictures

Needs soffice and pdftoppm (Debian: libreoffice-calc, poppler-utils).
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import tracer
from tests.places import ROOT, WALKTHROUGH
from tests.sheets import rewrite

PICTURES = ROOT / ".github" / "pictures"
DOTS_PER_INCH = 110


def on_large_paper(xml: str) -> str:
    """A sheet printed on A3 at 62 % in place of fitted to one page's width, so that its numbers can be read."""
    xml = xml.replace('fitToPage="1"', 'fitToPage="0"')
    return re.sub(r"<pageSetup[^>]*/>", '<pageSetup orientation="landscape" paperSize="8" scale="62"/>', xml)


def picture(book: Path, page: int, name: str, left: int, top: int, width: int, height: int) -> None:
    """One page of the printed workbook, cropped; the measures in dots."""
    crop = ["-x", left, "-y", top, "-W", width, "-H", height]
    command = ["pdftoppm", "-png", "-singlefile", "-r", DOTS_PER_INCH, "-f", page, "-l", page, *crop]
    subprocess.run([*map(str, command), str(book.with_suffix(".pdf")), str(PICTURES / name)], check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        book = Path(place) / "walkthrough.xlsx"
        tracer.run(WALKTHROUGH).to_excel(book)
        printed = rewrite(book, Path(place) / "printed.xlsx", on_large_paper)
        command = ["soffice", "--headless", f"-env:UserInstallation=file://{place}/profile", "--convert-to", "pdf"]
        subprocess.run([*command, "--outdir", place, str(printed)], check=True, capture_output=True)
        picture(printed, 1, "summary", 75, 100, 740, 600)
        picture(printed, 2, "trace", 75, 100, 1620, 330)


if __name__ == "__main__":
    main()
