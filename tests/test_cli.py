"""The command as people use it: files, screen, options, exit codes; and as they break it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest
import yaml
from click.testing import CliRunner, Result

import tracer
from tests.places import BLOWS_UP, CONFIGS, ROOT, WALKTHROUGH
from tracer import files
from tracer.commands import screen
from tracer.commands.main import COMMANDS, main
from tracer.config.schema import FIELDS, json_schema
from tracer.output.formats import FORMATS, Format
from tracer.output.trace import Trace
from tracer.tables.activations import ACTIVATIONS
from tracer.tables.losses import LOSSES
from tracer.tables.optimizers import OPTIMIZERS


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def command(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_run_writes_three_files_and_says_where(here: Path) -> None:
    result = command("run", WALKTHROUGH)
    assert result.exit_code == 0
    assert files_in(here / "out") == ["walkthrough.csv", "walkthrough.html", "walkthrough.xlsx"]
    assert result.stdout.endswith("".join(f"wrote out/walkthrough.{form}\n" for form in ("csv", "xlsx", "html")))
    assert result.stderr == ""


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_config_runs(config: Path) -> None:
    assert command("run", config, "--iterations", "20").exit_code == 0


def cells(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip() and "─" not in line]


def test_the_table_on_the_screen() -> None:
    text = command("run", WALKTHROUGH, "--learning-rate", "0.5", "--learning-rate", "2", "--format", "csv").stdout
    assert cells(text) == [
        ["η", "first", "E_total", "last", "E_total", "after", "update", "loss", "curve,", "log"],
        ["0.5", "0.0141814", "0.000634492", "0.000614262", "███▇▇▇▇▇▆"],
        ["2", "0.0141814", "2.91081e-08", "2.5468e-08", "█▇▆▅▄▄▃▂▁"],
        ["wrote", "out/walkthrough.csv"],
    ]


def test_the_final_parameters_on_request() -> None:
    text = command("run", WALKTHROUGH, "--learning-rate", "0.5", "--format", "csv", "--final").stdout
    assert cells(text)[2:-1] == [
        ["final", "0.5"], ["w1", "0.145038"], ["w2", "0.190075"], ["w3", "0.244136"], ["w4", "0.288271"],
        ["w5", "0.0621191"], ["w6", "0.109638"], ["w7", "0.0843954"], ["w8", "0.131344"],
    ]  # fmt: skip


def test_the_screen_of_80_by_24_holds_all_learning_rates() -> None:
    lines = command("run", WALKTHROUGH, "-o", "x").stdout.splitlines()
    assert len(lines) < 24
    assert [line.split()[0] for line in lines if line.strip()][2:-3] == ["0.1", "0.2", "0.5", "0.8", "1", "2"]


def test_no_line_is_wider_than_the_screen() -> None:
    assert max(map(len, command("run", WALKTHROUGH, "-o", "x").stdout.splitlines())) <= 80


def test_options_take_the_place_of_the_config(here: Path) -> None:
    result = command(
        "run", WALKTHROUGH, "--quiet", "--format", "csv", "-o", "there/it is", "--iterations", "7",
        "--learning-rate", "0.3", "--learning-rate", "4e-1", "--set", "weights.w1=0.2", "--set", "name=other",
        "--set", "layers.0.activation=tanh", "--columns", "compact", "--ascii",
    )  # fmt: skip
    assert (result.exit_code, result.output) == (0, "")
    assert files_in(here / "there" / "it is") == ["other.csv"]
    frame = pandas.read_csv(here / "there" / "it is" / "other.csv")
    assert list(frame["eta"].unique()) == [0.3, 0.4]
    assert (len(frame), frame["w1"][0], frame.columns[-1]) == (14, 0.2, "dE/dw8")
    assert frame["a_h1"][0] == pytest.approx(0.0299910048568779)  # tanh(0.03)


def test_set_reaches_every_place() -> None:
    assert command("run", WALKTHROUGH, "-q", "--set", "inputs=[1, 2]", "--set", "eta=0.1").exit_code == 0
    assert command("run", ROOT / "configs" / "deep.yaml", "-q", "--set", "weights.f.0.2=0.9").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--iterations", "ten"], "--iterations: 'ten' is not a whole number"),
        (["--iterations", "0"], "--iterations: 0 is out of range; must be at least 1"),
        (["--learning-rate", "x"], "--learning-rate: 'x' is neither a number nor a formula of k, the iteration"),
        (["--columns", "all"], "--columns: 'all' is not one of full, compact. It is called 'full' here."),
        (["--set", "colums=full"], "--set colums=full: unknown key 'colums'. Did you mean 'columns'?"),
        (["--set", "weights.w9=1"], "--set weights.w9=1: weights: 'w9' is not a weight of this network (w1…w8). "
                                   "Did you mean 'w8'?"),
        (["--set", "layers.2.name=x"], "--set layers.2.name=x: layers has entries 0 to 1, not '2'"),
        (["--set", "iterations.x=1"], "--set iterations.x=1: iterations is neither a mapping nor a list"),
        (["--set", "iterations"], "--set iterations: write it as KEY=VALUE, such as iterations=10"),
        (["--set", "inputs=[1"], "--set inputs=[1: '[1' cannot be read as a value"),
        (["--iterations", "2000000"], "--iterations: an Excel sheet holds at most 1,048,547 steps, not "
                                      "2,000,000; use fewer iterations, or --format csv"),
        (["--iterations", "999999999"], "--iterations: the trace would hold 257,999,999,742 values, "
                                        "more than 500,000,000; use fewer iterations or learning rates"),
        (["-o", "/dev/null/x"], "--output: /dev/null/x: cannot write here (Not a directory); "
                                "choose another folder with -o"),
    ],
)  # fmt: skip
def test_options_that_cannot_be_used(here: Path, arguments: list[str], problem: str) -> None:
    result = command("run", WALKTHROUGH, *arguments)
    assert result.exit_code == 2
    assert problem in result.stderr.splitlines()
    assert result.stdout == ""
    assert files_in(here / "out") == []


@pytest.mark.long
def test_more_columns_than_excel_holds(here: Path) -> None:
    wide = BLOWS_UP | {"layers": [{"neurons": 60}, {"neurons": 60}], "targets": [0] * 60, "weights": [0.1] * 3720}
    wide |= {"frozen": [], "inputs": [1, 2], "learning_rate": 0.1, "iterations": 1}
    (here / "wide.yaml").write_text(yaml.safe_dump(wide), encoding="utf-8")
    assert command("run", "wide.yaml", "-q").exit_code == 0
    wide |= {"layers": [{"neurons": 150}, {"neurons": 60}], "weights": [0.1] * 9300}
    (here / "wide.yaml").write_text(yaml.safe_dump(wide), encoding="utf-8")
    result = command("run", "wide.yaml")
    assert result.exit_code == 2
    assert ": layers: an Excel sheet holds at most 16,384 columns, not " in result.stderr
    assert command("run", "wide.yaml", "--format", "csv", "-q").exit_code == 0


def test_an_unusable_config_leaves_old_results_alone(here: Path) -> None:
    assert command("run", WALKTHROUGH).exit_code == 0
    before = {path: path.read_bytes() for path in (here / "out").iterdir()}
    assert command("run", WALKTHROUGH, "--iterations", "0").exit_code == 2
    assert {path: path.read_bytes() for path in (here / "out").iterdir()} == before


@pytest.mark.parametrize("lock", ["~$walkthrough.xlsx", ".~lock.walkthrough.xlsx#"])
def test_a_workbook_open_in_another_program(here: Path, lock: str) -> None:
    assert command("run", WALKTHROUGH, "-q").exit_code == 0
    (here / "out" / lock).touch()
    before = (here / "out" / "walkthrough.csv").read_bytes()
    result = command("run", WALKTHROUGH, "--iterations", "3")
    assert result.exit_code == 2
    assert "out/walkthrough.xlsx: is open in another program; close it there" in result.stderr
    assert (here / "out" / "walkthrough.csv").read_bytes() == before


def test_a_file_that_cannot_be_replaced(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Windows does when Excel holds the file: neither result is replaced, nothing is left behind."""
    assert command("run", WALKTHROUGH, "-q", "--iterations", "5").exit_code == 0
    before = {path: path.read_bytes() for path in (here / "out").iterdir()}
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if target == here / "out" / "walkthrough.xlsx":
            raise PermissionError(13, "Permission denied")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    result = command("run", WALKTHROUGH)
    assert result.exit_code == 2
    assert "walkthrough.xlsx: is open in another program; close it there (Permission denied)" in result.stderr
    assert {path: path.read_bytes() for path in (here / "out").iterdir()} == before


def test_a_full_disk(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tracer.workbook.sheets.save", full)
    result = command("run", WALKTHROUGH)
    assert result.exit_code == 2
    assert "cannot write it (No space left on device)" in result.stderr
    assert files_in(here / "out") == []


def test_a_target_that_is_a_folder(here: Path) -> None:
    (here / "out" / "walkthrough.csv").mkdir(parents=True)
    result = command("run", WALKTHROUGH)
    assert result.exit_code == 2
    assert "out/walkthrough.csv: is a folder; remove it, or choose another name" in result.stderr


def test_an_existing_file_keeps_its_mode_and_links(here: Path) -> None:
    real = here / "real.csv"
    real.write_text("old", encoding="utf-8")
    real.chmod(0o640)
    (here / "link.csv").symlink_to(real)
    with files.replacing(here / "link.csv") as part:
        part.write_text("new", encoding="utf-8")
    assert (here / "link.csv").is_symlink()
    assert real.read_text(encoding="utf-8") == "new"
    assert real.stat().st_mode & 0o777 == 0o640


def make_device(path: Path) -> None:
    """A private node of the null device; the machine's own is never touched."""
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)  # from the current folder: the length of an address is limited


SPECIAL: dict[str, tuple[Callable[[Path], None], str]] = {
    "device": (make_device, "is a character device, not a regular file; choose another name"),
    "pipe": (make_pipe, "is a named pipe (FIFO), not a regular file; choose another name"),
    "socket": (make_socket, "is a socket, not a regular file; choose another name"),
    "folder": (Path.mkdir, "is a folder; remove it, or choose another name"),
}


def identity(path: Path) -> tuple[float, ...]:
    """What changes when a file is replaced or written to; looking at it changes the time of access."""
    found = path.lstat()
    return found.st_dev, found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns


def made_special(kind: str, path: Path) -> str:
    """Make one of SPECIAL; what is said of it."""
    make, problem = SPECIAL[kind]
    try:
        make(path)
    except (PermissionError, AttributeError) as error:  # only root makes devices; Windows has no named pipes as files
        pytest.skip(f"no {kind} can be made here: {error}")
    return problem


@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("linked", [False, True], ids=["itself", "a link to it"])
@pytest.mark.parametrize("writer", ["to_csv", "to_excel", "to_exercise"])
def test_a_trace_replaces_only_regular_files(here: Path, kind: str, linked: bool, writer: str) -> None:
    """Nothing else is replaced, and nothing is left beside it."""
    problem = made_special(kind, here / "special")
    target = here / "link" if linked else here / "special"
    if linked:
        target.symlink_to("special")
    before = {path.name: identity(path) for path in here.iterdir()}
    with pytest.raises(tracer.OutputError) as raised:
        getattr(tracer.run(WALKTHROUGH, iterations=2), writer)(target)
    assert raised.value.problems == (f"{target}: {problem}",)
    assert {path.name: identity(path) for path in here.iterdir()} == before


@pytest.mark.parametrize("kind", SPECIAL)
def test_commands_replace_only_regular_files(here: Path, kind: str) -> None:
    """They say so before they do anything else."""
    problem = made_special(kind, here / "walkthrough.xlsx")
    before = identity(here / "walkthrough.xlsx")
    for arguments in (("run", WALKTHROUGH, "-o", here), ("exercise", WALKTHROUGH, "-o", here / "walkthrough.xlsx")):
        result = command(*arguments)
        assert result.exit_code == 2
        assert f"walkthrough.xlsx: {problem}\n" in result.stderr
    (here / "book.xlsx").write_bytes(b"")
    for option in ("--json", "--report", "--gradescope"):
        result = command("check", "book.xlsx", option, here / "walkthrough.xlsx")
        assert result.exit_code == 2
        assert f"walkthrough.xlsx: {problem}\n" in result.stderr
    assert identity(here / "walkthrough.xlsx") == before
    assert files_in(here) == ["book.xlsx", "walkthrough.xlsx"]


def test_a_run_that_blows_up(here: Path) -> None:
    (here / "blows-up.yaml").write_text(yaml.safe_dump(BLOWS_UP), encoding="utf-8")
    result = command("run", "blows-up.yaml", "--learning-rate", "1e6", "--learning-rate", "0.1")
    assert result.exit_code == 1
    assert result.stderr == (
        "η = 1000000: stopped in iteration 47: E1 is not a finite number; try a smaller learning rate\n"
    )
    assert files_in(here / "out") == ["blows-up.csv", "blows-up.html", "blows-up.xlsx"]
    frame = pandas.read_csv(here / "out" / "blows-up.csv")
    assert len(frame) == 47 + 100
    summary = pandas.read_excel(here / "out" / "blows-up.xlsx", sheet_name="Summary", header=None)
    assert "Stopped in iteration 47: E1 is not a finite number." in set(summary.to_numpy().ravel())


def listen_to_ctrl_c() -> None:
    """A suite that runs in the background ignores Ctrl-C, and so would what it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_leaves_nothing_half_written(here: Path) -> None:
    (here / "out").mkdir()
    (here / "out" / "walkthrough.csv").write_text("old", encoding="utf-8")
    arguments = [sys.executable, "-m", "tracer", "run", str(WALKTHROUGH), "--iterations", "1500000"]
    process = subprocess.Popen(
        [*arguments, "--learning-rate", "1", "--format", "csv"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=listen_to_ctrl_c,
    )
    while not any(name.endswith(".part") for name in files_in(here / "out")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (130, "", "interrupted: nothing was written\n")
    assert files_in(here / "out") == ["walkthrough.csv"]
    assert (here / "out" / "walkthrough.csv").read_text(encoding="utf-8") == "old"


def run_process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    process = [sys.executable, "-m", "tracer", *arguments]
    return subprocess.run(process, capture_output=True, env=os.environ | environment, check=False, timeout=60)


def test_no_colour_codes_when_piped() -> None:
    result = run_process("run", str(WALKTHROUGH))
    assert result.returncode == 0
    assert b"\x1b" not in result.stdout + result.stderr


def test_a_terminal_without_unicode() -> None:
    result = run_process("run", str(WALKTHROUGH), "--learning-rate", "0.5", PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    text = result.stdout.decode("ascii")
    assert "?" not in text
    assert "eta" in text
    assert run_process("run", "nothing.yaml", PYTHONIOENCODING="ascii").returncode == 2
    assert run_process("run", "--help", PYTHONIOENCODING="ascii").returncode == 0


def test_pandas_stays_out_of_the_way() -> None:
    """Only who asks for a frame pays for importing it."""
    code = (
        f"import sys, tracer; t = tracer.run({str(WALKTHROUGH)!r}); t.to_csv('t.csv'); print('pandas' in sys.modules)"
    )
    code += "; t.to_frame(); print('pandas' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "True"]


def test_the_schema_command() -> None:
    assert json.loads(command("schema").stdout) == json_schema()


def test_every_help_ends_with_an_example_that_works(here: Path) -> None:
    (here / "configs").symlink_to(ROOT / "configs")
    for arguments in ([], ["run"], ["schema"], ["list"]):
        last = command(*arguments, "--help").stdout.strip().splitlines()[-1].strip()
        assert last.startswith("Example: backprop-trace ")
        example = last.removeprefix("Example: backprop-trace ").split(" > ")[0].split()
        assert command(*example).exit_code == 0


def test_the_help_of_an_option_is_that_of_the_config() -> None:
    text = " ".join(command("run", "--help").stdout.split())
    for key in ("output", "iterations", "learning_rate", "columns"):
        assert FIELDS[key].help in text


@pytest.mark.parametrize(
    ("option", "unneeded"),
    [
        ("--version", {"numpy", "pandas", "openpyxl", "yaml", "tracer.config"}),
        ("--help", {"numpy", "pandas", "openpyxl"}),
    ],
)
def test_help_and_version_load_only_what_they_need(option: str, unneeded: set[str]) -> None:
    code = f"import sys; from tracer.commands.main import main; main(['{option}'], standalone_mode=False)"
    code += "; print(*sys.modules, file=sys.stderr)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stderr
    assert "tracer.commands.main" in loaded.split()
    assert not unneeded & {*loaded.split()}


def test_version() -> None:
    assert command("--version").stdout == f"backprop-trace, version {tracer.__version__}\n"


def test_unknown_formats() -> None:
    result = command("run", WALKTHROUGH, "--format", "csv,pdf")
    assert result.exit_code == 2
    assert "choose from csv, xlsx" in result.stderr


def test_a_format_is_one_row_of_the_table(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it needs and what it cannot hold is said before the run, in one go; then it is written like the others."""
    row = Format("numbers", Trace.to_csv, ("no_such_package",), lambda _experiment, _system: ["it has no room"])
    monkeypatch.setitem(FORMATS, "dat", row)
    result = command("run", WALKTHROUGH, "--format", "csv,dat")
    assert (result.exit_code, files_in(here / "out")) == (2, [])
    assert result.stderr == "--format dat needs no_such_package, which is not installed\nit has no room\n"
    monkeypatch.setitem(FORMATS, "dat", Format("numbers", Trace.to_csv))
    assert command("run", WALKTHROUGH, "--format", "csv,dat").exit_code == 0
    assert (here / "out" / "walkthrough.dat").read_bytes() == (here / "out" / "walkthrough.csv").read_bytes()


@pytest.mark.parametrize(
    ("values", "spark"),
    [([4, 3, 2, 1, 0], "█▆▅▃▁"), ([1], "█"), ([0, 0], "▁▁"), ([], ""), ([2.0] * 50, "█" * 9), ([-1, 1], "▁█")],
)
def test_sparklines(values: list[float], spark: str) -> None:
    assert screen.sparkline(values) == spark


def test_a_sparkline_of_logarithms() -> None:
    assert screen.sparkline([1, 0.1, 0.01, 0], log=(0.01, 1)) == "█▅▁"


def test_every_command_in_a_full_line() -> None:
    listed = command("--help").stdout.split("Commands:")[1].split("Example")[0].strip().splitlines()
    assert [line.split()[0] for line in listed] == list(COMMANDS)
    assert all(len(line) <= 80 and line.endswith(".") and not line.endswith("..") for line in listed)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("explian", "No such command 'explian'. Did you mean 'explain'?\n"),
        ("Run", "No such command 'Run'. Did you mean 'run'?\n"),
        ("xyz", "No such command 'xyz'.\n"),
        ("--explain", "No such option '--explain'.\n"),
    ],
)
def test_a_mistyped_command(command: str, answer: str) -> None:
    result = CliRunner().invoke(main, [command, "x.yaml"])
    assert result.exit_code == 2
    assert result.stderr.endswith(f"Error: {answer}")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    script = command("completion", shell).stdout
    assert f"_BACKPROP_TRACE_COMPLETE={shell}_complete" in script
    if found := shutil.which(shell):
        assert subprocess.run([found, "-n", "-c", script], capture_output=True).returncode == 0


def test_the_completion_of_a_command() -> None:
    environment = {
        **os.environ,
        "_BACKPROP_TRACE_COMPLETE": "bash_complete",
        "COMP_WORDS": "backprop-trace ex",
        "COMP_CWORD": "1",
    }
    found = subprocess.run([sys.executable, "-m", "tracer"], env=environment, capture_output=True, text=True)
    assert found.stdout.split() == [f"plain,{name}" for name in COMMANDS if name.startswith("ex")]


def test_many_learning_rates_fit_the_screen(here: Path) -> None:
    rates = [str(n / 10) for n in range(1, 23)]
    text = command(
        "run", WALKTHROUGH, "--format", "csv", "--iterations", "3", "--set", f"eta=[{','.join(rates)}]"
    ).stdout
    assert [line[0] for line in cells(text)][1:-1] == [f"{float(rate):g}" for rate in rates]
    assert max(map(len, text.splitlines())) <= 80


def test_a_million_iterations_fit_the_chart(here: Path) -> None:
    """openpyxl's references end at row 1,000,000; ours do not."""
    from tracer.workbook.xlsx.charts import Curve, loss_chart

    chart = loss_chart("E", [Curve("E", "Sheet", 7, 5, 1_048_000, 1_047_996)])
    assert chart.series[0].yVal.numRef.f == "'Sheet'!$G$5:$G$1048000"


@pytest.mark.parametrize("arguments", [["list"], ["run", str(WALKTHROUGH), "--format", "csv"]], ids=lambda a: a[0])
def test_a_reader_that_goes_away(arguments: list[str], here: Path) -> None:
    """`backprop-trace … | head -1`"""
    process = subprocess.Popen(
        [sys.executable, "-m", "tracer", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )  # fmt: skip
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=30), errors) == (141, b"")


def test_a_full_standard_output(here: Path) -> None:
    try:
        os.mknod(here / "full", stat.S_IFCHR | 0o600, os.makedev(1, 7))
    except (PermissionError, AttributeError) as error:
        pytest.skip(f"no full device can be made here: {error}")
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with (here / "full").open("wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "tracer", "list"], stdout=full, stderr=subprocess.PIPE, check=False, timeout=30,
            env=buffered,
        )  # fmt: skip
    assert process.returncode == 2
    assert process.stderr == b"cannot print (No space left on device)\n"


def test_targets_that_are_no_regular_file(here: Path) -> None:
    (here / "out").mkdir()
    (here / "out" / "walkthrough.csv").symlink_to("walkthrough.csv")
    os.mkfifo(here / "out" / "walkthrough.xlsx")
    result = command("run", WALKTHROUGH)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 2
    assert "walkthrough.xlsx: is a named pipe (FIFO), not a regular file; choose another name\n" in result.stderr


def test_a_config_with_a_very_long_name(here: Path) -> None:
    path = here / ("x" * 245 + ".yaml")
    path.write_text(WALKTHROUGH.read_text(encoding="utf-8"), encoding="utf-8")
    result = command("run", path)
    assert result.exit_code == 2
    assert "name: is too long for a file name" in result.stderr


def test_no_folder_is_left_behind(here: Path) -> None:
    assert command("run", WALKTHROUGH, "-o", "new", "--iterations", "2000000").exit_code == 2
    assert not (here / "new").exists()


def test_an_option_that_cannot_be_read_hides_nothing(here: Path) -> None:
    result = command("run", WALKTHROUGH, "--set", "x", "--iterations", "0")
    assert len(result.stderr.splitlines()) == 2


def test_the_list_is_straight_from_the_tables() -> None:
    text = command("list").stdout
    for name in [*ACTIVATIONS, *LOSSES, *OPTIMIZERS, "softmax", "l1", "l2"]:
        assert f"\n{name}  (" in f"\n{text}"
    for entry in ACTIVATIONS.values():
        assert entry.formula in text
        assert entry.source in text
    assert command("list", "sigmoid").stdout.splitlines()[2].split() == ["∂a/∂z", "a·(1", "−", "a)"]
    assert command("list", "sigmoyd").stderr == "'sigmoyd' is not known. Did you mean 'sigmoid'?\n"


def test_ctrl_c_while_the_command_is_loading() -> None:
    code = """
import builtins
real = builtins.__import__
def interrupted(name, *rest, **more):
    if name == "click":
        raise KeyboardInterrupt
    return real(name, *rest, **more)
builtins.__import__ = interrupted
from tracer.__main__ import start
start()
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30)
    assert (result.returncode, result.stderr) == (130, "interrupted: nothing was written\n")


def test_ascii_is_ascii(here: Path) -> None:
    assert command("list", "--ascii").stdout.isascii()
    assert command("run", WALKTHROUGH, "--ascii", "--set", "l2=0.1").stdout.isascii()
    with zipfile.ZipFile(here / "out" / "walkthrough.xlsx") as package:
        for name in package.namelist():
            if name.startswith("xl/worksheets"):
                assert package.read(name).isascii(), name


@pytest.mark.parametrize(
    ("limit", "most", "said"),
    [("MOST_DATA", 3, "3 numbers in the samples, and there are 1 more"),
     ("MOST_QUANTITIES", 40, "40 quantities in a step, and there are 3 more")],
)  # fmt: skip
def test_a_page_that_would_be_too_large_is_left_out_and_named(
    here: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, said: str
) -> None:
    monkeypatch.setattr(f"tracer.page.program.{limit}", most)
    result = command("run", WALKTHROUGH)
    assert files_in(here / "out") == ["walkthrough.csv", "walkthrough.xlsx"]
    assert f"no .html: a page has room for {said}" in result.stderr
    assert command("run", WALKTHROUGH, "-q").output == result.stderr
    asked = command("run", WALKTHROUGH, "--format", "html")
    assert asked.exit_code == 2
    assert f"a page has room for {said}" in asked.output


def test_a_workbook_needs_no_numpy(here: Path) -> None:
    """openpyxl imports it, which takes an eighth of a run, for numbers of its types."""
    code = f"import sys; from tracer.commands.main import main; main(['run', {str(WALKTHROUGH)!r}, '-q'], standalone_mode=False)"
    code += "; unneeded = {'numpy', 'pandas', 'PIL'} & {*sys.modules}; import numpy; print(unneeded, numpy.float64(1))"
    result = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, text=True, check=True)
    assert result.stdout == "set() 1.0\n"
    assert (here / "out" / "walkthrough.xlsx").exists()
