"""Why a candidate explains a text, in words of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from latentalign.tasks.classification.result import Named
from latentalign.text.spans import Evidence, Link, Span

if TYPE_CHECKING:
    from latentalign.models.matcher.discriminant import Discriminant
    from latentalign.models.matcher.matcher import Matcher
    from latentalign.models.matcher.memory import Memory
    from latentalign.models.units import Encoded, Units

THRESHOLD = 0.2
"""The least expected mass of a link that is shown."""


@dataclass(frozen=True, kw_only=True)
class MatchEvidence:
    """What a match rests on.

    Args:
        evidence: the words of the text, the source, aligned with those of the text that explains it.
        shares: of each link, its share of what all links carry.
        carried: of each word of the text, what it carries of the value, in log-odds.
    """

    evidence: Evidence
    shares: tuple[float, ...]
    carried: tuple[float, ...]


def evidence_of(
    matcher: Matcher,
    text: Units,
    memory: Memory,
    candidate: int,
    *,
    known: dict[Units, Encoded] | None = None,
    threshold: float = THRESHOLD,
) -> MatchEvidence:
    r"""Return the alignment of a text with the text of a candidate that explains it best, and what carries the value.

    The share of a link is its part of the value, $A_{ij} \, S_{ij}$, over the sum of all such parts that are positive.

    Args:
        matcher: gives the alignment.
        text: what is explained, the source of the evidence.
        memory: the candidates.
        candidate: whose texts may explain it.
        known: what the encoder said of the text, where that is known.
        threshold: the least mass of a link.
    """
    found = matcher.explain(text, memory, candidate, known=known)
    reason = memory.units[found.text]
    mass, scores = found.alignment.expected.cpu(), found.alignment.scores.cpu()
    parts = (mass * scores).clamp_min(0.0)
    shares = (parts / parts.sum().clamp_min(1e-9)).tolist()
    shown = [(i, j) for i, j in (mass >= threshold).nonzero().tolist()]
    evidence = Evidence(
        source=text.text,
        target=reason.text,
        source_spans=text.spans,
        target_spans=reason.spans,
        links=tuple(Link(text.spans[i], reason.spans[j], float(mass[i, j])) for i, j in shown),
        null_source=tuple(found.alignment.null_query.tolist()),
        null_target=tuple(found.alignment.null_key.tolist()),
        score=found.value,
        family=type(matcher.family).__name__.lower(),
    )
    return MatchEvidence(
        evidence=evidence,
        shares=tuple(shares[i][j] for i, j in shown),
        carried=tuple(found.carried.cpu().tolist()),
    )


def names_in(text: Units, carried: Sequence[float], discriminant: Discriminant) -> tuple[Named, ...]:
    """Return the names of a catalogue in a text, each with what its words carry.

    Args:
        text: with its words.
        carried: (word,) what each carries.
        discriminant: knows the catalogue, if there is one.
    """
    return tuple(
        Named(
            span=Span(text.spans[start].start, text.spans[end - 1].end),
            concepts=concepts,
            carried=sum(carried[start:end]),
        )
        for start, end, concepts in discriminant.named(text)
    )
