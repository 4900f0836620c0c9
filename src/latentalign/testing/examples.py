"""Alignments with weights made by hand, for tests, documentation and drawings; no model is needed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from latentalign.text.spans import Evidence, Link, Span


def evidence(
    source: str,
    target: str,
    links: Mapping[tuple[str, str], float],
    *,
    source_units: Sequence[str] | None = None,
    target_units: Sequence[str] | None = None,
    score: float = 4.2,
) -> Evidence:
    """Return evidence from the weights between units, each named by its text; what is left of a unit is its NULL mass.

    Args:
        source, target: the texts.
        links: weight of a pair of units; where a text occurs twice, the first one is meant.
        source_units, target_units: the units in order; None splits at spaces.

    >>> evidence("the cat", "le chat", {("the", "le"): 0.9, ("cat", "chat"): 0.8}).null_target
    (0.1, 0.2)
    """
    rows, columns = _spans(source, source_units), _spans(target, target_units)
    row, column = ([span.of(text) for span in spans] for spans, text in ((rows, source), (columns, target)))
    matrix = [[0.0] * len(columns) for _ in rows]
    for (here, there), weight in links.items():
        matrix[row.index(here)][column.index(there)] = weight
    return from_matrix(source, target, rows, columns, matrix, score=score)


def from_matrix(
    source: str,
    target: str,
    rows: Sequence[Span],
    columns: Sequence[Span],
    matrix: Sequence[Sequence[float]],
    *,
    threshold: float = 0.1,
    score: float = 4.2,
) -> Evidence:
    """Return evidence from an expected alignment; the links are its cells of at least the threshold."""
    return Evidence(
        source=source,
        target=target,
        source_spans=tuple(rows),
        target_spans=tuple(columns),
        links=tuple(
            Link(rows[i], columns[j], weight)
            for i, row in enumerate(matrix)
            for j, weight in enumerate(row)
            if weight >= threshold
        ),
        null_source=tuple(round(max(0.0, 1.0 - math.fsum(row)), 6) for row in matrix),
        null_target=tuple(round(max(0.0, 1.0 - math.fsum(row[j] for row in matrix)), 6) for j in range(len(columns))),
        score=score,
        family="independent",
        matrix=tuple(map(tuple, matrix)),
    )


def passport() -> Evidence:
    """A question and its answer: reordered, with words that nothing answers."""
    return evidence(
        "Where can I renew my travel document?",
        "Passports are renewed at the city office.",
        {
            ("Where", "at"): 0.34, ("Where", "city"): 0.12, ("Where", "office"): 0.38,
            ("can", "are"): 0.21, ("renew", "renewed"): 0.94, ("my", "the"): 0.08,
            ("travel", "Passports"): 0.41, ("document", "Passports"): 0.52, ("document", "office"): 0.07,
        },
        source_units=["Where", "can", "I", "renew", "my", "travel", "document"],
        target_units=["Passports", "are", "renewed", "at", "the", "city", "office"],
        score=2.87,
    )  # fmt: skip


def german() -> Evidence:
    """A translation of forty words, with verbs at the other end of the clause."""
    source = (
        "The committee has decided (after a long debate) that the new railway line between the two cities "
        "will be built before the end of the decade, although several residents have appealed to the court."
    )
    target = (
        "Der Ausschuss hat nach langer Debatte beschlossen, dass die neue Bahnstrecke zwischen den beiden Städten "
        "vor Ende des Jahrzehnts gebaut werden soll, obwohl mehrere Anwohner vor Gericht gezogen sind."
    )
    pairs = (
        "The Der 90, committee Ausschuss 97, has hat 88, decided beschlossen 93, after nach 91, a langer 22,"
        "long langer 73, debate Debatte 96, that dass 92, the die 85, new neue 97, railway Bahnstrecke 55,"
        "line Bahnstrecke 43, between zwischen 95, two beiden 86, cities Städten 96, will soll 61, will werden 25,"
        "be werden 48, built gebaut 94, before vor 90, end Ende 93, of des 52, decade Jahrzehnts 92,"
        "although obwohl 95, several mehrere 93, residents Anwohner 95, have sind 60, appealed gezogen 71,"
        "appealed Gericht 14, to Gericht 10, court Gericht 72"
    )
    return evidence(
        source,
        target,
        {(s, t): int(w) / 100 for s, t, w in (pair.split() for pair in pairs.split(","))},
        source_units=[word.strip("(),.") for word in source.split()],
        target_units=[word.strip(",.") for word in target.split()],
        score=31.4,
    )


def arabic() -> Evidence:
    """English and Arabic, written from right to left."""
    return evidence(
        "The library opens at nine every morning.",
        "تفتح المكتبة في التاسعة كل صباح.",
        {
            ("The", "المكتبة"): 0.31, ("library", "المكتبة"): 0.66, ("opens", "تفتح"): 0.96, ("at", "في"): 0.89,
            ("nine", "التاسعة"): 0.93, ("every", "كل"): 0.95, ("morning", "صباح"): 0.97,
        },
        source_units=["The", "library", "opens", "at", "nine", "every", "morning"],
        target_units=["تفتح", "المكتبة", "في", "التاسعة", "كل", "صباح"],
        score=7.9,
    )  # fmt: skip


def chinese() -> Evidence:
    """English and Chinese, written without spaces."""
    return evidence(
        "The library opens at nine every morning.",
        "图书馆每天早上九点开门。",
        {
            ("library", "图书馆"): 0.97, ("opens", "开门"): 0.95, ("at", "点"): 0.24, ("nine", "九"): 0.78,
            ("nine", "点"): 0.2, ("every", "每天"): 0.9, ("morning", "早上"): 0.96,
        },
        source_units=["The", "library", "opens", "at", "nine", "every", "morning"],
        target_units=["图书馆", "每天", "早上", "九", "点", "开门"],
        score=6.3,
    )  # fmt: skip


def sentences() -> Evidence:
    """Sentences of an abstract and of its summary."""
    source = [
        "Word alignment is a long-standing problem in machine translation.",
        "Statistical models learn it from parallel text, while neural models leave it implicit in their attention.",
        "We show that attention weights of a trained transformer are a poor alignment unless they are guided.",
        "Three guidance losses are compared on five language pairs.",
        "The best of them halves the alignment error rate without any loss in translation quality.",
        "Code and models are released.",
    ]
    target = [
        "Attention in a transformer does not align words well by itself.",
        "Guiding it with a suitable loss halves the error and keeps the translations as good.",
    ]
    weights = {(1, 0): 0.22, (2, 0): 0.71, (3, 1): 0.31, (4, 1): 0.66}
    return evidence(
        " ".join(source),
        " ".join(target),
        {(source[i], target[j]): weight for (i, j), weight in weights.items()},
        source_units=source,
        target_units=target,
        score=5.1,
    )


def long(count: int = 2000) -> Evidence:
    """Two texts of ``count`` words whose order wanders, with every seventh word aligned to nothing."""
    stems = ("river", "stone", "garden", "window", "letter", "music", "winter", "corner", "bridge", "paper", "market")
    words = [f"{stems[k * 5 % 11]}{k % 97 or ''}" for k in range(count)]
    matrix = [[0.0] * count for _ in range(count)]
    for i in range(count):
        j = min(max(i + (i * 7 % 5) - 2, 0), count - 1)
        matrix[i][j] += 0.03 if i % 7 == 3 else 0.72
        matrix[i][min(i + 1, count - 1)] += 0.15
    source, target = " ".join(words), " ".join(word.upper() for word in words)
    return from_matrix(source, target, _spans(source, None), _spans(target, None), matrix, score=0.6 * count)


def _spans(text: str, units: Sequence[str] | None) -> list[Span]:
    spans, end = [], 0
    for unit in text.split() if units is None else units:
        start = text.index(unit, end)
        end = start + len(unit)
        spans.append(Span(start, end))
    return spans
