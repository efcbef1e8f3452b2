"""The keys of a config: what each means, its default, its form. The one source of the reader's errors, of the JSON
Schema that editors use, of the help of the command's options and of the README's table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tracer.model.batches import REDUCTIONS
from tracer.tables.activations import ACTIVATIONS, SOFTMAX, Activation
from tracer.tables.initializers import INITIALIZERS, Initializer
from tracer.tables.losses import LOSSES, Loss
from tracer.tables.optimizers import CLIPPINGS, OPTIMIZERS, Optimizer
from tracer.tables.settings import Settings

COLUMNS = ("full", "compact")
ONLINE, BATCH = "online", "batch"
ORDERS = ("sequential", "shuffled")

NUMBER: Mapping[str, Any] = {"type": "number"}
_NUMBERS = {"type": "array", "items": NUMBER, "minItems": 1}
_NAMED_NUMBERS = {"type": "object", "additionalProperties": NUMBER, "minProperties": 1}
_MATRIX = {"type": "array", "items": _NUMBERS, "minItems": 1}
_COUNT = {"type": "integer", "minimum": 1}
_RATE = {"type": "number", "minimum": 0}
_TEXT = {"type": "string"}
_NAMES = {"type": "array", "items": _TEXT, "minItems": 1}
_VALUES = {"anyOf": [_NAMED_NUMBERS, _NUMBERS, _NAMES]}
_RATE_OR_FORMULA = {"anyOf": [_RATE, {"type": "string", "pattern": "k"}]}
_PHASE = {
    "type": "object", "required": ["iterations", "learning_rate"], "additionalProperties": False,
    "properties": {"iterations": _COUNT, "learning_rate": _RATE_OR_FORMULA},
}  # fmt: skip
MAX_PHASES = 50
"""A sheet nests no more than 64 functions (Microsoft, "Excel specifications and limits")."""
PHASES = {"type": "array", "minItems": 1, "maxItems": MAX_PHASES, "items": _PHASE}
_SAMPLE = {
    "type": "object", "additionalProperties": False,
    "properties": {key: {"anyOf": [_NAMED_NUMBERS, _NUMBERS]} for key in ("inputs", "targets")},
}  # fmt: skip


def _settings_of(table: Mapping[str, Activation | Loss | Optimizer | Initializer]) -> dict[str, Settings]:
    return {name: entry.settings for name, entry in table.items()}


ACTIVATION_SETTINGS = {**_settings_of(ACTIVATIONS), SOFTMAX: {}}
LOSS_SETTINGS, OPTIMIZER_SETTINGS = _settings_of(LOSSES), _settings_of(OPTIMIZERS)
INITIALIZER_SETTINGS = _settings_of(INITIALIZERS)
BETAS = ("beta1", "beta2")
"""The settings that PyTorch's pair `betas` gives."""
_FORMULA = {"type": "string", "pattern": "[^a-z_]|^[azt]$"}


def _entries(table: Mapping[str, Settings], key: str, **further: Any) -> list[dict[str, Any]]:
    """A mapping for every entry of a table: its name under `key`, and its settings; those without settings in one."""
    plain = [name for name, settings in table.items() if not settings]
    forms = [_mapping({key: {"enum": plain}, **further}, key)] if plain else []
    for name, settings in table.items():
        properties: dict[str, Any] = {setting: settings[setting].form() for setting in settings}
        if set(BETAS) <= set(settings):
            pair = [properties[beta] for beta in BETAS]
            properties["betas"] = {"type": "array", "items": pair, "minItems": 2, "maxItems": 2}
        if settings:
            forms.append(_mapping({key: {"const": name}, **properties, **further}, key))
        if "betas" in properties:
            forms[-1]["dependencies"] = {"betas": {"not": {"anyOf": [{"required": [beta]} for beta in BETAS]}}}
    return forms


def _mapping(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _choice(table: Mapping[str, Settings], formula: bool = True) -> dict[str, Any]:
    """The form of an entry of a table: by its name, with settings, or, where one will do, a formula."""
    forms = [{"enum": list(table)}, *_entries(table, "name")]
    return {"anyOf": [*forms, _FORMULA, _mapping({"name": _FORMULA}, "name")] if formula else forms}


def _one_or_more(form: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*form["anyOf"], {"type": "array", "items": form, "minItems": 1}]}


class Model(StrEnum):
    """What a config describes, by the key that tells: a network, or equations of the user's own."""

    NETWORK = "layers"
    EQUATIONS = "equations"


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a config.

    help: a sentence. schema: its form in JSON Schema. required: whether it must be there, or for which kind of model;
    default: what holds where it is not. model: the kind of model that it belongs to, if not to every. aliases: other
    spellings that mean the same. unless: a key (and the form of its value) in whose presence it need not be there.
    """

    help: str
    schema: Mapping[str, Any]
    required: bool | Model = False
    default: Any = None
    model: Model | None = None
    aliases: tuple[str, ...] = ()
    unless: tuple[str, Mapping[str, Any]] | None = None

    def needed_by(self, model: Model) -> bool:
        """Whether a config of this kind of model must have it."""
        return self.required is model or (self.required is True and self.model in (None, model))


BATCH_FIELDS: dict[str, Field] = {"batch_size": Field("How many samples an iteration takes.", _COUNT, required=True)}

FIELDS: dict[str, Field] = {
    "name": Field("Name of the result files; the config's file name by default.", {"type": "string", "minLength": 1}),
    "description": Field("What this config shows, in a sentence.", _TEXT, default=""),
    "inputs": Field("The inputs: {i1: 0.05, …} or a list; with samples, a list of their names.", _VALUES,
                    required=Model.NETWORK, unless=("samples", {})),
    "targets": Field("The targets, one per output neuron: {t1: 0.5, …} or a list; with samples, a list of their names.",
                     _VALUES, required=Model.NETWORK, unless=("samples", {})),
    "samples": Field("Several samples: a list of {inputs: […], targets: […]}, or a .csv or .xlsx file with columns "
                     "named like the quantities, its path relative to the config.",
                     {"anyOf": [{"type": "string", "minLength": 1},
                                {"type": "array", "items": _SAMPLE, "minItems": 1}]}),
    "layers": Field("The layers, first hidden layer first, output layer last.",
                    {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/layer"}}, required=True,
                    model=Model.NETWORK),
    "weights": Field("The initial weights: {w1: 0.15, …}, a list in that order, {layer: [[…], …]}, a row a neuron, or "
                     "drawn: {init: xavier_uniform, seed: 42}.",
                     {"anyOf": [_NAMED_NUMBERS, _NUMBERS,
                                {"type": "object", "additionalProperties": _MATRIX, "minProperties": 1},
                                *_entries(INITIALIZER_SETTINGS, "init", seed={"type": "integer"})]},
                     required=True, model=Model.NETWORK),
    "biases": Field("The biases: {h: 0.35} is one for the whole layer, {h: [0.1, 0.2]} one a neuron; none by default.",
                    {"type": "object", "additionalProperties": {"anyOf": [NUMBER, _NUMBERS]}}, default={},
                    model=Model.NETWORK),
    "equations": Field("Equations of your own in place of layers, one a line: y = tanh(w*x + b).", _TEXT,
                       required=True, model=Model.EQUATIONS),
    "parameters": Field("The initial values of their parameters: {w: 0.6, …}.", _NAMED_NUMBERS, required=True,
                        model=Model.EQUATIONS),
    "minimize": Field("The result of an equation that is to become small.", _TEXT, required=True,
                      model=Model.EQUATIONS),
    "frozen": Field("Parameters that are traced but not updated; patterns like 'w*' are allowed.",
                    {"type": "array", "items": _TEXT}, default=[]),
    "loss": Field("The error of an output: a name, {name: huber, delta: 0.5}, or a formula in t and a.",
                  _choice(LOSS_SETTINGS), default="half_squared_error",
                  model=Model.NETWORK),
    "l1": Field("Strength of the penalty on the sum of |w| over all weights.", _RATE, default=0, model=Model.NETWORK),
    "l2": Field("Strength of the penalty on the sum of w² over all weights.", _RATE, default=0, model=Model.NETWORK),
    "optimizer": Field("How a parameter moves: a name, or {name: adam, betas: [0.9, 0.999], eps: 1e-8}.",
                       _choice(OPTIMIZER_SETTINGS, formula=False), default="sgd"),
    "clip": Field("Gradient clipping: {norm: 1} of all gradients together, or {value: 0.5} of each by itself.",
                  {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": False,
                   "properties": {name: clipping.limit.form() for name, clipping in CLIPPINGS.items()}}),
    "learning_rate": Field("The learning rate η, or a list of them: one run each, all from the same start; or a "
                           "formula of the iteration k, or phases [{iterations: 100, learning_rate: 0.1}, …].",
                           {"anyOf": [*_RATE_OR_FORMULA["anyOf"], PHASES,
                                      {"type": "array", "items": _RATE, "minItems": 1, "uniqueItems": True}]},
                           required=True, aliases=("eta", "η")),
    "iterations": Field("How many updates of the weights; the sum of the phases, where there are any.", _COUNT,
                        required=True, unless=("learning_rate", PHASES)),
    "until": Field("A condition that ends a run early, such as 'E_total < 1e-6': once it held for every sample of a "
                   "pass.", {"type": "string", "minLength": 1}),
    "update": Field("online: one sample an iteration; batch: all of them, a row each; {batch_size: k}: k at a time.",
                    {"anyOf": [{"enum": [ONLINE, BATCH]},
                               {"type": "object", "required": ["batch_size"], "additionalProperties": False,
                                "properties": {key: field.schema for key, field in BATCH_FIELDS.items()}}]},
                    default=ONLINE),
    "reduction": Field("What a batch makes of the gradients of its samples.", {"enum": list(REDUCTIONS)},
                       default="mean"),
    "order": Field("In which order the samples are taken; shuffled: drawn anew for every pass.",
                   {"enum": list(ORDERS)}, default=ORDERS[0]),
    "seed": Field("Of the shuffled order.", {"type": "integer"}, default=0),
    "columns": Field("full: every factor of the chain rule; compact: the columns of the classic sheet.",
                     {"enum": list(COLUMNS)}, default="full"),
    "output": Field("The folder for the result files, from where the command runs.",
                    {"type": "string", "minLength": 1}, default="out"),
}  # fmt: skip

LAYER_FIELDS: dict[str, Field] = {
    "name": Field("The layer's name; its neurons are called after it.", _TEXT),
    "neurons": Field("How many neurons.", _COUNT, required=True),
    "activation": Field(
        "The activation of its neurons: a name, {name: elu, alpha: 0.5}, a formula in z, or a list "
        "of these, one a neuron.",
        _one_or_more(_choice(ACTIVATION_SETTINGS)),
        default="sigmoid",
    ),
}


def _object(fields: Mapping[str, Field]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for key, field in fields.items():
        entry = dict(field.schema) | {"description": field.help}
        if field.default is not None:
            entry["default"] = field.default
        for spelling in (key, *field.aliases):
            properties[spelling] = entry
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    needed = {key: field for key, field in fields.items() if field.required is True and field.model is None}
    schema["required"] = [key for key, field in needed.items() if not (field.aliases or field.unless)]
    either = [
        {"oneOf": [{"required": [spelling]} for spelling in (key, *field.aliases)]}
        for key, field in needed.items()
        if field.aliases
    ]
    either += [_unless(key, field, fields) for key, field in needed.items() if field.unless]
    models = {field.model for field in fields.values() if field.model}
    if models:
        either.append({"oneOf": [_only(model, fields) for model in sorted(models)]})
    return schema | ({"allOf": either} if either else {})


def _only(model: Model, fields: Mapping[str, Field]) -> dict[str, Any]:
    """A config of one kind of model: what it needs, and nothing that belongs to another."""
    needed = {key: field for key, field in fields.items() if field.needed_by(model) and not field.aliases}
    foreign = [key for key, field in fields.items() if field.model not in (None, model)]
    form = {"required": [key for key, field in needed.items() if not field.unless]}
    either = [_unless(key, field, fields) for key, field in needed.items() if field.unless]
    return form | {"allOf": either, "not": {"anyOf": [{"required": [key]} for key in foreign]}}


def _unless(key: str, field: Field, fields: Mapping[str, Field]) -> dict[str, Any]:
    """A key is there, or what makes it unnecessary."""
    assert field.unless
    other, form = field.unless
    spellings = (other, *fields[other].aliases)
    instead = [{"required": [spelling], "properties": {spelling: form}} for spelling in spellings]
    return {"anyOf": [{"required": [key]}, *instead]}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 7) of a config."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "backprop-trace config",
        **_object(FIELDS),
        "definitions": {"layer": _object(LAYER_FIELDS)},
    }
