"""Parallel texts whose first pairs have gold links; every system reads the same lists of words."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

Links = set[tuple[int, int]]
Pair = tuple[list[str], list[str]]
WORDS = re.compile(r"\d+(?:[.,]\d+)*|\w+['’](?=\w)|['’]\w+|\w+|[^\w\s]")
ENGLISH = re.compile(r"\d+(?:[.,]\d+)*|[’']s\b|\w+(?:['’]\w+)*|[^\w\s]")


@dataclass(frozen=True, kw_only=True)
class Gold:
    """The links of one pair."""

    sure: Links
    possible: Links


@dataclass(frozen=True, kw_only=True)
class AlignmentSet:
    """A corpus.

    Args:
        pairs: words; the first ones have gold.
        gold: of the first pairs.
        partial: the gold covers some words only, and links that touch none of them are not scored.
    """

    pairs: Sequence[Pair]
    gold: Sequence[Gold]
    partial: bool = False

    def scored(self, links: Links, gold: Gold) -> Collection[tuple[int, int]]:
        """Return those of the links that the gold can judge."""
        if not self.partial:
            return links
        rows, columns = {i for i, _ in gold.sure}, {j for _, j in gold.sure}
        return {(i, j) for i, j in links if i in rows or j in columns}


def split(text: str, language: str) -> list[str]:
    """Return the lower-case words of a line."""
    return (ENGLISH if language == "en" else WORDS).findall(text.replace("’", "'").lower())


def lines(path: Path) -> list[str]:
    """Return the lines of a gzipped file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return file.read().split("\n")[:-1]


def multi30k(data: Path, source: str, target: str) -> list[Pair]:
    """Return the training captions of two languages."""
    sides = [lines(data / f"translation/multi30k/train.{language}.gz") for language in (source, target)]
    return [(split(one, source), split(other, target)) for one, other in zip(*sides, strict=True)]


def tatoeba(data: Path, folder: str, languages: tuple[str, str]) -> list[Pair]:
    """Return the training sentences of two languages, in the order of the file."""
    rows = (line.split("\t") for line in lines(data / f"translation/{folder}/train.tsv.gz"))
    return [(split(row[0], languages[0]), split(row[1], languages[1])) for row in rows]


def iwslt(data: Path) -> list[Pair]:
    """Return the validation sentences of German and English talks, which are split into words already."""
    sides = [lines(data / f"translation/iwslt14-de-en/valid.{language}.gz") for language in ("de", "en")]
    return [(one.split(), other.split()) for one, other in zip(*sides, strict=True)]


def hand_made(data: Path, file: str) -> tuple[list[Pair], list[Gold]]:
    """Return the pairs and links of a gold file."""
    rows = [json.loads(line) for line in lines(data / "word-alignment" / file)]
    pairs = [([word.lower() for word in row["src"]], [word.lower() for word in row["tgt"]]) for row in rows]
    gold = [Gold(sure={(i, j) for i, j in row["sure"]}, possible={(i, j) for i, j in row["possible"]}) for row in rows]
    return pairs, gold


def silver(language: str) -> Callable[[Path], AlignmentSet]:
    """Return a loader of a small machine-made set, whose links cover a part of the words."""

    def load(data: Path) -> AlignmentSet:
        folder = data / "word-alignment/silveralign-small"
        texts = [line.lower().split(" ||| ") for line in lines(folder / f"en-{language}.parallel.txt.gz")]
        gold = [Gold(sure=set(), possible=set()) for _ in texts]
        for line in lines(folder / f"en-{language}.silver.txt.gz"):
            number, *links = line.split()
            sure = {(int(i), int(j)) for i, j in (link.split("-") for link in links)}
            gold[int(number)] = Gold(sure=sure, possible=set())
        return AlignmentSet(pairs=[(one.split(), other.split()) for one, other in texts], gold=gold, partial=True)

    return load


def hansards(data: Path, *more: list[Pair]) -> AlignmentSet:
    """Return the Hansards dev sentences and more text."""
    pairs, gold = hand_made(data, "hansards-en-fr/dev.jsonl.gz")
    return AlignmentSet(pairs=[*pairs, *(pair for text in more for pair in text)], gold=gold)


def europarl(data: Path) -> AlignmentSet:
    """Return the German-English Europarl sentences, captions and talks."""
    pairs, gold = hand_made(data, "europarl-de-en-bicici/test.jsonl.gz")
    return AlignmentSet(pairs=[*pairs, *multi30k(data, "de", "en"), *iwslt(data)], gold=gold)


def bible(data: Path) -> AlignmentSet:
    """Return the English-Turkish verses and the small set's text."""
    pairs, gold = hand_made(data, "bible-en-tr-gold/test.jsonl.gz")
    return AlignmentSet(pairs=[*pairs, *silver("tr")(data).pairs], gold=gold)


SETS: dict[str, Callable[[Path], AlignmentSet]] = {
    "i": lambda data: hansards(data, multi30k(data, "en", "fr")),
    "ii": lambda data: hansards(data, tatoeba(data, "tatoeba-en-fr", ("en", "fr")), multi30k(data, "en", "fr")),
    "de-en": europarl,
    "en-tr": bible,
    **{f"silver-{language}": silver(language) for language in ("cs", "de", "fa", "fr", "hi", "ro", "tr")},
}
