"""Triples beside texts, measured: the words that name their things, and the sentence that says each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentalign.evaluation.linking.recipe import f1
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import read_lines
from latentalign.tasks.linking.express import TripleAligner
from latentalign.tasks.linking.expressed import ExpressedText
from latentalign.text.characters import is_blank
from latentalign.text.spans import Span

Places = dict[str, set[Span]]
NOTE = (
    "spans: F1 of the stretches that name a subject or an object, with the offsets of the gold mentions, articles "
    "before and a possessive after left off; named: gold pronouns left out; sentence: share of the triples, of texts "
    "with several sentences, whose sentence is right; exact names: every place where the name itself stands, and the "
    "sentence with the most words of the triple. Nothing is trained, so every category is an unseen one; the few "
    "constants were chosen on 90 texts of the training split"
)


@dataclass(frozen=True, kw_only=True)
class ExpressingRecipe(Recipe):
    """Words of triples found in texts of the enriched WebNLG, beside exact names.

    Args:
        file: below the data folder.
        most: texts, evenly spread; None is all.
    """

    file: str = "kg/webnlg-enriched/dev.jsonl.gz"
    most: int | None = None

    def measure(self, data: Path) -> Report:
        """Align the triples of every text, and count."""
        given = [one for one in _read(data / self.file) if one["triples"]]
        rows = [one for one in given if not is_blank(one["text"])]
        blank = len(given) - len(rows)
        rows = rows[:: max(1, -(-len(rows) // self.most))] if self.most else rows
        aligner = TripleAligner.load()
        counts: dict[tuple[str, str], Counter[str]] = {}
        for row in rows:
            result = aligner.express(row["text"], row["triples"])
            for name, places, chosen in (
                ("ours", _ours(result), [one.sentence for one in result.expressions]),
                ("exact names", _exact(row), _most_words(row, result.sentences)),
            ):
                found = _counted(row, places, chosen, result.sentences)
                for category in ("all", row["category"]):
                    counts.setdefault((category, name), Counter()).update(found)
        table = [{"category": category, "system": name, **_figures(one)} for (category, name), one in counts.items()]
        table.sort(key=lambda one: (one["category"] != "all", str(one["category"])))
        return Report(
            title=f"Triples: {self.file}", rows=table, notes=(f"{len(rows)} texts; {blank} blank ones left out", NOTE)
        )


def gold_places(row: Mapping[str, Any], *, pronouns: bool) -> Places:
    """Return where each thing is named, found by going through the text with the mentions in their order."""
    found: Places = {}
    reached = 0
    for _, thing, kind, words in row["refs"]:
        pattern = r"\s*".join(map(re.escape, words.split()))
        match = re.compile(pattern, re.IGNORECASE).search(row["text"], reached)
        if match and thing:
            reached = match.end()
            if pronouns or kind in ("name", "description"):
                found.setdefault(_bare(thing), set()).add(trimmed(row["text"], Span(*match.span())))
    return found


def trimmed(text: str, span: Span) -> Span:
    """Return a stretch without an article before and a possessive or punctuation after it.

    >>> trimmed("The airport's runway", Span(0, 13)).of("The airport's runway")
    'airport'
    """
    start, end = span
    article = re.match(r"(?:the|an|a)\s+", text[start:end], re.IGNORECASE)
    start += article.end() if article else 0
    after = re.search(r"\s*['’]s?$|[\s,.]+$", text[start:end])
    return Span(start, start + after.start() if after and after.start() else end)


def _read(path: Path) -> list[dict[str, Any]]:
    return [json_object(line) for line in read_lines(path) if line.raw.strip()]


def _bare(thing: str) -> str:
    return thing.strip('"')


def _ours(result: ExpressedText) -> Places:
    found: Places = {}
    for one in result.expressions:
        for thing, spans in ((one.triple.subject, one.subject), (one.triple.object, one.object)):
            found.setdefault(_bare(thing), set()).update(trimmed(result.text, span) for span in spans)
    return found


def _exact(row: Mapping[str, Any]) -> Places:
    found: Places = {}
    for thing in {_bare(name) for one in row["triples"] for name in (one[0], one[2])}:
        matches = re.finditer(re.escape(thing.replace("_", " ")), row["text"], re.IGNORECASE)
        found[thing] = {trimmed(row["text"], Span(*one.span())) for one in matches}
    return found


def _most_words(row: Mapping[str, Any], spans: Sequence[Span]) -> list[int]:
    said = [set(_words(one.of(row["text"]))) for one in spans]
    triples = [set(_words(" ".join(one))) for one in row["triples"]]
    return [max(range(len(said)), key=lambda place: len(one & said[place])) for one in triples]


def _words(text: str) -> Iterator[str]:
    yield from re.findall(r"\w+", text.lower().replace("_", " "))


def _counted(row: Mapping[str, Any], places: Places, chosen: Sequence[int], spans: Sequence[Span]) -> Counter[str]:
    things = {_bare(name) for one in row["triples"] for name in (one[0], one[2])}
    found: Counter[str] = Counter()
    for kind, pronouns in (("all", True), ("named", False)):
        gold = gold_places(row, pronouns=pronouns)
        for thing in things:
            said, told = places.get(thing, set()), gold.get(thing, set())
            found.update({f"{kind} right": len(said & told), f"{kind} said": len(said), f"{kind} told": len(told)})
    if len(row["order"]) == len(spans) > 1:
        told_in = {_key(one.split(" | ")): place for place, those in enumerate(row["order"]) for one in those}
        for triple, place in zip(row["triples"], chosen, strict=True):
            if _key(triple) in told_in:
                found.update({"sentences": 1, "right sentences": int(told_in[_key(triple)] == place)})
    return found


def _key(triple: Sequence[str]) -> tuple[str, ...]:
    return tuple(one.replace('"', "") for one in triple)


def _figures(found: Counter[str]) -> dict[str, Cell]:
    return {
        "spans": f1(found["all right"], found["all said"], found["all told"]),
        "named": f1(found["named right"], found["named said"], found["named told"]),
        "sentence": 100 * found["right sentences"] / found["sentences"] if found["sentences"] else "–",
        "triples": found["sentences"],
    }
