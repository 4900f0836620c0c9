"""A discriminant in a folder: its features as JSON, its weights as safetensors."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from latentalign import config
from latentalign.errors import ModelError
from latentalign.models.features import Featurizer
from latentalign.models.matcher.concept_names import ConceptNames
from latentalign.models.matcher.discriminant import Discriminant, Vocabulary

DISCRIMINANT, WEIGHTS = "discriminant.json", "discriminant.safetensors"


def write_discriminant(discriminant: Discriminant, folder: Path) -> None:
    """Write a discriminant into a folder that is there."""
    from safetensors.torch import save_file

    vocabulary = discriminant.vocabulary
    table: dict[str, Any] = {
        "rules": [asdict(one) for one in vocabulary.rules],
        "features": list(vocabulary.places),
        "scale": discriminant.scale,
    }
    if vocabulary.concepts is not None:
        table["concepts"] = {"names": vocabulary.concepts.names, "parents": vocabulary.concepts.parents}
    (folder / DISCRIMINANT).write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
    tensors = {
        "idf": vocabulary.idf,
        "words": discriminant.words,
        "whole": discriminant.whole,
        "bias": discriminant.bias,
    }
    save_file({name: one.contiguous() for name, one in tensors.items()}, folder / WEIGHTS)


def read_discriminant(folder: Path) -> Discriminant:
    """Return the discriminant that ``write_discriminant`` wrote.

    Raises:
        ModelError: the files hold none.
    """
    from safetensors.torch import load_file

    try:
        table, tensors = json.loads((folder / DISCRIMINANT).read_text(encoding="utf-8")), load_file(folder / WEIGHTS)
        places = {(int(rule), str(feature)): number for number, (rule, feature) in enumerate(table["features"])}
        rules = tuple(config.parse(Featurizer, one, where=DISCRIMINANT) for one in table["rules"])
        return Discriminant(
            vocabulary=Vocabulary(
                rules=rules, places=places, idf=tensors["idf"], concepts=_concepts(table.get("concepts"))
            ),
            words=tensors["words"],
            whole=tensors["whole"],
            bias=tensors["bias"],
            scale=float(table["scale"]),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(wanted="a discriminant", came=f"{type(error).__name__}: {error}", where=str(folder)) from error


def _concepts(table: dict[str, dict[str, list[str]]] | None) -> ConceptNames | None:
    if table is None:
        return None
    lists = [ids for one in ("names", "parents") for ids in dict(table[one]).values()]
    if not all(isinstance(ids, list) for ids in lists):
        raise ValueError("concepts without lists of ids")
    names, parents = ({key: tuple(ids) for key, ids in table[one].items()} for one in ("names", "parents"))
    return ConceptNames(names=names, parents=parents)
