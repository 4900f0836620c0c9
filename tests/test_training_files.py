"""What training writes and reads: packed corpora, checkpoints, pointers, the log; and what comes of damage."""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from latentalign import durable
from latentalign.errors import InputError, ModelError, TrainingError
from latentalign.training import checkpoint
from latentalign.training.log import MetricsLog, read
from latentalign.training.packed import KINDS, PackedCorpus, pack

quick = settings(deadline=None, max_examples=60)
TENSORS = {
    "model.safetensors": {"a": torch.arange(6.0).reshape(2, 3).T, "b": torch.tensor(3, dtype=torch.int64)},
    "optimizer.safetensors": {"step:a": torch.ones(2, dtype=torch.bfloat16)},
}
VALUES = {"update": 7, "half": 0.1 + 0.2, "text": "é"}


# Packed corpora ------------------------------------------------------------------------------------------------------
integers = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=6)
halves = st.lists(st.integers(0, 64).map(lambda k: k / 64), max_size=6)


@quick
@given(st.lists(st.tuples(integers, halves), max_size=8))
def test_what_is_packed_can_be_read(tmp_path_factory: pytest.TempPathFactory, items: list[tuple[Any, Any]]) -> None:
    path = tmp_path_factory.getbasetemp() / "pairs.packed"
    pack(path, iter(items), kinds=("int32", "float16"), measure=lambda item: 1 + len(item[0]))
    corpus = PackedCorpus(path)
    assert len(corpus) == len(items)
    for number, (first, second) in enumerate(items):
        one, two = corpus[number]
        assert (one.tolist(), two.tolist()) == (first, second)
        assert (one.dtype, two.dtype) == (np.int32, np.float16)
        assert corpus.size(number) == 1 + len(first)
        torch.from_numpy(one).add_(1)  # the arrays are the caller's own
        assert corpus[number][0].tolist() == first


def test_the_size_is_the_longest_side_unless_it_is_said(tmp_path: Path) -> None:
    corpus = pack(tmp_path / "a", [([1, 2, 3], [1]), ([], [])], kinds=("uint8", "uint8"))
    assert [corpus.size(number) for number in range(2)] == [3, 1]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_kept(kind: str, tmp_path: Path) -> None:
    (found,) = pack(tmp_path / "a", [([0, 1, 100],)], kinds=(kind,))[0]
    assert found.dtype == np.dtype(kind) and found.tolist() == [0, 1, 100]


@pytest.mark.parametrize(
    ("kinds", "item", "message"),
    [
        (("int8",), ([1],), "uint8"),
        (("int32", "int32"), ([1],), "2 sequences"),
        (("uint8",), ([256],), "flat sequence of uint8"),
        (("int32",), ([0.5],), "flat sequence of int32"),
        (("float32",), ([[0.5]],), "flat sequence of float32"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_no_file(
    kinds: tuple[str, ...], item: tuple[Any, ...], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        pack(tmp_path / "a", [item], kinds=kinds)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_cut_off_is_noticed_wherever_it_was_cut(tmp_path: Path) -> None:
    pack(tmp_path / "a", [([1, 2, 3], [1]), ([], [7])], kinds=("int32", "uint8"))
    whole = (tmp_path / "a").read_bytes()
    for length in range(len(whole)):
        (tmp_path / "b").write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"packed corpus|`pack` wrote"):
            PackedCorpus(tmp_path / "b")[0]
    assert len(PackedCorpus(tmp_path / "a")) == 2


def test_what_is_no_packed_corpus_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent.*No such file"):
        PackedCorpus(tmp_path / "absent")
    with pytest.raises(IndexError):
        pack(tmp_path / "a", [([1],)], kinds=("int32",))[1]


def test_a_corpus_may_be_read_after_a_fork(tmp_path: Path) -> None:
    """Two readers of one open file do not move each other's place."""
    corpus = pack(tmp_path / "a", [([number],) for number in range(100)], kinds=("int32",))
    other = os.dup(corpus._file)
    os.lseek(other, 17, os.SEEK_SET)
    assert [corpus[number][0].item() for number in range(100)] == list(range(100))
    os.close(other)


# Checkpoints ---------------------------------------------------------------------------------------------------------
def saved(folder: Path, name: str = "update-00000007") -> Path:
    path = checkpoint.save(folder, name, tensors=TENSORS, values=VALUES)
    checkpoint.point(folder, "latest", name)
    return path


def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = checkpoint.load(saved(tmp_path))
    assert found.values == VALUES
    for file, named in TENSORS.items():
        for name, tensor in named.items():
            assert torch.equal(found.tensors[file][name], tensor) and found.tensors[file][name].dtype is tensor.dtype
    assert {path.name for path in tmp_path.iterdir()} == {"update-00000007", "latest"}


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "state.json", "manifest.json"])
def test_a_damaged_file_is_noticed(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path)
    saved(tmp_path, "update-00000003")
    whole = (path / name).read_bytes()
    for place in {0, len(whole) // 2, len(whole) - 1}:
        damaged = bytearray(whole)
        damaged[place] ^= 1
        (path / name).write_bytes(damaged)
        if name == "manifest.json" and json_or_none(bytes(damaged)) == json_or_none(whole):
            continue  # white space
        with pytest.raises(ModelError, match=r"complete checkpoint.*there are: update-00000003"):
            checkpoint.load(path)
    for content in (whole[:-1], whole + b" ", b""):
        (path / name).write_bytes(content)
        if name == "manifest.json" and json_or_none(content) == json_or_none(whole):
            continue
        with pytest.raises(ModelError):
            checkpoint.load(path)
    (path / name).unlink()
    with pytest.raises(ModelError):
        checkpoint.load(path)
    (path / name).write_bytes(whole)
    assert checkpoint.load(path).values == VALUES


def json_or_none(content: bytes) -> Any:
    with contextlib.suppress(ValueError):
        return json.loads(content)
    return None


@pytest.mark.parametrize("manifest", [{}, {"files": {}}, {"files": []}, [], 3, {"files": {"../../etc/passwd": {}}}])
def test_a_manifest_of_another_form_is_refused(manifest: Any, tmp_path: Path) -> None:
    path = saved(tmp_path)
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError):
        checkpoint.load(path)


def test_nothing_is_pickled(tmp_path: Path) -> None:
    """Every file is JSON, or begins as safetensors do: a length, and a header in JSON."""
    for path in saved(tmp_path).iterdir():
        content = path.read_bytes()
        header = content if path.suffix == ".json" else content[8 : 8 + int.from_bytes(content[:8], "little")]
        assert isinstance(json.loads(header), dict)


class Killed(BaseException):
    """The process ends here."""


def operations() -> list[tuple[Any, str]]:
    """Everything that a save does to the disk."""
    return [
        (os, "fsync"), (Path, "mkdir"), (Path, "rename"), (Path, "replace"), (Path, "unlink"), (Path, "write_text"),
        (Path, "chmod"), (shutil, "rmtree"), (durable, "sync"), (checkpoint, "sync"),
    ]  # fmt: skip


@contextlib.contextmanager
def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Raise at the given operation and at each later one, so that no clean-up runs either."""
    done = 0

    def wrapped(operation: Callable[..., Any]) -> Callable[..., Any]:
        def perform(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            done += 1
            if done >= step:
                raise Killed
            return operation(*arguments, **options)

        return perform

    with monkeypatch.context() as patch:
        for owner, name in operations():
            patch.setattr(owner, name, wrapped(getattr(owner, name)))
        yield lambda: done


def test_a_save_that_is_killed_at_any_operation_leaves_a_state_that_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_two(folder: Path) -> None:
        for update in (2, 3):
            name = f"update-{update:08d}"
            checkpoint.save(folder, name, tensors=TENSORS, values={"update": update})
            checkpoint.point(folder, "latest", name)
            checkpoint.prune(folder, keep=1)

    monkeypatch.setattr(os, "fsync", lambda _: None)  # the power stays on here
    with killed_at(10**9, monkeypatch) as count:
        save_two(tmp_path / "counted")
    assert count() > 20
    seen = set()
    for step in range(1, count() + 1):
        folder = tmp_path / str(step)
        checkpoint.save(folder, "update-00000001", tensors=TENSORS, values={"update": 1})
        checkpoint.point(folder, "latest", "update-00000001")
        with killed_at(step, monkeypatch), pytest.raises(Killed):
            save_two(folder)
        update = checkpoint.load(checkpoint.pointed(folder, "latest")).values["update"]
        seen.add(update)
        checkpoint.drop_after(folder, folder / f"update-{update:08d}")
        checkpoint.prune(folder, keep=1)
        assert {path.name for path in folder.iterdir()} == {"latest", f"update-{update:08d}"}
        save_two(folder)
        assert checkpoint.load(checkpoint.pointed(folder, "latest")).values["update"] == 3
    assert seen == {1, 2, 3}


def test_no_room_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    saved(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "sync", full)
        with pytest.raises(TrainingError, match=r"room and permission.*No space left"):
            saved(tmp_path, "update-00000008")
    assert checkpoint.load(checkpoint.pointed(tmp_path, "latest")).values == VALUES


def test_the_newest_the_latest_and_the_best_are_kept(tmp_path: Path) -> None:
    for update in range(1, 7):
        saved(tmp_path, f"update-{update:08d}")
    checkpoint.point(tmp_path, "best", "update-00000002")
    checkpoint.point(tmp_path, "latest", "update-00000004")
    checkpoint.prune(tmp_path, keep=2)
    assert sorted(path.name[-1] for path in tmp_path.glob("update-*")) == ["2", "4", "5", "6"]
    checkpoint.drop_after(tmp_path, checkpoint.pointed(tmp_path, "latest"))
    assert sorted(path.name[-1] for path in tmp_path.glob("update-*")) == ["2", "4"]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("old")
    with pytest.raises(Killed), durable.replacing(path) as file:
        raise Killed(file.write(b"half"))
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with durable.replacing(path) as file:
        file.write(b"new")
    assert path.read_text() == "new"


# The log -------------------------------------------------------------------------------------------------------------
def test_a_log_is_cut_back_to_where_a_run_goes_on(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl", end=0)
    log.write({"update": 1})
    end = log.end()
    log.write({"update": 2})
    log.close()
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"upd')
    assert read(tmp_path / "metrics.jsonl") == [{"update": 1}, {"update": 2}]
    again = MetricsLog(tmp_path / "metrics.jsonl", end=end)
    again.write({"update": 2, "figures": {"accuracy": float("nan")}})
    again.close()
    assert read(tmp_path / "metrics.jsonl") == [{"update": 1}, {"update": 2, "figures": {"accuracy": None}}]
    assert read(tmp_path / "absent") == []
