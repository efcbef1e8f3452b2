"""The complete trajectory from a table's first row: the right one, and that of a single mistake."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from tracer.execution.interpreter import Interpreter, Replacements
from tracer.formulas.evaluation import NO_NUMBER
from tracer.formulas.tree import Expression, Name, Number, add, distinct, names
from tracer.grading.network.model import Model
from tracer.grading.network.series import Rows
from tracer.model import naming

History = list[dict[str, float]]
"""The quantities of every row. Quantities shared by a batch are in its first row."""


def walked(
    model: Model,
    rows: Rows,
    eta: float,
    instead: Replacements | None = None,
    own: Mapping[str, Expression] | None = None,
    moved: Mapping[str, float] | None = None,
) -> History | None:
    """The parameters and the loss in every row of the table, and what they are made of, from its first weights, with
    its inputs and targets: the program of the network, its formulas as the table has them.

    instead: formulas in place of the right ones, their lags as `plan.counted` counts them; where one leads out of the
    table, the right one holds. own: the table's own forms of right formulas. moved: what is added to first weights.
    None where the table does not give what the run needs, or where a formula needs itself; a run that meets a number
    without a value ends there.
    """
    instead, own, updates = instead or {}, own or {}, model.system.updates
    known = {equation.quantity for equation in model.system.equations} | updates.keys()
    known |= {n.name for formula in own.values() for n in names(formula)}
    if any(name not in known for name in instead):
        return None

    def formula(name: str) -> Expression | None:
        """The right formula, as the table computes it."""
        if name == naming.ITERATION:
            return add(Name(naming.COUNT), Number(model.first - 1.0))
        if name in own:
            return own[name]
        if name in model.parameters and name not in updates:
            return None
        after = naming.after_update(name)
        return Name(after, 1) if name in updates and after in rows.columns else model.equation(name)

    try:
        values, start, begin = _start(model, rows, eta, moved or {})
        sizes = rows.plan.sizes[: None if rows.plan.whole else -1] if rows.plan else ()
        run = Interpreter(model.program, start, values, sizes, formula=formula, replaced=instead, shared=model.shared)
        order = _order(model, formula, instead)
        for row in range(begin, len(values)):
            is_last = row == run.rows_of(row)[-1]
            try:
                for name in order:
                    if is_last or name in model.parameters or name not in model.shared:
                        run.value(name, row)
            except NO_NUMBER:
                del values[row:]
                break
    except (LookupError, SyntaxError, RecursionError):
        return None
    finite = all(math.isfinite(now.get(model.system.curve, 0.0)) for now in values)
    return values if values and finite else None


def _start(model: Model, rows: Rows, eta: float, moved: Mapping[str, float]) -> tuple[History, dict[Name, float], int]:
    """(what the table gives in every row, what the run starts from, the row that it begins with: the second one, where
    the first one holds the weights after their update). Raises LookupError where something is missing."""
    system, plan, begin = model.system, rows.plan, 0
    end = rows.steps if plan is None or plan.whole else int(plan.starts[-1])
    given = dict(system.hyper) | ({} if model.equation(naming.ETA) else {naming.ETA: eta})
    data = {name: rows[Name(name)].tolist() for name in system.data}
    values = [given | {name: column[row] for name, column in data.items()} for row in range(end)]
    start = {name: value for name, value in model.program.start.items() if name.name not in model.parameters}
    for parameter in system.parameters:
        later = naming.after_update(parameter.name)
        before, after = (float(rows[Name(name)][0]) for name in (parameter.name, later))
        if math.isfinite(before):
            start[Name(parameter.name)] = before + moved.get(parameter.name, 0.0)
        elif math.isfinite(after):
            values[0][later] = after + moved.get(parameter.name, 0.0)
            begin = 1
        else:
            raise LookupError(parameter.name)
    if not all(math.isfinite(number) for now in values[begin:] for number in now.values()):
        raise LookupError
    return values, start, begin


def _order(model: Model, formula: Callable[[str], Expression | None], instead: Replacements) -> list[str]:
    """What leads to the parameters and the loss, in an order in which little waits for what comes later."""
    given = {*model.system.data, *model.system.hyper, naming.ETA, naming.ITERATION, naming.COUNT}
    pending, needed = [*model.parameters, model.system.curve, *instead], dict[str, None]()
    while pending:
        name = pending.pop()
        if name not in needed and name not in given:
            needed[name] = None
            formulas = (formula(name), *instead.get(name, {}).values())
            pending += [n.name for each in formulas if each is not None for n in distinct(each)]
    known = [*(p.name for p in model.system.parameters), *(e.quantity for e in model.system.equations)]
    return [name for name in known if name in needed] + sorted(needed.keys() - set(known))
