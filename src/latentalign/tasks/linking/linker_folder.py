"""A linker as a folder: settings, catalogue, what mentions taught, weights, with a hash of every file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign import config
from latentalign.errors import ModelError
from latentalign.formats.catalogue.concept import Concept
from latentalign.models.linking.aliases import AliasTable
from latentalign.models.linking.settings import LinkerConfig
from latentalign.models.linking.spotting import Spotter
from latentalign.models.linking.weights import LinkWeights
from latentalign.tasks.folders.model_folder import check_folder, family_table, read_scorer, write_folder, write_scorer

if TYPE_CHECKING:
    from latentalign.models.linking.features import Looker
    from latentalign.tasks.linking.link import Linker

SETTINGS, CONCEPTS, TAUGHT, VECTORS = "linker.json", "concepts.jsonl", "taught.jsonl", "names.safetensors"
FORMAT = 1


def write_linker(linker: Linker, folder: Path) -> Path:
    """Write a linker into a folder that takes the place of an old one when it is complete.

    Raises:
        InputError: the folder cannot be written.
        UnsupportedError: an encoder that cannot be saved.
    """
    return write_folder(folder, lambda partial: _write(linker, partial))


def read_linker(folder: Path, *, concepts: Sequence[Concept] | None = None) -> Linker:
    """Return the linker that ``write_linker`` wrote.

    Args:
        folder: that it was written into.
        concepts: in place of those of the folder; what mentions taught of the ones that are gone is left out.

    Raises:
        ModelError: there is none, or a file is not what its hash says.
    """
    from latentalign.tasks.linking.link import Linker

    check_folder(folder, kind="linker", fix="train one with `latentalign train recipes/link-ncbi.toml --data DIR`")
    try:
        table = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        own = [_concept(one) for one in _lines(folder / CONCEPTS)]
        taught = [(str(words), str(concept), str(text)) for words, concept, text in _lines(folder / TAUGHT)]
        settings = config.parse(
            LinkerConfig,
            {**table["linker"], "scorer": read_scorer(table["linker"]["scorer"], folder, where=SETTINGS)},
            where=SETTINGS,
        )
        weights = config.parse(LinkWeights, table["weights"], where=SETTINGS)
        seen = {str(key): (int(one[0]), int(one[1])) for key, one in table["spotter"]["seen"].items()}
        spotter = Spotter(weights=table["spotter"]["weights"], seen=seen)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(wanted="a linker", came=f"{type(error).__name__}: {error}", where=str(folder)) from error
    looker = replace(settings, by_meaning=False).build(own if concepts is None else concepts, taught=taught)
    if settings.by_meaning:
        looker = _with_vectors(looker, folder, same=concepts is None)
    return Linker(
        looker=looker,
        weights=weights,
        spotter=spotter,
        types=frozenset(table["types"]),
        threshold=table["threshold"],
        top=table["top"],
        found=table["found"],
    )


def _write(linker: Linker, folder: Path) -> None:
    looker, table = linker.looker, linker.looker.table
    settings = {
        "format": FORMAT,
        "linker": {
            "scorer": write_scorer(looker.scorer, folder),
            "family": family_table(looker.family),
            "nearest": looker.nearest,
            "by_meaning": table.vectors is not None,
        },
        "weights": asdict(linker.weights),
        "spotter": {"weights": dict(linker.spotter.weights), "seen": dict(linker.spotter.seen)},
        "types": sorted(linker.types),
        "threshold": linker.threshold,
        "top": linker.top,
        "found": linker.found,
    }
    (folder / SETTINGS).write_text(json.dumps(settings, ensure_ascii=False, indent=1), encoding="utf-8")
    _write_lines(folder / CONCEPTS, [asdict(one) for one in table.concepts])
    _write_lines(folder / TAUGHT, _taught(table))
    if table.vectors is not None:
        from safetensors.torch import save_file

        save_file({"vectors": table.vectors.contiguous()}, folder / VECTORS)


def _taught(table: AliasTable) -> list[tuple[str, str, str]]:
    return [
        (one.name, table.concepts[one.concept].id, text)
        for one in table.aliases
        if one.kind == "taught"
        for text in one.texts
    ]


def _with_vectors(looker: Looker, folder: Path, *, same: bool) -> Looker:
    from latentalign.models.linking.settings import encoded

    if not same:
        return replace(looker, table=encoded(looker.table, looker.reading))
    from safetensors.torch import load_file

    vectors = load_file(folder / VECTORS)["vectors"]
    if len(vectors) != len(looker.table.aliases):
        raise ModelError(
            wanted=f"{len(looker.table.aliases)} vectors", came=str(len(vectors)), where=str(folder / VECTORS)
        )
    return replace(looker, table=looker.table.with_vectors(vectors))


def _concept(table: dict[str, Any]) -> Concept:
    known = {one.name for one in fields(Concept)}
    found: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in table.items() if name in known
    }
    found["relations"] = tuple((str(name), str(one)) for name, one in table["relations"])
    return Concept(**found)


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _write_lines(path: Path, rows: Sequence[Any]) -> None:
    path.write_text("".join(json.dumps(one, ensure_ascii=True) + "\n" for one in rows), encoding="utf-8")
