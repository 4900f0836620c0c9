"""A classifier as a folder: settings, weights, categories and calibration, with a hash of every file."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign import config
from latentalign.durable import sync
from latentalign.errors import InputError, ModelError, UnsupportedError
from latentalign.families import AlignmentFamily
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.idf import Idf
from latentalign.models.matcher.calibration import Calibration
from latentalign.models.matcher.candidate import Candidate
from latentalign.models.matcher.matcher import Matcher
from latentalign.models.matcher.memory import Memory
from latentalign.models.matcher.settings import MatcherConfig
from latentalign.models.potentials.potential import Potential
from latentalign.models.saving import save_encoder
from latentalign.models.scorer import ScorerConfig
from latentalign.training.checkpoint import remove

if TYPE_CHECKING:
    from latentalign.tasks.classify import Classifier

MANIFEST, SETTINGS, LABELS = "manifest.json", "classifier.json", "labels.jsonl"
ENCODER, IDF, MEMORY = "encoder", "idf.json", "memory.safetensors"
FORMAT = 1


def write_classifier(classifier: Classifier, folder: Path) -> Path:
    """Write a classifier into a folder that takes the place of an old one when it is complete.

    Raises:
        InputError: the folder cannot be written.
        UnsupportedError: an encoder that cannot be saved.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".partial", dir=folder.parent))
        partial.chmod(0o755)
        _write(classifier, partial)
        remove(folder)
        partial.rename(folder)
        sync(folder.parent)
    except OSError as error:
        raise InputError(
            wanted="a folder that can be written", came=error.strerror or str(error), where=str(folder)
        ) from error
    return folder


def read_classifier(folder: Path) -> Classifier:
    """Return the classifier that ``write_classifier`` wrote.

    Raises:
        ModelError: there is none, or a file is not what its hash says.
    """
    from latentalign.tasks.classify import Classifier

    _check(folder)
    try:
        table = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        lines = (folder / LABELS).read_text(encoding="utf-8").splitlines()
        labels = [Candidate(name=one["label"], texts=tuple(one["texts"])) for one in map(json.loads, lines)]
        matcher = _matcher(table["matcher"], folder)
        calibration = config.parse(Calibration, table["calibration"], where=SETTINGS)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(wanted="a classifier", came=f"{type(error).__name__}: {error}", where=str(folder)) from error
    from safetensors.torch import load_file

    memory = Memory.restored(labels, load_file(folder / MEMORY))
    return Classifier(matcher=matcher, memory=memory, calibration=calibration)


def _write(classifier: Classifier, folder: Path) -> None:
    from safetensors.torch import save_file

    matcher = classifier.matcher
    scorer: dict[str, Any] = {"potentials": [_potential(one, folder) for one in matcher.scorer.potentials]}
    encoder = matcher.scorer.encoder
    if isinstance(encoder, HuggingFaceEncoder):
        if encoder.origin is None:
            raise UnsupportedError(wanted="an encoder that was loaded from a folder", came="another", where="save")
        save_encoder(encoder.model, folder / ENCODER, origin=encoder.origin)
        scorer |= {"model": ENCODER, "layer": encoder.layer, "pooled_layer": encoder.pooled_layer}
    settings = {
        "format": FORMAT,
        "matcher": {
            "scorer": scorer,
            "family": _family(matcher.family),
            "whole_weight": matcher.whole_weight,
            "word_weight": matcher.word_weight,
            "aligned": matcher.aligned,
        },
        "calibration": {key: value for key, value in asdict(classifier.calibration).items() if value is not None},
    }
    (folder / SETTINGS).write_text(json.dumps(settings, indent=1), encoding="utf-8")
    rows = [{"label": one.name, "texts": list(one.texts)} for one in classifier.memory.candidates]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / LABELS).write_text(text, encoding="utf-8")
    save_file({name: one.contiguous() for name, one in classifier.memory.tensors.items()}, folder / MEMORY)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    manifest = {str(path.relative_to(folder)): _digest(path) for path in files}
    (folder / MANIFEST).write_text(json.dumps({"files": manifest}, indent=1), encoding="utf-8")
    for path in (*files, folder / MANIFEST):
        sync(path)


def _potential(one: Potential, folder: Path) -> dict[str, Any]:
    """Return the table of a potential; a table of document frequencies becomes a file of its own."""
    table = {field.name: getattr(one, field.name) for field in fields(one)}  # type: ignore[arg-type]
    if isinstance(table.get("idf"), Idf):
        name = f"{type(one).__name__.lower()}-{IDF}"
        table["idf"].save(folder / name)
        table["idf"] = name
    return {"name": type(one).__name__.lower(), **{key: value for key, value in table.items() if value is not None}}


def _family(family: AlignmentFamily) -> dict[str, Any]:
    """Return the table of a family and of the families in it."""
    table = {field.name: getattr(family, field.name) for field in fields(family)}  # type: ignore[arg-type]
    inner = {key: _family(one) if isinstance(one, AlignmentFamily) else one for key, one in table.items()}
    return {"name": type(family).__name__.lower(), **{key: one for key, one in inner.items() if one is not None}}


def _matcher(table: dict[str, Any], folder: Path) -> Matcher:
    scorer = dict(table["scorer"])
    if "model" in scorer:
        scorer["model"] = str(folder / scorer["model"])
    scorer["potentials"] = [
        {**one, "idf": str(folder / one["idf"])} if "idf" in one else one for one in scorer["potentials"]
    ]
    parsed = ScorerConfig.from_dict(scorer, where=SETTINGS)
    return config.parse(MatcherConfig, {**table, "scorer": parsed}, where=SETTINGS).build()


def _check(folder: Path) -> None:
    try:
        files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
        wrong = [name for name, digest in files.items() if _digest(folder / name) != digest]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            wanted="the folder of a classifier that was saved",
            came=f"{type(error).__name__}: {error}",
            where=str(folder),
            fix="train one with `latentalign train recipes/classify-clinc150.toml --data DIR`",
        ) from error
    if wrong:
        raise ModelError(
            wanted="files as they were written", came=f"changed ones: {', '.join(wrong)}", where=str(folder)
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
