"""How well each sentence of a document answers to what is said of the document elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from latentalign.errors import InputError
from latentalign.models.features import Featurizer
from latentalign.models.idf import Idf
from latentalign.models.units import Encoded, Units
from latentalign.text.citations import citation_marks
from latentalign.text.function_words import is_content
from latentalign.text.words import words

if TYPE_CHECKING:
    from latentalign.models.encoder import Encoder


@dataclass(frozen=True, kw_only=True)
class RankerConfig:
    r"""What a sentence is worth, in log-odds times a temperature.

    $$V(c, s) = \sum_w \mathrm{idf}_w\,\lambda_s \max_v L_{wv} + a \cos(\bar c, \bar s) - p\,\frac{i}{n}, \quad
    \lambda_s = \frac{1 + k}{1 + k\,(1 - b + b\,|s| / \overline{|s|})}$$

    $L_{wv}$ is 1 for one stem, else at most ``kin``, by the cosine of the hidden states above ``near``; $i$ is the
    place of the sentence among $n$. It is the family `independent` as the temperature goes to 0 (MaxSim) over a lexical
    and a hidden-state potential, with BM25's regard for long sentences.

    Args:
        whole: $a$.
        place: $p$; papers are cited for what they say early.
        kin, near: of words that are near each other in meaning.
        length: $b$.
        saturation: $k$.
        shared: how much what other citations of the same document point at counts, in log-odds times a temperature.
        temperature: turns values into probabilities.
        null: the fit (see ``Ranking``) of "nothing here is what is cited".
        slope: of the probability of that.
        model: encoder by name or folder; None is the default one.
        language: of the stemmer.
    """

    whole: float = 16.0
    place: float = 4.0
    kin: float = 0.5
    near: float = 0.6
    length: float = 0.4
    saturation: float = 1.2
    shared: float = 0.5
    temperature: float = 4.0
    null: float = 0.65
    slope: float = 12.0
    model: str | None = None
    language: str = "english"


@dataclass(frozen=True, kw_only=True, eq=False)
class Document:
    """The sentences of a document, encoded.

    Args:
        units: of each sentence, its words.
        pooled: (sentence, features) of length 1.
        states: (content word, features) of length 1, the content words of all sentences end to end.
        sentence, place: (content word,) the sentence of each, and how many content words stand before it there.
        word_at: (sentence, width) which word each content word is; -1 in the padding.
        where: the content words of each stem.
        idf: of stems, over these sentences.
    """

    units: tuple[Units, ...]
    pooled: Tensor
    states: Tensor
    sentence: Tensor
    place: Tensor
    word_at: Tensor
    where: dict[str, list[int]]
    idf: Idf

    @property
    def width(self) -> int:
        """The most content words of a sentence."""
        return self.word_at.shape[1]

    @property
    def lengths(self) -> Tensor:
        """(sentence,) how many content words each has."""
        return (self.word_at >= 0).sum(dim=1).float()


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """The values of the sentences of a document for one text.

    Args:
        value: (sentence,) $V$.
        parts: (sentence, word) what each word of the text gives.
        links: (sentence, word) the word of the sentence that gives it, -1 where none does.
        whole: (sentence,) what the two as wholes give.
        fit: (sentence,) the idf-weighted share of the text that the sentence explains, plus the cosine of the two: it
            does not grow with the text or the document, and so may be compared among documents.
    """

    value: Tensor
    parts: Tensor
    links: Tensor
    whole: Tensor
    fit: Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class SentenceRanker:
    """Values sentences for a text.

    Args:
        encoder: of words and sentences.
        settings: of the value.
        background: document frequencies of stems in other documents, to be averaged with those of the document.
    """

    encoder: Encoder
    settings: RankerConfig = field(default_factory=RankerConfig)
    background: Idf | None = None

    @cached_property
    def featurizer(self) -> Featurizer:
        """The rule by which two words are one."""
        return Featurizer(mode="stem", language=self.settings.language)

    def read(self, sentences: Sequence[str]) -> Document:
        """Return the sentences of a document, encoded.

        Raises:
            InputError: there is none.

        Cost: one pass of the encoder over each sentence.
        """
        if not sentences:
            raise InputError(wanted="at least one sentence", came="none", where="document")
        units = tuple(words_of(one) for one in sentences)
        stems = [self.stems(one) for one in units]
        content = [[place for place, stem in enumerate(some) if stem] for some in stems]
        flat = [(number, order, word) for number, some in enumerate(content) for order, word in enumerate(some)]
        word_at = torch.full((len(units), max(1, *map(len, content), 1)), -1)
        where: dict[str, list[int]] = {}
        for entry, (number, order, word) in enumerate(flat):
            word_at[number, order] = word
            where.setdefault(stems[number][word], []).append(entry)
        encoded = self.encode(units)
        counts = {stem: len({flat[entry][0] for entry in entries}) for stem, entries in where.items()}
        return Document(
            units=units,
            pooled=torch.stack([_given(one.pooled) for one in encoded]),
            states=torch.cat([_given(one.states)[some] for one, some in zip(encoded, content, strict=True)]),
            sentence=torch.tensor([number for number, _, _ in flat], dtype=torch.long),
            place=torch.tensor([order for _, order, _ in flat], dtype=torch.long),
            word_at=word_at,
            where=where,
            idf=Idf(documents=len(units), counts=counts),
        )

    def encode(self, units: Iterable[Units]) -> tuple[Encoded, ...]:
        """Return what the encoder says of some texts: of each word, and of the whole, as vectors of length 1."""
        found = self.encoder.encode(list(units), level="word")
        return tuple(
            Encoded(states=F.normalize(_given(one.states), dim=-1), pooled=F.normalize(_given(one.pooled), dim=-1))
            for one in found
        )

    @torch.inference_mode()
    def rank(self, text: Units, document: Document, known: Encoded | None = None) -> Ranking:
        """Return the values of the sentences of a document for a text.

        Args:
            text: with its words; those that name the cited work do not count, nor do function words and repetitions.
            document: what ``read`` gave.
            known: what ``encode`` said of the text.

        Cost: the words of the text times those of the document.
        """
        chosen = self.settings
        encoded = known or self.encode([text])[0]
        own = self._asked(text)
        rare = torch.tensor([self._idf(stem, document) if stem else 0.0 for stem in own])
        factor = 1 - chosen.length + chosen.length * document.lengths / document.lengths.mean().clamp_min(1.0)
        factor = (1 + chosen.saturation) / (1 + chosen.saturation * factor)
        alike, links = self._alike(own, _given(encoded.states), document)
        parts = factor[:, None] * rare * alike
        cosine = (document.pooled @ _given(encoded.pooled)).cpu()
        places = torch.arange(len(document.units)) / len(document.units)
        return Ranking(
            value=parts.sum(dim=1) + chosen.whole * cosine - chosen.place * places,
            parts=parts,
            links=links,
            whole=chosen.whole * cosine,
            fit=(rare * alike).sum(dim=1) / rare.sum().clamp_min(1e-9) + cosine,
        )

    def _alike(self, own: list[str], states: Tensor, document: Document) -> tuple[Tensor, Tensor]:
        """Return (sentence, word) how like its likest word of a sentence each word of the text is, and which it is."""
        shape = len(document.units), len(own)
        best, links = torch.zeros(shape), torch.full(shape, -1)
        asked = [place for place, stem in enumerate(own) if stem]
        if not asked or not len(document.states):
            return best, links
        chosen = self.settings
        cosine = (states[asked] @ document.states.T).cpu()
        table = chosen.kin * ((cosine - chosen.near) / (1 - chosen.near)).clamp(0.0, 1.0)
        for row, place in enumerate(asked):
            table[row, document.where.get(own[place], [])] = 1.0
        padded = torch.zeros(len(asked), len(document.units), document.width)
        padded[:, document.sentence, document.place] = table
        highest, position = padded.max(dim=2)
        best[:, asked] = highest.T
        words = document.word_at[torch.arange(len(document.units)), position]
        links[:, asked] = torch.where(highest > 0, words, -1).T
        return best, links

    def _idf(self, stem: str, document: Document) -> float:
        own = document.idf(stem)
        return own if self.background is None else (own + self.background(stem)) / 2

    def _asked(self, text: Units) -> list[str]:
        """Return the stems of a text, empty for words that do not count."""
        marks = citation_marks(text.text)
        found: list[str] = []
        for span, stem in zip(text.spans, self.stems(text), strict=True):
            named = any(start <= span.start < end for start, end in marks)
            found.append("" if named or stem in found else stem)
        return found

    def stems(self, text: Units) -> tuple[str, ...]:
        """Return the stem of each word of a text, empty for words that say nothing."""
        return tuple(self.featurizer.of_word(one)[0] if is_content(one) else "" for one in text.strings)


def words_of(text: str) -> Units:
    """Return a text with its words."""
    return Units(text=text, spans=words(text))


def _given(tensor: Tensor | None) -> Tensor:
    assert tensor is not None
    return tensor
