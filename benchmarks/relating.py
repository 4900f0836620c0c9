"""What alignments of ontologies say of themselves where there is no reference, and papers that find their other half.

python -m benchmarks.relating --data DIR [--pictures FOLDER]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, permutations
from pathlib import Path
from random import Random

import torch

from benchmarks.report import write_table
from latentalign.evaluation.files import find, objects
from latentalign.evaluation.relating.ontology_matching import equal_names
from latentalign.formats.catalogue.concept import Concept
from latentalign.formats.catalogue.reading import load_catalogue
from latentalign.tasks.relating.ontology_alignment import OntologyAlignment
from latentalign.tasks.relating.papers import PaperRelater
from latentalign.tasks.relating.relate import OntologyAligner

SEVEN = ("cmt", "conference", "confOf", "edas", "ekaw", "iasted", "sigkdd")
DRAWN = (("cmt", "ekaw"), ("conference", "sigkdd"), ("confOf", "edas"))
COMMAND = "python -m benchmarks.relating --data DIR"
Pairs = dict[str, str]


def main() -> None:
    """Measure and write the tables; draw three pairs where a folder is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=Path, help="a folder for the drawings of three pairs of ontologies")
    options = parser.parse_args()
    torch.set_num_threads(1)
    aligner = OntologyAligner.load()
    write_table("relating-conference", conference(options.data, options.pictures, aligner), command=COMMAND)
    write_table("relating-broader", broader(options.data, aligner), command=COMMAND)
    write_table("relating-papers", papers(options.data), command=COMMAND)


def conference(data: Path, pictures: Path | None, aligner: OntologyAligner) -> list[dict[str, str | float]]:
    """Return how consistent the alignments of the seven conference ontologies are, beside those of equal names."""
    ontologies = {
        name: load_catalogue(find(data, [f"academic/oaei-conference/ontologies/{name}.owl.gz"])[0]) for name in SEVEN
    }
    found = {pair: aligner.align(*(ontologies[one] for one in pair)) for pair in permutations(SEVEN, 2)}
    for pair in DRAWN if pictures else ():
        assert pictures is not None
        pictures.mkdir(parents=True, exist_ok=True)
        drawing = found[pair].to_svg(names=pair)
        (pictures / f"ontologies-{pair[0]}-{pair[1]}.svg").write_text(drawing, encoding="utf8")
    ours = {pair: links(one) for pair, one in found.items()}
    equal = {
        pair: dict(equal_names(*(ontologies[one] for one in pair), synonyms=True)) for pair in permutations(SEVEN, 2)
    }
    return [consistency(name, table, ontologies) for name, table in (("equal names", equal), ("ours", ours))]


def links(found: OntologyAlignment) -> Pairs:
    """Return the exact matches as pairs of ids."""
    return {one.source.id: one.target.id for one in found.exact}


def consistency(
    name: str, table: dict[tuple[str, str], Pairs], ontologies: dict[str, Sequence[Concept]]
) -> dict[str, str | float]:
    """Return the checks that need no reference."""
    back = [
        (table[other, one].get(target) == source)
        for one, other in permutations(SEVEN, 2)
        for source, target in table[one, other].items()
    ]
    chained = [
        table[one, third].get(source) == third_target
        for one, other, third in permutations(SEVEN, 3)
        for source, target in table[one, other].items()
        if (third_target := table[other, third].get(target)) is not None
    ]
    ancestors = {one: _ancestors(concepts) for one, concepts in ontologies.items()}
    kept, turned = [], []
    for one, other in combinations(SEVEN, 2):
        for (low, low_target), (high, high_target) in permutations(table[one, other].items(), 2):
            if high in ancestors[one].get(low, ()):
                kept.append(high_target in ancestors[other].get(low_target, ()))
                turned.append(low_target in ancestors[other].get(high_target, ()))
    return {
        "system": name,
        "matches of 21 pairs": sum(len(table[pair]) for pair in combinations(SEVEN, 2)),
        "same both ways": sum(back) / max(len(back), 1),
        "chains of three close": sum(chained) / max(len(chained), 1),
        "broader stays broader": sum(kept) / max(len(kept), 1),
        "broader turned round": sum(turned) / max(len(turned), 1),
    }


def _ancestors(concepts: Sequence[Concept]) -> dict[str, set[str]]:
    parents = {one.id: set(one.parents) for one in concepts}
    found: dict[str, set[str]] = {}
    for start, nearest in parents.items():
        seen: set[str] = set()
        edge = set(nearest)
        while edge:
            seen |= edge
            edge = {above for one in edge for above in parents.get(one, ())} - seen
        found[start] = seen
    return found


def broader(data: Path, aligner: OntologyAligner) -> list[dict[str, str | float]]:
    """Return how often what is called broader is an ancestor, in one ontology cut in two halves at random."""
    rows: list[dict[str, str | float]] = []
    for file in ("human", "mouse"):
        concepts = list(load_catalogue(find(data, [f"academic/oaei-anatomy/{file}.jsonl.gz"])[0]))
        above = _ancestors(concepts)
        Random(0).shuffle(concepts)
        halves = concepts[: len(concepts) // 2], concepts[len(concepts) // 2 :]
        inexact = [one for one in aligner.align(*halves).matches if one.relation != "exact"]
        pairs = [
            (one.source.id, one.target.id) if one.relation == "broader" else (one.target.id, one.source.id)
            for one in inexact
        ]
        right = [high in above[low] for low, high in pairs]
        rows.append(
            {
                "ontology": f"anatomy, {file}, halves",
                "said to be broader or narrower": len(right),
                "share that is in its hierarchy": sum(right) / max(len(right), 1),
                "mean confidence": sum(one.confidence for one in inexact) / max(len(inexact), 1),
            }
        )
    return rows


def papers(data: Path) -> list[dict[str, str | float]]:
    """Return how often the first sentences of a paper find the next ones of the same paper among 40 papers."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    read = objects(find(data, ["academic/clscisumm/papers.jsonl.gz"])[0])
    some = [row["sentences"] for row in read if row["split"] == "train2018"]
    first = [" ".join(text for _, text in one[:8]) for one in some]
    second = [" ".join(text for _, text in one[8:20]) for one in some]
    vectors = TfidfVectorizer(sublinear_tf=True).fit_transform([*first, *second])
    size = len(first)
    tables = {"TF-IDF": torch.from_numpy((vectors[:size] @ vectors[size:].T).toarray())}
    relater = PaperRelater.load()
    tables["cosine of the encoder"] = relater.values(first, second, concepts=False)
    tables["ours"] = relater.values(first, second)
    alone = replace(relater, settings=replace(relater.settings, whole=0.0))
    tables["ours, concepts alone"] = alone.values(first, second)
    rows: list[dict[str, str | float]] = []
    for name, values in tables.items():
        ranks = (values > values.diagonal()[:, None]).sum(dim=1) + 1
        hits = {f"R@{depth}": float((ranks <= depth).float().mean()) for depth in (1, 3)}
        rows.append({"system": name, **hits, "MRR": float((1 / ranks).mean())})
    return rows


if __name__ == "__main__":
    main()
