"""The quantities of a config in a sheet without a table: found cell by cell, by the texts around them."""

from __future__ import annotations

from tracer.grading.book.cells import Book, Position, Sheet
from tracer.grading.network.model import Model
from tracer.grading.sheet.blocks import FEWEST
from tracer.grading.sheet.conventions import Settling
from tracer.grading.sheet.tables import Table
from tracer.grading.ways.labels import Labels
from tracer.model.naming import spell
from tracer.model.quantity import Role

MOST_CELLS = 20_000
"""Numbers of a sheet whose labels are read."""


def labeled(book: Book, sheet: Sheet, model: Model, settle: Settling) -> Table | None:
    """A table of one step with the quantities that labels name, cells of matrices by row and column (`W[1,2]` is W12);
    None where these are too few, where nothing is computed, or where the config has layers, not equations of its own.

    Of several cells with one label, the first with a formula is taken for what the network computes, and the first
    without one for what it is given.
    """
    if not any(
        model.system.quantities[parameter.name].role is Role.OWN_PARAMETER for parameter in model.system.parameters
    ):
        return None
    labels = Labels(book)
    numbers = [place for place, cell in sheet.cells.items() if cell.formula or cell.number is not None]
    if len(numbers) > MOST_CELLS:
        return None
    names = {place: name for place in sorted(numbers) if (name := labels.of([(sheet.name, place)]))}
    known = settle(names.values())
    found: dict[str, Position] = {}
    headers: dict[str, str] = {}
    for place, label in names.items():
        options = (spell(quantity) for quantity in known(label))
        name = next((option for option in options if model.knows(option)), None)
        if name is not None and name not in found:
            computed = model.equation(name) is not None and name not in model.parameters
            if computed == (sheet.cells[place].formula is not None):
                found[name], headers[name] = place, label
    if len(found) < FEWEST or not any(sheet.cells[place].formula for place in found.values()):
        return None
    return Table(
        sheet.name,
        {name: (place,) for name, place in found.items()},
        headers,
        found,
        quantities={name: quantity for name in found if (quantity := model.read(name))},
    )
