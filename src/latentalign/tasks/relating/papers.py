"""The concepts of two papers aligned one to one, and the papers of a corpus that are related by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from latentalign import config
from latentalign.errors import InputError
from latentalign.formats.fields import evidence_fields
from latentalign.text.characters import check_text, is_blank
from latentalign.text.pairs import Failure
from latentalign.text.phrases import phrases
from latentalign.text.records import TextRecord
from latentalign.text.spans import Evidence, Link, Span

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.families import LatentAlignment
    from latentalign.models.scorer import PairScorer
    from latentalign.models.units import Encoded, Units

_WANTED = "a text that names a concept"


@dataclass(frozen=True, kw_only=True)
class PaperConfig:
    r"""How two papers are valued, $V = a \cos(\bar x, \bar y) + w\,2 \Phi(S) / (n + m)$.

    Args:
        whole: $a$.
        concepts: $w$.
        similarity: weight of the cosine of the hidden states of two phrases in $S$.
        spelling: weight of the cosine of their character n-grams.
        null: what a pair of phrases must be worth to be linked.
        most: concepts of a paper, those that come often and have more words first.
        related: the value from which on two papers are related.
        model: encoder by name or folder; None is the default one.
    """

    whole: float = 10.0
    concepts: float = 1.0
    similarity: float = 10.0
    spelling: float = 4.0
    null: float = 8.0
    most: int = 40
    related: float = 5.0
    model: str | None = None


@dataclass(frozen=True, kw_only=True)
class PaperRelation:
    """How two papers are related.

    Args:
        source, target: the names of the papers.
        value: of the match; above 0 they are called related, a level that was set by hand.
        evidence: the concepts of both, aligned one to one; those of one paper only are aligned to nothing.
        shares: of each link, its share of what all links carry.
    """

    source: str
    target: str
    value: float
    evidence: Evidence
    shares: tuple[float, ...] = field(default=())

    @property
    def abstains(self) -> bool:
        """Whether the papers are not related enough to say so."""
        return self.value <= 0

    @property
    def concepts(self) -> tuple[tuple[str, str, float], ...]:
        """The pairs of concepts with their shares, the largest first."""
        pairs = zip(self.evidence.pairs(), self.shares, strict=True)
        return tuple(
            (left, right, share) for (left, right, _), share in sorted(pairs, key=lambda one: (-one[1], one[0]))
        )

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {
            "source": self.source,
            "target": self.target,
            "value": self.value,
            "abstains": self.abstains,
            "concepts": [list(one) for one in self.concepts],
            "shares": list(self.shares),
            "evidence": evidence_fields(self.evidence),
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class PaperRelater:
    """Aligns the concepts of papers: phrases of their titles and abstracts, by meaning and spelling, one to one.

    Args:
        scorer: of phrases against phrases.
        settings: of the value.
    """

    scorer: PairScorer
    settings: PaperConfig

    @classmethod
    def load(cls, **changes: Any) -> PaperRelater:
        """Return a relater with its encoder loaded.

        Args:
            changes: settings of ``PaperConfig``.

        Raises:
            UnknownNameError: a setting that does not exist.
            ModelError: the encoder cannot be found.
        """
        from latentalign.models.scorer import PairScorer, ScorerConfig

        settings: PaperConfig = config.parse(PaperConfig, changes, where="PaperRelater")
        potentials = [
            {"name": "similarity", "weight": settings.similarity},
            {"name": "lexical", "weight": settings.spelling, "mode": "ngram"},
            {"name": "null", "weight": settings.null},
            {"name": "pooled", "weight": 0.0},
        ]
        return cls(scorer=PairScorer.load(ScorerConfig(model=settings.model, potentials=potentials)), settings=settings)

    def concepts(self, text: str) -> tuple[Span, ...]:
        """Return the phrases of a text that name its concepts, each different one once, in order."""
        found: dict[str, list[Span]] = {}
        for span in phrases(text):
            found.setdefault(span.of(text).casefold(), []).append(span)
        order = sorted(found.values(), key=lambda some: (-len(some) * _words(some[0], text), some[0].start))
        return tuple(sorted(some[0] for some in order[: self.settings.most]))

    def checked(self, paper: TextRecord) -> TextRecord | Failure:
        """Return a paper if it names a concept, else a failure in its place."""
        if self.concepts(paper.text):
            return paper
        error = InputError(wanted=_WANTED, came=repr(paper.text[:40]), where=paper.where or paper.id or "paper")
        return Failure(error=error, id=paper.id)

    def relate(self, source: str, target: str, *, names: tuple[str, str] = ("source", "target")) -> PaperRelation:
        """Return how two papers are related.

        Args:
            source, target: their texts.
            names: what they are called; two different ones.

        Raises:
            InputError: a paper without a phrase.
        """
        known = self._read(dict(zip(names, (source, target), strict=True)))
        return self._relation(names, known)

    def related(self, papers: Mapping[str, str], *, top: int = 5, among: int = 20) -> dict[str, list[PaperRelation]]:
        """Return for each paper of a corpus the others, those of the highest value first.

        Args:
            papers: texts by name, such as titles with abstracts.
            top: how many are told for each.
            among: how many, by the vectors of the texts, have their concepts aligned.

        Raises:
            InputError: a paper without a phrase.

        Cost: one pass of the encoder over each paper, and ``among`` small alignments a paper.
        """
        import torch

        known = self._read(papers)
        names = list(known)
        vectors = torch.stack([_pooled(known[name][1]) for name in names])
        cosines = (vectors @ vectors.T).fill_diagonal_(-2.0)
        found: dict[str, list[PaperRelation]] = {}
        for name, row in zip(names, cosines, strict=True):
            near = row.topk(min(among, len(names) - 1)).indices.tolist() if len(names) > 1 else []
            some = [self._relation((name, names[other]), known) for other in near]
            found[name] = sorted(some, key=lambda one: -one.value)[:top]
        return found

    def values(self, sources: Sequence[str], targets: Sequence[str], *, concepts: bool = True) -> Tensor:
        """Return (source, target) values of all pairs of some texts.

        Args:
            sources, targets: texts.
            concepts: whether their concepts are aligned; False leaves the cosine of the wholes.

        Raises:
            InputError: a text without a phrase.
        """
        import torch

        left = self._read({f"source {number}": text for number, text in enumerate(sources)})
        right = self._read({f"target {number}": text for number, text in enumerate(targets)})
        if not concepts:
            both = [torch.stack([_pooled(one) for _, one in side.values()]) for side in (left, right)]
            return self.settings.whole * both[0] @ both[1].T - self.settings.related
        known = {**left, **right}
        return torch.tensor([[self._relation((one, other), known).value for other in right] for one in left])

    def _read(self, papers: Mapping[str, str]) -> dict[str, tuple[Units, Encoded]]:
        from latentalign.models.units import Units

        units: dict[str, Units] = {}
        for name, text in papers.items():
            spans = () if is_blank(check_text(text, where=name)) else self.concepts(text)
            if not spans:
                raise InputError(wanted=_WANTED, came=repr(text[:40]), where=name)
            units[name] = Units(text=text, spans=spans)
        encoded = self.scorer.encode(list(units.values()), level="word")
        return {name: (one, encoded[one]) for name, one in units.items()}

    def _relation(self, names: tuple[str, str], known: Mapping[str, tuple[Units, Encoded]]) -> PaperRelation:
        source, target = (known[name] for name in names)
        alignment = self._alignment(source, target)
        cosine = float(_pooled(source[1]) @ _pooled(target[1]))
        value = 2 * float(alignment.value) / (len(source[0].spans) + len(target[0].spans))
        chosen = self.settings
        total = chosen.whole * cosine + chosen.concepts * value - chosen.related
        evidence, shares = _evidence(alignment, source[0], target[0], total)
        return PaperRelation(source=names[0], target=names[1], value=total, evidence=evidence, shares=shares)

    def _alignment(self, source: tuple[Units, Encoded], target: tuple[Units, Encoded]) -> LatentAlignment:
        from latentalign.families import LatentAlignment
        from latentalign.families.matching import Matching

        both = {source[0]: source[1], target[0]: target[1]}
        scores, mask = self.scorer.score([source[0]], [target[0]], level="word", known=both)
        return LatentAlignment(family=Matching(), scores=scores[0], mask=mask[0])


def _evidence(
    alignment: LatentAlignment, source: Units, target: Units, value: float
) -> tuple[Evidence, tuple[float, ...]]:
    links = alignment.best
    places = links.nonzero().tolist()
    parts = [float(alignment.scores[row, column]) for row, column in places]
    evidence = Evidence(
        source=source.text,
        target=target.text,
        source_spans=source.spans,
        target_spans=target.spans,
        links=tuple(Link(source.spans[row], target.spans[column], 1.0) for row, column in places),
        null_source=tuple((~links.any(dim=1)).float().tolist()),
        null_target=tuple((~links.any(dim=0)).float().tolist()),
        score=value,
        family="matching",
    )
    return evidence, tuple(part / max(sum(parts), 1e-9) for part in parts)


def _pooled(one: Encoded) -> Tensor:
    from torch.nn import functional as F

    assert one.pooled is not None
    return F.normalize(one.pooled, dim=-1)


def _words(span: Span, text: str) -> int:
    return len(span.of(text).replace("-", " ").split())
