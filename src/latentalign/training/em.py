"""Expectation-maximisation with sampled links: the tables of a statistical aligner, from sentence pairs alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from latentalign import registry
from latentalign.models.statistical.calibration import agreed
from latentalign.models.statistical.memory import Memory, Shares, fingerprint
from latentalign.models.statistical.model import StatisticalModel
from latentalign.models.statistical.settings import CARRIED_SETTLING, StatisticalConfig
from latentalign.models.statistical.spelling import STEPS, link_shares
from latentalign.models.statistical.table import Table
from latentalign.models.statistical.thresholds import of_masses
from latentalign.training.bitext import Bitext, likenesses, meetings

BLOCK = 1 << 18
"""Cells that one thread works on at a time; results do not depend on the number of threads, but on this."""
ASKED = 1000
"""Some so many training pairs are read for the threshold of the links."""
JUMPERS = 10_000
"""So many pairs or a few more are enough to count jumps in."""
FIRST_JUMP = 0.3
"""Before any has been counted, a jump loses this much log weight a place away from the next word."""


@dataclass(frozen=True, kw_only=True)
class Pass:
    """What one pass over the text did.

    Args:
        view: letters of the view.
        number: of the pass in its view, from 1.
        of: how many passes a view has.
        stage: ``lexical``, ``settling`` or ``averaged``.
        log_likelihood: of both sides given the other, against the shares of the words, a word, in nats.
        links: mass of the links, a source word.
    """

    view: int
    number: int
    of: int
    stage: str
    log_likelihood: float
    links: float


def fit(
    text: Bitext,
    settings: StatisticalConfig,
    *,
    threads: int = 1,
    report: Callable[[Pass], None] | None = None,
) -> StatisticalModel:
    """Return an aligner trained from nothing on a parallel text.

    For each view of the words: IBM model 1, then a hidden Markov model, in both directions at once. The two agree by
    the geometric mean of their posteriors; each pair is read without the links it has itself put into the counts; with
    word order, links are drawn and not spread. The counts of the last passes are averaged.

    Args:
        text: the parallel text.
        settings: of the model; their ``seed`` fixes the result.
        threads: the result is the same for any number of them.
        report: is called after every pass.

    Raises:
        MissingExtraError: numba is not installed.

    Cost: some 25 s of one core for 30,000 pairs of 15 words; 10 bytes a cell of the words by words matrices.

    Vogel, Ney and Tillmann 1996 (the model); Liang, Taskar and Klein 2006, section 3 (agreement, there by the product);
    Östling and Tiedemann 2016 (sampling and averaging, there by Gibbs sampling of whole alignments).
    """
    registry.require("numba", extra="fast")
    settings = settings.for_text(len(text))
    tables, shares, links = [], [], None
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for number, size in enumerate(settings.views):
            view = _View(text, size, settings, pool, chain=settings.views[:number].count(size))
            table, share = view.run(report, links)
            tables.append(table)
            shares.append(share)
            links = view.own if settings.carry else None
    memory = Memory(keys=_fingerprints(text), views=tuple(shares), passes=settings.averaged_passes)
    model = StatisticalModel(
        settings=settings, source=text.source, target=text.target, tables=tuple(tables), memory=memory
    )
    return model if settings.threshold is not None else replace(model, settings=_with_threshold(model, text))


def _with_threshold(model: StatisticalModel, text: Bitext) -> StatisticalConfig:
    """Return the settings with the threshold that some training pairs ask for."""
    pairs = [text.pair(number) for number in range(0, len(text), max(1, len(text) // ASKED))]
    masses = [agreed(*posterior[:2]) for posterior in model.posteriors(pairs)]
    return replace(model.settings, threshold=of_masses(masses))


class _View:
    """The training of one view."""

    def __init__(
        self, text: Bitext, size: int, settings: StatisticalConfig, pool: ThreadPoolExecutor, *, chain: int
    ) -> None:
        self.settings, self.size, self.pool, self.chain = settings, size, pool, chain
        self.met, source, target = meetings(text, size)
        self.kinds = len(source.words), len(target.words)
        self.shares = source.shares[:-1], target.shares[:-1]
        self.steps = likenesses(self.met, source, target)
        self.together = np.bincount(self.met.cells, minlength=len(self.met.rows)).astype(np.float64)
        self.own = np.zeros(self.met.cell_ends[-1], np.float32)
        self.times = np.zeros(len(self.own), np.uint8)
        self.alike = np.zeros(STEPS)
        self.diagonal, self.smoothing = 0.0, settings.smoothing_of(len(text))
        distance = np.abs(np.arange(-settings.width, settings.width + 1) - 1)
        self.jump = np.tile(np.exp(-FIRST_JUMP * distance), (2, 1))
        self.counts = self.no_counts()
        self.blocks = list(_blocks(self.met.cell_ends))

    def no_counts(self) -> tuple[NDArray[np.float64], ...]:
        """Return counts that are all zero, in the order of ``expectation.Counts``."""
        source, target = self.kinds
        return tuple(np.zeros(size) for size in (len(self.met.rows), source, target, source, target, 2))

    def run(
        self, report: Callable[[Pass], None] | None, links: NDArray[np.float32] | None = None
    ) -> tuple[Table, Shares]:
        """Make all passes and return the averaged counts, and what each pair has put into them.

        Args:
            report: see ``fit``.
            links: (cell,) of another view; begins with these.
        """
        settings = self.settings
        stages = ["lexical"] * settings.lexical_passes + ["settling"] * settings.settling_passes
        if links is not None:
            self.own[:] = links
            self.maximise()
            stages = ["settling"] * CARRIED_SETTLING
        stages += ["averaged"] * settings.averaged_passes
        sums = self.no_counts()
        for number, stage in enumerate(stages):
            value = self.expect(number, sampled=stage != "lexical")
            self.maximise()
            if stage == "averaged":
                self.times += self.own > 0.5
                sums = tuple(total + count for total, count in zip(sums, self.counts, strict=True))
            if report is not None:
                report(self.done(stage, number + 1, len(stages), value))
        return self.table(sums), _sparse(self.met.cell_ends, self.times)

    def done(self, stage: str, number: int, of: int, value: float) -> Pass:
        """Return what a pass did."""
        sources, targets = len(self.met.source_types), len(self.met.target_types)
        return Pass(
            view=self.size,
            number=number,
            of=of,
            stage=stage,
            log_likelihood=value / (sources + targets),
            links=float(self.counts[0].sum()) / sources,
        )

    def expect(self, number: int, *, sampled: bool) -> float:
        """Read every pair with the present counts; its links go into ``own``."""
        from latentalign.training.expectation import Counts, Prior, expect

        settings = self.settings
        ordered = sampled and settings.word_order
        prior = Prior(
            self.steps,
            self.alike,
            *self.shares,
            self.jump,
            self.diagonal,
            settings.null_chance,
            self.smoothing,
            settings.null_smoothing,
        )
        counts = Counts(*self.counts)
        every = max(1, (len(self.met.cell_ends) - 1) // JUMPERS)
        draws = [settings.seed, self.size, number] + ([self.chain] if self.chain else [])
        key = np.random.SeedSequence(draws).generate_state(1, np.uint64)[0]

        def work(block: tuple[int, int]) -> tuple[float, NDArray[np.float64]]:
            seen = np.zeros_like(self.jump)
            how = (ordered, sampled, settings.agreement)
            return expect(*block, self.met, counts, prior, *how, key, every, self.own, seen), seen

        done = list(self.pool.map(work, self.blocks))
        if ordered:
            self.jump = self.jumps(np.sum([seen for _, seen in done], axis=0))
        return float(sum(value for value, _ in done))

    def jumps(self, seen: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (2, 2W + 1) the weights of the jumps: how often each was seen, and an equal part of those that stray.

        A sentence of mean length has a place for each part.
        """
        places = np.array([[len(words)] for words in (self.met.source_types, self.met.target_types)])
        stray = self.settings.stray * seen.sum(axis=1, keepdims=True) / (places / (len(self.met.cell_ends) - 1))
        weights: NDArray[np.float64] = seen + stray + 1e-3
        return weights

    def maximise(self) -> None:
        """Count the links, how much the spelling tells of them, and how near the diagonal they stay."""
        from latentalign.training.expectation import Counts, tally
        from latentalign.training.tension import tension

        self.diagonal = self.settings.diagonal * tension(self.met, self.own) if self.settings.word_order else 0.0
        self.counts = self.no_counts()
        tally(self.met, self.own, Counts(*self.counts))
        worth = self.settings.spelling * self.settings.smoothing / self.smoothing  # as many links in a small text
        self.alike = worth * link_shares(self.steps, self.together, self.counts[0]) ** 2

    def table(self, sums: tuple[NDArray[np.float64], ...]) -> Table:
        """Return the sums over passes as a table without the pairs of types that were never linked."""
        links, source, target, null_source, null_target, _ = (np.rint(total).astype(np.int64) for total in sums)
        kept = np.flatnonzero(links)
        kept = kept[np.lexsort((self.met.columns[kept], self.met.rows[kept]))]
        ends = np.append(0, np.cumsum(np.bincount(self.met.rows[kept], minlength=self.kinds[0])))
        return Table(
            size=self.size,
            passes=self.settings.averaged_passes,
            ends=ends,
            columns=self.met.columns[kept],
            links=links[kept],
            source_links=source,
            target_links=target,
            null_source=null_source,
            null_target=null_target,
            alike=self.alike,
            jump=self.jump,
            scales=np.array([self.diagonal, self.smoothing]),
        )


def _blocks(cell_ends: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield ranges of pairs of some ``BLOCK`` cells."""
    first, pairs = 0, len(cell_ends) - 1
    while first < pairs:
        end = int(np.searchsorted(cell_ends, cell_ends[first] + BLOCK))
        end = min(max(end, first + 1), pairs)
        yield first, end
        first = end


def _sparse(cell_ends: NDArray[np.int64], times: NDArray[np.uint8]) -> Shares:
    cells = np.flatnonzero(times)
    ends = np.searchsorted(cells, cell_ends)
    starts = np.repeat(cell_ends[:-1], np.diff(ends))
    return Shares(ends=ends.astype(np.int64), places=(cells - starts).astype(np.int32), times=times[cells])


def _fingerprints(text: Bitext) -> NDArray[np.uint64]:
    source, target = text.source_ends, text.target_ends
    found = (
        fingerprint(text.source_words[source[p] : source[p + 1]], text.target_words[target[p] : target[p + 1]])
        for p in range(len(text))
    )
    return np.fromiter(found, dtype=np.uint64, count=len(text))
