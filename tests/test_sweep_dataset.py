"""Sweeps into files of Parquet: one, or a dataset of parts; interrupted, resumed, on a cluster that loses a worker."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

import tracer
from tests.places import WALKTHROUGH, dask, parquet
from tracer.commands.main import main
from tracer.config import prepared
from tracer.config.grid import grid
from tracer.errors import OutputError
from tracer.execution.sweep import planning
from tracer.execution.sweep.planning import Planned, planned
from tracer.execution.sweep.points import Points
from tracer.output import dataset, sweepfiles

SEEDS = [
    "--set",
    "weights={init: xavier_uniform}",
    "--vary",
    "weights.seed=0..49",
    "--vary",
    "learning_rate=0.1,1,1e308",
]


def sweep(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["sweep", str(WALKTHROUGH), *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def plan() -> Planned:
    parquet()
    return planned(prepared(WALKTHROUGH), [], grid({"weights.w1": "0:1:50", "learning_rate": [0.5, 2]}), "loss")


def test_a_parquet_file(plan: Planned, tmp_path: Path) -> None:
    found = tracer.sweep(WALKTHROUGH, {"weights.w1": "0:1:50", "learning_rate": [0.5, 2]}, keep="loss")
    sweepfiles.write(plan, found.results, tmp_path / "x.parquet")
    frame, expected = pd.read_parquet(tmp_path / "x.parquet"), found.to_frame()
    assert [*frame] == [*expected]
    for name in ("run", "weights.w1", "learning_rate", "final_loss", "best_loss", "iterations_done"):
        assert (frame[name] == expected[name]).all()
    assert frame["diverged"].isna().all()
    assert all((a == b).all() for a, b in zip(frame["losses"], expected["losses"], strict=True))
    about = parquet().parquet.read_schema(tmp_path / "x.parquet").metadata[b"backprop-trace"]
    assert json.loads(about)["vary"]["learning_rate"] == [0.5, 2]
    assert "iterations: 100" in json.loads(about)["config"]


def test_curves_end_where_a_run_does(tmp_path: Path) -> None:
    parquet()
    code, _, _ = sweep(
        "--vary", "iterations=3,7", "--learning-rate", "1", "--keep", "all", "-o", tmp_path / "x.parquet"
    )
    frame = pd.read_parquet(tmp_path / "x.parquet")
    assert code == 0
    assert [len(curve) for curve in frame["losses"]] == [len(curve) for curve in frame["w5"]] == [3, 7]
    (run,) = tracer.run(WALKTHROUGH, learning_rate=1, iterations=7).runs
    assert frame["w5"][1].tolist() == pytest.approx(run["w5"], rel=1e-14)
    assert frame["final_w5"][1] == pytest.approx(run.final["w5"], rel=1e-14)


# ------------------------------------------------------------------------------------------------- a dataset


def test_a_dataset_is_what_one_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet()
    monkeypatch.setattr(planning, "RUNS", 40)
    code, _, err = sweep(*SEEDS, "-o", f"{tmp_path / 'parts'}/")
    assert (code, err) == (0, "")
    assert sweep(*SEEDS, "-o", tmp_path / "whole.parquet")[0] == 0
    names = sorted(path.name for path in (tmp_path / "parts").iterdir())
    assert names == ["_sweep.json", *(f"part-{first:010d}.parquet" for first in (0, 38, 76, 114))]
    parts, whole = pd.read_parquet(tmp_path / "parts"), pd.read_parquet(tmp_path / "whole.parquet")
    pd.testing.assert_frame_equal(parts, whole, check_exact=True)


def test_an_interrupted_sweep_goes_on(plan: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "RUNS", 20)
    whole, half = tmp_path / "whole", tmp_path / "half"
    begun = dataset.opened(plan, whole, 1, False)
    tracer.api.swept(plan, None, begun)
    begun = dataset.opened(plan, half, 1, False)
    points = Points(plan.plan)
    for block in begun.blocks[:3]:
        begun.part(points.run(*block), block[0])
    damaged = half / ".unfinished" / f"part-{begun.blocks[1][0]:010d}.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    assert [*half.glob("*")] == [half / ".unfinished"]  # nothing that a reader would find
    with pytest.raises(OutputError, match="has an unfinished sweep; go on with --resume"):
        dataset.opened(plan, half, 1, False)

    begun.lock.close()
    begun = dataset.opened(plan, half, 1, True)
    assert begun.remaining == [begun.blocks[1], *begun.blocks[3:]]
    found = tracer.api.swept(plan, None, begun)
    expected = pd.read_parquet(whole)
    pd.testing.assert_frame_equal(pd.read_parquet(half), expected, check_exact=True)
    assert found.to_frame()["final_loss"].tolist() == expected["final_loss"].tolist()
    assert not (half / ".unfinished").exists()
    (half / "part-0000000000.parquet").unlink()
    damaged = half / f"part-{begun.blocks[-1][0]:010d}.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    begun = dataset.opened(plan, half, 1, True)
    assert begun.remaining == [begun.blocks[0], begun.blocks[-1]]
    assert [*half.glob("*")] == [half / ".unfinished"]
    with pytest.raises(OutputError, match="another process goes on with this sweep"):
        dataset.opened(plan, half, 1, True)
    tracer.api.swept(plan, None, begun)
    pd.testing.assert_frame_equal(pd.read_parquet(half), expected, check_exact=True)
    again = dataset.opened(plan, half, 1, True)  # nothing is left to do
    assert again.remaining == []
    tracer.api.swept(plan, None, again)


def test_what_is_not_resumed(plan: Planned, tmp_path: Path) -> None:
    (tmp_path / "damaged" / ".unfinished").mkdir(parents=True)
    for text in ("junk", "[1]", "{}", '{"blocks": 3}', '{"blocks": [[0, 40], [50, 100]], "runs": 100}'):
        (tmp_path / "damaged" / ".unfinished" / "_sweep.json").write_text(text, encoding="utf-8")
        with pytest.raises(OutputError, match="has no sweep to go on with"):
            dataset.opened(plan, tmp_path / "damaged", 1, True)
    with pytest.raises(OutputError, match="has no sweep to go on with"):
        dataset.opened(plan, tmp_path / "new", 1, True)
    dataset.opened(plan, tmp_path / "old", 1, False).lock.close()
    other = planned(prepared(WALKTHROUGH), [], grid({"weights.w1": "0:2:50", "learning_rate": [0.5, 2]}), "loss")
    with pytest.raises(OutputError, match=r"another kind \(vary differ\)"):
        dataset.opened(other, tmp_path / "old", 1, True)
    mine, other = (
        planned(prepared(WALKTHROUGH), [], grid({"weights.w1": "0:1:50", "learning_rate": [1]}), "loss", 9, seed)
        for seed in (1, 2)
    )
    dataset.opened(mine, tmp_path / "drawn", 1, False).lock.close()
    with pytest.raises(OutputError, match=r"another kind \(the points that are drawn, or the samples, differ\)"):
        dataset.opened(other, tmp_path / "drawn", 1, True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("…", encoding="utf-8")
    with pytest.raises(OutputError, match="is not empty"):
        dataset.opened(plan, tmp_path / "mine", 1, False)
    code, _, err = sweep("--vary", "iterations=1,2", "-o", tmp_path / "x.csv", "--resume")
    assert (code, err.strip()) == (2, "--resume: only a sweep into a folder can go on; give the folder with -o FOLDER/")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_ctrl_c_leaves_what_can_go_on(tmp_path: Path) -> None:
    parquet()
    many = ["--set", "weights={init: xavier_uniform}", "--learning-rate", "1", "--vary", "weights.seed=0..19999"]
    folder = tmp_path / "x"
    command = subprocess.Popen(
        [sys.executable, "-m", "tracer", "sweep", str(WALKTHROUGH), *many, "--iterations", "20000", "-o", f"{folder}/"],
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    began = time.monotonic()
    while not (folder / ".unfinished" / "_sweep.json").exists() and time.monotonic() - began < 20:
        time.sleep(0.05)
    time.sleep(0.3)
    command.send_signal(signal.SIGINT)
    _, err = command.communicate(timeout=10)
    assert command.returncode == 130
    assert f"interrupted: go on with --resume; {folder}/ is not complete" in err.decode()
    assert [path.name for path in folder.iterdir()] == [".unfinished"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only where a full disk can be imitated")
def test_a_full_disk(plan: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = dataset.opened(plan, tmp_path / "x", 1, False)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    with pytest.raises(OutputError, match="No space left on device"):
        tracer.api.swept(plan, None, begun)
    assert [path.name for path in (tmp_path / "x").iterdir()] == [".unfinished"]
    assert [path.name for path in (tmp_path / "x" / ".unfinished").iterdir()] == ["_sweep.json"]


# -------------------------------------------------------------------------------------------------- a cluster


@pytest.mark.parametrize(
    ("address", "what"),
    [pytest.param("tcp://127.0.0.1:9", "dask scheduler", marks=pytest.mark.long), ("nonsense", "missing port number")],
)
def test_a_scheduler_that_does_not_answer(
    address: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask()
    monkeypatch.setattr("tracer.execution.sweep.cluster.SECONDS", 0.5)
    code, _, err = sweep("--vary", "iterations=1,2", "--scheduler", address, "-o", tmp_path / "x.csv")
    assert code == 2
    assert f"--scheduler {address}: does not answer" in err
    assert what in err
    assert not (tmp_path / "x.csv").exists()


def test_an_address_of_another_program(tmp_path: Path) -> None:
    """Its answer is no message of Dask's: the first eight bytes are a length that no memory has."""
    dask()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        Thread(target=answer, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        code, _, err = sweep("--vary", "iterations=1,2", "--scheduler", address, "-o", tmp_path / "x.csv")
    assert code == 2
    assert f"--scheduler {address}: the server there is not a Dask scheduler" in err


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_cluster_that_loses_a_worker(tmp_path: Path) -> None:
    """Two worker processes, one of them killed as soon as a first part is there: nothing is lost, nothing doubled."""
    dask(), parquet()
    folder, port = tmp_path / "x", 18786
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port", str(port), "--no-dashboard"],
            stderr=subprocess.DEVNULL,
        )
    ]
    address = f"tcp://127.0.0.1:{port}"
    worker = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        address,
        "--nthreads",
        "1",
        "--no-nanny",
        "--no-dashboard",
    ]
    processes += [subprocess.Popen(worker, stderr=subprocess.DEVNULL, cwd=tmp_path) for _ in range(2)]
    arguments = ["--set", "weights={init: xavier_uniform}", "--learning-rate", "1", "--vary", "weights.seed=0..19999"]
    arguments += ["--iterations", "3000"]
    try:
        command = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tracer",
                "sweep",
                str(WALKTHROUGH),
                *arguments,
                "-o",
                f"{folder}/",
                "--scheduler",
                address,
                "-q",
            ]
        )
        began = time.monotonic()
        while not [*(folder / ".unfinished").glob("part-*")] and time.monotonic() - began < 120:
            time.sleep(0.02)
        os.kill(processes[1].pid, signal.SIGKILL)
        assert command.poll() is None
        assert command.wait(200) == 0
    finally:
        for process in processes:
            process.kill()
            process.wait()
    frame = pd.read_parquet(folder, columns=["run", "final_loss", "weights.seed"])
    assert frame["run"].tolist() == [*range(1, 20_001)]
    assert frame["weights.seed"].tolist() == [*range(20_000)]
    assert len([*folder.glob("part-*")]) > 1
    assert frame["final_loss"].notna().all()
    assert not (folder / ".unfinished").exists()


@pytest.mark.long
def test_a_cluster_of_this_machine(tmp_path: Path) -> None:
    dask(), parquet()
    command = [sys.executable, "-m", "tracer", "sweep", str(WALKTHROUGH), *SEEDS, "-q"]
    assert (
        subprocess.run([*command, "-o", tmp_path / "a.csv", "--workers", "2"], timeout=120, check=False).returncode == 0
    )
    assert subprocess.run([*command, "-o", tmp_path / "b.csv"], timeout=120, check=False).returncode == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
