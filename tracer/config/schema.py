"""The keys of a config: what each means, its default, its form. The one source of the reader's checks, of the JSON
Schema that editors use, of the help of the command's options and of the documentation's table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracer.config.choices import Entry, formula_pattern
from tracer.config.forms import Case, Either, Identifier, ListOf, Named, Number, OneOf, Schema, Text, is_number
from tracer.config.records import Field, Model, Record, properties
from tracer.config.rules import RULE, WITHOUT_RATE, is_rule
from tracer.model import naming
from tracer.model.batches import REDUCTIONS
from tracer.tables.activations import ACTIVATIONS, SOFTMAX
from tracer.tables.initializers import INITIALIZERS
from tracer.tables.losses import LOSSES
from tracer.tables.optimizers import CLIPPINGS, OPTIMIZERS

COLUMNS = ("full", "compact")
ONLINE, BATCH = "online", "batch"
ORDERS = ("sequential", "shuffled")
MAX_PHASES = 50
"""A sheet nests no more than 64 functions (Microsoft, "Excel specifications and limits")."""


def _holds(values: Iterable[Any], kind: type) -> bool:
    return any(isinstance(value, kind) for value in values)


NUMBER, COUNT, WHOLE = Number(), Number({"minimum": 1}, whole=True), Number(whole=True)
STRENGTH = Number({"minimum": 0})
RATE = Number({"minimum": 0}, ", because a negative one would increase the loss")
TEXT, FILLED = Text(), Text(r"[\s\S]")
FILE_NAME = Text(
    r'^[^/\\:*?"<>|\n\r\t. ]([^/\\:*?"<>|\n\r\t]*[^/\\:*?"<>|\n\r\t. ])?$',
    "cannot be a file's name; leave out / \\ : * ? \" < > | and dots or spaces at the ends",
    200,
)
_BY_NAME = "give numbers by name {name: 0.5, …}"
_OR_LIST = f"{_BY_NAME} or in a list [0.5, …]"
NUMBERS = ListOf(NUMBER, _OR_LIST)
QUANTITIES = Named(NUMBER, _BY_NAME, Identifier())
VALUES = Either((Case(dict, QUANTITIES), Case(list, NUMBERS)), _OR_LIST)
_NAMES = "beside samples, give the names alone, such as [x1, x2]"
NAMES = Either((Case(lambda value: isinstance(value, list) and all(isinstance(name, str) for name in value),
                     ListOf(Identifier(), _NAMES, unique="every one needs a name of its own")),), _NAMES)  # fmt: skip
SAMPLE = Record({"inputs": Field("Its inputs.", VALUES), "targets": Field("Its targets.", VALUES)},
                "sample", "{inputs: […], targets: […]}")  # fmt: skip
_SAMPLES = f"give a list of {SAMPLE.example}, or the name of a .csv or .xlsx file"

ACTIVATION = Entry({name: row.settings for name, row in ACTIVATIONS.items()} | {SOFTMAX: {}}, ("z",))
LOSS = Entry({name: row.settings for name, row in LOSSES.items()}, ("t", "a"))
OPTIMIZER = Entry({name: row.settings for name, row in OPTIMIZERS.items()})
RULES = Either((Case(is_rule, RULE), Case(object, OPTIMIZER)), f"write {next(iter(OPTIMIZERS))}, or another name")
INITIALIZER = Entry({name: row.settings for name, row in INITIALIZERS.items()}, key="init", alone=False,
                    further={"seed": WHOLE})  # fmt: skip
_WEIGHTS = "give the weights by name, in a list, or by layer"
_ROWS = ListOf(ListOf(NUMBER, "give a row of numbers"), "give a list of rows, one a neuron")
WEIGHTS = Either((Case(lambda value: isinstance(value, dict) and "init" in value, INITIALIZER),
                  Case(lambda value: isinstance(value, dict) and _holds(value.values(), list),
                       Named(_ROWS, _WEIGHTS, without="init")),
                  Case(dict, Named(NUMBER, _WEIGHTS, without="init")), Case(list, NUMBERS)), _WEIGHTS)  # fmt: skip
BIASES = Named(Either((Case(list, NUMBERS), Case(object, NUMBER)), "give one number, or a list, one a neuron"),
               "give them by layer, such as {h: 0.35, o: 0.60}", least=0)  # fmt: skip
_ONE_EACH = "give one activation, or a list, one a neuron"
LAYER_FIELDS: dict[str, Field] = {
    "name": Field("The layer's name; its neurons are named after it.", Identifier()),
    "neurons": Field("How many neurons.", COUNT, required=True),
    "activation": Field("The activation of its neurons: a name, {name: elu, alpha: 0.5}, a formula in z, or a list "
                        "of these, one a neuron.",
                        Either((Case(list, ListOf(ACTIVATION, _ONE_EACH)), Case(object, ACTIVATION)), _ONE_EACH),
                        default="sigmoid"),
}  # fmt: skip
LAYER = Record(LAYER_FIELDS, "layer", "{name: h, neurons: 2}")

RATE_FORMULA = Text(
    formula_pattern((naming.COUNT,)), f"is neither a number nor a formula of {naming.COUNT}, the iteration"
)
_RATE_CASES = (Case(lambda value: isinstance(value, str) and not is_number(value), RATE_FORMULA), Case(object, RATE))
PHASE = Record({
    "iterations": Field("How many iterations it lasts.", COUNT, required=True),
    "learning_rate": Field("Its learning rate.", Either(_RATE_CASES, "give a learning rate"), required=True),
}, "phase", "{iterations: 100, learning_rate: 0.1}")  # fmt: skip
PHASES = Case(lambda value: isinstance(value, list) and _holds(value, dict),
              ListOf(PHASE, "give a list of phases", most=MAX_PHASES))  # fmt: skip
_RATES = "give one learning rate, or a list"
RATES = Case(list, ListOf(RATE, _RATES, unique="each learning rate is one run"))
BATCH_SIZE = Record({"batch_size": Field("How many samples an iteration takes.", COUNT, required=True)}, "batch",
                    "{batch_size: 4}")  # fmt: skip
CLIP = Record({name: Field(row.source, Number(row.limit.ends())) for name, row in CLIPPINGS.items()}, "clipping",
              " or ".join(f"{{{name}: {row.limit.default:g}}}" for name, row in CLIPPINGS.items()),
              one=True)  # fmt: skip
_UNTIL = f"write a condition such as '{naming.TOTAL} < 1e-6'"
_EQUATIONS = "write one equation a line, such as 'y = tanh(w*x)'"

FIELDS: dict[str, Field] = {
    "name": Field("Name of the result files; the config's file name by default.", FILE_NAME),
    "description": Field("What this config shows, in a sentence.", TEXT, default=""),
    "inputs": Field("The inputs: {i1: 0.05, …} or a list; with samples, a list of their names.", VALUES,
                    required=Model.NETWORK, unless=("samples", None), beside=("samples", NAMES)),
    "targets": Field("The targets, one per output neuron: {t1: 0.5, …} or a list; with samples, a list of their names.",
                     VALUES, required=Model.NETWORK, unless=("samples", None), beside=("samples", NAMES)),
    "samples": Field("Several samples: a list of {inputs: […], targets: […]}, or a .csv or .xlsx file with columns "
                     "named like the quantities, its path relative to the config.",
                     Either((Case(str, Text(r"\S", f"is empty; {_SAMPLES}")), Case(list, ListOf(SAMPLE, _SAMPLES))),
                            _SAMPLES)),
    "layers": Field("The layers, first hidden layer first, output layer last.",
                    ListOf(LAYER, "give a list of layers, such as - {name: h, neurons: 2, activation: sigmoid}"),
                    required=True, model=Model.NETWORK),
    "weights": Field("The initial weights: {w1: 0.15, …}, a list in that order, {layer: [[…], …]}, a row a neuron, or "
                     "drawn: {init: xavier_uniform, seed: 42}.", WEIGHTS, required=True, model=Model.NETWORK),
    "biases": Field("The biases: {h: 0.35} is one for the whole layer, {h: [0.1, 0.2]} one a neuron; none by default.",
                    BIASES, default={}, model=Model.NETWORK),
    "equations": Field("Equations of your own in place of layers, one a line: y = tanh(w*x + b).",
                       Either((Case(str, Text(r"\S", f"contains no equation; {_EQUATIONS}")),), _EQUATIONS),
                       required=True, model=Model.EQUATIONS),
    "parameters": Field("The initial values of their parameters: {w: 0.6, …}.", QUANTITIES, required=True,
                        model=Model.EQUATIONS),
    "minimize": Field("The quantity to minimize, the result of an equation.", TEXT, required=True,
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
    "clip": Field("Gradient clipping: {norm: 1} of all gradients together, or {value: 0.5} of each by itself.", CLIP),
    "learning_rate": Field("The learning rate η, or a list of them: one run each, all from the same start; or a "
                           "formula of the iteration k, or phases [{iterations: 100, learning_rate: 0.1}, …].",
                           Either((PHASES, RATES, *_RATE_CASES), _RATES), required=True, aliases=("eta", "η"),
                           unless=("optimizer", WITHOUT_RATE)),
    "iterations": Field("How many updates of the weights; the sum of the phases, where there are any.", COUNT,
                        required=True, unless=("learning_rate", PHASES)),
    "until": Field("A condition that ends a run early, such as 'E_total < 1e-6': once it held for every sample of a "
                   "pass.", Either((Case(str, Text("[<>=]", f"has no < or >; {_UNTIL}")),), _UNTIL)),
    "update": Field("online: one sample an iteration; batch: all of them, a row each; {batch_size: k}: k at a time.",
                    Either((Case(dict, BATCH_SIZE), Case(object, OneOf((ONLINE, BATCH), f", {BATCH_SIZE.example}"))),
                           f"write {ONLINE}, {BATCH} or {BATCH_SIZE.example}"), default=ONLINE),
    "reduction": Field("How gradients are combined over a batch.", OneOf(tuple(REDUCTIONS)), default="mean"),
    "order": Field("In which order the samples are taken; shuffled: drawn anew for every pass.", OneOf(ORDERS),
                   default=ORDERS[0]),
    "seed": Field("Random seed for shuffling.", WHOLE, default=0),
    "columns": Field("full: every factor of the chain rule; compact: the columns of the classic sheet.",
                     OneOf(COLUMNS), default="full"),
    "output": Field("The folder for the result files, from where the command runs.", FILLED, default="out"),
}  # fmt: skip


BEYOND_SCHEMA = (
    "Numbers are finite.",
    "Names of quantities and layers are letters, digits and _, also outside ASCII.",
    "Texts have no control characters, and the name of the results has at most 200 bytes.",
    "Formulas, equations and conditions can be read, and use known names only.",
    "Every quantity has a name of its own, and so has every state and setting of an update rule.",
    "The start of an update rule is that of its states.",
    "The numbers of targets, weights, biases and activations fit the layers.",
    "weights, biases and frozen refer to weights, layers and parameters of the model.",
    "Targets are in the domain of the loss.",
    "Every sample has the same inputs and targets; a network needs both.",
    "A file of samples exists, and has the columns that are needed.",
    "A batch is not larger than the data.",
    "iterations is the sum of the phases, where there are any.",
    "A learning rate that is a formula is at least 0 in every iteration.",
    "softmax is the activation of a whole layer, of up to 40 neurons.",
    "A network has at most 200,000 weights, and a model at most 10,000 equations.",
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
    """A key is there, in one of its spellings, or what makes it unnecessary."""
    assert field.unless
    other, case = field.unless
    form = case.form.schema() if case else {}
    instead = [{"required": [name], "properties": {name: form}} for name in (other, *FIELDS[other].aliases)]
    there = _spellings(key)
    return {"oneOf": [*there, {"anyOf": instead, "not": {"anyOf": there}}]}


def _spellings(key: str) -> list[Schema]:
    """A key is there, for each of its spellings."""
    return [{"required": [spelling]} for spelling in (key, *FIELDS[key].aliases)]
