"""Links to catalogues, and words of triples, beside look-up and exact names.

python -m benchmarks.linking --data DIR [--only ncbi elevant webnlg]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.report import write_section
from latentalign.evaluation.linking.expressing import ExpressingRecipe
from latentalign.evaluation.linking.recipe import LinkingRecipe
from latentalign.evaluation.recipe import run
from latentalign.evaluation.report import Report
from latentalign.formats.catalogue.catalogue_file import CatalogueFile
from latentalign.models.linking.settings import LinkerConfig
from latentalign.tasks.alignment.linked_texts import LinkedTexts
from latentalign.tasks.linking.train_linker import LinkerTraining

ROOT = Path(__file__).resolve().parent.parent
SETS = ("oke-2016-train", "oke-2016-eval", "reuters-128", "derczynski", "spotlight")


def main() -> None:
    """Measure what was asked for, each in its own section of the results."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=list(PARTS))
    options = parser.parse_args()
    for name in options.only:
        text = PARTS[name](options.data)
        write_section(f"linking-{name}", text, command=f"python -m benchmarks.linking --data DIR --only {name}")
        print(text, flush=True)


def ncbi(data: Path) -> str:
    """Return the table of diseases linked to MEDIC."""
    return run(ROOT / "recipes" / "linking-ncbi.toml", data=data).to_markdown()


def elevant(data: Path) -> str:
    """Return one table a set; ours is taught by the other sets, less the texts that they share with it."""
    return "\n".join(_elevant(data, name).to_markdown() for name in SETS)


def _elevant(data: Path, name: str) -> Report:
    folder = "kg/entity-linking-elevant"
    texts = {one: LinkedTexts(file=f"{folder}/{one}.jsonl.gz", mentions="labels", concept="entity_id") for one in SETS}
    recipe = LinkingRecipe(
        catalogue=CatalogueFile(file=f"{folder}/catalogue.tsv.gz", header=["id", "label", "types"]),
        test=texts[name],
        linker=LinkerConfig(by_meaning=True),
        training=LinkerTraining(most=100),
    )
    test = texts[name].read(data)
    own = {one.text for one in test}
    others = [
        replace(one, id=f"{other} {one.id}")
        for other in SETS
        if other != name
        for one in texts[other].read(data)
        if one.text not in own
    ]
    return recipe.compare(recipe.catalogue.read(data), test, others, about="the other sets")


def webnlg(data: Path) -> str:
    """Return the table of triples and the words that express them."""
    return ExpressingRecipe().measure(data).to_markdown()


PARTS: dict[str, Callable[[Path], str]] = {"ncbi": ncbi, "elevant": elevant, "webnlg": webnlg}

if __name__ == "__main__":
    main()
