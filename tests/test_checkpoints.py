"""Where checkpoints come from: the order of places, the hash of the default, and what is refused."""

import hashlib
import importlib.util
import json
import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from tiny_models import CORPUS, units, write
from torch.testing import assert_close

from latentalign.errors import ModelError
from latentalign.models import checkpoints
from latentalign.models.checkpoints import DEFAULT, PACKAGE, attempts, resolve
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.pretrained import read_backbone, read_pooling, read_tokenizer, read_window

installed = pytest.mark.skipif(
    importlib.util.find_spec(PACKAGE) is None, reason=f"the package {PACKAGE} (extra [offline]) is not installed"
)


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let the hub's cache be an empty folder, and the hub out of reach; returns the cache."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path / "cache"


def place(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"{}")
    return folder


def cached(cache: Path, name: str) -> Path:
    """Lay out a snapshot as the hub's client does."""
    home = cache / ("models--" + name.replace("/", "--"))
    (home / "refs").mkdir(parents=True)
    (home / "refs" / "main").write_text("c0ffee")
    return place(home / "snapshots" / "c0ffee", "config.json", "model.safetensors")


def own_hash(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let the weights in a folder be those of the default encoder."""
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    monkeypatch.setattr(checkpoints, "DEFAULT_SHA256", digest)


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = place(tmp_path / "mine", "config.json", "model.safetensors")
    for name in (folder, str(folder)):
        found = resolve(name)
        assert (found.path, found.origin, found.verified) == (folder, "folder", None)


@pytest.mark.parametrize("weights", ["model.safetensors", "model-00001-of-00002.safetensors"])
def test_weights_are_in_safetensors(tmp_path: Path, weights: str) -> None:
    assert resolve(place(tmp_path / "good", "config.json", "pytorch_model.bin", weights)).path == tmp_path / "good"
    with pytest.raises(ModelError, match=r"pytorch_model\.bin, a pickle, .*save_pretrained"):
        resolve(place(tmp_path / "pickled", "config.json", "pytorch_model.bin"))
    with pytest.raises(ModelError, match="no weights"):
        resolve(place(tmp_path / "empty", "config.json"))
    with pytest.raises(ModelError, match=r"a folder with config\.json"):
        resolve(place(tmp_path / "bare", weights))


def test_the_message_names_all_that_was_tried(no_hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError) as caught:
        resolve(None)
    for part in (DEFAULT, PACKAGE, str(no_hub), "HF_HUB_OFFLINE", "latentalign[offline]"):
        assert part in str(caught.value)
    with pytest.raises(ModelError, match=r"no/where.*is no folder.*cache: not in.*hub: not asked"):
        resolve("no/where")
    assert [one.origin for one in attempts(None)] == ["package", "cache", "hub"]
    assert [one.origin for one in attempts(None, download=False)] == ["package", "cache"]


def test_the_package_comes_before_the_cache(no_hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = place(tmp_path / "packaged", "config.json", "model.safetensors")
    snapshot = cached(no_hub, DEFAULT)
    own_hash(monkeypatch, packaged)
    monkeypatch.setattr(checkpoints, "_packaged", lambda: packaged)
    assert (resolve(None).path, resolve(DEFAULT).origin, resolve(None).verified) == (packaged, "package", True)
    monkeypatch.setattr(checkpoints, "_packaged", lambda: "not installed")
    assert (resolve(None).path.resolve(), resolve("all-MiniLM-L6-v2").origin) == (snapshot.resolve(), "cache")


def test_the_hash_of_the_default_is_checked_wherever_it_is(no_hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "_packaged", lambda: "not installed")
    snapshot = cached(no_hub, DEFAULT)
    own_hash(monkeypatch, snapshot)
    assert resolve(None).verified
    (snapshot / "model.safetensors").write_bytes(b"{ }")
    with pytest.raises(ModelError, match=f"sha256.*got {hashlib.sha256(b'{ }').hexdigest()}"):
        resolve(None)


def test_another_model_comes_from_the_cache_unchecked(no_hub: Path) -> None:
    snapshot = cached(no_hub, "some/model")
    found = resolve("some/model")
    assert (found.path.resolve(), found.origin, found.verified) == (snapshot.resolve(), "cache", None)
    (snapshot / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"cache: config\.json or weights in safetensors are missing"):
        resolve("some/model")


def test_code_in_a_folder_is_never_run(tmp_path: Path) -> None:
    write(tmp_path, "roberta")
    assert read_backbone(tmp_path).depth == 3
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Model: pass\n")
    config = json.loads((tmp_path / "config.json").read_text())
    config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Model", "AutoModel": "evil.Model"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="without code of its own"):
        read_backbone(tmp_path)
    assert not (tmp_path / "ran").exists()


def test_a_folder_without_a_tokenizer_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "bert")
    assert read_tokenizer(tmp_path).split(CORPUS[:1]).counts[0] > 5
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "tokenizer_config.json").unlink()
    with pytest.raises(ModelError, match="a tokenizer"):
        read_tokenizer(tmp_path)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "bert")
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(ModelError, match=r"tokenizer_config\.json: wanted a JSON file"):
        read_window(tmp_path)


@pytest.mark.parametrize("lowercase", [True, False])
def test_the_letter_case_of_a_bert_is_what_transformers_makes_of_it(tmp_path: Path, lowercase: bool) -> None:
    from transformers import AutoTokenizer

    write(tmp_path, "bert")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": lowercase, "strip_accents": None}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    text = "The CAT sat im Café"
    wanted = AutoTokenizer.from_pretrained(tmp_path)(text, add_special_tokens=False).input_ids
    assert read_tokenizer(tmp_path).split([text]).ids.tolist() == wanted


def test_pooling_and_window_are_those_of_the_checkpoint(tmp_path: Path) -> None:
    assert (read_pooling(tmp_path), read_window(tmp_path)) == ("mean", None)
    (tmp_path / "1_Pooling").mkdir()
    table = tmp_path / "1_Pooling" / "config.json"
    for written, wanted in (
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, "cls"),
        ({"pooling_mode": "mean"}, "mean"),
        ({"pooling_mode": ["cls"]}, "cls"),
    ):
        table.write_text(json.dumps(written))
        assert read_pooling(tmp_path) == wanted
    table.write_text(json.dumps({"pooling_mode": "max"}))
    with pytest.raises(ModelError, match="pools by 'mean' or 'cls'"):
        read_pooling(tmp_path)
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 256}')
    (tmp_path / "tokenizer_config.json").write_text('{"model_max_length": 512}')
    assert read_window(tmp_path) == 256
    (tmp_path / "sentence_bert_config.json").unlink()
    (tmp_path / "tokenizer_config.json").write_text('{"model_max_length": 1e30}')
    assert read_window(tmp_path) is None


def test_a_bert_with_a_head_on_top_is_the_same_encoder(tmp_path: Path) -> None:
    """The weights of a BertForMaskedLM carry a prefix."""
    from transformers import AutoModel, BertForMaskedLM

    write(tmp_path / "plain", "bert")
    plain = AutoModel.from_pretrained(tmp_path / "plain", use_safetensors=True)
    headed = BertForMaskedLM(plain.config)
    headed.bert.load_state_dict(plain.state_dict(), strict=False)
    shutil.copytree(tmp_path / "plain", tmp_path / "headed")
    headed.save_pretrained(tmp_path / "headed")
    (one,), (other,) = (
        HuggingFaceEncoder.load(tmp_path / name, device="cpu").encode([units(CORPUS[0])])
        for name in ("plain", "headed")
    )
    assert_close(one.states, other.states)


@installed
def test_the_default_encoder_has_its_hash_and_its_settings() -> None:
    found = resolve(None, download=False)
    assert found.verified
    assert (read_pooling(found.path), read_window(found.path)) == ("mean", 256)


@installed
def test_the_vector_of_a_text_is_that_of_sentence_transformers() -> None:
    library = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    folder = resolve(None, download=False).path
    texts = [*CORPUS, "", "a", "the cat sat on the mat " * 30]
    wanted = torch.from_numpy(library.SentenceTransformer(str(folder), device="cpu").encode(texts))
    found = HuggingFaceEncoder.load(folder, device="cpu").encode([units(text) for text in texts])
    vectors = torch.nn.functional.normalize(torch.stack([one.pooled for one in found]), dim=-1)
    assert_close(vectors, wanted, atol=1e-4, rtol=0.0)
