"""The style sheet of all SVG: colors on light and dark backgrounds."""

from __future__ import annotations

from collections.abc import Mapping

Pair = tuple[str, str]
"""A color on light ground, and on dark."""
SCOPE = "backprop-trace"
"""The class of an SVG document that its style sheet applies to: nothing else of a page that it is put into changes."""
FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif"
BASE: dict[str, Pair] = {
    "ground": ("#ffffff", "#0d1117"), "ink": ("#1f2937", "#e6edf3"), "faint": ("#5b6778", "#9aa7b4"),
    "line": ("#94a3b8", "#7d8792"), "box": ("#f8fafc", "#161b22"),
}  # fmt: skip
SIGNS: dict[str, Pair] = {"positive": ("#d9690f", "#f59e42"), "negative": ("#2563eb", "#5b9dff")}
PHASES: dict[str, Pair] = {
    "data": ("#7c3aed", "#b794f6"), "parameters": ("#b45309", "#e0a458"), "forward": ("#0369a1", "#56b6f7"),
    "loss": ("#be123c", "#fb7f94"), "total": ("#be123c", "#fb7f94"),
}  # fmt: skip
LINES: tuple[Pair, ...] = (
    ("#2563eb", "#6ba1ff"), ("#db2777", "#f472b6"), ("#059669", "#34d399"), ("#d97706", "#fbbf24"),
    ("#7c3aed", "#b794f6"), ("#0891b2", "#22d3ee"), ("#dc2626", "#f87171"), ("#65a30d", "#a3e635"),
)  # fmt: skip
"""Of the curves of a figure."""


def sheet(colors: Mapping[str, Pair], rules: Mapping[str, str]) -> str:
    """A style sheet. colors: by name, as in `colored`; they follow the reader's choice of light or dark. rules: what is
    set for selectors within the document."""
    light, dark = (";".join(f"--{name}:{pair[place]}" for name, pair in colors.items()) for place in (0, 1))
    scope = f".{SCOPE}"
    classes = "".join(
        f"{','.join(f'{scope} {selector}' for selector in selectors.split(','))}{{{what}}}"
        for selectors, what in rules.items()
    )
    return f"{scope}{{{light}}}@media(prefers-color-scheme:dark){{{scope}{{{dark}}}}}{classes}"


def colored(name: str, colors: Mapping[str, Pair], what: str = "fill") -> str:
    """The declaration of a color by its name: a variable, and before it the light one for readers that know none."""
    light, _ = colors[name]
    return f"{what}:{light};{what}:var(--{name})"


def begin(width: float, height: float, title: str, style: str) -> list[str]:
    """The first lines of a document on its own ground; title is escaped already."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{SCOPE}" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img">',
        f"<title>{title}</title>",
        f"<style>{style}</style>",
        f'<rect class="ground" width="{width:g}" height="{height:g}" rx="8"/>',
    ]
