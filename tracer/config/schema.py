"""The keys of a config: what each means, its default, its form. The one source of the reader's checks, of the JSON
Schema that editors use, of the help of the command's options and of the documentation's table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracer.config.choices import Entry, formula_pattern
from tracer.config.forms import Case, Either, Flag, Identifier, ListOf, Named, Number, OneOf, Schema, Text
from tracer.config.habits import spellings
from tracer.config.records import Field, Model, Record, properties
from tracer.config.rules import RULE, WITHOUT_RATE, is_rule
from tracer.formulas.primitives import MOST_DECIMALS
from tracer.model import naming
from tracer.model.batches import REDUCTIONS
from tracer.model.experiment import CsvStyle
from tracer.tables.activations import ACTIVATIONS, SOFTMAX
from tracer.tables.initializers import INITIALIZERS
from tracer.tables.losses import LOSSES
from tracer.tables.optimizers import CLIPPINGS, OPTIMIZERS

COLUMNS = ("full", "compact")
ONLINE, BATCH = "online", "batch"
ORDERS = ("sequential", "shuffled")
MAX_CHARTS = 20
"""Of pairs of parameters: a sheet with more is slow."""
MAX_PHASES = 50
"""A sheet nests no more than 64 functions (Microsoft, "Excel specifications and limits")."""


def _holds(values: Iterable[Any], kind: type) -> bool:
    return any(isinstance(value, kind) for value in values)


NUMBER, COUNT, WHOLE = Number(), Number({"minimum": 1}, whole=True), Number(whole=True)
STRENGTH = Number({"minimum": 0})
DECIMALS = Number({"minimum": 0, "maximum": MOST_DECIMALS}, whole=True)
RATE = Number({"minimum": 0}, ", because a negative one would increase the loss")
TEXT, FILLED = Text(), Text(r"[\s\S]")
FILE_NAME = Text(
    r'^[^/\\:*?"<>|\n\r\t. ]([^/\\:*?"<>|\n\r\t]*[^/\\:*?"<>|\n\r\t. ])?$',
    'is not a valid file name; do not use / \\ : * ? " < > | or begin or end with a dot or space',
    200,
)
_BY_NAME = "give numbers by name {name: 0.5, …}"
_OR_LIST = f"{_BY_NAME} or in a list [0.5, …]"
NUMBERS = ListOf(NUMBER, _OR_LIST)
QUANTITIES = Named(NUMBER, _BY_NAME, Identifier())
VALUES = Either((Case(dict, QUANTITIES), Case(list, NUMBERS)), _OR_LIST)
_NAMES = "with samples, give only the names, such as [x1, x2]"
NAMES = Either((Case(lambda value: isinstance(value, list) and all(isinstance(name, str) for name in value),
                     ListOf(Identifier(), _NAMES, unique="every name must be unique")),), _NAMES)  # fmt: skip
SAMPLE = Record({"inputs": Field("Its inputs.", VALUES), "targets": Field("Its targets.", VALUES)},
                "sample", "{inputs: […], targets: […]}")  # fmt: skip
_SAMPLES = f"give a list of {SAMPLE.example}, or the name of a .csv or .xlsx file"

ACTIVATION = Entry({name: row.settings for name, row in ACTIVATIONS.items()} | {SOFTMAX: {}}, "activation", ("z",))
LOSS = Entry({name: row.settings for name, row in LOSSES.items()}, "loss", ("t", "a"))
OPTIMIZER = Entry({name: row.settings for name, row in OPTIMIZERS.items()}, "optimizer")
RULES = Either((Case(is_rule, RULE), Case(object, OPTIMIZER)), f"write {next(iter(OPTIMIZERS))}, or another name")
INITIALIZER = Entry({name: row.settings for name, row in INITIALIZERS.items()}, "initializer", key="init", alone=False,
                    further={"seed": WHOLE})  # fmt: skip
_WEIGHTS = "give the weights by name, in a list, or by layer"
_ROWS = ListOf(ListOf(NUMBER, "give a row of numbers"), "give a list of rows, one per neuron")
WEIGHTS = Either((Case(lambda value: isinstance(value, dict) and "init" in value, INITIALIZER),
                  Case(lambda value: isinstance(value, dict) and _holds(value.values(), list),
                       Named(_ROWS, _WEIGHTS, without="init")),
                  Case(dict, Named(NUMBER, _WEIGHTS, without="init")), Case(list, NUMBERS)), _WEIGHTS)  # fmt: skip
BIASES = Named(Either((Case(list, NUMBERS), Case(object, NUMBER)), "give one number, or a list with one per neuron"),
               "give them by layer, such as {h: 0.35, o: 0.60}", least=0)  # fmt: skip
_ONE_EACH = "give one activation, or a list with one per neuron"
LAYER_FIELDS: dict[str, Field] = {
    "name": Field("The layer's name; its neurons are named after it.", Identifier()),
    "neurons": Field("Number of neurons.", COUNT, required=True),
    "activation": Field("The activation of its neurons: a name, {name: elu, alpha: 0.5}, a formula in z, or a list "
                        "with one per neuron.",
                        Either((Case(list, ListOf(ACTIVATION, _ONE_EACH)), Case(object, ACTIVATION)), _ONE_EACH),
                        default="sigmoid"),
}  # fmt: skip
LAYER = Record(LAYER_FIELDS, "layer", "{name: h, neurons: 2}")

RATE_FORMULA = Text(
    formula_pattern((naming.COUNT,)), f"is neither a number nor a formula of {naming.COUNT}, the iteration"
)
_RATE_CASES = (Case(lambda value: isinstance(value, str) and not spellings(value), RATE_FORMULA), Case(object, RATE))
PHASE = Record({
    "iterations": Field("Number of iterations in this phase.", COUNT, required=True),
    "learning_rate": Field("Learning rate of this phase.", Either(_RATE_CASES, "give a learning rate"), required=True),
}, "phase", "{iterations: 100, learning_rate: 0.1}")  # fmt: skip
PHASES = Case(lambda value: isinstance(value, list) and _holds(value, dict),
              ListOf(PHASE, "give a list of phases", most=MAX_PHASES))  # fmt: skip
_RATES = "give one learning rate, or a list"
RATES = Case(list, ListOf(RATE, _RATES, unique="each learning rate is a separate run"))
BATCH_SIZE = Record({"batch_size": Field("Number of samples per iteration.", COUNT, required=True)}, "batch",
                    "{batch_size: 4}")  # fmt: skip
CLIP = Record({name: Field(row.source, Number(row.limit.ends())) for name, row in CLIPPINGS.items()}, "clipping",
              " or ".join(f"{{{name}: {row.limit.default:g}}}" for name, row in CLIPPINGS.items()),
              one=True)  # fmt: skip
CSV_STYLES = {"excel": CsvStyle(bom=True), "excel-eu": CsvStyle(";", ",", bom=True)}
CSV_EXAMPLE = '{separator: ";", decimal: ",", bom: true}'
_CSV = f", or a mapping such as {CSV_EXAMPLE}"
CSV = Record({
    "separator": Field("What separates the fields.", OneOf((",", ";", "\t")), default=","),
    "decimal": Field("The decimal mark.", OneOf((".", ",")), default="."),
    "bom": Field("Whether the file begins with a byte order mark.", Flag(), default=False),
}, "style of a CSV file", CSV_EXAMPLE)  # fmt: skip
_PAIR = "give the names of two parameters, such as [w1, w5]"
_PAIRS = "give a list of pairs of parameters, such as [[w1, w5]]"
_UNTIL = f"write a condition such as '{naming.TOTAL} < 1e-6'"
_EQUATIONS = "write one equation per line, such as 'y = tanh(w*x)'"

FIELDS: dict[str, Field] = {
    "name": Field("Name of the result files; by default, that of the config file.", FILE_NAME),
    "description": Field("What this config shows, in one sentence.", TEXT, default=""),
    "inputs": Field("The inputs: {i1: 0.05, …} or a list; with samples, a list of their names.", VALUES,
                    required=Model.NETWORK, unless=("samples", None), beside=("samples", NAMES)),
    "targets": Field("The targets, one per output neuron: {t1: 0.5, …} or a list; with samples, a list of their names.",
                     VALUES, required=Model.NETWORK, unless=("samples", None), beside=("samples", NAMES)),
    "samples": Field("Several samples: a list of {inputs: […], targets: […]}, or a .csv or .xlsx file with columns "
                     "named after the quantities; its path is relative to the config.",
                     Either((Case(str, Text(r"\S", f"is empty; {_SAMPLES}")), Case(list, ListOf(SAMPLE, _SAMPLES))),
                            _SAMPLES)),
    "layers": Field("The layers, first hidden layer first, output layer last.",
                    ListOf(LAYER, "give a list of layers, such as - {name: h, neurons: 2, activation: sigmoid}"),
                    required=True, model=Model.NETWORK),
    "weights": Field("The initial weights: {w1: 0.15, …}, a list in that order, {layer: [[…], …]} with one "
                     "row per neuron, or drawn at random: {init: xavier_uniform, seed: 42}.", WEIGHTS,
                     required=True, model=Model.NETWORK),
    "biases": Field("The biases: {h: 0.35} for a whole layer, {h: [0.1, 0.2]} for each neuron; none by default.",
                    BIASES, default={}, model=Model.NETWORK, aliases=("bias",)),
    "equations": Field("Equations of your own in place of layers, one per line: y = tanh(w*x + b).",
                       Either((Case(str, Text(r"\S", f"contains no equations; {_EQUATIONS}")),), _EQUATIONS),
                       required=True, model=Model.EQUATIONS),
    "parameters": Field("The initial values of their parameters: {w: 0.6, …}.", QUANTITIES, required=True,
                        model=Model.EQUATIONS),
    "minimize": Field("The quantity to minimize; must be the result of an equation.", TEXT, required=True,
                      model=Model.EQUATIONS),
    "frozen": Field("Parameters that are traced but not updated; patterns like 'w*' are allowed.",
                    ListOf(TEXT, "give a list of parameters, such as [b1, b2]", least=0), default=[]),
    "loss": Field("The error of an output: a name, {name: huber, delta: 0.5}, or a formula in t and a.", LOSS,
                  default="half_squared_error", model=Model.NETWORK),
    "l1": Field("Strength of the penalty on the sum of |w| over all weights.", STRENGTH, default=0,
                model=Model.NETWORK),
    "l2": Field("Strength of the penalty on the sum of w² over all weights.", STRENGTH, default=0, model=Model.NETWORK),
    "optimizer": Field("The update rule: a name, {name: adam, betas: [0.9, 0.999], eps: 1e-8}, or a rule of your own "
                       "in formulas, {states: {v: beta*v + g}, update: p - eta*v, settings: {beta: 0.9}}.", RULES,
                       default="sgd"),
    "clip": Field("Gradient clipping: {norm: 1} limits the norm of all gradients, {value: 0.5} each gradient.", CLIP),
    "learning_rate": Field("The learning rate η; or a list, for one run per rate, all from the same start; or a "
                           "formula of the iteration k; or phases [{iterations: 100, learning_rate: 0.1}, …].",
                           Either((PHASES, RATES, *_RATE_CASES), _RATES), required=True, aliases=("eta", "η", "lr"),
                           unless=("optimizer", WITHOUT_RATE)),
    "iterations": Field("Number of updates of the weights; with phases, their sum.", COUNT,
                        required=True, unless=("learning_rate", PHASES)),
    "until": Field("A condition that ends a run early, such as 'E_total < 1e-6': as soon as it holds for every "
                   "sample of a pass.",
                   Either((Case(str, Text("[<>=≤≥≠]", f"contains no < or >; {_UNTIL}")),), _UNTIL)),
    "update": Field("online: one sample per iteration; batch: all samples, one row each; {batch_size: k}: k at a time.",
                    Either((Case(dict, BATCH_SIZE), Case(object, OneOf((ONLINE, BATCH), f", {BATCH_SIZE.example}"))),
                           f"write {ONLINE}, {BATCH} or {BATCH_SIZE.example}"), default=ONLINE),
    "reduction": Field("How gradients are combined over a batch.", OneOf(tuple(REDUCTIONS)), default="mean"),
    "order": Field("Order of the samples; shuffled: a new random order for every pass.", OneOf(ORDERS),
                   default=ORDERS[0]),
    "seed": Field("Random seed for shuffling.", WHOLE, default=0),
    "decimals": Field("Round every computed quantity to so many decimals as it is computed, as by hand: halves away "
                      "from zero, as ROUND in a sheet does. Given numbers and η are not rounded.", DECIMALS),
    "columns": Field("full: every factor of the chain rule; compact: the columns of the classic sheet.",
                     OneOf(COLUMNS), default="full"),
    "charts": Field("Pairs of parameters, such as [[w1, w5]]: the sheet Parameters draws the second over the first, a "
                    "line per learning rate.",
                    ListOf(ListOf(TEXT, _PAIR, unique="give two different parameters", least=2, most=2), _PAIRS,
                           unique="every pair must be unique", least=0, most=MAX_CHARTS), default=[]),
    "csv": Field("The CSV for a spreadsheet: excel where decimals have a point, excel-eu where they have a comma; or a "
                 f"style of your own, {CSV_EXAMPLE}.",
                 Either((Case(str, OneOf(tuple(CSV_STYLES), _CSV)), Case(object, CSV)), f"write {CSV_EXAMPLE}")),
    "output": Field("The folder for the result files, relative to the current directory.", FILLED, default="out"),
}  # fmt: skip


BEYOND_SCHEMA = (
    "Numbers are finite.",
    "Names of quantities and layers are letters, digits and _, also outside ASCII.",
    "Texts contain no control characters, and the name of the results has at most 200 bytes.",
    "Formulas, equations and conditions are valid and use only known names.",
    "The names of quantities, and of the states and settings of an update rule, are unique.",
    "The start of an update rule refers to its states.",
    "The numbers of targets, weights, biases and activations fit the layers.",
    "weights, biases, frozen and charts refer to weights, layers and parameters of the model.",
    "Targets are in the domain of the loss.",
    "Every sample has the same inputs and targets; a network needs both.",
    "A file of samples exists and has the required columns.",
    "A batch is not larger than the data.",
    "iterations equals the sum of the phases, if there are any.",
    "The separator of a CSV file is not its decimal mark.",
    "A learning rate that is a formula is at least 0 in every iteration.",
    "softmax is the activation of a whole layer, of up to 40 neurons.",
    "A network has at most 500 layers and 200,000 weights, and a model at most 10,000 equations.",
    "Equations are not circular, and minimize is the result of one.",
)
"""What the reader refuses and JSON Schema cannot express, because it concerns several keys or needs a computation."""


def json_schema() -> Schema:
    """The JSON Schema (draft 7) of a config."""
    needed = {key: field for key, field in FIELDS.items() if field.required is True and field.model is None}
    rules: list[Schema] = [
        {"oneOf": _spellings(key)} for key, field in needed.items() if field.aliases and not field.unless
    ]
    rules += [_unless(key, field) for key, field in needed.items() if field.unless]
    rules.append({"oneOf": [_only(model) for model in sorted(Model)]})
    for key, field in FIELDS.items():
        if field.beside:
            other, form = field.beside
            then, otherwise = ({"properties": {key: either.schema()}} for either in (form, field.form))
            rules.append({"if": {"required": [other]}, "then": then, "else": otherwise})
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": " ".join(("Only the program checks:", *BEYOND_SCHEMA)),
        "title": "backprop-trace config",
        "type": "object",
        "properties": properties(FIELDS),
        "additionalProperties": False,
        "required": [key for key, field in needed.items() if not (field.aliases or field.unless)],
        "allOf": rules,
    }


def _only(model: Model) -> Schema:
    """A config of one kind of model: what it needs, and nothing that belongs to another."""
    needed = {key: field for key, field in FIELDS.items() if field.needed_by(model) and not field.aliases}
    foreign = [key for key, field in FIELDS.items() if field.model not in (None, model)]
    form = {"required": [key for key, field in needed.items() if not field.unless]}
    either = [_unless(key, field) for key, field in needed.items() if field.unless]
    return form | {"allOf": either, "not": {"anyOf": [{"required": [key]} for key in foreign]}}


def _unless(key: str, field: Field) -> Schema:
    """The key is present in one of its spellings, or another key makes it unnecessary."""
    assert field.unless
    other, case = field.unless
    form = case.form.schema() if case else {}
    instead = [{"required": [name], "properties": {name: form}} for name in (other, *FIELDS[other].aliases)]
    there = _spellings(key)
    return {"oneOf": [*there, {"anyOf": instead, "not": {"anyOf": there}}]}


def _spellings(key: str) -> list[Schema]:
    """The key is present, for each of its spellings."""
    return [{"required": [spelling]} for spelling in (key, *FIELDS[key].aliases)]
