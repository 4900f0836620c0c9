"""A sentence that cites a paper, and the sentences of the paper that it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latentalign import config
from latentalign.errors import InputError
from latentalign.formats.fields import evidence_fields
from latentalign.text.characters import check_text, is_blank
from latentalign.text.sentences import sentences
from latentalign.text.spans import Evidence, Link

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.models.idf import Idf
    from latentalign.models.sentence_ranker import Document, RankerConfig, Ranking, SentenceRanker
    from latentalign.models.units import Units


@dataclass(frozen=True, kw_only=True)
class CitedSentence:
    """A sentence that may be what is cited.

    Args:
        index: its place in the document, from 0.
        text: the sentence.
        probability: that it is cited, calibrated; those of all sentences and ``nothing`` sum to 1.
        value: of the match.
        evidence: the words of the citation, the source, aligned with those of the sentence.
        carried: of each word of the citation, what it gives to the value.
        whole: what the two sentences as wholes give to the value.
    """

    index: int
    text: str
    probability: float
    value: float
    evidence: Evidence
    carried: tuple[float, ...]
    whole: float

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {
            "index": self.index,
            "text": self.text,
            "probability": self.probability,
            "value": self.value,
            "whole": self.whole,
            "carried": list(self.carried),
            "evidence": evidence_fields(self.evidence),
        }


@dataclass(frozen=True, kw_only=True)
class Citation:
    """The answer for one citing sentence.

    Args:
        text: the citing sentence.
        ranked: sentences, the most probable one first.
        nothing: the probability that none of them is what is cited.
        id: of the record, if it has one.
    """

    text: str
    ranked: tuple[CitedSentence, ...]
    nothing: float
    id: str | None = None

    @property
    def abstains(self) -> bool:
        """Whether it is more likely than not that nothing in the document is cited."""
        return self.nothing > 0.5

    @property
    def evidence(self) -> Evidence:
        """The evidence of the first sentence."""
        return self.ranked[0].evidence

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {
            "id": self.id,
            "text": self.text,
            "abstains": self.abstains,
            "nothing": self.nothing,
            "ranked": [one.to_fields() for one in self.ranked],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class CitationLinker:
    """Finds the sentences of a paper that a citing sentence speaks of.

    Args:
        ranker: values the sentences.
        top: how many a result ranks.
    """

    ranker: SentenceRanker
    top: int = 5

    @classmethod
    def load(cls, *, background: Idf | None = None, top: int = 5, **changes: Any) -> CitationLinker:
        """Return a linker with its encoder loaded.

        Args:
            background: document frequencies of stems in a corpus of papers.
            top: how many sentences a result ranks.
            changes: settings of ``RankerConfig``.

        Raises:
            UnknownNameError: a setting that does not exist.
            ModelError: the encoder cannot be found.
        """
        from latentalign.models.scorer import load_encoder
        from latentalign.models.sentence_ranker import RankerConfig, SentenceRanker

        settings: RankerConfig = config.parse(RankerConfig, changes, where="CitationLinker")
        encoder = load_encoder(model=settings.model)
        return cls(ranker=SentenceRanker(encoder=encoder, settings=settings, background=background), top=top)

    def link(self, citation: str, document: str | Sequence[str]) -> Citation:
        """Return the sentences of a document that a citing sentence speaks of.

        Raises:
            InputError: a blank citation, or a document without a sentence.
        """
        return self.link_many([citation], document)[0]

    def link_many(self, citations: Sequence[str], document: str | Sequence[str]) -> list[Citation]:
        """Return the same for several citing sentences of one document, each helped by what the others point at.

        Args:
            citations: sentences that cite the document, the words that name it included.
            document: its text, or its sentences.

        Raises:
            InputError: a blank citation, or a document without a sentence.
        """
        for number, one in enumerate(citations):
            if is_blank(check_text(one, where=f"citation {number}")):
                raise InputError(wanted="a citing sentence", came="a blank one", where=f"citation {number}")
        read = self.ranker.read(split(document))
        rankings = self.rankings(citations, read)
        values = shared([one.value for one in rankings], citations, self.ranker.settings)
        return [
            self._answer(one, ranking, value, read)
            for one, ranking, value in zip(citations, rankings, values, strict=True)
        ]

    def rankings(self, citations: Sequence[str], document: Document) -> list[Ranking]:
        """Return the values of all sentences for each citation by itself."""
        from latentalign.models.sentence_ranker import words_of

        units = [words_of(one) for one in citations]
        known = self.ranker.encode(units)
        return [self.ranker.rank(one, document, two) for one, two in zip(units, known, strict=True)]

    def _answer(self, citation: str, ranking: Ranking, value: Tensor, document: Document) -> Citation:
        from latentalign.models.sentence_ranker import words_of

        chances = probabilities(value, ranking.fit, self.ranker.settings)
        order = value.argsort(descending=True, stable=True).tolist()[: self.top]
        text = words_of(citation)
        return Citation(
            text=citation,
            ranked=tuple(
                CitedSentence(
                    index=place,
                    text=document.units[place].text,
                    probability=float(chances[place]),
                    value=float(value[place]),
                    evidence=_evidence(text, document.units[place], ranking, place, float(value[place])),
                    carried=tuple(ranking.parts[place].tolist()),
                    whole=float(ranking.whole[place]),
                )
                for place in order
            ),
            nothing=float(chances[-1]),
        )


def split(document: str | Sequence[str]) -> list[str]:
    """Return the sentences of a document that are not blank."""
    given = [span.of(document) for span in sentences(document)] if isinstance(document, str) else document
    return [one for one in given if not is_blank(check_text(one, where="document"))]


def probabilities(value: Tensor, fit: Tensor, settings: RankerConfig) -> Tensor:
    r"""Return (sentence + 1,) probabilities, the last one that of nothing.

    $$p_s = (1 - p_0)\,\mathrm{softmax}(V / T)_s, \quad p_0 = \sigma(k\,(\nu - \max_s f_s))$$

    Args:
        value: (sentence,) $V$.
        fit: (sentence,) $f$.
        settings: $T$, $k$ and $\nu$.
    """
    import torch

    scaled = value / settings.temperature
    nothing = torch.sigmoid(settings.slope * (settings.null - fit.max()))
    return torch.cat([(1 - nothing) * scaled.softmax(dim=0), nothing[None]])


def shared(values: Sequence[Tensor], citations: Iterable[str], settings: RankerConfig) -> list[Tensor]:
    r"""Return the values with what the other citations of the same document point at.

    $$V'_c = V_c + g \log(\tfrac15 + n \, \overline{\mathrm{softmax}(V_d / T)}_{d \ne c})$$

    A citation that is alone, or only repeats itself, keeps its values.
    """
    import torch

    texts = list(citations)
    mass = [(one / settings.temperature).softmax(dim=0) for one in values]
    found = []
    for text, value in zip(texts, values, strict=True):
        others = [one for other, one in zip(texts, mass, strict=True) if other != text]
        if others and settings.shared:
            found.append(value + settings.shared * (0.2 + len(value) * torch.stack(others).mean(dim=0)).log())
        else:
            found.append(value)
    return found


def _evidence(text: Units, sentence: Units, ranking: Ranking, place: int, value: float) -> Evidence:
    parts, links = ranking.parts[place].tolist(), ranking.links[place].tolist()
    weights = [part / (max(parts) or 1.0) for part in parts]
    linked = {other for other, part in zip(links, parts, strict=True) if part > 0}
    return Evidence(
        source=text.text,
        target=sentence.text,
        source_spans=text.spans,
        target_spans=sentence.spans,
        links=tuple(
            Link(text.spans[word], sentence.spans[other], weights[word])
            for word, other in enumerate(links)
            if parts[word] > 0
        ),
        null_source=tuple(0.0 if part > 0 else 1.0 for part in parts),
        null_target=tuple(0.0 if number in linked else 1.0 for number in range(len(sentence.spans))),
        score=value,
        family="independent",
    )
