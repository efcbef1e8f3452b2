"""A network that PyTorch exported, read without PyTorch: the same ten iterations, and no archive that breaks it."""

from __future__ import annotations

import json
import pickle
import random
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import tracer
from tests.places import FIGURES, pytorch
from tests.test_cli import command
from tests.training import trains_alike

GOLDEN = FIGURES / "torch-2.13.pt2"
"""Written by PyTorch 2.13, without the paths in its stack traces: Linear(2, 3), Tanh, Linear(3, 2, bias=False),
Softmax(dim=-1), in double precision."""
OUTPUTS = [0.520432746164818, 0.47956725383518184]
"""What PyTorch gives for the inputs 0.05 and 0.1."""
LOSSES = {1: 0.7103381781644841, 2: 0.7088951480360135, 10: 0.6997360696600505}
FINAL = {"w1": -0.6182833090725058, "w6": -0.5580536603039055, "b_h3": 0.05558205092419987, "w12": -0.4661371753743174}
"""What it gets to in ten steps of SGD with η = 0.1, by cross entropy with the targets 0.3 and 0.7."""
OPTIONS = ("--inputs", "0.05,0.1", "--targets", "0.3,0.7", "--loss", "cross_entropy", "--iterations", "10")
MODEL, WEIGHTS = "golden/models/model.json", "golden/data/weights/model_weights_config.json"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parts() -> dict[str, bytes]:
    with zipfile.ZipFile(GOLDEN) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(contents: dict[str, bytes], path: str = "changed.pt2") -> str:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def changed(part: str, edit: Callable[[Any], object]) -> str:
    """The golden file with a part of JSON that is changed in place."""
    contents = parts()
    value = json.loads(contents[part])
    edit(value)
    return archive_of(contents | {part: json.dumps(value).encode()})


def test_the_config_is_readable_and_runs() -> None:
    result = command("import", GOLDEN, *OPTIONS, "-o", "net.yaml")
    assert result.output == "wrote net.yaml\n"
    text = Path("net.yaml").read_text(encoding="utf-8")
    assert "  - {name: h, neurons: 3, activation: tanh}\n  - {name: o, neurons: 2, activation: softmax}\n" in text
    assert max(map(len, text.splitlines())) < 100
    step = tracer.run("net.yaml").row(1)
    assert [step["a_o1"], step["a_o2"]] == pytest.approx(OUTPUTS, rel=1e-15)
    assert command("run", "net.yaml", "--format", "csv").exit_code == 0


def test_ten_iterations_are_those_of_pytorch() -> None:
    command("import", GOLDEN, *OPTIONS, "-o", "net.yaml")
    trace = tracer.run("net.yaml")
    assert {number: trace.row(number)["E_total"] for number in LOSSES} == pytest.approx(LOSSES, rel=1e-9)
    assert {name: trace.runs[0].final[name] for name in FINAL} == pytest.approx(FINAL, rel=1e-9)


def test_an_existing_config_stays() -> None:
    Path("net.yaml").write_text("mine", encoding="utf-8")
    result = command("import", GOLDEN, *OPTIONS, "-o", "net.yaml")
    assert (result.exit_code, Path("net.yaml").read_text(encoding="utf-8")) == (2, "mine")
    assert "replace it with --force" in result.stderr
    assert command("import", GOLDEN, *OPTIONS, "-o", "net.yaml", "--force").exit_code == 0


def test_several_samples_and_our_own_names() -> None:
    more = (
        "--inputs",
        "0,1",
        "--targets",
        "1,0",
        "--optimizer",
        "{name: momentum, momentum: 0.5}",
        "--learning-rate",
        "[0.1, 1]",
    )
    result = command("import", GOLDEN, *OPTIONS, *more, "-o", "-")
    config = yaml.safe_load(result.stdout)
    assert config["samples"] == [{"inputs": [0.05, 0.1], "targets": [0.3, 0.7]}, {"inputs": [0, 1], "targets": [1, 0]}]
    assert (config["update"], config["learning_rate"]) == ("batch", [0.1, 1])
    assert "v_w1" in tracer.run(config)


@pytest.mark.parametrize(
    ("header", "targets"),
    [("i1,i2,t1,t2", ()), ("x,p,q,y", ("--targets", "p,q")), ("i1,i2,t1,t2", ("--targets", "data.csv"))],
)
def test_a_file_of_samples(here: Path, header: str, targets: tuple[str, ...]) -> None:
    (here / "data.csv").write_text(f"{header}\n0.05,0.25,0.75,1\n1,0.5,0.5,1\n", encoding="utf-8")
    (here / "configs").mkdir()
    options = ("--inputs", "data.csv", *targets, "--loss", "squared_error", "-o", "configs/net.yaml")
    assert command("import", GOLDEN, *options).output == "wrote configs/net.yaml\n"
    assert "samples: ../data.csv\n" in (here / "configs" / "net.yaml").read_text(encoding="utf-8")
    trace = tracer.run("configs/net.yaml", iterations=1)
    assert trace.experiment.samples[0] == ((0.25, 0.75, 0.05, 1) if "p,q" in targets else (0.75, 1, 0.05, 0.25))


def test_parameters_that_are_not_trained_are_frozen() -> None:
    def freeze(config: Any) -> None:
        config["config"]["2.weight"]["tensor_meta"]["requires_grad"] = False

    config = yaml.safe_load(command("import", changed(WEIGHTS, freeze), *OPTIONS, "-o", "-").stdout)
    assert config["frozen"] == [f"w{number}" for number in range(7, 13)]


class Boom:
    def __reduce__(self) -> Any:
        return (Path("boom").touch, ())


def node(number: int, **what: Any) -> Callable[[Any], None]:
    return lambda model: model["graph_module"]["graph"]["nodes"][number].update(what)


def entry(**what: Any) -> Callable[[Any], None]:
    return lambda config: config["config"]["0.weight"].update(what)


def meta(**what: Any) -> Callable[[Any], None]:
    return lambda config: config["config"]["0.weight"]["tensor_meta"].update(what)


def sizes(*numbers: Any) -> list[dict[str, Any]]:
    return [{"as_int": number} for number in numbers]


def a_dropout(model: Any) -> None:
    node(1, target="torch.ops.aten.dropout.default")(model)
    model["graph_module"]["graph"]["nodes"][1]["metadata"]["nn_module_stack"] = (
        "a,,b;c,1,torch.nn.modules.dropout.Dropout"
    )


def two_paths(model: Any) -> None:
    model["graph_module"]["graph"]["nodes"][2]["inputs"][0]["arg"]["as_tensor"]["name"] = "linear"


def one_weight_twice(model: Any) -> None:
    model["graph_module"]["graph"]["nodes"][2]["inputs"][1]["arg"]["as_tensor"]["name"] = "p_0_weight"


def other_softmax(model: Any) -> None:
    model["graph_module"]["graph"]["nodes"][3]["inputs"][1]["arg"] = {"as_int": 0}


REFUSED: list[tuple[str, Callable[[], str], str]] = [
    ("missing", lambda: "none.pt2", "none.pt2: does not exist"),
    ("folder", lambda: ".", ".: is not a file"),
    ("no archive", lambda: str(Path(__file__)), "is not a file of torch.export.save, or is damaged; write it by torch.export"),
    ("other archive", lambda: archive_of({"a.txt": b""}), "is an archive without an exported program"),
    ("torch.save", lambda: archive_of({"m/data.pkl": pickle.dumps(Boom())}), "is pickled (torch.save or torch.jit.save), which"),
    ("old export", lambda: archive_of({"serialized_exported_program.json": b"{}", "serialized_state_dict.pt": b""}),
     "keeps its weights pickled, which could run code and is not read; save it by a newer PyTorch"),
    ("pickled weights", lambda: changed(WEIGHTS, entry(use_pickle=True)), "keeps 0.weight pickled"),
    ("pickled weights not said", lambda: changed(WEIGHTS, lambda config: config["config"]["0.weight"].pop("use_pickle")), "pickled"),
    ("no JSON", lambda: archive_of(parts() | {MODEL: b"{"}), "changed.pt2: is damaged"),
    ("deep JSON", lambda: archive_of(parts() | {MODEL: b"[" * 200_000}), "changed.pt2: is damaged"),
    ("bomb", lambda: archive_of(parts() | {MODEL: b" " * (17 << 20)}), "has a part of more than 16 MB when unpacked"),
    ("bomb of weights", lambda: archive_of(parts() | {"golden/data/weights/weight_0": bytes(17 << 20)}), "more than 16 MB"),
    ("entries", lambda: archive_of({f"{n}": b"" for n in range(10_001)}), "has 10,001 parts"),
    ("many parameters", lambda: changed(WEIGHTS, meta(sizes=sizes(1000, 1000))), "has more than 100,000 parameters"),
    ("huge size", lambda: changed(WEIGHTS, meta(sizes=sizes(2**62, 2**62))), "has sizes that are not whole numbers, or too large"),
    ("negative size", lambda: changed(WEIGHTS, meta(sizes=sizes(-3, 2))), "has sizes that are not whole numbers, or too large"),
    ("size of text", lambda: changed(WEIGHTS, meta(sizes=sizes("3", 2))), "has sizes that are not whole numbers, or too large"),
    ("beyond the numbers", lambda: changed(WEIGHTS, meta(strides=sizes(2000, 1))), "the part with the numbers of 0.weight has"),
    ("offset", lambda: changed(WEIGHTS, meta(storage_offset={"as_int": 1})), "the part with the numbers of 0.weight has"),
    ("more numbers", lambda: archive_of(parts() | {"golden/data/weights/weight_0": pickle.dumps([0.5] * 9)}), "0.weight has"),
    ("type", lambda: changed(WEIGHTS, meta(dtype=13)), "keeps 0.weight in a type that is not read; convert it by module.double()"),
    ("no weight", lambda: changed(WEIGHTS, lambda config: config["config"].clear()), "computes a weight or a bias"),
    ("no part", lambda: changed(WEIGHTS, entry(path_name="../../etc/passwd")), "changed.pt2: is damaged: "),
    ("wrong JSON", lambda: changed(MODEL, node(0, inputs=7)), "changed.pt2: is damaged: "),
    ("list", lambda: archive_of(parts() | {MODEL: b"[]"}), "changed.pt2: is damaged: "),
    ("dropout", lambda: changed(MODEL, a_dropout), "Dropout is not supported; a module may have Linear, Identity, Sigmoid"),
    ("unknown", lambda: changed(MODEL, node(1, target="torch.ops.aten.foo.default", metadata={})), "foo is not supported"),
    ("paths", lambda: changed(MODEL, two_paths), "is no sequence of layers: Linear does not take what the module before"),
    ("tied", lambda: changed(MODEL, one_weight_twice), "uses 0.weight in several layers"),
    ("softmax", lambda: changed(MODEL, other_softmax), "Softmax(dim=0) is not the softmax of a config"),
    ("output", lambda: changed(MODEL, lambda m: m["graph_module"]["graph"].update(outputs=[])), "does not give what its last"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "problem"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_cannot_be_read(make: Callable[[], str], problem: str) -> None:
    result = command("import", make(), *OPTIONS, "-o", "net.yaml")
    assert result.exit_code == 2
    assert problem in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not Path("net.yaml").exists()
    assert not Path("boom").exists()


def test_json_that_is_nested_deeply_where_a_program_may_recurse() -> None:
    """As in a process that has loaded PyTorch's compiler. Followed to its end it would overflow the stack."""
    file = archive_of(parts() | {MODEL: b"[" * 200_000}, "deep.pt2")
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        result = command("import", file, *OPTIONS, "-o", "-")
    finally:
        sys.setrecursionlimit(usual)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "deep.pt2: is damaged" in result.stderr


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--inputs", "0.1", "--targets", "1,0"), "--inputs: 1 number given, 2 needed: one for each input of the program"),
        (("--inputs", "0.1,nan", "--targets", "1,0"), "--inputs: 'nan' is not a finite number"),
        (("--inputs", "0.1,0.2", "--targets", "1e400,0"), "--targets: '1e400' is not a finite number"),
        (("--inputs", "0.1,0.2"), "--targets: missing; give them for each sample, as --inputs"),
        (("--inputs", "data.csv"), "--targets: missing; name the columns of data.csv that hold them; it has a, b, t"),
        (("--inputs", "data.csv", "--targets", "t"), "--targets: 1 column given, 2 needed: one for each target of the program"),
        (("--inputs", "data.csv", "--targets", "b,t"), "--inputs: data.csv has a besides the targets; 2 needed: one for each"),
        (("--inputs", "data.csv", "--targets", "z"), "--targets: data.csv has no column z; it has a, b, t"),
        (("--inputs", "0.1,x", "--targets", "1,0"), "--inputs: '0.1,x' is neither numbers, such as 0.05,0.1, nor a .csv or"),
        (("--inputs", "0.1,0.2", "--targets", "1"), "--targets: 1 number given, 2 needed"),
        (("--inputs", "0.1,0.2", "--inputs", "1,2", "--targets", "1,0"), "--targets: given for 1 of 2 samples; give"),
        (("--inputs", "none.csv"), "--inputs: none.csv: there is no such file\n"),
        (("--inputs", "0.1,0.2", "--targets", "1,0", "--optimizer", "adm"), "--optimizer: 'adm' is not known. Did you mean 'adam'?"),
        (("--inputs", "0.1,0.2", "--targets", "1,0", "--learning-rate", "-1"), "--learning-rate: -1 is out of range"),
        (("--inputs", "0.1,0.2", "--targets", "1,0", "--iterations", "1.5"), "--iterations: 1.5 is not a whole number"),
        (("--inputs", "0.1,0.2", "--targets", "1,0", "--optimizer", "{"), "--optimizer: '{' cannot be read as a value"),
    ],
)  # fmt: skip
def test_options_that_are_wrong(
    options: tuple[str, ...], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.csv").write_text("a,b,t\n1,2,3\n", encoding="utf-8")
    result = command("import", GOLDEN, *options, "--loss", "squared_error", "-o", "-")
    assert (result.exit_code, result.stdout) == (2, "")
    assert problem in result.stderr


@pytest.mark.parametrize("amount", [100, pytest.param(4_000, marks=pytest.mark.long)])
def test_damaged_archives(amount: int) -> None:
    """Bytes changed, cut off or repeated, in the file and in its unpacked parts: read, or refused in a line."""
    draw, whole, contents = random.Random(amount), GOLDEN.read_bytes(), parts()

    def damaged(data: bytes) -> bytes:
        at, what = draw.randrange(len(data)), draw.random()
        if what < 0.6:
            return data[:at] + bytes([draw.randrange(256)]) + data[at + 1 :]
        return data[:at] if what < 0.8 else data[:at] + data[at // 2 :]

    for number in range(amount):
        if number % 2:
            Path("damaged.pt2").write_bytes(damaged(whole))
        else:
            name = draw.choice([MODEL, MODEL, WEIGHTS, "golden/byteorder", "golden/data/weights/weight_0"])
            archive_of(contents | {name: damaged(contents[name])}, "damaged.pt2")
        result = command("import", "damaged.pt2", *OPTIONS, "-o", "-")
        assert result.exit_code in (0, 2), number


# --------------------------------------------------------------------------------------------------- PyTorch itself

INPUTS, TARGETS = [[0.05, 0.1], [-0.4, 0.9], [1.2, -0.3]], [[0.1, 0.2], [0.5, 0.5], [0.0, 1.0]]
ACTIVATIONS = ["Sigmoid()", "Tanh()", "ReLU()", "ReLU(inplace=True)", "LeakyReLU()", "LeakyReLU(0.2)", "ELU(0.7)", "ELU()",
               "SELU()", "Softplus()", "Softsign()", "SiLU()", "GELU()", "GELU(approximate='tanh')", "Identity()"]  # fmt: skip
"""Not Hardsigmoid, whose slope PyTorch takes as 1/6 in single precision."""


def exported(module: Any, inputs: Any) -> str:
    torch = pytorch()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, of its own names
        torch.export.save(torch.export.export(module, (inputs,)), "model.pt2")
    return "model.pt2"


def same(module: Any, loss: str, criterion: Any, targets: Any, double: bool = True) -> None:
    """Ten iterations of both, from the same exported program."""
    torch = pytorch()
    module = module.double() if double else module
    inputs = torch.tensor(INPUTS, dtype=torch.float64 if double else torch.float32)
    file = exported(module, inputs)
    options = [part for x, t in zip(INPUTS, targets, strict=True)
               for part in ("--inputs", ",".join(map(str, x)), "--targets", ",".join(map(str, t)))]  # fmt: skip
    result = command("import", file, *options, "--loss", loss, "--iterations", "10", "-o", "net.yaml", "--force")
    assert result.exit_code == 0, result.stderr
    trace = tracer.run("net.yaml")
    module, (inputs, wanted) = module.double(), (torch.tensor(rows, dtype=torch.float64) for rows in (INPUTS, targets))
    trains_alike(trace, module, inputs, wanted, criterion, torch.optim.SGD(module.parameters(), lr=0.1))


@pytest.mark.long
@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_every_activation(kind: str) -> None:
    torch = pytorch()
    torch.manual_seed(1)
    nn = torch.nn
    activation = eval(f"nn.{kind}", {"nn": nn})
    module = nn.Sequential(nn.Linear(2, 3), activation, nn.Sequential(nn.Linear(3, 2)))
    same(module, "squared_error", lambda y, t: nn.functional.mse_loss(y, t, reduction="sum") / len(t), TARGETS)


@pytest.mark.long
def test_softmax_logits_and_single_precision() -> None:
    torch = pytorch()
    torch.manual_seed(2)
    nn = torch.nn
    distributions = [[0.25, 0.75], [1, 0], [0.5, 0.5]]
    module = nn.Sequential(nn.Linear(2, 2), nn.Softmax(dim=1))
    same(module, "cross_entropy", lambda y, t: -(t * y.log()).sum() / len(t), distributions)
    same(nn.Sequential(nn.Linear(2, 2)), "cross_entropy", nn.CrossEntropyLoss(), distributions)
    same(nn.Sequential(nn.Linear(2, 2)), "binary_cross_entropy",
         lambda y, t: nn.functional.binary_cross_entropy_with_logits(y, t, reduction="sum") / len(t), distributions)  # fmt: skip
    single = nn.Sequential(nn.Linear(2, 3, bias=False), nn.Tanh(), nn.Linear(3, 2))
    same(single, "squared_error", lambda y, t: ((t - y) ** 2).sum() / len(t), TARGETS, double=False)


@pytest.mark.long
def test_what_pytorch_exports_and_we_do_not_have() -> None:
    torch = pytorch()
    nn = torch.nn
    for module, problem in (
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout()), "Dropout is not supported"),
        (nn.Sequential(nn.Linear(2, 2), nn.Dropout()).eval(), "Dropout is not supported"),
        (nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).eval(), "BatchNorm1d is not supported"),
        (nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.ReLU()), "ReLU follows another activation; a layer has one"),
        (nn.Sequential(nn.Linear(2, 2), nn.Softmax(dim=0)), "Softmax(dim=0) is not the softmax of a config"),
        (nn.Sequential(nn.Linear(2, 2), nn.Softplus(beta=2)), "Softplus(beta=2) is not the softplus of a config"),
    ):
        result = command("import", exported(module, torch.tensor(INPUTS)), *OPTIONS, "-o", "-")
        assert (result.exit_code, problem in result.stderr) == (2, True), result.stderr
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(nn.Sequential(nn.Linear(2, 2)), (torch.tensor(INPUTS),))
        torch.export.save(program.run_decompositions(), "model.pt2")
    shown = command("import", "model.pt2", *OPTIONS, "-o", "-").stderr
    assert "has Linear in parts (permute); save it without run_decompositions()" in shown
