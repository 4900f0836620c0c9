"""Multi-vector checkpoints: the token vectors of sentence-transformers, word by word, and back to disk."""

import json
import sys
from pathlib import Path

import pytest
import torch
from tiny_models import units, write
from torch.testing import assert_close

from latentalign.errors import MissingExtraError, ModelError
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.multivector import is_multivector, load_multivector, save_multivector
from latentalign.models.scorer import PairScorer, ScorerConfig
from latentalign.models.units import Units
from latentalign.text.spans import Span

TEXT = "The cat sat on the mat"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("plain"), "bert")


@pytest.fixture(scope="module")
def folder(plain: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as ColBERT has them: a projection, a mask, unit length, and a prompt for each task."""
    pytest.importorskip("sentence_transformers", reason="sentence-transformers (extra [multivector]) is not installed")
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Normalize, Transformer
    from sentence_transformers.base.modules.dense import Dense
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask

    named = {"module_input_name": "token_embeddings"}
    torch.manual_seed(0)
    modules = [
        Transformer(str(plain)),
        Dense(16, 8, bias=False, activation_function=torch.nn.Identity(), **named),
        MultiVectorMask(),
        Normalize(**named),
    ]
    made = MultiVectorEncoder(modules=modules, prompts={"query": "a ", "document": "b c "}, device="cpu")
    target = tmp_path_factory.mktemp("multivector")
    made.save_pretrained(str(target), create_model_card=False)
    return target


def whole_pieces(encoder: HuggingFaceEncoder) -> Units:
    pieces = encoder.tokenizer.split([TEXT])
    ends = zip(pieces.starts.tolist(), pieces.ends.tolist(), strict=True)
    return Units(text=TEXT, spans=tuple(Span(*one) for one in ends))


@pytest.mark.parametrize("task", ["query", "document"])
def test_states_are_the_token_vectors_of_sentence_transformers(folder: Path, task: str) -> None:
    from sentence_transformers import MultiVectorEncoder

    model = MultiVectorEncoder(str(folder), device="cpu")
    wanted = (model.encode_query if task == "query" else model.encode_document)([TEXT])[0]
    encoder = load_multivector(folder, task=task, device="cpu")
    (found,) = encoder.encode([whole_pieces(encoder)])
    prefix, suffix = len(encoder.tokenizer.prefix), len(encoder.tokenizer.suffix)
    assert prefix == {"query": 2, "document": 3}[task]
    assert_close(found.states, wanted[prefix : len(wanted) - suffix], atol=1e-6, rtol=1e-5)


def test_a_checkpoint_that_was_saved_gives_the_same_states(folder: Path, tmp_path: Path) -> None:
    encoder = load_multivector(folder, device="cpu")
    save_multivector(encoder, tmp_path / "again")
    again = load_multivector(tmp_path / "again", device="cpu")
    assert_close(again.encode([units(TEXT)])[0].states, encoder.encode([units(TEXT)])[0].states)
    assert not list((tmp_path / "again").rglob("*.bin"))


def test_a_long_text_is_read_in_windows(folder: Path) -> None:
    encoder = load_multivector(folder, device="cpu", window=12)
    (found,) = encoder.encode([units(TEXT * 9)])
    assert (found.states.norm(dim=-1) > 0).all()


def test_the_scorer_knows_such_a_checkpoint(folder: Path, plain: Path) -> None:
    assert (is_multivector(folder), is_multivector(plain)) == (True, False)
    settings = {"potentials": [{"name": "similarity"}], "device": "cpu"}
    scores, mask = PairScorer.load(ScorerConfig(model=str(folder), **settings)).score(
        [units(TEXT)], [units(TEXT)], level="word"
    )
    assert_close(scores[0].diagonal(), torch.ones(6))
    assert mask.all()


def test_other_folders_are_refused(folder: Path, plain: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="wanted a multi-vector checkpoint"):
        load_multivector(plain)
    with pytest.raises(ModelError, match="wanted an encoder from load_multivector"):
        save_multivector(HuggingFaceEncoder.load(plain, device="cpu"), tmp_path / "x")
    for name in ("config.json", "config_sentence_transformers.json"):
        (tmp_path / name).write_text((folder / name).read_text())
    (tmp_path / "model.safetensors").write_bytes(b"")
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "os.path.join"
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match=r"modules of sentence-transformers, got os\.path\.join"):
        load_multivector(tmp_path)
    modules[1]["type"] = "sentence_transformers.base.modules.dense.Dense"
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "1_Dense").mkdir()
    (tmp_path / "1_Dense" / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ModelError, match="got a pickle"):
        load_multivector(tmp_path)


def test_the_missing_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'latentalign\[multivector\]'"):
        load_multivector(folder)
