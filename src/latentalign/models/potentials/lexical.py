"""Whether two units are the same words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, final

from torch import Tensor

from latentalign.models.bags import Bags
from latentalign.models.features import Featurizer, Mode
from latentalign.models.idf import Idf, as_idf
from latentalign.models.potentials.potential import Potential
from latentalign.models.units import Side


@final
@dataclass(frozen=True, kw_only=True)
class Lexical(Potential):
    r"""The cosine of two units as bags of weighted features.

    $$P_{ij} = \cos(b_i, b_j)\,(\sigma_i \sigma_j)^{s / 2}, \quad b_{if} = t_{if}\,\mathrm{idf}(f)$$

    $t_{if}$ counts feature $f$ in unit $i$, and $\sigma_i$ is the mean idf in the unit over the mean idf of running
    text: without it, ``the`` on both sides would count as much as a name. Without a table idf and $\sigma$ are 1. A
    word is one word, whatever is in it; a sentence is the bag of its words.

    Args:
        weight: of the potential in the score.
        mode: ``exact`` (case and compatibility forms folded), ``stem`` or ``ngram`` (characters).
        language: of the stemmer, for ``stem``.
        sizes: lengths of the n-grams, for ``ngram``.
        idf: a table fitted with the same features, or its file; None is no weighting.
        salience: $s$; 0 is the plain cosine.

    Raises:
        UnknownNameError: no stemmer for the language.
        ModelError: the file of the table cannot be read.

    Cost: the number of features that two units share, summed over the pairs of units; no dense vocabulary.

    >>> from latentalign.models.units import Units, side
    >>> the_cat = side([Units(text="The cat", spans=((0, 3), (4, 7)))])
    >>> Lexical()(the_cat, the_cat)
    tensor([[[1., 0.],
             [0., 1.]]])
    """

    weight: float = 1.0
    mode: Mode = "exact"
    language: str = "english"
    sizes: tuple[int, ...] = (3, 4)
    idf: Idf | str | None = None
    salience: float = 1.0

    needs_states: ClassVar[bool] = False
    needs_pooled: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _ = self._featurizer, self._idf

    def fit(self, texts: Iterable[str]) -> Lexical:
        """Return the same potential with document frequencies counted over some texts."""
        return replace(self, idf=Idf.fit(texts, featurizer=self._featurizer))

    def __call__(self, source: Side, target: Side) -> Tensor:
        bags = Bags.of(source, target, featurizer=self._featurizer, idf=self._idf)
        cosines = bags.cosines(source, target)
        if self._idf is None or self.salience == 0:
            return cosines
        query, key = (bags.saliences(side) / self._idf.mean for side in (source, target))
        return cosines * (query[:, :, None] * key[:, None, :]) ** (self.salience / 2)

    @cached_property
    def _featurizer(self) -> Featurizer:
        return Featurizer(mode=self.mode, language=self.language, sizes=self.sizes)

    @cached_property
    def _idf(self) -> Idf | None:
        return as_idf(self.idf)
