"""A trained student with its teacher: posteriors of any pair, as the statistical model alone gives them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch

from latentalign.models.neural.batch import pairs as padded_pairs
from latentalign.models.neural.evidence import Said, prior
from latentalign.models.neural.network import NeuralAligner
from latentalign.models.neural.teacher import Words, said
from latentalign.models.statistical.calibration import Calibration
from latentalign.models.statistical.model import StatisticalModel
from latentalign.models.statistical.posterior import Engine, Posterior
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.models.statistical.vocabulary import Vocabulary
from latentalign.models.subwords import Subwords

CELLS = 16_384
"""Cells that a network reads at once: some 25 MB while they are worked on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DistilledModel:
    r"""Students, the teacher they start from, and the share that they have in the answer.

    $$P = \frac{\lambda}{K} \sum_k P_{\text{student } k} + (1 - \lambda) P_{\text{teacher}}$$

    Args:
        teacher: a statistical model.
        networks: the students, at least one, all of one size.
        subwords: the pieces they read.
        share: $\lambda$, in [0, 1]; 1 is the students alone.
        calibration: from the mass of a link to its probability.
    """

    teacher: StatisticalModel
    networks: tuple[NeuralAligner, ...]
    subwords: Subwords
    share: float = 1.0
    calibration: Calibration = field(default_factory=Calibration)

    @property
    def settings(self) -> StatisticalConfig:
        """Those of the teacher: languages and threshold."""
        return self.teacher.settings

    @property
    def source(self) -> Vocabulary:
        """The words of the source side."""
        return self.teacher.source

    @property
    def target(self) -> Vocabulary:
        """The words of the target side."""
        return self.teacher.target

    def posteriors(self, pairs: Sequence[Words], *, engine: Engine | None = None) -> list[Posterior]:
        """Return the posterior of each pair.

        Args:
            pairs: words, at least one on each side.
            engine: of the teacher.

        Cost: that of the teacher, and of each network over all cells; memory for the longest pair.
        """
        return self.refine(pairs, said(self.teacher, pairs, engine=engine)) if pairs else []

    @torch.inference_mode()
    def refine(self, pairs: Sequence[Words], given: Sequence[Said]) -> list[Posterior]:
        """Return the posterior of each pair, given what the teacher says of it."""
        found: dict[int, Posterior] = {}
        for members in _batches(pairs):
            read = self._read([pairs[k] for k in members], [given[k] for k in members])
            found.update(zip(members, read, strict=True))
        return [self._mixed(found[k], given[k]) for k in range(len(pairs))]

    def _read(self, pairs: Sequence[Words], given: Sequence[Said]) -> Iterator[Posterior]:
        device = next(self.networks[0].parameters()).device
        split = [(self.subwords.encode(source), self.subwords.encode(target)) for source, target in pairs]
        both, told = padded_pairs(split).to(device), prior(given).to(device)
        answers = [network.eval()(both, told) for network in self.networks]
        forward, backward = (
            torch.stack([answer[way].expected for answer in answers]).mean(dim=0).double().cpu().numpy()
            for way in (0, 1)
        )
        values = torch.stack([answer[way].value for answer in answers for way in (0, 1)]).mean(dim=0).tolist()
        for row, (source, target) in enumerate(pairs):
            n, m = len(source), len(target)
            yield Posterior(forward[row, :m, :n].T, backward[row, :n, :m], values[row])

    def _mixed(self, student: Posterior, teacher: Said) -> Posterior:
        if self.share == 1:
            return student
        forward, backward = (
            self.share * one + (1 - self.share) * other.mean(axis=0)
            for one, other in ((student.forward, teacher.forward), (student.backward, teacher.backward))
        )
        return Posterior(forward, backward, student.value)

    def without_memory(self) -> DistilledModel:
        """Return the model without the training pairs of its teacher."""
        return replace(self, teacher=self.teacher.without_memory())


def _batches(pairs: Sequence[Words]) -> Iterator[list[int]]:
    """Yield the numbers of pairs of like length, as many as their padded cells allow."""
    sizes = [(len(source), len(target)) for source, target in pairs]
    batch: list[int] = []
    rows = columns = 0
    for k in sorted(range(len(pairs)), key=lambda k: sizes[k]):
        rows_then, columns_then = max(rows, sizes[k][0]), max(columns, sizes[k][1])
        if batch and (len(batch) + 1) * rows_then * columns_then > CELLS:
            yield batch
            batch, (rows_then, columns_then) = [], sizes[k]
        batch.append(k)
        rows, columns = rows_then, columns_then
    if batch:
        yield batch
