"""Runs in processes of their own: killed without warning, two at once; and runs in another precision."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from accelerate.state import AcceleratorState

from latentalign.errors import InputError, UnsupportedError
from tests.toy_training import NEVER, Stopped, entries, run, same_run, until

ROOT = Path(__file__).parent.parent
TORCHRUN = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
ACCELERATE = ["accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_cpu_threads_per_process", "1", "-m"]


def program(*arguments: str, launcher: list[str] | None = None) -> str:
    command = [sys.executable, "-m", *(launcher or []), *arguments]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def killed(folder: Path, *, kills: int, seed: int) -> dict[str, Any]:
    found = json.loads(program("tests.killed_training", str(folder), str(kills), str(seed)))
    assert found["kills"] >= kills and found["furthest"] > 0
    return found


def test_a_run_that_is_killed_at_any_moment_goes_on(tmp_path: Path) -> None:
    """The program checks after each kill that the checkpoint loads, and at the end that it is the run it would be."""
    killed(tmp_path, kills=3, seed=0)


@pytest.mark.slow
def test_a_hundred_kills(tmp_path: Path) -> None:
    assert killed(tmp_path, kills=100, seed=1)["while saving"] > 5


def run_in_two(folder: Path, launcher: list[str] = TORCHRUN, calls: int = NEVER, **changes: Any) -> None:
    program("tests.toy_training", str(folder), str(calls), json.dumps(changes), launcher=launcher)


def assert_same_figures(one: Path, two: Path) -> None:
    """Raise unless the figures are the same; ``chance`` and ``length`` too, since they are exchanged as the loss is."""
    first, second = entries(one), entries(two)
    assert len(first) == len(second)
    for here, there in zip(first, second, strict=True):
        assert here.keys() == there.keys()
        for name in here:
            assert here[name] == pytest.approx(there[name], rel=1e-5), (name, here, there)


def test_two_processes_have_the_losses_of_one(tmp_path: Path) -> None:
    """With dropout, three batches an update (so that one process has two of them), an average and an evaluation."""
    run(tmp_path / "one", updates=12)
    run_in_two(tmp_path / "two", updates=12)
    assert_same_figures(tmp_path / "one", tmp_path / "two")
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(
        path.name for path in (tmp_path / "two").iterdir()
    )


@pytest.mark.slow
def test_accelerate_launch_does_the_same(tmp_path: Path) -> None:
    run(tmp_path / "one", updates=12)
    run_in_two(tmp_path / "two", launcher=ACCELERATE, updates=12)
    assert_same_figures(tmp_path / "one", tmp_path / "two")


@pytest.mark.slow
def test_a_run_in_two_processes_can_be_resumed(tmp_path: Path) -> None:
    run_in_two(tmp_path / "whole", updates=21)
    with pytest.raises(AssertionError, match="Stopped"):
        run_in_two(tmp_path / "resumed", updates=21, calls=17)
    run_in_two(tmp_path / "resumed", updates=21, resume=True)
    same_run(tmp_path / "whole", tmp_path / "resumed")


@pytest.fixture
def another_precision() -> Iterator[None]:
    """Accelerate allows one precision a process; let this test have its own."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.usefixtures("another_precision")
def test_half_precision_is_resumed_as_well(tmp_path: Path) -> None:
    run(tmp_path / "whole", precision="bf16", updates=9)
    with pytest.raises(Stopped):
        run(tmp_path / "resumed", precision="bf16", updates=9, read=until(22))
    run(tmp_path / "resumed", precision="bf16", updates=9, resume=True)
    same_run(tmp_path / "whole", tmp_path / "resumed")
    with pytest.raises(UnsupportedError, match="one precision"):
        run(tmp_path / "other", precision="no")
    AcceleratorState._reset_state(reset_partial_state=True)
    run(tmp_path / "single", updates=9)
    half, single = entries(tmp_path / "whole")[0]["loss"], entries(tmp_path / "single")[0]["loss"]
    assert half != single and half == pytest.approx(single, rel=0.05)
    with pytest.raises(InputError, match=r"precision = 'bf16'.*got 'no'"):
        run(tmp_path / "whole", updates=9, resume=True)
