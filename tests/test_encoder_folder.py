"""Folders of models on top of an encoder: the default one is named with its hash, any other is kept in the folder."""

import json
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.errors import ModelError
from latentalign.models import encoder_reference
from latentalign.models.checkpoints import DEFAULT, DEFAULT_SHA256, Resolved
from latentalign.models.encoder_reference import EncoderReference
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.matcher.memory import units_of
from latentalign.models.scorer import PairScorer, ScorerConfig, load_encoder
from latentalign.tasks.folders.encoder_folder import EncoderFolder
from latentalign.tasks.folders.model_folder import ENCODER, encoder_place, read_scorer, write_folder, write_scorer
from tests.tiny_models import write

KIND = EncoderFolder(name="things", kind="model of things", recipe="things.toml")
NAMED = {"name": DEFAULT, "sha256": DEFAULT_SHA256}


def states(encoder: HuggingFaceEncoder) -> torch.Tensor:
    (found,) = encoder.encode([units_of("a table for two")], level="word")
    assert found.states is not None
    return found.states


def kept(encoder: HuggingFaceEncoder, folder: Path) -> tuple[dict[str, object], HuggingFaceEncoder]:
    KIND.write(folder, encoder=encoder, settings={"colour": "red"}, tensors={"weight": torch.ones(3)})
    table, again, tensors = KIND.read(folder)
    assert (table["colour"], tensors["weight"].tolist()) == ("red", [1.0, 1.0, 1.0])
    assert_close(states(again), states(encoder))
    return table, again


def test_the_default_encoder_is_named_and_not_copied(tmp_path: Path) -> None:
    encoder = load_encoder(layer=4)
    assert isinstance(encoder, HuggingFaceEncoder)
    table, again = kept(encoder, tmp_path / "model")
    assert table["encoder"] == NAMED
    assert again.layer == 4
    assert sum(path.stat().st_size for path in (tmp_path / "model").rglob("*")) < 20_000
    with torch.no_grad():
        next(iter(encoder.model.parameters())).flatten()[0] += 1.0  # one number, and it is another encoder
    table, _ = kept(encoder, tmp_path / "model")
    assert table["encoder"] == ENCODER
    assert (tmp_path / "model" / ENCODER / "model.safetensors").is_file()


def test_any_other_encoder_is_copied(tmp_path: Path) -> None:
    encoder = HuggingFaceEncoder.load(write(tmp_path / "bert", "bert"), device="cpu")
    assert EncoderReference.of(encoder) is None
    table, _ = kept(encoder, tmp_path / "model")
    assert table["encoder"] == ENCODER


def test_a_folder_from_before_there_were_names_is_read(tmp_path: Path) -> None:
    kept(HuggingFaceEncoder.load(write(tmp_path / "bert", "bert"), device="cpu"), tmp_path / "model")

    def older(partial: Path) -> None:
        for path in (tmp_path / "model").rglob("*"):
            place = partial / path.relative_to(tmp_path / "model")
            if path.is_file() and path.name != "manifest.json":
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(path.read_bytes())
        table = json.loads((partial / KIND.settings).read_text(encoding="utf8"))
        del table["encoder"]
        (partial / KIND.settings).write_text(json.dumps(table), encoding="utf8")

    write_folder(tmp_path / "older", older)
    assert KIND.read(tmp_path / "older")[0]["colour"] == "red"


def test_an_encoder_that_is_another_one_now_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = load_encoder()
    assert isinstance(encoder, HuggingFaceEncoder)
    kept(encoder, tmp_path / "model")
    other = write(tmp_path / "bert", "bert")
    monkeypatch.setattr(encoder_reference, "resolve", lambda _name: Resolved(path=other, origin="package"))
    with pytest.raises(
        ModelError, match=rf"things.json: wanted the encoder that this was trained on, {DEFAULT}"
    ) as told:
        KIND.read(tmp_path / "model")
    assert DEFAULT_SHA256 in str(told.value)
    assert str(other) in str(told.value)
    assert "train the model again" in str(told.value)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"name": "somebody/else", "sha256": DEFAULT_SHA256}, "somebody/else"),
        ({}, "a reference to"),
        ("../elsewhere", "'encoder', or a name"),
        (None, "'encoder', or a name"),
    ],
)
def test_a_folder_does_not_say_what_else_is_loaded(written: object, message: str, tmp_path: Path) -> None:
    assert encoder_place(ENCODER, tmp_path, where="a.json") == tmp_path / ENCODER
    with pytest.raises(ModelError, match=rf"a.json: .*{message}"):
        encoder_place(written, tmp_path, where="a.json")  # type: ignore[arg-type]


def test_the_encoder_of_a_scorer_is_named_too(tmp_path: Path) -> None:
    table = write_scorer(PairScorer.load(ScorerConfig()), tmp_path)
    assert table["model"] == NAMED
    assert list(tmp_path.iterdir()) == []
    scorer = PairScorer.load(read_scorer(json.loads(json.dumps(table)), tmp_path, where="a.json"))
    assert isinstance(scorer.encoder, HuggingFaceEncoder)
    assert EncoderReference.of(scorer.encoder) == EncoderReference(**NAMED)
