"""A PyTorch module as an experiment: the same ten iterations as PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tracer
from tests.places import pytorch
from tests.training import STEPS, trains_alike

torch: Any = pytorch()
nn, optim = torch.nn, torch.optim


@pytest.fixture(autouse=True)
def double() -> Any:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(1)
    yield
    torch.set_default_dtype(before)


def same(module: Any, inputs: Any, targets: Any, loss: Any, make: Callable[[Any], Any]) -> None:
    """Ten iterations of both, losses and parameters to 1e-9."""
    optimizer = make(module.parameters())
    trace = tracer.walk(tracer.from_torch(module, inputs, targets, loss=loss, optimizer=optimizer, iterations=STEPS))
    trains_alike(trace, module, inputs, targets, loss, optimizer)


INPUTS = [[0.05, 0.1], [-0.4, 0.9], [1.2, -0.3]]
SOME = [nn.Sigmoid(), nn.Tanh(), nn.ReLU(), nn.LeakyReLU(0.2), nn.ELU(0.7), nn.SELU(), nn.Softplus(), nn.Softsign(),
        nn.SiLU(), nn.GELU(), nn.GELU(approximate="tanh"), nn.Identity(), nn.Softmax(dim=-1)]  # fmt: skip


@pytest.mark.parametrize("activation", SOME, ids=str)
def test_every_activation(activation: Any) -> None:
    module = nn.Sequential(nn.Linear(2, 3), activation, nn.Linear(3, 2))
    targets = torch.tensor([[0.1, 0.2], [0.5, -0.5], [0.0, 1.0]])
    same(module, torch.tensor(INPUTS), targets, nn.MSELoss(), lambda p: optim.SGD(p, lr=0.1))


def test_the_hard_sigmoid_up_to_pytorchs_own_rounding() -> None:
    """PyTorch 2.13 multiplies by 1/6 in single precision, also for double tensors."""
    module = nn.Sequential(nn.Linear(2, 1), nn.Hardsigmoid())
    experiment = tracer.from_torch(module, [0.3, 0.4], [1.0], loss=nn.MSELoss(), iterations=1, learning_rate=0.1)
    z = module[0](torch.tensor([0.3, 0.4])).item()
    assert tracer.walk(experiment)["a_o1"][0] == pytest.approx(z / 6 + 0.5, rel=1e-14)
    assert module(torch.tensor([0.3, 0.4])).item() == pytest.approx(z / 6 + 0.5, rel=1e-7)


@pytest.mark.parametrize(
    "make",
    [
        lambda p: optim.SGD(p, lr=0.1, momentum=0.9), lambda p: optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True),
        lambda p: optim.Adam(p, lr=0.05, betas=(0.8, 0.9)), lambda p: optim.Adam(p, lr=0.05, amsgrad=True),
        lambda p: optim.AdamW(p, lr=0.05), lambda p: optim.RMSprop(p, lr=0.05, alpha=0.9), lambda p: optim.Adagrad(p, lr=0.1),
        lambda p: optim.Adadelta(p, lr=1.0), lambda p: optim.Adamax(p, lr=0.05), lambda p: optim.NAdam(p, lr=0.05),
        lambda p: optim.SGD(p, lr=0.1, weight_decay=0.05),
    ],
)  # fmt: skip
def test_every_optimizer(make: Callable[[Any], Any]) -> None:
    module = nn.Sequential(nn.Sequential(nn.Linear(2, 2, bias=False), nn.Tanh()), nn.Linear(2, 1), nn.Sigmoid())
    same(module, torch.tensor(INPUTS), torch.tensor([[0.0], [1.0], [1.0]]), nn.BCELoss(), make)


def test_a_cross_entropy_of_class_numbers() -> None:
    module = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3))
    same(module, torch.tensor(INPUTS), torch.tensor([0, 2, 1]), nn.CrossEntropyLoss(), lambda p: optim.SGD(p, lr=0.2))


@pytest.mark.parametrize(
    "loss", [nn.MSELoss(reduction="sum"), nn.L1Loss(), nn.HuberLoss(delta=0.3, reduction="sum")], ids=str
)
def test_losses(loss: Any) -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))
    targets = torch.tensor([[0.1, 0.2], [0.5, -0.5], [0.0, 1.0]])
    same(module, torch.tensor(INPUTS), targets, loss, lambda p: optim.SGD(p, lr=0.05))


def test_one_sample_and_our_own_names() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 2), nn.Sigmoid())
    experiment = tracer.from_torch(
        module,
        [0.05, 0.1],
        [0.01, 0.99],
        loss="half_squared_error",
        optimizer="adam",
        learning_rate=[0.1, 0.5],
        iterations=3,
    )
    assert len(tracer.walk(experiment).runs) == 2
    assert experiment.start["w1"] == module[0].weight[0, 0].item()


def test_parameters_that_are_not_trained_are_frozen() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))
    module[0].bias.requires_grad_(False)
    module[2].weight.requires_grad_(False)
    same(module, torch.tensor(INPUTS), torch.tensor(INPUTS), nn.MSELoss(), lambda p: optim.SGD(p, lr=0.1))


@pytest.mark.parametrize(
    ("module", "how", "problem"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout()), {}, "module: Dropout is not supported; a module may have Linear, "),
        (nn.Sequential(nn.Conv1d(1, 1, 1)), {}, "module: Conv1d is not supported"),
        (nn.Sequential(nn.Tanh()), {}, "module: Tanh stands before the first nn.Linear"),
        (nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.ReLU()), {}, "module: ReLU follows another activation; a layer has one"),
        (nn.Sequential(nn.Linear(2, 2), nn.Softplus(beta=2)), {}, "is not the softplus of a config, whose beta is 1"),
        (nn.Sequential(nn.Linear(2, 2), nn.Softmax(dim=0)), {}, "module: Softmax(dim=0) is not the softmax of a config"),
        (nn.Sequential(), {}, "module: has no nn.Linear"),
        (nn.Sequential(nn.Linear(2, 2)), {"loss": nn.BCELoss()}, "loss: BCELoss of several outputs needs reduction='sum'"),
        (nn.Sequential(nn.Linear(2, 2)), {"loss": nn.PoissonNLLLoss()}, "loss: PoissonNLLLoss is not supported"),
        (nn.Sequential(nn.Linear(2, 2)), {"loss": "mse"}, "mse"),
        (nn.Sequential(nn.Linear(2, 2)), {"inputs": [0.1]}, "inputs: 1 given, but nn.Linear takes 2"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_what_cannot_be_read(module: Any, how: dict[str, Any], problem: str) -> None:
    given = {
        "inputs": [0.1, 0.2],
        "targets": [0.1, 0.2],
        "loss": nn.MSELoss(),
        "learning_rate": 0.1,
        "iterations": 1,
    } | how
    with pytest.raises(tracer.ConfigError) as raised:
        tracer.from_torch(module, **given)
    assert problem in str(raised.value)


def test_an_optimizer_that_we_do_not_have() -> None:
    module = nn.Sequential(nn.Linear(2, 2))
    with pytest.raises(tracer.ConfigError, match="optimizer: RMSprop with these settings is not supported"):
        tracer.from_torch(
            module, [0.1, 0.2], [0.1, 0.2], loss=nn.MSELoss(), iterations=1,
            optimizer=optim.RMSprop(module.parameters(), centered=True),
        )  # fmt: skip
