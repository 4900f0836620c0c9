"""Runs: that they learn, and that stopping one at any point and resuming it changes not one bit."""

import dataclasses
import json
import random
import re
import shutil
import types
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from latentalign.errors import InputError, ModelError, TrainingError, UnknownNameError
from latentalign.training import checkpoint, trainer
from latentalign.training.checkpoint import load, pointed
from latentalign.training.config import TrainingConfig
from latentalign.training.corpus import Items
from latentalign.training.loop import train
from latentalign.training.optimizer import AdamW
from latentalign.training.order import Batching
from latentalign.training.schedule import Schedule
from latentalign.training.snapshot import load_weights
from latentalign.training.stopping import Stopping
from tests.toy_training import Reader, Stopped, collate, config, corpus, entries, run, same_run, tensors, until


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing stopped."""
    folder = tmp_path_factory.mktemp("whole")
    run(folder)
    return folder


def calls_of_a_whole_run() -> int:
    return config().updates * config().batches_per_update


def test_a_run_learns_and_leaves_what_it_promises(whole: Path) -> None:
    logged = [entry for entry in entries(whole) if "loss" in entry]
    evaluated = [entry["evaluation"]["loss"] for entry in entries(whole) if "evaluation" in entry]
    assert logged[-1]["loss"] < 0.8 * logged[0]["loss"]
    assert evaluated[-1] < evaluated[0]
    assert [entry["update"] for entry in logged] == list(range(3, 31, 3))
    assert len({entry["chance"] for entry in logged}) == len(logged), "each batch has a chance of its own"
    assert {"loss", "length", "chance", "learning_rate", "gradient_norm", "items", "epoch"} <= logged[0].keys()
    assert sorted(path.name for path in whole.iterdir()) == [
        "best", "config.json", "curves.svg", "latest", "metrics.jsonl", "update-00000028", "update-00000030"
    ]  # fmt: skip


def stopped_and_resumed(folder: Path, calls: list[int]) -> None:
    """Run, and stop at these calls of ``collate``, counted anew in each process: in the middle of an update."""
    for limit in calls:
        with pytest.raises(Stopped):
            run(folder, resume=True, read=until(limit))
        torch.rand(7)  # the caller's random state is not what decides
    run(folder, resume=True)


@pytest.mark.parametrize("seed", range(3))
def test_a_resumed_run_is_the_same_run(seed: int, whole: Path, tmp_path: Path) -> None:
    calls = random.Random(seed).randrange(calls_of_a_whole_run())
    stopped_and_resumed(tmp_path, [calls])
    same_run(whole, tmp_path)


def test_a_run_may_be_resumed_many_times(whole: Path, tmp_path: Path) -> None:
    stopped_and_resumed(tmp_path, [5, 25, 30, 2, 0, 26])
    same_run(whole, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_resumed_run_is_the_same_run_at_twenty_points(seed: int, whole: Path, tmp_path: Path) -> None:
    calls = random.Random(100 + seed).randrange(calls_of_a_whole_run())
    stopped_and_resumed(tmp_path, [calls])
    same_run(whole, tmp_path)


def test_what_the_caller_drew_before_changes_nothing(whole: Path, tmp_path: Path) -> None:
    random.seed(5)
    state, drawn = random.getstate(), torch.rand(3)
    run(tmp_path)
    same_run(whole, tmp_path)
    assert random.getstate() == state, "and the caller's state is left alone"
    assert drawn.shape == (3,)


def test_a_run_that_was_killed_between_two_pointers_mends_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkpoint is there and is the latest, but ``best`` does not mean it yet; and a later one was left behind."""

    def point(folder: Path, pointer: Any, name: str) -> None:
        if pointer == "best":
            raise Stopped
        checkpoint.point(folder, pointer, name)

    with monkeypatch.context() as patch:
        patch.setattr(trainer, "checkpoint", types.SimpleNamespace(**(vars(checkpoint) | {"point": point})))
        with pytest.raises(Stopped):
            run(tmp_path)
    assert pointed(tmp_path, "latest").name == "update-00000010" and pointed(tmp_path, "best") is None
    shutil.copytree(tmp_path / "update-00000010", tmp_path / "update-00000099")
    with pytest.raises(Stopped):
        run(tmp_path, resume=True, read=until(0))
    assert pointed(tmp_path, "best").name == "update-00000010"
    assert sorted(path.name for path in tmp_path.glob("update-*")) == ["update-00000007", "update-00000010"]


def test_the_learning_rate_follows_the_schedule(whole: Path) -> None:
    found = [entry["learning_rate"] for entry in entries(whole) if "loss" in entry]
    for number, rate in enumerate(found):
        scales = [
            config().schedule.scale(update=update, done=update / 30) for update in range(3 * number, 3 * number + 3)
        ]
        assert rate == pytest.approx(config().optimizer.learning_rate * sum(scales) / 3)


@pytest.mark.parametrize("clip", [None, 1e-3])
def test_the_gradient_is_clipped(clip: float | None, tmp_path: Path) -> None:
    model = Reader()
    train(model, corpus(), collate=collate, config=config(updates=1, log_every=1, clip=clip), folder=tmp_path)
    norm = torch.nn.utils.get_total_norm([weight.grad for weight in model.parameters()]).item()
    logged = entries(tmp_path)[0]["gradient_norm"]
    assert logged > 1e-2, "what is logged is the norm before it is clipped"
    assert norm == pytest.approx(logged if clip is None else clip, rel=1e-3)


def test_another_seed_is_another_run(whole: Path, tmp_path: Path) -> None:
    run(tmp_path, seed=1, updates=3)
    assert entries(tmp_path)[0] != entries(whole)[0]


def test_a_finished_run_that_is_resumed_stays_as_it_is(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    result = run(tmp_path / "copy", resume=True)
    assert result.update == 30 and result.stopped == "finished"
    same_run(whole, tmp_path / "copy")


def test_a_run_can_go_on_for_longer(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    result = run(tmp_path / "copy", resume=True, updates=33)
    assert result.update == 33
    assert entries(tmp_path / "copy")[: len(entries(whole))] == entries(whole)


def test_the_same_items_cut_otherwise_are_the_same_update(tmp_path: Path) -> None:
    """Three batches of an update weigh as their items do, so one batch with all of them has the same gradient."""
    model = nn.Linear(1, 1)
    model.loss = lambda batch: ((model(batch) - 3).square().mean(), {})
    items = Items(items=[[float(k)] for k in range(6)])
    after = []
    for size, count in ((6, 1), (4, 2), (2, 3), (1, 6)):
        torch.manual_seed(0)
        model.reset_parameters()
        settings = TrainingConfig(updates=1, batching=Batching(items=size), batches_per_update=count, clip=None)
        train(model, items, collate=torch.tensor, config=settings, folder=tmp_path / str(size))
        after.append(float(entries_of_first_update(tmp_path / str(size))))
    torch.testing.assert_close(after, [after[0]] * 4)


def entries_of_first_update(folder: Path) -> float:
    return load(pointed(folder, "latest")).values["run"]["sums"]["gradient_norm"]


def test_epochs_end_a_run_as_updates_do(tmp_path: Path) -> None:
    result = run(tmp_path, updates=None, epochs=2)
    state = load(pointed(tmp_path, "latest")).values["run"]
    assert result.epoch == 2 and state["items"] == 2 * len(corpus())
    assert entries(tmp_path)[-1]["update"] == result.update


# Evaluation, the best checkpoint, the average ------------------------------------------------------------------------
def test_the_best_checkpoint_stays_and_training_stops_when_it_gets_no_better(tmp_path: Path) -> None:
    values = iter([0.5, 0.9, 0.7, float("nan"), 0.8])
    settings = config(
        updates=100, evaluate_every=2, save_every=2, keep=1,
        stopping=Stopping(watch="accuracy", higher_is_better=True, patience=3),
    )  # fmt: skip
    result = train(
        Reader(),
        corpus(),
        collate=collate,
        config=settings,
        folder=tmp_path,
        evaluate=lambda _: {"accuracy": next(values)},
    )
    assert (result.stopped, result.update, result.best, result.best_update) == ("early", 10, 0.9, 4)
    assert pointed(tmp_path, "best").name == "update-00000004" and pointed(tmp_path, "latest").name == "update-00000010"
    assert sorted(path.name for path in tmp_path.glob("update-*")) == ["update-00000004", "update-00000010"]
    assert [entry["evaluation"]["accuracy"] for entry in entries(tmp_path) if "evaluation" in entry][3] is None
    again = train(
        Reader(), corpus(), collate=collate, config=settings, folder=tmp_path, evaluate=lambda _: {}, resume=True
    )
    assert again.update == 10, "a run that stopped early does not go on"


def test_what_is_watched_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'loss'"):
        run(tmp_path, updates=1, stopping=Stopping(watch="los"))


def test_a_run_without_a_folder_trains_alike_and_keeps_nothing(tmp_path: Path) -> None:
    kept, passing = Reader(), Reader()
    passing.load_state_dict(kept.state_dict())
    train(kept, corpus(), collate=collate, config=config(updates=3), folder=tmp_path / "kept")
    result = train(passing, corpus(), collate=collate, config=config(updates=3))
    assert not result.folder.exists()
    for one, other in zip(kept.parameters(), passing.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_average_is_evaluated_and_can_be_loaded(tmp_path: Path) -> None:
    seen: list[Tensor] = []

    def evaluate(model: nn.Module) -> dict[str, float]:
        assert not model.training and not torch.is_grad_enabled()
        seen.append(model.out.weight.clone())
        return {"loss": 1.0}

    model = Reader()
    train(model, corpus(), collate=collate, config=config(updates=5), folder=tmp_path, evaluate=evaluate)
    last, averaged = Reader(1), Reader(1)
    load_weights(last, tmp_path, averaged=False)
    load_weights(averaged, tmp_path, which="best")
    assert torch.equal(last.out.weight, model.out.weight) and model.training
    assert torch.equal(averaged.out.weight, seen[0]) and torch.equal(averaged.states.weight, seen[0])
    assert not torch.equal(averaged.out.weight, last.out.weight)
    assert torch.equal(averaged.read, model.read)


def test_without_a_checkpoint_there_is_nothing_to_load(tmp_path: Path, whole: Path) -> None:
    with pytest.raises(InputError, match="latest checkpoint"):
        load_weights(Reader(), tmp_path)
    with pytest.raises(ModelError, match=r"parameters of Linear"):
        load_weights(nn.Linear(1, 1), whole)


# What stops a run ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("harm", ["nan", "inf"])
def test_a_loss_that_is_no_number_stops_the_run(harm: str, tmp_path: Path) -> None:
    class Later(Reader):
        calls = 0

        def loss(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, float]]:
            loss, figures = super().loss(batch)
            self.calls += 1
            return (loss * float(harm) if self.calls == 50 else loss), figures

    model = Later()
    with pytest.raises(TrainingError, match=f"a loss that is a number, got {harm}") as caught:
        train(model, corpus(), collate=collate, config=config(), folder=tmp_path)
    update = int(re.search(r"at update (\d+) ", str(caught.value))[1])
    assert update > 14
    good = f"update-{(update - 1) // 7 * 7:08d}"
    assert f"last good checkpoint is {good}" in str(caught.value)
    assert pointed(tmp_path, "latest").name == good
    assert all(bool(tensor.isfinite().all()) for tensor in tensors(tmp_path).values())
    assert all(bool(weight.isfinite().all()) for weight in model.parameters())


def test_a_gradient_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    class Root(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(1))

        def loss(self, batch: Tensor) -> tuple[Tensor, dict[str, float]]:
            return (self.weight * batch.sum()).sqrt().sum(), {}

    good, bad = Items(items=[1.0]), Items(items=[0.0])
    settings = TrainingConfig(updates=2)
    train(Root(), good, collate=torch.tensor, config=settings, folder=tmp_path / "good")
    with pytest.raises(TrainingError, match=r"norm of the gradient.*nan.*no checkpoint was written yet"):
        train(Root(), bad, collate=torch.tensor, config=settings, folder=tmp_path / "bad")
    assert pointed(tmp_path / "bad", "latest") is None


def test_parameters_that_are_no_numbers_are_not_saved(tmp_path: Path) -> None:
    """Each step moves the parameter by 3e38, so the second one leaves what single precision can hold."""

    class Line(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1))

        def loss(self, batch: Tensor) -> tuple[Tensor, dict[str, float]]:
            return self.weight.sum(), {}

    optimizer = AdamW(learning_rate=3e38, betas=(0.0, 0.0), weight_decay=0)
    settings = TrainingConfig(updates=3, optimizer=optimizer, schedule=Schedule(decay="constant"), save_every=1)
    with pytest.raises(TrainingError, match=r"parameters that are numbers.*last good checkpoint is update-00000001"):
        train(Line(), Items(items=[1.0]), collate=torch.tensor, config=settings, folder=tmp_path)
    assert [path.name for path in tmp_path.glob("update-*")] == ["update-00000001"]


def test_a_folder_with_a_run_is_not_overwritten(whole: Path) -> None:
    with pytest.raises(InputError, match=r"update-00000030.*resume"):
        run(whole)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"seed": 1}, "seed"),
        ({"batches_per_update": 2}, "batches_per_update"),
        ({"batching": Batching(tokens=61)}, "batching"),
        ({"average": None}, "averaged"),
    ],
)
def test_a_run_is_resumed_in_the_order_it_began(change: dict[str, Any], name: str, whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    with pytest.raises(InputError, match=f"{name} = .*as when the run began"):
        run(tmp_path / "copy", resume=True, **change)


def test_a_run_is_resumed_with_the_same_data_and_model(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "copy")
    with pytest.raises(InputError, match="items = 90"):
        train(Reader(), corpus(91), collate=collate, config=config(), folder=tmp_path / "copy", resume=True)
    other = Reader()
    other.more = nn.Linear(1, 1)
    with pytest.raises(ModelError, match=r"parameters of Reader.*more\.weight"):
        train(other, corpus(), collate=collate, config=config(), folder=tmp_path / "copy", resume=True)


def test_a_model_has_a_loss(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"loss\(batch\)"):
        train(nn.Linear(1, 1), corpus(), collate=collate, config=config(), folder=tmp_path)
    model = Reader()
    model.loss = lambda batch: (torch.zeros(2), {})
    with pytest.raises(InputError, match=r"scalar.*\(2,\)"):
        train(model, corpus(), collate=collate, config=config(), folder=tmp_path)


def test_a_corpus_has_items(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one item"):
        train(Reader(), corpus(0), collate=collate, config=config(), folder=tmp_path)


def test_the_figures_of_a_model_keep_their_names(tmp_path: Path) -> None:
    model, calls = Reader(), iter(range(100))
    loss = model.loss
    model.loss = lambda batch: (loss(batch)[0], {f"call {next(calls)}": 1.0})
    with pytest.raises(InputError, match=r"call 0.*call 1"):
        train(model, corpus(), collate=collate, config=config(), folder=tmp_path)


def test_the_settings_are_written_beside_the_run(whole: Path) -> None:
    written = json.loads((whole / "config.json").read_text())
    assert written["optimizer"]["learning_rate"] == config().optimizer.learning_rate
    assert written.keys() == {field.name for field in dataclasses.fields(TrainingConfig)}
