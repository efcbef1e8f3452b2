"""Sheets written by hand: a plan that is filled by references such as B4, row by row, or a table of formulas at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.walkthroughs.evaluator import Place, column_name, column_number
from tests.walkthroughs.plan import Content, Plan, Step, chance

Column = tuple[str, object, str]
"""Header, the content of the first row (or a list of constants, repeated where there is no formula), and the formula
of the rows below, or of all where the content is ""."""


class Draft:
    """A plan that is filled by references such as B4 or Data!B4; the state is the plan and the current sheet."""

    def __init__(
        self,
        layout: str,
        sheet: str = "Sheet1",
        loss_cell: bool = True,
        expected: str = "confirmed",
        rounding: float = 1e-6,
    ) -> None:
        self.plan = Plan(layout, loss_cell=loss_cell, expected=expected, rounding=rounding)
        self.sheet = sheet
        self.random = chance("messy", layout)

    def put(self, cell: str, content: Content, unit: str = "", watched: bool = False, **slips: str) -> None:
        """A cell. unit: what is copied with it. slips: the wrong formulas that can be planted in it."""
        place = self.at(cell)
        formula = str(content).startswith("=")
        self.plan.put(place, content, (unit or f"formula {cell}") if formula else "")
        if watched:
            self.plan.watched.add(place)
        for slip, wrong in slips.items():
            self.plan.slip(slip.replace("_", " "), unit or f"formula {cell}", place, wrong)

    def at(self, cell: str) -> Place:
        """The place of a reference."""
        sheet, _, local = cell.rpartition("!")
        local = local.replace("$", "")
        letters = local.rstrip("0123456789")
        return sheet.strip("'") or self.sheet, int(local[len(letters) :]), column_number(letters)

    def row(self, first: str, contents: Sequence[Content], unit: str = "") -> None:
        """Cells side by side; nothing where "" stands."""
        sheet, row, column = self.at(first)
        for offset, content in enumerate(contents):
            if content != "":
                self.put(f"{sheet}!{column_name(column + offset)}{row}", content, unit and f"{unit} {offset + 1}")

    def down(self, first: str, contents: Sequence[Content], unit: str = "") -> None:
        """Cells under each other; nothing where "" stands."""
        sheet, row, column = self.at(first)
        for offset, content in enumerate(contents):
            if content != "":
                self.put(f"{sheet}!{column_name(column)}{row + offset}", content, unit)

    def array(self, area: str, formula: str, unit: str = "", watched: bool = False, **slips: str) -> None:
        """An array formula over an area such as B4:D6."""
        first, _, last = area.partition(":")
        self.put(first, formula, unit, watched, **slips)
        (_, top, left), (_, bottom, right) = self.at(first), self.at(last or first)
        self.plan.arrays[self.at(first)] = (bottom - top + 1, right - left + 1)

    def merge(self, area: str, text: str = "") -> None:
        """Merged cells, with a title in the first."""
        if text:
            self.put(area.partition(":")[0], text)
        self.plan.merged.append((self.sheet, area))

    def table(self, first: str, rows: int, columns: Sequence[Column | None], header: bool = True) -> None:
        """A table: in a formula, {r} is the row, {p} the one above, {n} the one below. first: the first cell below the headers."""
        _, top, left = self.at(first)
        for offset, column in enumerate(columns):
            if column is None:
                continue
            head, start, formula = column
            letter = column_name(left + offset)
            if header and head:
                self.put(f"{letter}{top - 1}", head)
            for k in range(rows):
                content = formula if start == "" or k else start
                if isinstance(start, list):
                    content = start[k % len(start)] if k < len(start) or not formula else formula
                assert isinstance(content, (str, int, float))
                if isinstance(content, str):
                    content = spelled(content, top + k)
                if content != "":
                    self.put(f"{letter}{top + k}", content, f"{head or 'column'} ({letter})")

    def slip(self, name: str, column: str, rows: range, formula: str) -> None:
        """A mistake that can be planted in these rows of a column, where they hold formulas."""
        for row in rows:
            place = self.at(f"{column}{row}")
            if str(self.plan.cells.get(place, "")).startswith("="):
                self.plan.slip(name, self.plan.units[place], place, spelled(formula, row))

    def step(
        self,
        pairs: Mapping[str, str],
        loss: str,
        rate: str | Mapping[str, str],
        gradients: Mapping[str, str] | None = None,
        factor: float = 1.0,
    ) -> None:
        """One update, with the loss and the rates as formulas. gradients: X → the cell with factor · ∂loss/∂X."""
        updates = tuple((self.at(x), self.at(new)) for x, new in pairs.items())
        rates = {self.at(x): rate if isinstance(rate, str) else rate[x] for x in pairs}
        taken = tuple((self.at(x), self.at(g)) for x, g in (gradients or {}).items())
        self.plan.watched |= {new for _, new in updates} | {g for _, g in taken}
        self.plan.steps.append(Step(self.sheet, updates, loss, rates, taken, factor))

    def steps(
        self,
        rows: range,
        pairs: Mapping[str, str],
        loss: str,
        rate: str,
        gradients: Mapping[str, str] | None = None,
        factor: float = 1.0,
    ) -> None:
        """An update in each of these rows: all of it written with {r}, {p} and {n}."""
        for row in rows:
            taken = {spelled(x, row): spelled(g, row) for x, g in (gradients or {}).items()}
            self.step(
                {spelled(x, row): spelled(new, row) for x, new in pairs.items()},
                spelled(loss, row),
                spelled(rate, row),
                taken,
                factor,
            )


def spelled(text: str, row: int) -> str:
    """A formula of a table in this row."""
    return text.replace("{r}", str(row)).replace("{p}", str(row - 1)).replace("{n}", str(row + 1))
