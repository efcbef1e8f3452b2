"""Other words for what a config holds: those that mean exactly the same are read, others are explained.

One table for each kind of word. `SAME` has the words that are read in place of a name of ours, `CALLED` those that are
not: for each thing that they may mean, with a difference behind a semicolon, the words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from tracer.errors import nearest

_SUM = "summed over the outputs, not averaged"
_LOGARITHMS = "it takes probabilities, not their logarithms"
_EPOCH = "one iteration is one update, an epoch one for every sample or batch"

SAME: dict[str, Mapping[str, str]] = {
    "activation": {
        "linear": "identity", "logistic": "sigmoid", "swish": "silu", "lrelu": "leaky_relu", "sine": "sin",
        "hardsigmoid": "hard_sigmoid",
    },
    "loss": {},
    "optimizer": {"gd": "sgd", "gradient_descent": "sgd"},
    "initializer": {
        "kaiming_uniform": "he_uniform", "kaiming_normal": "he_normal", "glorot_uniform": "xavier_uniform",
        "glorot_normal": "xavier_normal", "gaussian": "normal", "zero": "zeros",
    },
    "function": {
        "ln": "log", "log₁₀": "log10", "√": "sqrt", "arctan": "atan", "sgn": "sign", "avg": "mean", "average": "mean",
        "maximum": "max", "minimum": "min", "σ": "sigmoid", "Σ": "sum", "Φ": "normal_cdf",
    },
}  # fmt: skip

_CALLED: dict[str, Mapping[str, str]] = {
    "activation": {
        "identity": "none",
        "the formula max(-1, min(1, z))": "hardtanh",
        "the formula max(0, min(6, z))": "relu6",
        "the formula if(z >= 0, 1, 0), whose slope is 0": "step heaviside threshold",
        "leaky_relu; alpha is not trained": "prelu",
        "the formula z * tanh(softplus(z))": "mish",
        "the formula z * hard_sigmoid(z)": "hardswish hard_swish",
        "the formula exp(z)": "exponential exp",
        "the formula exp(-z^2)": "gaussian",
        "the formula atan(z)": "arctan atan",
        "the formula cos(z)": "cos",
        "the formula abs(z)": "abs",
        "the formula z^2": "square",
        "softmax; with the loss cross_entropy": "log_softmax",
    },
    "loss": {
        "mean_squared_error; half_squared_error has the factor ½ instead of the mean": "mse",
        "squared_error": "l2 l2_loss sse rss",
        "mean_squared_error; without the root, it has the same minimum": "rmse",
        "half_squared_error": "quadratic quadratic_cost half_mse",
        "mean_absolute_error": "mae l1 l1_loss",
        f"binary_cross_entropy; {_SUM}": "bce binary_crossentropy log_loss logistic",
        "cross_entropy": "categorical_crossentropy categorical_cross_entropy cce",
        "cross_entropy; with softmax as the activation of the output layer": "softmax_cross_entropy",
        "cross_entropy; give a target of 0 or 1 for every output": "sparse_categorical_crossentropy",
        f"cross_entropy; {_LOGARITHMS}": "nll nll_loss negative_log_likelihood",
        f"kl_divergence; {_LOGARITHMS}": "kld kl kl_div",
        f"huber; {_SUM}": "smooth_l1 smooth_l1_loss",
        "log_cosh": "logcosh",
    },
    "optimizer": {
        "nesterov": "nag",
        "momentum": "heavy_ball sgd_momentum",
        "momentum_ema": "ema",
        "sgd": "vanilla",
        "sgd; with update: batch": "batch_gradient_descent",
        "sgd; with update: {batch_size: …}": "minibatch",
    },
    "initializer": {
        "he_uniform or he_normal": "he kaiming",
        "xavier_uniform or xavier_normal": "xavier glorot",
        "uniform; with low and high": "random random_uniform",
        "normal; with mean and std": "random_normal",
        "{init: constant, value: 1}": "ones",
        "{init: normal, std: …} with √(1/fan_in)": "lecun_normal",
    },
    "function": {
        "sin(x) / cos(x)": "tan",
        "(exp(x) - exp(-x)) / 2": "sinh",
        "(exp(x) + exp(-x)) / 2": "cosh",
        "x^y": "pow power",
        "x^2": "sqr square",
        "log(x) / log(2)": "log2",
        "log10(x), or log(x) / log(2)": "lg",
        "-floor(-x)": "ceil",
        "floor(x)": "int",
        "x - y * floor(x / y)": "mod",
        "exp(x) / (exp(x) + exp(y))": "softmax",
        "if(x > 0, y, z)": "where ifelse",
        "if(x >= 0, 1, 0)": "step heaviside",
        "max(-1, min(1, x))": "hardtanh",
        "max(0, min(6, x))": "relu6",
        "max(low, min(high, x))": "clip clamp",
        "log(x / (1 - x))": "logit",
        "the products one by one, as in w1*x1 + w2*x2": "dot matmul",
    },
    "setting": {
        "learning_rate beside optimizer": "lr learning_rate eta",
        "eps": "epsilon",
        "beta1": "beta_1",
        "beta2": "beta_2",
        "momentum": "beta rho alpha mu gamma",
        "delta": "beta",
        "alpha": "beta rho gamma negative_slope slope",
        "rho": "beta alpha gamma",
        "mean": "mu",
        "std": "sigma stddev scale",
        "high": "scale max to b",
        "low": "min from a",
        "value": "val",
        "weight_decay": "l2 decay",
        "lr_decay": "decay",
        "{name: nesterov}": "nesterov",
        "{name: amsgrad}": "amsgrad",
    },
    "key": {
        "learning_rate for the rate, l2 for a penalty, or alpha beside an activation's name": "alpha",
        "learning_rate": "learning_rates step_size",
        f"iterations; {_EPOCH}": "epochs epoch max_epochs",
        "iterations": "steps num_iterations n_iter max_iter updates",
        "update: {batch_size: …}": "batch_size minibatch",
        "update: batch, or {batch_size: …}": "batch",
        "optimizer: {name: momentum, momentum: …}": "momentum",
        "optimizer: {name: sgd, weight_decay: …}": "weight_decay",
        "optimizer: {name: adam, betas: …}": "betas",
        "l2": "lambda regularization",
        "loss": "cost criterion error loss_function cost_function objective",
        "minimize": "objective",
        "layers": "hidden hidden_layers network model",
        "neurons": "units size nodes",
        "neurons in each of the layers": "neurons units size nodes",
        "activation": "function transfer activation_function",
        "activation in each of the layers": "activation function transfer activation_function",
        "biases: {…} beside layers": "bias biases use_bias",
        "weights: {…} beside layers": "weights",
        "inputs": "x features",
        "targets": "y labels outputs expected",
        "samples": "data dataset",
        "weights": "w init initial_weights",
        "biases": "b",
        "parameters": "params theta variables",
        "equations": "formulas",
        "seed": "random_seed random_state",
        "order: shuffled": "shuffle",
        "until: E_total < 1e-6": "tol tolerance",
        "clip: {norm: …}": "clip_norm max_norm",
        "clip: {value: …}": "clip_value",
        "learning_rate as a formula of k, such as 0.5 * 0.99^k": "schedule",
        "output": "folder",
        "name": "title",
        "frozen": "fixed",
        "decimals": "precision digits",
    },
    "option": {
        "mean": "average avg",
        "sum": "total",
        "shuffled": "random",
        "online": "stochastic sgd",
        "{batch_size: …}": "minibatch mini_batch",
        "full": "all",
    },
}


def _by_word(rows: Mapping[str, str]) -> dict[str, list[str]]:
    words = dict.fromkeys(" ".join(rows.values()).split())
    return {word: [meant for meant, names in rows.items() if word in names.split()] for word in words}


CALLED = {kind: _by_word(rows) for kind, rows in _CALLED.items()}
"""For each kind, word → what it may mean, in the order of preference."""


def explained(kind: str, word: str, known: Iterable[str]) -> str:
    """What to write in place of an unknown word of a kind, to be put behind a sentence: what it is called among the
    names known, or the closest of them; "" if none is close."""
    names = list(known)
    return called(kind, word, names) or nearest(word, names)


def called(kind: str, word: str, names: Collection[str]) -> str:
    """What a word of a kind is called among these names, or what to write in its place; "" if it has no row."""
    same = SAME.get(kind, {})
    plain = word if word in same else word.strip().lower().replace("-", "_").replace(" ", "_")
    if plain in names:  # but for a space or a capital
        return ""
    for meant in (*([same[plain]] if plain in same else []), *CALLED[kind].get(plain, ())):
        name, _, difference = meant.partition("; ")
        if name in names:
            return f" It is called '{name}' here{f'; {difference}' * bool(difference)}."
        if not name.isidentifier():
            return f" Write {meant}."
    return ""
