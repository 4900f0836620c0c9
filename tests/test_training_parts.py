"""The parts of the trainer, each against its formula: schedule, optimizer, average, stopping, and what it shows."""

import io
import math
import random
import sys
import types
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from latentalign.config import parse
from latentalign.errors import InputError, MissingExtraError, UnknownNameError, UnsupportedError
from latentalign.training import curves, processes, tensorboard
from latentalign.training.average import Average
from latentalign.training.chance import fixed_chance
from latentalign.training.config import TrainingConfig
from latentalign.training.corpus import Items
from latentalign.training.evaluation import mean_loss
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.progress import ProgressLine
from latentalign.training.schedule import Schedule
from latentalign.training.stopping import Best, Stopping

CPU = torch.device("cpu")
quick = settings(deadline=None, max_examples=60)


# Schedule ------------------------------------------------------------------------------------------------------------
@quick
@given(st.integers(0, 50), st.integers(0, 100), st.floats(0, 1), st.floats(0, 1))
def test_the_schedule_is_its_formula(warmup: int, update: int, done: float, least: float) -> None:
    rising = min(1, (update + 1) / warmup) if warmup else 1
    for decay, part in (("constant", 1), ("linear", 1 - done), ("cosine", (1 + math.cos(math.pi * done)) / 2)):
        scale = Schedule(warmup=warmup, decay=decay, least=least).scale(update=update, done=done)
        assert scale == pytest.approx(rising * (least + (1 - least) * part))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"warmup": -1}, {"warmup": 0}),
        ({"least": 1.1}, {"least": 1.0}),
        ({"decay": "exponential"}, {"decay": "cosine"}),
    ],
)
def test_a_schedule_has_a_range(wrong: dict[str, Any], right: dict[str, Any]) -> None:
    assert Schedule(**right)
    with pytest.raises(InputError, match=rf"Schedule\.{next(iter(wrong))}"):
        Schedule(**wrong)


# Optimizer -----------------------------------------------------------------------------------------------------------
def test_only_matrices_decay_and_only_what_wants_a_gradient_is_trained() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.Linear(3, 1))
    model[2].weight.requires_grad_(requires_grad=False)
    optimizer = AdamW(learning_rate=0.5, weight_decay=0.1).build(model)
    decayed, left_alone = optimizer.param_groups
    assert [tuple(weight.shape) for weight in decayed["params"]] == [(3, 2)] and decayed["weight_decay"] == 0.1
    assert len(left_alone["params"]) == 4 and left_alone["weight_decay"] == 0
    for weight in model.parameters():
        weight.grad = torch.zeros_like(weight)
    before = [weight.detach().clone() for weight in model.parameters()]
    optimizer.step()
    torch.testing.assert_close(model[0].weight.detach(), before[0] * (1 - 0.5 * 0.1))
    assert all(torch.equal(*pair) for pair in zip(list(model.parameters())[1:], before[1:], strict=True))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ({"learning_rate": 0.0}, {"learning_rate": 1e-9}),
        ({"betas": (0.9, 1.0)}, {"betas": (0.0, 0.999)}),
        ({"epsilon": 0.0}, {"epsilon": 1e-12}),
        ({"weight_decay": -0.1}, {"weight_decay": 0.0}),
    ],
)
def test_an_optimizer_has_a_range(wrong: dict[str, Any], right: dict[str, Any]) -> None:
    assert AdamW(**right)
    with pytest.raises(InputError, match=rf"AdamW\.{next(iter(wrong))}"):
        AdamW(**wrong)


def test_a_frozen_model_is_not_trained() -> None:
    with pytest.raises(InputError, match="parameters to train"):
        AdamW().build(nn.Linear(1, 1).requires_grad_(requires_grad=False))


# Average -------------------------------------------------------------------------------------------------------------
def test_the_average_is_its_formula() -> None:
    model = nn.Linear(1, 1, bias=False)
    average = Average(model, decay=0.8)
    wanted = model.weight.item()
    for update in range(30):
        with torch.no_grad():
            model.weight.fill_(float(update))
        average.update(model, update=update)
        share = min(0.8, (1 + update) / (10 + update))
        wanted = share * wanted + (1 - share) * update
        assert average.weights["weight"].item() == pytest.approx(wanted, rel=1e-5)
    with average.in_place_of_weights(model):
        assert model.weight.item() == pytest.approx(wanted, rel=1e-5)
    assert model.weight.item() == 29


def test_the_weights_come_back_after_an_error() -> None:
    model = nn.Linear(1, 1, bias=False)
    average, before = Average(model, decay=0.5), model.weight.item()
    average.weights["weight"] += 1
    with pytest.raises(ZeroDivisionError), average.in_place_of_weights(model):
        1 // 0  # noqa: B018
    assert model.weight.item() == before


# Stopping ------------------------------------------------------------------------------------------------------------
@quick
@given(st.lists(st.floats(-5, 5) | st.just(math.nan), min_size=1, max_size=12), st.booleans(), st.integers(1, 4))
def test_the_best_is_the_first_of_the_best(values: list[float], higher: bool, patience: int) -> None:
    settings = Stopping(watch="f", higher_is_better=higher, patience=patience)
    best = Best()
    for update, value in enumerate(values):
        best = best.after({"f": value}, update=update, settings=settings)
    known = [value for value in values if not math.isnan(value)]
    if not known:
        assert best == Best(waited=len(values))
    else:
        value = max(known) if higher else min(known)
        first = next(number for number, found in enumerate(values) if found == value)
        assert best == Best(value=value, update=first, waited=len(values) - 1 - first)
    assert best.is_over(settings) == (best.waited >= patience)
    assert not best.is_over(Stopping())


def test_what_is_watched_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"Stopping\.watch.*did you mean 'loss'"):
        Best().after({"loss": 1.0, "aer": 2.0}, update=1, settings=Stopping(watch="lost"))
    with pytest.raises(InputError, match="patience"):
        Stopping(patience=0)


# Settings ------------------------------------------------------------------------------------------------------------
def test_settings_come_from_the_tables_of_a_recipe() -> None:
    table = {
        "epochs": 3,
        "batching": {"tokens": 100},
        "optimizer": {"learning_rate": 0.1, "betas": [0.5, 0.6]},
        "schedule": {"decay": "cosine"},
        "stopping": {"watch": "aer", "patience": 2},
        "precision": "bf16",
    }
    settings = parse(TrainingConfig, table, where="training")
    assert settings.batching == Batching(tokens=100) and settings.optimizer.betas == (0.5, 0.6)
    assert settings.stopping.patience == 2 and settings.schedule.decay == "cosine"
    with pytest.raises(UnknownNameError, match=r"training\.optimizer.*did you mean 'learning_rate'"):
        parse(TrainingConfig, {"epochs": 3, "optimizer": {"learning_rat": 0.1}}, where="training")
    with pytest.raises(InputError, match="precision"):
        parse(TrainingConfig, {"epochs": 3, "precision": "fp8"}, where="training")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "updates or epochs"),
        ({"updates": 0}, r"TrainingConfig\.updates"),
        ({"epochs": -1}, r"TrainingConfig\.epochs"),
        ({"updates": 1, "clip": 0.0}, r"TrainingConfig\.clip"),
        ({"updates": 1, "average": 1.0}, r"TrainingConfig\.average"),
        ({"updates": 1, "log_every": 0}, r"TrainingConfig\.log_every"),
        ({"updates": 1, "keep": 0}, r"TrainingConfig\.keep"),
        ({"updates": 1, "batches_per_update": 0}, r"TrainingConfig\.batches_per_update"),
    ],
)
def test_settings_have_a_range(wrong: dict[str, Any], message: str) -> None:
    assert TrainingConfig(updates=1, clip=None, average=0.0, keep=1)
    with pytest.raises(InputError, match=message):
        TrainingConfig(**wrong)


def test_what_is_done_is_the_larger_part() -> None:
    settings = TrainingConfig(updates=10, epochs=2)
    assert settings.done(update=1, items=0, corpus=5) == 0.1
    assert settings.done(update=1, items=5, corpus=5) == 0.5
    assert settings.done(update=20, items=5, corpus=5) == 1


# Chance --------------------------------------------------------------------------------------------------------------
def test_chance_is_fixed_inside_and_given_back_after() -> None:
    def seed(number: int) -> None:
        torch.manual_seed(number)
        random.seed(number)
        np.random.seed(number)  # noqa: NPY002 - what a model may use

    def draw() -> tuple[float, float, float]:
        return torch.rand(1).item(), random.random(), np.random.rand()  # noqa: NPY002

    with fixed_chance(2**62, CPU):
        inside = draw()
    seed(0)
    wanted = [draw(), draw()]
    seed(0)
    first = draw()
    with fixed_chance(2**62, CPU):
        assert draw() == inside
    with fixed_chance(2**62 + 1, CPU):
        assert draw() != inside
    assert [first, draw()] == wanted


# Evaluation ----------------------------------------------------------------------------------------------------------
class Mean(nn.Linear):
    def loss(self, batch: list[float]) -> tuple[torch.Tensor, dict[str, float]]:
        return self.weight.sum() * 0 + sum(batch) / len(batch), {"largest": max(batch), "loss": -1.0}


@pytest.mark.parametrize("items", [1, 2, 3, 100])
def test_the_mean_loss_is_over_items_however_they_are_cut(items: int) -> None:
    values = [float(value) for value in range(7)]
    found = mean_loss(Items(items=values), collate=list, batching=Batching(items=items))(Mean(1, 1))
    assert found["loss"] == pytest.approx(3.0), "the loss of the model is not overwritten by a figure of that name"
    assert found["largest"] >= 3


# What is shown -------------------------------------------------------------------------------------------------------
class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_progress_line_is_for_terminals() -> None:
    pipe, screen, other = io.StringIO(), Terminal(), Terminal()
    for line in (ProgressLine(stream=pipe), ProgressLine(stream=screen), ProgressLine(shown=False, stream=other)):
        line.show({"update": 12, "loss": 0.123456}, done=0.5)
        line.show({"update": 13}, done=0.6)
        line.close()
    assert pipe.getvalue() == other.getvalue() == ""
    assert screen.getvalue().startswith("\r 50%  update 12  loss 0.1235")
    assert "13" not in screen.getvalue(), "no more than five times a second"
    assert screen.getvalue().endswith(" \r")


def test_the_curves_are_a_picture_of_every_figure() -> None:
    entries: list[dict[str, Any]] = [
        {"update": update, "loss": 1 / update, "learning_rate": 0.1} for update in range(1, 2001)
    ]
    entries += [{"update": k, "evaluation": {"loss": 1.0, "a<b&c": 0.5, "odd": None}} for k in (1000, 2000)]
    root = ET.fromstring(curves.draw(entries))
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    lines = list(root.iter("{http://www.w3.org/2000/svg}polyline"))
    assert "loss: training, evaluation" in texts and "a<b&c: evaluation" in texts
    assert not any("learning_rate" in text or "odd" in text for text in texts)
    assert [line.get("class") for line in lines] == ["training", "evaluation", "evaluation"]
    points = [tuple(map(float, point.split(","))) for line in lines for point in line.get("points").split()]
    assert len(lines[0].get("points").split()) == curves.MOST
    width, height = int(root.get("width")), int(root.get("height"))
    assert all(0 <= x <= width and 0 <= y <= height for x, y in points)
    heights = [y for _, y in (tuple(map(float, point.split(","))) for point in lines[0].get("points").split())]
    assert heights == sorted(heights), "a loss that falls is drawn falling"
    assert ET.fromstring(curves.draw([])).tag.endswith("svg")


def test_tensorboard_gets_the_figures_where_it_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tensorboard.importlib.util, "find_spec", lambda name: None)
    without = tensorboard.TensorBoard(tmp_path, update=3)
    without.write("training", {"loss": 1.0}, update=4)
    without.close()
    assert list(tmp_path.iterdir()) == []
    calls: list[Any] = []

    class SummaryWriter:
        def __init__(self, folder: str, purge_step: int) -> None:
            calls.append((folder, purge_step))

        def add_scalar(self, *arguments: Any) -> None:
            calls.append(arguments)

        def close(self) -> None:
            calls.append("closed")

    monkeypatch.setattr(tensorboard.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setitem(
        sys.modules,
        "torch.utils.tensorboard",
        types.SimpleNamespace(SummaryWriter=SummaryWriter),  # type: ignore[arg-type]
    )
    board = tensorboard.TensorBoard(tmp_path, update=3)
    board.write("training", {"loss": 1.0}, update=4)
    board.close()
    assert calls == [(str(tmp_path), 4), ("training/loss", 1.0, 4), "closed"]


# Accelerate ----------------------------------------------------------------------------------------------------------
def test_accelerate_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes.accelerator_for(None).num_processes == 1
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(MissingExtraError, match=r"latentalign\[train\]"):
        processes.accelerator_for(None)


def test_parameters_are_not_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    sharded = types.SimpleNamespace(distributed_type=types.SimpleNamespace(value="FSDP"))
    monkeypatch.setattr(processes, "require", lambda *_, **__: types.SimpleNamespace(Accelerator=lambda **_: sharded))
    with pytest.raises(UnsupportedError, match=r"MULTI_CPU.*FSDP"):
        processes.accelerator_for(None)
