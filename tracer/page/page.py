"""The page of an experiment: its program, its numbers and what is said of them, in one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from tracer.errors import OutputError
from tracer.execution.javascript_emitter import complete, program_source, shapes_source
from tracer.execution.program import program_of
from tracer.files import replacing
from tracer.model.experiment import Experiment
from tracer.model.system import System
from tracer.page.content.content import content_of
from tracer.page.file import encoded, html_file
from tracer.page.program import data_of, problems_of_page
from tracer.page.script import joined, text_of


@dataclass(frozen=True, slots=True)
class Page:
    """A page. html: its file, as text. height: of the frame in which a notebook shows it, in pixels."""

    html: str
    height: int

    def __repr__(self) -> str:
        return f"<Page of {len(self.html):,} characters>"

    def write(self, path: str | Path) -> None:
        """Write the file. Raises OutputError if that is not possible; an old file then stays as it was."""
        with replacing(path) as part:
            part.write_bytes(encoded(self.html))

    def _repr_html_(self) -> str:
        """A frame that may run the page's script, and nothing else."""
        style = f'style="width: 100%; height: {self.height}px; border: 0" title="backprop-trace"'
        return f'<iframe sandbox="allow-scripts" {style} srcdoc="{escape(self.html)}"></iframe>'


def page_of(experiment: Experiment, system: System, height: int = 720) -> Page:
    """The page of an experiment. system: the equations, with the columns that the experiment shows. Raises OutputError
    when there is too much for a page."""
    if problems := problems_of_page(experiment, system):
        raise OutputError(problems)
    program = program_of(system)
    content = content_of(experiment, system, program)
    computing = complete(
        program_source(program, system.batches), shapes_source(content.shapes), result="{ program, shapes }"
    )
    data = {"data": data_of(experiment, system, program), "content": content.data}
    return Page(html_file(experiment.name, text_of("style.css"), computing + joined("boot.js"), data), height)
