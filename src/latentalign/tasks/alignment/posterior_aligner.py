"""Aligning with any model that gives posteriors of lists of words: what every trained word aligner shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, Self, TypeVar

from latentalign.errors import LatentAlignError
from latentalign.tasks.alignment.pair_aligner import align_one, check_sizes
from latentalign.text.clitics import split_clitics
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence, Link, Span
from latentalign.text.words import words

if TYPE_CHECKING:
    from latentalign.models.statistical.calibration import Calibration
    from latentalign.models.statistical.posterior import Engine, Posterior
    from latentalign.models.statistical.settings import StatisticalConfig
    from latentalign.models.statistical.vocabulary import Vocabulary

MAX_CELLS = 1_000_000
"""The largest pair: 1,000 by 1,000 words; the time goes with the cube of the length."""
Sides = tuple[tuple[Span, ...], tuple[Span, ...]]


class PosteriorModel(Protocol):
    """A model of words, as an aligner asks it."""

    @property
    def settings(self) -> StatisticalConfig:
        """The languages and the threshold."""
        ...

    @property
    def calibration(self) -> Calibration:
        """From the mass of a link to its probability."""
        ...

    @property
    def source(self) -> Vocabulary:
        """The words of the source side of the training text."""
        ...

    @property
    def target(self) -> Vocabulary:
        """The words of the target side of the training text."""
        ...

    def posteriors(
        self, pairs: Sequence[tuple[Sequence[str], Sequence[str]]], *, engine: Engine | None = None
    ) -> list[Posterior]:
        """Return the posterior of each pair of lists of words."""
        ...


Model = TypeVar("Model", bound=PosteriorModel)


@dataclass(frozen=True, kw_only=True, eq=False)
class PosteriorAligner(Generic[Model]):
    """Aligns words by the posteriors of a model.

    The weight of a link is the calibrated chance that a person would accept it; links below the threshold are not
    given. The NULL masses are posteriors: of a source word, the chance that it has no target word, and the other way
    round. The matrix, where it is kept, is the expected alignment (mean of the two directions), not calibrated.

    Args:
        model: gives posteriors.
        threshold: the least weight of a link.
        batch_size: pairs that are read together.
        keep_matrix: whether an evidence carries the whole expected alignment, as drawings need.
        engine: ``compiled`` (numba) or ``torch``, for what is statistical; None takes numba for streams, where it is
            installed, and torch for single pairs. Both give the same posteriors to 1e-6.
    """

    model: Model
    threshold: float = 0.5
    batch_size: int = 64
    keep_matrix: bool = False
    engine: Engine | None = None

    @property
    def family(self) -> str:
        """The name of the alignment family that the masses are of."""
        return "markov"

    def calibrate(
        self, pairs: Sequence[TextPair], gold: Sequence[Sequence[tuple[int, int]]], *, fitted_on: str
    ) -> Self:
        """Return the aligner with its probabilities fitted to gold links; the links that it gives stay the same.

        Args:
            pairs: with the words that the gold counts.
            gold: for each pair, the links that a person accepts, as (source word, target word) from 0.
            fitted_on: the name of the gold, kept with the model.
        """
        import numpy as np

        from latentalign.models.statistical.calibration import Calibration, agreed, gold_cells

        found = self._posteriors([self._units(pair) for pair in pairs], pairs)
        masses = [agreed(one.forward, one.backward) for one in found]
        accepted = gold_cells([(mass.shape[0], mass.shape[1]) for mass in masses], gold)
        curve = Calibration.fit(np.concatenate([mass.ravel() for mass in masses]), accepted, fitted_on=fitted_on)
        mass = self.model.calibration.inverse(self.threshold)
        model: Any = self.model
        return replace(self, model=replace(model, calibration=curve), threshold=curve.at(mass))

    def align(self, source: str | Sequence[str], target: str | Sequence[str]) -> Evidence:
        """Return the alignment of two texts, each a string or a list of words.

        Raises:
            InputError: a text without a word, or one that cannot be used; the message says which.
        """
        return align_one(self, source, target)

    def align_many(self, pairs: Iterable[TextPair | Failure]) -> Iterator[Evidence | Failure]:
        """Yield one result a pair, in input order; a pair that cannot be used yields a ``Failure`` and harms no other.

        Memory is bounded by ``batch_size`` and the longest pair, whatever the number of pairs.
        """
        waiting: list[tuple[TextPair | Failure, Sides | None]] = []
        cells = 0
        for pair in pairs:
            units: Sides | None = None
            if isinstance(pair, TextPair):
                try:
                    units = self._units(pair)
                except LatentAlignError as error:
                    pair = Failure(error=error, id=pair.id)  # noqa: PLW2901
            size = len(units[0]) * len(units[1]) if units else 0
            if waiting and (len(waiting) == self.batch_size or cells + size > MAX_CELLS):
                yield from self._batch(waiting)
                waiting, cells = [], 0
            waiting.append((pair, units))
            cells += size
        yield from self._batch(waiting)

    def split(self, text: str, *, side: Literal["source", "target"]) -> tuple[Span, ...]:
        """Return the words of a text of one side, its clitics cut off."""
        language: str = getattr(self.model.settings, side)
        return split_clitics(text, words(text), language=language)

    def knows(self, words: Iterable[str], *, side: Literal["source", "target"]) -> float:
        """Return the share of some words that the training text had on a side, 1 for no words."""
        from latentalign.models.statistical.vocabulary import normal

        found = getattr(self.model, side).find(normal(word) for word in words)
        return float((found >= 0).mean()) if found.size else 1.0

    def _units(self, pair: TextPair) -> Sides:
        settings = self.model.settings
        source, target = units(pair, (settings.source, settings.target))
        check_sizes(pair, source, target, unit="word", most=MAX_CELLS)
        return source, target

    def _batch(self, waiting: Sequence[tuple[TextPair | Failure, Sides | None]]) -> Iterator[Evidence | Failure]:
        usable = [(pair, units) for pair, units in waiting if isinstance(pair, TextPair) and units is not None]
        posteriors = iter(self._posteriors([units for _, units in usable], [pair for pair, _ in usable]))
        for pair, units in waiting:
            if isinstance(pair, Failure):
                yield pair
            elif units is not None:
                yield self._evidence(pair, units, next(posteriors))

    def _posteriors(self, spans: Sequence[Sides], pairs: Sequence[TextPair]) -> list[Posterior]:
        texts = [
            ([span.of(pair.source) for span in source], [span.of(pair.target) for span in target])
            for pair, (source, target) in zip(pairs, spans, strict=True)
        ]
        engine = self.engine or ("torch" if len(texts) == 1 else None)
        return self.model.posteriors(texts, engine=engine)

    def _evidence(self, pair: TextPair, spans: Sides, found: Posterior) -> Evidence:
        from latentalign.models.statistical.calibration import agreed

        source, target = spans
        mass = agreed(found.forward, found.backward)
        chance = self.model.calibration(mass)
        return Evidence(
            id=pair.id,
            source=pair.source,
            target=pair.target,
            source_spans=source,
            target_spans=target,
            links=tuple(
                Link(source[i], target[j], float(chance[i, j]))
                for i, j in zip(*(chance >= self.threshold).nonzero(), strict=True)
            ),
            null_source=tuple((1 - found.backward.sum(axis=1)).clip(0, 1).tolist()),
            null_target=tuple((1 - found.forward.sum(axis=0)).clip(0, 1).tolist()),
            score=found.value,
            family=self.family,
            matrix=tuple(map(tuple, mass.tolist())) if self.keep_matrix else (),
        )


def units(pair: TextPair, languages: tuple[str, str]) -> Sides:
    """Return the words of both sides: those that the pair brings, or its words with clitics cut off."""
    source, target = (
        spans if spans is not None else split_clitics(text, words(text), language=language)
        for text, spans, language in zip(
            (pair.source, pair.target), (pair.source_spans, pair.target_spans), languages, strict=True
        )
    )
    return source, target


def words_of(pair: TextPair, languages: tuple[str, str]) -> tuple[list[str], list[str]]:
    """Return the words of both sides of a pair as strings."""
    source, target = units(pair, languages)
    return [span.of(pair.source) for span in source], [span.of(pair.target) for span in target]
