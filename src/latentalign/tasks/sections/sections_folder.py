"""A trained classifier of sections as a folder, with a hash of every file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign import config, registry
from latentalign.errors import ModelError, UnsupportedError
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.saving import save_encoder
from latentalign.models.sections import SectionScorer
from latentalign.tasks.alignment.model_folder import check_folder, family_table, write_folder

if TYPE_CHECKING:
    from latentalign.tasks.sections.sectioner import SectionClassifier

SETTINGS, WEIGHTS, ENCODER = "sections.json", "sections.safetensors", "encoder"
FORMAT = 1


def write_sections(classifier: SectionClassifier, folder: Path) -> Path:
    """Write a trained classifier into a folder that takes the place of an old one when it is complete.

    Raises:
        InputError: the folder cannot be written.
        UnsupportedError: a classifier that was not trained, or whose encoder cannot be saved.
    """
    scorer = classifier.scorer
    if not isinstance(scorer, SectionScorer) or not isinstance(scorer.encoder, HuggingFaceEncoder):
        raise UnsupportedError(wanted="a trained classifier of sections", came=type(scorer).__name__, where="save")
    if scorer.encoder.origin is None:
        raise UnsupportedError(wanted="an encoder that was loaded from a folder", came="another", where="save")
    encoder, settings = scorer.encoder, _settings(classifier, scorer.encoder)

    def fill(partial: Path) -> None:
        from safetensors.torch import save_file

        assert encoder.origin is not None
        save_encoder(encoder.model, partial / ENCODER, origin=encoder.origin)
        (partial / SETTINGS).write_text(json.dumps(settings, indent=1), encoding="utf-8")
        save_file({"vectors": scorer.vectors.contiguous(), "bias": scorer.bias.contiguous()}, partial / WEIGHTS)

    return write_folder(folder, fill)


def _settings(classifier: SectionClassifier, encoder: HuggingFaceEncoder) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "names": list(classifier.names),
        "family": family_table(classifier.family),
        "window": encoder.window,
        "layer": encoder.layer,
        "fitted_on": classifier.fitted_on,
    }


def read_sections(folder: Path) -> SectionClassifier:
    """Return the classifier that ``write_sections`` wrote.

    Raises:
        ModelError: there is none, or a file is not what its hash says.
    """
    from safetensors.torch import load_file

    from latentalign.tasks.sections.sectioner import SectionClassifier

    check_folder(
        folder,
        kind="classifier of sections",
        fix="train one with `latentalign train recipes/sections-csabstruct.toml --data DIR`",
    )
    try:
        table = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        family = config.build(registry.families, table["family"], where=SETTINGS)
        encoder = HuggingFaceEncoder.load(folder / ENCODER, window=table["window"], layer=table["layer"])
        weights = load_file(folder / WEIGHTS, device=str(encoder.device))
        scorer = SectionScorer(encoder=encoder, vectors=weights["vectors"], bias=weights["bias"])
        names, note = tuple(map(str, table["names"])), str(table["fitted_on"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            wanted="a classifier of sections", came=f"{type(error).__name__}: {error}", where=str(folder)
        ) from error
    return SectionClassifier(names=names, scorer=scorer, family=family, fitted_on=note)
