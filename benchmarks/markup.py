"""Markup transfer on 300 real pairs: tags inserted at random, placed by an aligner and by the gold links.

    python -m benchmarks.markup --data DIR [--model SET=NAME_OR_FOLDER ...]

The pairs are those of the English-French Hansards (149), of the German-English Europarl set of Bicici (100), and the
first 51 of the English-Turkish Bible set. Each source gets one to three pairs of tags around stretches of one to four
words, nested or apart, and one tag without words; which ones depends on the number of the pair alone. The place to hit
is that of the same rule on the gold sure links. These leave out much that is only possible, so that "le chat" for "the
cat" is a miss where "the" has no sure link. A tag is clear-cut if each of its words has a sure link, these cover a
stretch of target words without a gap, and the possible links neither lead out of it nor into it from other words: then
every sensible rule gives that stretch. Whether tags are lost, invented or inside a word is looked up in the result by a
reader that shares nothing with the writer.
"""

from __future__ import annotations

import argparse
import html
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import write_table
from latentalign.evaluation.files import objects
from latentalign.tasks.alignment.given_links import GivenLinks
from latentalign.tasks.alignment.pair_aligner import PairAligner
from latentalign.tasks.transfer.transfer_markup import MarkupProjector, MarkupTransfer
from latentalign.text.markup import escaped
from latentalign.text.pairs import Failure, TextPair

SETS = {
    "hansards-en-fr": ("word-alignment/hansards-en-fr/dev.jsonl.gz", 149),
    "europarl-de-en-bicici": ("word-alignment/europarl-de-en-bicici/test.jsonl.gz", 100),
    "bible-en-tr-gold": ("word-alignment/bible-en-tr-gold/test.jsonl.gz", 51),
}
SHIPPED = {"hansards-en-fr": "en-fr"}
TAG = re.compile(r"<(/?)(\w+)([^>]*)>")
Row = dict[str, Any]


@dataclass(kw_only=True)
class Figures:
    """What was counted over the pairs of a set."""

    tags: int = 0
    lost: int = 0
    invented: int = 0
    inside_a_word: int = 0
    crossed: int = 0
    texts_changed: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    of: Counter[str] = field(default_factory=Counter)

    def share(self, kind: str) -> float | None:
        """Return the share of tags of a kind that stand where the gold links put them."""
        return self.hits[kind] / self.of[kind] if self.of[kind] else None


def main() -> None:
    """Measure every set with every aligner and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", action="append", default=[], metavar="SET=NAME", help="another aligner for a set")
    options = parser.parse_args()
    models = SHIPPED | dict(given.split("=", 1) for given in options.model)
    rows = []
    for name, (file, count) in SETS.items():
        pairs = [within(row) for row in list(objects(options.data / file))[:count]]
        for system, make in aligners(models.get(name)).items():
            rows.append({"set": name, "aligner": system, **columns(measure(pairs, make))})
    given = "".join(f" --model {name}" for name in options.model)
    write_table("markup", rows, command=f"python -m benchmarks.markup --data DIR{given}")


def within(row: Row) -> Row:
    """Return a row without the sure links that point outside its words; the Europarl set has one."""
    sure = [[i, j] for i, j in row["sure"] if i < len(row["src"]) and j < len(row["tgt"])]
    return {**row, "sure": sure}


def aligners(model: str | None) -> dict[str, Callable[[Sequence[Row]], PairAligner]]:
    """Return what is measured: the diagonal, the gold links, and a model if one is given."""
    systems: dict[str, Callable[[Sequence[Row]], PairAligner]] = {
        "diagonal": lambda rows: GivenLinks(links=[diagonal(row) for row in rows], tokenized=True),
        "gold links": gold,
    }
    if model:
        systems[Path(model).name] = lambda _: loaded(model)
    return systems


def gold(rows: Sequence[Row]) -> GivenLinks:
    """Return the sure links as an aligner."""
    return GivenLinks(links=[sorted({(i, j) for i, j in row["sure"]}) for row in rows], tokenized=True)


def loaded(model: str) -> PairAligner:
    """Return an aligner with its model."""
    from latentalign import Aligner

    return Aligner.load(model=model, keep_matrix=True)


def diagonal(row: Row) -> list[tuple[int, int]]:
    """Return links along the diagonal, which need no knowledge at all."""
    return [(i, i * len(row["tgt"]) // len(row["src"])) for i in range(len(row["src"]))]


def measure(rows: Sequence[Row], make: Callable[[Sequence[Row]], PairAligner]) -> Figures:
    """Transfer the tags of some rows with an aligner, and compare them with the gold links.

    Args:
        rows: with ``src`` and ``tgt`` (words) and ``sure`` (links).
        make: from the rows to an aligner; most ignore them.
    """
    pairs = [TextPair(source=tagged(row, number), target=" ".join(row["tgt"])) for number, row in enumerate(rows)]
    figures = Figures()
    for pair, row, result, wanted in zip(
        pairs, rows, placed(make(rows), pairs), placed(gold(rows), pairs), strict=True
    ):
        look(pair, result.markup, figures)
        compare(row, result, wanted, figures)
    return figures


def placed(aligner: PairAligner, pairs: Iterable[TextPair]) -> Iterator[MarkupTransfer]:
    """Yield the transfers; a failure ends the benchmark."""
    for result in MarkupProjector(aligner=aligner, tokenized=True).project_many(pairs):
        if isinstance(result, Failure):
            raise result.error
        yield result


def tagged(row: Row, number: int) -> str:
    """Return the source words of a row with tags, each with an id; the same for the same number."""
    chance = random.Random(number)
    words = row["src"]
    stretches: list[tuple[int, int]] = []
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(words))
        end = min(len(words), start + chance.randint(1, 4))
        if all(end <= a or b <= start or (a <= start and end <= b) or (start <= a and b <= end) for a, b in stretches):
            stretches.append((start, end))
    void = chance.randrange(len(words) + 1)
    before: dict[int, str] = {}
    behind: dict[int, str] = {}
    for index, (start, end) in enumerate(sorted(set(stretches), key=lambda one: (one[0], -one[1]))):
        before[start] = before.get(start, "") + f'<b id="{index}">'
        behind[end - 1] = "</b>" + behind.get(end - 1, "")
    parts = [f"{before.get(i, '')}{escaped(word)}{behind.get(i, '')}" for i, word in enumerate(words)]
    parts.insert(void, "<br/>")
    return " ".join(parts)


def look(pair: TextPair, markup: str, figures: Figures) -> None:
    """Count what is wrong with a result, whatever the links say."""
    before, after = (Counter(match[0] for match in TAG.finditer(text)) for text in (pair.source, markup))
    figures.tags += sum(1 for match in TAG.finditer(pair.source) if not match[1])
    figures.lost += sum((before - after).values())
    figures.invented += sum((after - before).values())
    figures.texts_changed += html.unescape(TAG.sub("", markup)) != pair.target
    figures.inside_a_word += len(re.findall(rf"(?<=[^\s>])(?:{TAG.pattern})+(?=[^\s<])", markup))
    depth: list[str] = []
    for match in TAG.finditer(markup):
        if match[1]:
            figures.crossed += not depth or depth.pop() != match[2]
        elif not match[3].endswith("/"):
            depth.append(match[2])
    figures.crossed += len(depth)


def compare(row: Row, result: MarkupTransfer, wanted: MarkupTransfer, figures: Figures) -> None:
    """Count which tags stand where the gold links put them."""
    for tag, true in zip(result.tags, wanted.tags, strict=True):
        if tag.closing and not true.confidence:
            continue  # its words have no gold link, so that there is no place to hit
        kinds = ["void"] if not tag.closing else ["all"]
        if tag.closing and is_clear_cut(row, result.evidence.source_spans, tag.source):
            kinds.append("clear-cut")
            kinds += ["sure"] if tag.confidence >= 0.5 else []
        for kind in kinds:
            figures.of[kind] += 1
            figures.hits[kind] += tag.target == true.target


def is_clear_cut(row: Row, units: Sequence[tuple[int, int]], source: tuple[int, int]) -> bool:
    """Return whether all words of a tag are surely linked to one stretch, and no possible link crosses its ends."""
    words = {index for index, (start, end) in enumerate(units) if source[0] < end and start < source[1]}
    sure, every = ({(i, j) for name in names for i, j in row[name]} for names in (["sure"], ["sure", "possible"]))
    targets = {j for i, j in sure if i in words}
    crossing = any((i in words) != (j in targets) for i, j in every)
    complete = words <= {i for i, _ in sure} and bool(targets)
    return complete and not crossing and max(targets) - min(targets) == len(targets) - 1


def columns(figures: Figures) -> dict[str, Any]:
    """Return the figures as the columns of the table, shares in percent."""
    shares = {kind: figures.share(kind) for kind in ("all", "clear-cut", "sure", "void")}
    percent = {kind: None if share is None else round(100 * share, 1) for kind, share in shares.items()}
    return {
        "tags": figures.tags,
        "lost": figures.lost,
        "invented": figures.invented,
        "inside a word": figures.inside_a_word,
        "crossed": figures.crossed,
        "text changed": figures.texts_changed,
        "pairs at gold %": percent["all"],
        "clear-cut": figures.of["clear-cut"],
        "at gold %": percent["clear-cut"],
        "certain": figures.of["sure"],
        "of these %": percent["sure"],
        "void at gold %": percent["void"],
    }


if __name__ == "__main__":
    main()
