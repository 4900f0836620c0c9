"""One value for a text and a candidate: how well the one explains the other, and which words carry it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.families import AlignmentFamily, LatentAlignment
from latentalign.models.matcher.candidate import Candidate
from latentalign.models.matcher.memory import Memory, read, vectors
from latentalign.models.matcher.reduction import by_candidate
from latentalign.models.matcher.respelling import respelled
from latentalign.models.potentials.lexical import Lexical
from latentalign.models.scorer import PairScorer
from latentalign.models.units import Encoded, Units

PAIRS = 1024
"""Pairs of texts that are aligned together."""

ENOUGH = 200
"""Texts whose document frequencies are worth something."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Explanation:
    """Why a candidate explains a text: its text that does so best, and the alignment of the two.

    Args:
        candidate: the number of the candidate.
        text: the number, in the memory, of that of its texts which has the highest value.
        alignment: of the words of the explained text (queries) and of that text (keys), without a batch axis.
        whole: the part of the value that the two texts as wholes give.
        words: the part that their words give.
        carried: (query,) what each word of the explained text carries of the value: its links, and its part of the
            whole beyond what it would give any candidate.
    """

    candidate: int
    text: int
    alignment: LatentAlignment
    whole: float
    words: float
    carried: Tensor

    @property
    def value(self) -> float:
        """The value of the two texts."""
        return self.whole + self.words


@dataclass(frozen=True, kw_only=True, eq=False)
class Matcher:
    r"""Values every candidate for a text; which text of the candidate, and which words of it, is latent.

    $$V(x, c) = \log \frac{1}{|c|} \sum_{y \in c} \exp v(x, y), \quad
    v(x, y) = a \cos(\bar x, \bar y) + w\,\frac{2\,\Phi(S(x, y))}{n + m}$$

    $S$ is the score matrix of the words and $\Phi$ the value of the family, so $\partial V / \partial S$ is the
    expected alignment with every text of the candidate, weighted by how likely it is to be the reason: score and
    evidence are one function. The words of the ``aligned`` texts with the nearest vectors are aligned; what their words
    give the others is taken to be no more than the least that was found.

    Args:
        scorer: gives the score matrix; its encoder gives the vectors $\bar x$ as well.
        family: $\Phi$.
        whole_weight: $a$, in log-odds.
        word_weight: $w$.
        aligned: texts whose words are aligned, for each text to be explained.
        spelling: whether a misspelled word of a text to be explained is read as the word of the memory that is one
            edit away (``text.spelling``), where it is no word of the encoder itself; evidence shows it as it was.

    Raises:
        InputError: an ``aligned`` below 1.

    Cost: one pass of the encoder over the text, one product with all vectors, and ``aligned`` small alignments.
    """

    scorer: PairScorer
    family: AlignmentFamily
    whole_weight: float = 14.0
    word_weight: float = 1.0
    aligned: int = 16
    spelling: bool = False

    def __post_init__(self) -> None:
        if self.aligned < 1:
            raise InputError(wanted="at least 1 text to align", came=repr(self.aligned), where="Matcher.aligned")

    def with_frequencies(self, texts: Sequence[str]) -> Matcher:
        """Return the matcher with the document frequencies of some texts, where there are ``ENOUGH`` to count."""
        if len(texts) < ENOUGH:
            return self
        potentials = tuple(
            one.fit(texts) if isinstance(one, Lexical) and one.idf is None else one for one in self.scorer.potentials
        )
        return replace(self, scorer=replace(self.scorer, potentials=potentials))

    def remember(self, candidates: Sequence[Candidate], *, before: Memory | None = None) -> Memory:
        """Return candidates encoded; a set of candidates can change at any time without training.

        Args:
            candidates: what is remembered.
            before: an earlier memory of this matcher, whose texts are not read again.
        """
        return Memory.of(candidates, self.scorer, before=before)

    def as_read(self, texts: Sequence[Units], memory: Memory) -> list[Units]:
        """Return texts as they are read: with misspelled words as those of the memory, where that is wanted."""
        if not self.spelling:
            return list(texts)
        return [respelled(one, memory.spelling, self.scorer.encoder) for one in texts]

    @torch.inference_mode()
    def values(
        self,
        texts: Sequence[Units],
        memory: Memory,
        *,
        without: Sequence[int] | None = None,
        known: dict[Units, Encoded] | None = None,
    ) -> Tensor:
        """Return (text, candidate) values, in log-odds.

        Args:
            texts: what is to be explained, with words each.
            memory: the candidates.
            without: for each text, the number of a text in the memory that may not explain it: itself.
            known: what ``read`` said of the texts, where that is known.
        """
        texts = self.as_read(texts, memory)
        seen = self.seen(texts, known)
        found = []
        step = max(1, PAIRS // self.aligned)
        for start in range(0, len(texts), step):
            gone = None if without is None else without[start : start + step]
            pairs = self._of_pairs(texts[start : start + step], memory, seen, gone)
            found.append(by_candidate(pairs, memory.owner, memory.counts, without=gone))
        return torch.cat(found) if found else torch.zeros(0, len(memory.candidates))

    @torch.inference_mode()
    def explain(
        self, text: Units, memory: Memory, candidate: int, *, known: dict[Units, Encoded] | None = None
    ) -> Explanation:
        """Return the text of a candidate that explains a text best, with the alignment of their words.

        Args:
            text: what is explained.
            memory: the candidates.
            candidate: its number.
            known: what ``read`` said of the text, where that is known.
        """
        own = (memory.owner == candidate).nonzero()[:, 0]
        (text,) = self.as_read([text], memory)
        known = self.seen([text], known)
        wholes = self._wholes([text], memory, known, some=own)[0]
        nearest = wholes.topk(min(self.aligned, len(own)))
        few = own[nearest.indices]
        alignment, words = self._words([text], memory, known, few[None])
        best = int((nearest.values + words[0]).argmax())
        rows, columns = len(text.spans), len(memory.units[int(few[best])].spans)
        one = LatentAlignment(
            family=self.family,
            scores=alignment.scores[best, :rows, :columns],
            mask=alignment.mask[best, :rows, :columns],
        )
        return Explanation(
            candidate=candidate,
            text=int(few[best]),
            alignment=one,
            whole=float(nearest.values[best]),
            words=float(words[0, best]),
            carried=self._carried(one, known.get(text), memory, int(few[best])),
        )

    def seen(self, texts: Sequence[Units], known: dict[Units, Encoded] | None) -> dict[Units, Encoded]:
        """Return what is known, with what ``read`` says of the texts that are not."""
        known = known or {}
        new = [one for one in texts if one not in known]
        return {**known, **read(new, self.scorer)} if new else known

    def _carried(self, alignment: LatentAlignment, found: Encoded | None, memory: Memory, number: int) -> Tensor:
        r"""Return (query,) $\frac{2 w}{n + m} \sum_j A_{ij} S_{ij} + \frac{a}{n} \frac{x_i}{|\bar x|} \cdot
        (\bar y - \mu)$, where $\mu$ is the mean vector of all texts in the memory."""
        rows, columns = alignment.scores.shape
        carried = 2 * self.word_weight / max(1, rows + columns) * (alignment.expected * alignment.scores).sum(dim=1)
        if found is None or found.states is None or found.pooled is None:
            return carried
        apart: Tensor = found.states @ (memory.pooled[number] - memory.mean) / found.pooled.norm().clamp_min(1e-9)
        return carried + self.whole_weight / max(1, rows) * apart

    def _of_pairs(
        self, texts: Sequence[Units], memory: Memory, known: dict[Units, Encoded], without: Sequence[int] | None
    ) -> Tensor:
        """Return (text, text in memory) values."""
        total = self._wholes(texts, memory, known)
        if not self.word_weight:
            return total
        ranked = total
        if without is not None:
            ranked = total.scatter(1, torch.tensor(without)[:, None], -torch.inf)
        few = ranked.topk(min(self.aligned, total.shape[1]), dim=1).indices
        _, words = self._words(texts, memory, known, few)
        rest = words.amin(dim=1, keepdim=True)
        return total + rest.expand_as(total).scatter(1, few, words)

    def _wholes(
        self, texts: Sequence[Units], memory: Memory, known: dict[Units, Encoded], *, some: Tensor | None = None
    ) -> Tensor:
        """Return (text, text in memory) what the texts as wholes give; some of those in the memory, or all."""
        pooled = memory.pooled if some is None else memory.pooled[some]
        if memory.states is None:
            return torch.zeros(len(texts), len(pooled))
        cosines: Tensor = vectors(texts, known) @ pooled.T
        return self.whole_weight * cosines

    def _words(
        self, texts: Sequence[Units], memory: Memory, known: dict[Units, Encoded], few: Tensor
    ) -> tuple[LatentAlignment, Tensor]:
        """Return the alignments of each text with few texts in the memory, and (text, few) what they give."""
        numbers = few.flatten().tolist()
        left = [one for one in texts for _ in range(few.shape[1])]
        right = [memory.units[number] for number in numbers]
        scores, mask = self.scorer.score(left, right, level="word", known={**known, **memory.known(numbers)})
        alignment = LatentAlignment(family=self.family, scores=scores, mask=mask)
        words = self.word_weight * per_unit(alignment)
        return alignment, words.reshape(few.shape)


def per_unit(alignment: LatentAlignment) -> Tensor:
    r"""Return (batch,) the value a unit, $2 \Phi / (n + m)$, so that a text does not win by its length."""
    units = alignment.mask.any(dim=-1).sum(dim=-1) + alignment.mask.any(dim=-2).sum(dim=-1)
    return 2 * alignment.value / units.clamp_min(1)
