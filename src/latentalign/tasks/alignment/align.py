"""Two texts in, an alignment with its evidence out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latentalign import config, registry
from latentalign.errors import LatentAlignError
from latentalign.tasks.alignment.aligner_config import DEFAULT_FAMILY, DEFAULT_POTENTIALS, AlignerConfig, Level
from latentalign.tasks.alignment.pair_aligner import align_one, check_sizes
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.segment import segment
from latentalign.text.spans import Evidence, Link

if TYPE_CHECKING:
    from latentalign.families import AlignmentFamily, LatentAlignment
    from latentalign.models.scorer import PairScorer
    from latentalign.models.units import Units
    from latentalign.tasks.alignment.distilled_aligner import DistilledAligner
    from latentalign.tasks.alignment.statistical_aligner import StatisticalAligner

MAX_CELLS = 25_000_000
"""The largest score matrix of one pair: 5,000 by 5,000 words, about 1 GB while it is worked on."""
MAX_CHARACTERS = 1_000_000
"""Texts whose states are held at once, unless one pair is longer: some 200,000 words, 300 MB of MiniLM states."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Aligner:
    """Aligns texts and shows why: scores from potentials, an alignment family over them, word-level evidence.

    Args:
        scorer: makes the score matrix of two texts.
        family: turns a score matrix into an alignment.
        level: what is aligned, ``word`` or ``sentence``.
        threshold: a link is given if its expected mass is at least this.
        batch_size: pairs that are scored together.
        keep_matrix: whether an evidence carries the whole expected alignment, as drawings need.
    """

    scorer: PairScorer
    family: AlignmentFamily
    level: Level = "word"
    threshold: float = 0.4
    batch_size: int = 64
    keep_matrix: bool = False

    @classmethod
    def load(
        cls, settings: AlignerConfig | None = None, *, keep_matrix: bool = False, **changes: Any
    ) -> Aligner | StatisticalAligner | DistilledAligner:
        """Return an aligner with its model loaded; keyword arguments are settings of ``AlignerConfig``.

        Where the model is a trained word aligner, that is returned; it has the same methods.

        Raises:
            ModelError: the encoder cannot be found; the message names every place that was tried.
            UnknownNameError: a family, a potential or a setting that does not exist.
        """
        from latentalign.tasks.alignment.trained_aligner import is_trained, load_trained

        chosen = settings or config.parse(AlignerConfig, changes, where="Aligner")
        if chosen.model is not None and is_trained(chosen.model):
            return load_trained(chosen, keep_matrix=keep_matrix)
        from latentalign.models.scorer import PairScorer, ScorerConfig

        scorer = PairScorer.load(
            ScorerConfig(
                model=chosen.model,
                layer=chosen.layer,
                pooled_layer=-1,
                device=chosen.device,
                potentials=DEFAULT_POTENTIALS[chosen.level] if chosen.potentials is None else chosen.potentials,
            )
        )
        wanted = {"name": chosen.family} if isinstance(chosen.family, str) else chosen.family or {}
        default = {} if "name" in wanted else DEFAULT_FAMILY[chosen.level]
        family = config.build(registry.families, {**default, **wanted}, where="family")
        return cls(
            scorer=scorer,
            family=family,
            level=chosen.level,
            threshold=cls.threshold if chosen.threshold is None else chosen.threshold,
            batch_size=chosen.batch_size,
            keep_matrix=keep_matrix,
        )

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
        for window in _windows(pairs, size=16 * self.batch_size):
            yield from self._window(window)

    def alignments(self, pairs: Sequence[TextPair]) -> Iterator[tuple[list[int], LatentAlignment]]:
        """Yield batches of pairs of similar length as tensors: their positions in ``pairs``, and their alignment.

        Raises:
            InputError: one of the pairs cannot be used.
        """
        prepared = [self._units(pair) for pair in pairs]
        yield from self._batches(dict(enumerate(prepared)))

    def _window(self, window: Sequence[TextPair | Failure]) -> Iterator[Evidence | Failure]:
        results: dict[int, Evidence | Failure] = {}
        usable: dict[int, tuple[Units, Units]] = {}
        for index, pair in enumerate(window):
            if isinstance(pair, Failure):
                results[index] = pair
                continue
            try:
                usable[index] = self._units(pair)
            except LatentAlignError as error:
                results[index] = Failure(error=error, id=pair.id)
        for members, alignment in self._batches(usable):
            found = self._evidence([usable[i] for i in members], [window[i].id for i in members], alignment)
            results.update(zip(members, found, strict=True))
        return (results[index] for index in range(len(window)))

    def _units(self, pair: TextPair) -> tuple[Units, Units]:
        from latentalign.models.units import Units

        source, target = (
            segment(text, level=self.level) if spans is None else spans
            for text, spans in ((pair.source, pair.source_spans), (pair.target, pair.target_spans))
        )
        check_sizes(pair, source, target, unit=self.level, most=MAX_CELLS)
        return Units(text=pair.source, spans=source), Units(text=pair.target, spans=target)

    def _batches(self, usable: dict[int, tuple[Units, Units]]) -> Iterator[tuple[list[int], LatentAlignment]]:
        import torch

        from latentalign.families import LatentAlignment

        texts = list(dict.fromkeys(side for sides in usable.values() for side in sides))
        with torch.inference_mode():
            known = self.scorer.encode(texts, level=self.level)
        order = sorted(usable, key=lambda index: [len(side.spans) for side in usable[index]])
        for members in _batched(order, usable, self.batch_size):
            sources, targets = zip(*(usable[index] for index in members), strict=True)
            with torch.inference_mode():
                scores, mask = self.scorer.score(sources, targets, level=self.level, known=known)
                yield members, LatentAlignment(family=self.family, scores=scores, mask=mask)

    def _evidence(
        self, pairs: Sequence[tuple[Units, Units]], names: Sequence[str | None], alignment: LatentAlignment
    ) -> Iterator[Evidence]:
        expected = alignment.expected.float().cpu().numpy()
        null_query, null_key = alignment.null_query.cpu().tolist(), alignment.null_key.cpu().tolist()
        for index, ((source, target), value) in enumerate(zip(pairs, alignment.value.cpu().tolist(), strict=True)):
            rows, columns = len(source.spans), len(target.spans)
            mass = expected[index, :rows, :columns]
            yield Evidence(
                id=names[index],
                source=source.text,
                target=target.text,
                source_spans=source.spans,
                target_spans=target.spans,
                links=tuple(
                    Link(source.spans[i], target.spans[j], float(mass[i, j]))
                    for i, j in zip(*(mass >= self.threshold).nonzero(), strict=True)
                ),
                null_source=tuple(null_query[index][:rows]),
                null_target=tuple(null_key[index][:columns]),
                score=value,
                family=type(self.family).__name__.lower(),
                matrix=tuple(map(tuple, mass.tolist())) if self.keep_matrix else (),
            )


def _windows(pairs: Iterable[TextPair | Failure], *, size: int) -> Iterator[list[TextPair | Failure]]:
    """Group pairs in order, as many as are encoded together: ``size`` at most, and a bounded number of characters."""
    window: list[TextPair | Failure] = []
    characters = 0
    for pair in pairs:
        window.append(pair)
        characters += 0 if isinstance(pair, Failure) else len(pair.source) + len(pair.target)
        if len(window) == size or characters > MAX_CHARACTERS:
            yield window
            window, characters = [], 0
    if window:
        yield window


def _batched(order: Sequence[int], usable: dict[int, tuple[Units, Units]], size: int) -> Iterator[list[int]]:
    """Group sorted members so that a batch has at most ``size`` pairs and its padded matrices stay bounded."""
    batch: list[int] = []
    rows = columns = 0
    for index in order:
        source, target = usable[index]
        rows_then, columns_then = max(rows, len(source.spans)), max(columns, len(target.spans))
        if batch and (len(batch) == size or (len(batch) + 1) * rows_then * columns_then > MAX_CELLS // 8):
            yield batch
            batch, rows_then, columns_then = [], len(source.spans), len(target.spans)
        batch.append(index)
        rows, columns = rows_then, columns_then
    if batch:
        yield batch
