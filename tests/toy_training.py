"""A run of a few seconds with everything in it that has a state; as a program it is what tests kill and launch."""

from __future__ import annotations

import dataclasses
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from latentalign.training.checkpoint import load, pointed
from latentalign.training.config import TrainingConfig
from latentalign.training.corpus import Items
from latentalign.training.evaluation import mean_loss
from latentalign.training.loop import TrainingResult, train
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.schedule import Schedule

WORDS = 20
NEVER = 10**9


class Stopped(Exception):  # noqa: N818 - it is no error of ours
    """What a person or a scheduler does."""


class Reader(nn.Module):
    """Tells which words a sentence has from a sum of their states, with dropout, a buffer and tied weights."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.states = nn.Embedding(WORDS, 8)
        self.norm = nn.LayerNorm(8)
        self.register_buffer("read", torch.zeros(WORDS, dtype=torch.long))
        self.dropout = nn.Dropout(0.3)
        self.out = nn.Linear(8, WORDS)
        self.out.weight = self.states.weight

    def loss(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, float]]:
        words, real = batch
        kept = real[..., None] * (torch.rand(real.shape)[..., None] < 0.9)
        pooled = self.dropout(self.norm((self.states(words) * kept).sum(dim=1)))
        wanted = torch.zeros(len(words), WORDS).scatter_add_(1, words, real.float())
        self.read += wanted.sum(dim=0).long() * self.training
        loss = nn.functional.binary_cross_entropy_with_logits(self.out(pooled), wanted.clamp(max=1))
        return loss, {"length": float(real.sum() / len(real)), "chance": random.random()}


def collate(items: list[list[int]]) -> tuple[Tensor, Tensor]:
    longest = max(map(len, items))
    words, real = torch.zeros(len(items), longest, dtype=torch.long), torch.zeros(len(items), longest, dtype=torch.bool)
    for row, item in enumerate(items):
        words[row, : len(item)], real[row, : len(item)] = torch.tensor(item), True
    return words, real


def corpus(count: int = 90, seed: int = 0) -> Items[list[int]]:
    chance = random.Random(seed)
    return Items(
        items=[[chance.randrange(WORDS) for _ in range(chance.randint(2, 7))] for _ in range(count)], measure=len
    )


def config(**changes: Any) -> TrainingConfig:
    settings = TrainingConfig(
        updates=30,
        batching=Batching(tokens=60, items=12, pool=40),
        batches_per_update=3,
        optimizer=AdamW(learning_rate=0.02),
        schedule=Schedule(warmup=5, decay="cosine"),
        average=0.9,
        log_every=3,
        save_every=7,
        evaluate_every=10,
    )
    return dataclasses.replace(settings, **changes)


def run(folder: Path, *, resume: bool = False, read: Any = collate, **changes: Any) -> TrainingResult:
    return train(
        Reader(),
        corpus(),
        collate=read,
        config=config(**changes),
        folder=folder,
        evaluate=mean_loss(corpus(30, seed=1), collate=collate, batching=Batching(items=15)),
        resume=resume,
    )


def entries(folder: Path) -> list[dict[str, Any]]:
    """The log without the times."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    return [{name: value for name, value in json.loads(line).items() if name != "seconds"} for line in lines]


def tensors(folder: Path) -> dict[str, Tensor]:
    """All tensors of the latest checkpoint."""
    found = load(pointed(folder, "latest")).tensors
    return {f"{file}/{name}": tensor for file, named in found.items() for name, tensor in named.items()}


def same_run(one: Path, other: Path) -> None:
    """Raise unless two runs logged the same figures and ended with the same bits."""
    assert entries(one) == entries(other)
    assert [(folder / "best").read_text() for folder in (one, other)] == [(one / "best").read_text()] * 2
    first, second = tensors(one), tensors(other)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def until(calls: int) -> Callable[[list[list[int]]], Any]:
    """Return a ``collate`` that ends the run, in the middle of an update, after so many calls."""
    seen: list[int] = []

    def read(items: list[list[int]]) -> Any:
        seen.append(1)
        if len(seen) > calls:
            raise Stopped
        return collate(items)

    return read


def descend(model: Any, items: torch.Tensor, *, steps: int) -> None:
    """Take some steps of Adam on the loss of all items at once."""
    optimizer = torch.optim.Adam([one for one in model.parameters() if one.requires_grad], lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        model.train().loss(items)[0].backward()
        optimizer.step()


if __name__ == "__main__":
    run(Path(sys.argv[1]), read=until(int(sys.argv[2])), **json.loads(sys.argv[3]))
