"""A program that starts a run again and again, and kills it at a random moment: python -m tests.killed_training.

It forks, so that torch is imported once. It prints what it found as JSON.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import torch

from latentalign.training.checkpoint import load, pointed
from tests.toy_training import run, same_run

CHANGES = {"save_every": 1, "updates": 30}


def in_another_process(folder: Path, *, seconds: float | None) -> bool:
    """Resume the run in a child, kill it after some seconds, and return whether it was killed."""
    child = os.fork()
    if not child:
        run(folder, resume=True, **CHANGES)
        os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if status not in {0, signal.SIGKILL}:
        raise SystemExit(f"the child ended with {status}")
    return status == signal.SIGKILL


def main(folder: Path, kills: int, seed: int) -> None:
    chance, found = random.Random(seed), {"kills": 0, "while saving": 0, "furthest": 0, "runs": 0}
    torch.optim.AdamW([torch.zeros(1, requires_grad=True)])  # imports the rest of torch
    began = time.monotonic()
    in_another_process(folder / "whole", seconds=None)
    longest = 1.5 * (time.monotonic() - began) + 0.5
    while found["kills"] < kills:
        found["runs"] += 1
        killed, update = folder / f"killed-{found['runs']}", 0
        while in_another_process(killed, seconds=chance.uniform(0, longest)):
            found["kills"] += 1
            found["while saving"] += any(killed.glob(".*"))
            path = pointed(killed, "latest")
            after = 0 if path is None else load(path).values["run"]["update"]
            assert after >= update, "a checkpoint was lost"
            found["furthest"], update = max(found["furthest"], after), after
        same_run(folder / "whole", killed)
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
