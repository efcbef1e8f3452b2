"""The look of diagrams: their colors on light and on dark ground, and the classes of a style sheet that have them."""

from __future__ import annotations

from tracer.explain.picture.diagram import NUMBER_SIZE, SIZES, Look

COLORS = {
    "ground": ("#ffffff", "#0d1117"), "ink": ("#1f2937", "#e6edf3"), "faint": ("#64748b", "#9aa7b4"),
    "line": ("#94a3b8", "#7d8792"), "box": ("#f8fafc", "#161b22"),
    "positive": ("#ea7a17", "#f59e42"), "negative": ("#2563eb", "#5b9dff"),
    "data": ("#7c3aed", "#b794f6"), "parameters": ("#b45309", "#e0a458"), "forward": ("#0369a1", "#56b6f7"),
    "loss": ("#be123c", "#fb7f94"), "total": ("#be123c", "#fb7f94"),
}  # fmt: skip
"""On light and on dark ground. The last ones are of the phases."""
STRONGEST = 0.55
"""The opacity of the color behind a number, which has to stay readable."""
PHASES = ("data", "parameters", "forward", "loss", "total")
FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif"


def style() -> str:
    """The style sheet: colors are variables that follow the reader's choice of light or dark, after the light ones for
    readers that know no variables."""
    light, dark = (";".join(f"--{name}:{pair[place]}" for name, pair in COLORS.items()) for place in (0, 1))
    rules = {
        "text": f"font-family:{FONTS};{_colored('ink')}",
        **{f".{look}": f"font-size:{SIZES[look]:g}px" for look in Look},
        ".number": f"font-size:{NUMBER_SIZE:g}px;text-anchor:end;font-variant-numeric:tabular-nums",
        ".title,.head,.name": "font-weight:600",
        ".caption,.note,.label,text.faint": _colored("faint"),
        ".ground": _colored("ground"),
        ".node": _colored("box"),
        ".border": "fill:none;stroke-width:1.5",
        **{f".border.{phase}": _colored(phase, "stroke") for phase in PHASES},
        ".border.total": f"stroke-width:2.5;{_colored('total', 'stroke')}",
        ".tiles": f"{_colored('box')};{_colored('line', 'stroke')};stroke-width:.6",
        ".touch": "fill:none;pointer-events:all",
        ".curve": _colored("line", "color"),
        **{f".{sign}": _colored(sign) for sign in ("positive", "negative")},
        **{f".curve.{sign}": _colored(sign, "color") for sign in ("positive", "negative")},
        ".stroke": "fill:none;stroke:currentColor",
        ".full": "fill:currentColor",
        ".hollow": f"{_colored('ground')};stroke:currentColor",
        ".curve.negative .stroke": "stroke-dasharray:7 3",
        ".curve.negative.backward .stroke": "stroke-dasharray:2 2",
        ".backward": "opacity:.75",
        ".curve.faint": "opacity:.6",
    }
    classes = "".join(f"{names}{{{what}}}" for names, what in rules.items())
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}{classes}"


def _colored(name: str, what: str = "fill") -> str:
    return f"{what}:{COLORS[name][0]};{what}:var(--{name})"
