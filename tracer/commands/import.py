"""The command `backprop-trace import`."""

from __future__ import annotations

from pathlib import Path

import click

from tracer.commands import CONTEXT
from tracer.config.schema import FIELDS
from tracer.errors import OutputError
from tracer.files import STANDARD_OUTPUT, path_of, problems_of, replacing


@click.command(
    "import", context_settings=CONTEXT,
    epilog="Example: backprop-trace import model.pt2 --inputs 0.05,0.1 --targets 0.01,0.99 --loss half_squared_error",
)  # fmt: skip
@click.argument("program", type=click.Path(path_type=Path))
@click.option(
    "--inputs", metavar="X,…|FILE", multiple=True, required=True,
    help="The inputs, repeated for each sample; or a .csv or .xlsx file of samples.",
)  # fmt: skip
@click.option(
    "--targets", metavar="T,…|NAME,…", multiple=True,
    help="The targets, repeated for each sample; or, of a file, the columns that hold them (t1, … by default).",
)  # fmt: skip
@click.option("--loss", metavar="NAME", required=True, help=FIELDS["loss"].help)
@click.option("--optimizer", metavar="NAME", default="sgd", show_default=True, help="The update rule.")
@click.option("--learning-rate", metavar="X", default="0.1", show_default=True, help="The learning rate η, or a list.")
@click.option("--iterations", metavar="N", default="100", show_default=True, help=FIELDS["iterations"].help)
@click.option(
    "-o", "--output", metavar="FILE", help="The config to write, or - for standard output; PROGRAM.yaml by default."
)
@click.option("--force", is_flag=True, help="Replace a config that exists.")
def import_(
    program: Path,
    inputs: tuple[str, ...],
    targets: tuple[str, ...],
    loss: str,
    optimizer: str,
    learning_rate: str,
    iterations: str,
    output: str | None,
    force: bool,
) -> None:
    """Write a config from a network that PyTorch exported.

    PROGRAM is a file of torch.export.save: an nn.Sequential of Linear and activations, with its weights. It is read
    without PyTorch, and nothing in it is unpickled or executed.
    """
    from tracer.code.imported import Training, config_of

    program = path_of(program)
    printed = output == STANDARD_OUTPUT
    target = path_of(output or f"{program.stem}.yaml")
    if target.exists() and not (force or printed):
        raise OutputError([f"{target}: exists already; choose another file with -o, or replace it with --force"])
    training = Training(inputs, targets, loss, optimizer, learning_rate, iterations)
    text = config_of(program, training, Path() if printed else target.parent)
    if printed:
        click.echo(text, nl=False)
        return
    if problems := problems_of([target]):
        raise OutputError(problems)
    with replacing(target) as part:
        part.write_text(text, encoding="utf-8")
    click.echo(f"wrote {target}")
