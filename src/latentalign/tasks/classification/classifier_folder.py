"""A classifier as a folder: settings, weights, categories and calibration, with a hash of every file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign import config
from latentalign.errors import ModelError
from latentalign.models.matcher.calibration import Calibration
from latentalign.models.matcher.candidate import Candidate
from latentalign.models.matcher.discriminant_file import DISCRIMINANT, read_discriminant, write_discriminant
from latentalign.models.matcher.matcher import Matcher
from latentalign.models.matcher.memory import Memory
from latentalign.models.matcher.settings import MatcherConfig
from latentalign.tasks.folders.model_folder import check_folder, family_table, read_scorer, write_folder, write_scorer

if TYPE_CHECKING:
    from latentalign.tasks.classification.classify import Classifier

SETTINGS, LABELS, MEMORY = "classifier.json", "labels.jsonl", "memory.safetensors"
FORMAT = 1


def write_classifier(classifier: Classifier, folder: Path) -> Path:
    """Write a classifier into a folder that takes the place of an old one when it is complete.

    Raises:
        InputError: the folder cannot be written.
        UnsupportedError: an encoder that cannot be saved.
    """
    return write_folder(folder, lambda partial: _write(classifier, partial))


def read_classifier(folder: Path) -> Classifier:
    """Return the classifier that ``write_classifier`` wrote.

    Raises:
        ModelError: there is none, or a file is not what its hash says.
    """
    from latentalign.tasks.classification.classify import Classifier

    check_folder(
        folder,
        kind="classifier",
        fix="train one with `latentalign train recipes/classify-clinc150.toml --data DIR`",
    )
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
    discriminant = read_discriminant(folder) if (folder / DISCRIMINANT).is_file() else None
    return Classifier(matcher=matcher, memory=memory, calibration=calibration, discriminant=discriminant)


def _write(classifier: Classifier, folder: Path) -> None:
    from safetensors.torch import save_file

    matcher = classifier.matcher
    settings = {
        "format": FORMAT,
        "matcher": {
            "scorer": write_scorer(matcher.scorer, folder),
            "family": family_table(matcher.family),
            "whole_weight": matcher.whole_weight,
            "word_weight": matcher.word_weight,
            "aligned": matcher.aligned,
            "spelling": matcher.spelling,
        },
        "calibration": {key: value for key, value in asdict(classifier.calibration).items() if value is not None},
    }
    (folder / SETTINGS).write_text(json.dumps(settings, indent=1), encoding="utf-8")
    rows = [{"label": one.name, "texts": list(one.texts)} for one in classifier.memory.candidates]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / LABELS).write_text(text, encoding="utf-8")
    save_file({name: one.contiguous() for name, one in classifier.memory.tensors.items()}, folder / MEMORY)
    if classifier.discriminant is not None:
        write_discriminant(classifier.discriminant, folder)


def _matcher(table: dict[str, Any], folder: Path) -> Matcher:
    parsed = read_scorer(table["scorer"], folder, where=SETTINGS)
    return config.parse(MatcherConfig, {**table, "scorer": parsed}, where=SETTINGS).build()
