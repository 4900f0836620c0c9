"""Chains of links that go forwards in both texts: lattice alignment with gaps, and labelling with ordered sections."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, final

import torch
from torch import Tensor
from torch.nn.functional import pad

from latentalign.errors import InputError
from latentalign.families.family import AlignmentFamily, check_temperature, entropy_by_temperature
from latentalign.families.folds import Fold, at_random, firmly
from latentalign.families.lattice import Lattice
from latentalign.families.numerics import NEG
from latentalign.families.packing import Packed, pack

Ends = Literal["global", "semi-global", "local"]


@final
@dataclass(frozen=True, kw_only=True)
class Monotonic(AlignmentFamily):
    r"""Links go forwards in both texts; what lies between two of them is skipped, at a price.

    $$\Phi(S) = T \log \sum_{L} \exp\Big(\tfrac{1}{T} \Big[\sum_{(i,j) \in L} S_{ij} + g_q\,\#\{\text{skipped queries}\}
    + g_k\,\#\{\text{skipped keys}\}\Big]\Big)$$

    over the sets of links L = (i_1, j_1), (i_2, j_2), ... in which every next link has a later query and a later key;
    ``repeat_query`` also lets (i + 1, j) follow (i, j), and ``repeat_key`` lets (i, j + 1). A skipped query or key is
    one with no link. Each set of links is one path of the lattice, so the value is the exact log-partition over sets.

    A query or key that no link is admitted to is as if it were not there: it is never paid, and its neighbours are
    adjacent. An item that admits no alignment at all (gaps forbidden, and no chain through) has the value ``NEG``, no
    mass and no links.

    Args:
        temperature: above 0, in the unit of the scores; it divides the gap scores as well.
        gap_query: the score of each skipped query; None if no query may be skipped.
        gap_key: the score of each skipped key; None if no key may be skipped.
        repeat_query: whether several queries in a row may link to one key.
        repeat_key: whether several keys in a row may link to one query.
        ends: what is free before the first and after the last link: ``global`` nothing, ``semi-global`` the keys,
            ``local`` keys and queries. What is free may be skipped even where its gap is None. With no link at all
            everything is skipped: all free ``local``, all queries paid ``semi-global``, everything paid ``global``.
        band: how many keys a link may be away from the diagonal of the two texts of n queries and m keys,
            $|(i + \frac12) \frac{m}{n} - (j + \frac12)| \le$ band; None is no limit.

    Raises:
        InputError: a number that is not finite, a negative band, or unknown ends.

    Cost: O(n m) time and memory, in n + m steps over vectors of min(n, m); ``expected`` twice that. The band saves
    no work.

    >>> family = Monotonic(gap_query=-1.0, gap_key=-1.0)
    >>> scores = torch.tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 2.0]])
    >>> family.best(scores)
    tensor([[ True, False, False],
            [False, False,  True]])
    >>> float(family.score(family.best(scores), scores))
    3.0

    Needleman and Wunsch 1970 (global); Smith and Waterman 1981 (local, here with a linear gap score); the soft maximum
    is that of Mensch and Blondel 2018. The order of gaps is fixed, queries before keys: the papers need that not for
    the maximum, but the sum does.
    """

    temperature: float = 1.0
    gap_query: float | None = 0.0
    gap_key: float | None = 0.0
    repeat_query: bool = False
    repeat_key: bool = False
    ends: Ends = "global"
    band: float | None = None

    def __post_init__(self) -> None:
        check_temperature(self.temperature, where="Monotonic.temperature")
        for name, gap in (("gap_query", self.gap_query), ("gap_key", self.gap_key)):
            if gap is not None and not math.isfinite(gap):
                raise InputError(
                    wanted="a finite score", came=repr(gap), where=f"Monotonic.{name}", fix="use None to forbid the gap"
                )
        if self.ends not in ("global", "semi-global", "local"):
            raise InputError(wanted="'global', 'semi-global' or 'local'", came=repr(self.ends), where="Monotonic.ends")
        if self.band is not None and not 0 <= self.band < math.inf:
            raise InputError(
                wanted="a band of at least 0 keys", came=repr(self.band), where="Monotonic.band", fix="None is no band"
            )

    @classmethod
    def labelling(cls, *, temperature: float = 1.0, skip: float | None = 0.0, band: float | None = None) -> Monotonic:
        """Return the family that labels a sequence with ordered sections, such as sentences with headings.

        Every query gets exactly one key, and the keys never go back.

        Args:
            temperature: above 0, in the unit of the scores.
            skip: the score of each section that no query gets; None if every section is there.
            band: as in the family.

        >>> scores = torch.tensor([[3.0, 0.0, 0.0], [1.0, 0.0, 2.0], [0.0, 0.0, 1.0]])
        >>> Monotonic.labelling().best(scores).int().argmax(dim=-1)
        tensor([0, 2, 2])
        >>> Monotonic.labelling(skip=None).best(scores).int().argmax(dim=-1)
        tensor([0, 1, 2])
        """
        return cls(temperature=temperature, gap_query=None, gap_key=skip, repeat_query=True, band=band)

    @property
    def probabilistic(self) -> bool:
        return True

    @property
    def smooth(self) -> bool:
        return True

    def _value(self, scores: Tensor, mask: Tensor, temperature: float | Tensor) -> Tensor:
        total = self._lattice(pack(scores, mask), temperature).log_partition()
        scale = temperature[:, 0, 0] if isinstance(temperature, Tensor) else temperature
        return torch.where(total > NEG / 2, scale * total, NEG).to(scores.dtype)

    def _expected(self, scores: Tensor, mask: Tensor) -> Tensor:
        packed = pack(scores, mask)
        return packed.unpack(self._lattice(packed, self.temperature).mass()).to(scores.dtype)

    def _best(self, scores: Tensor, mask: Tensor) -> Tensor:
        return self._chosen(scores, mask, firmly)

    def _sample(self, scores: Tensor, mask: Tensor, generator: torch.Generator | None) -> Tensor:
        return self._chosen(scores, mask, at_random(generator))

    def _entropy(self, scores: Tensor, mask: Tensor) -> Tensor:
        return entropy_by_temperature(self, scores, mask)

    def _chosen(self, scores: Tensor, mask: Tensor, fold: Fold) -> Tensor:
        packed = pack(scores, mask)
        return packed.unpack(self._lattice(packed, self.temperature).choose(fold))

    def _lattice(self, packed: Packed, temperature: float | Tensor) -> Lattice:
        rows, columns = _places(packed.scores)
        each = temperature[:, :, 0] if isinstance(temperature, Tensor) else temperature
        rows_after, columns_after = packed.queries[:, None] - 1 - rows, packed.keys[:, None] - 1 - columns
        empty = self._outer_queries(packed.queries) + self._outer_keys(packed.keys)
        return Lattice(
            scores=torch.where(self._in_band(packed), packed.scores / temperature, NEG),
            row_starts=_per(self._outer_queries(rows.expand_as(rows_after)), each),
            column_starts=_per(self._outer_keys(columns.expand_as(columns_after)), each),
            row_ends=_per(self._outer_queries(rows_after.clamp_min(0)), each),
            column_ends=_per(self._outer_keys(columns_after.clamp_min(0)), each),
            empty=_per(empty[:, None], each)[:, 0],
            row_gap=None if self.gap_query is None else self.gap_query / each,
            column_gap=None if self.gap_key is None else self.gap_key / each,
            repeat_row=self.repeat_query,
            repeat_column=self.repeat_key,
        )

    def _outer_queries(self, count: Tensor) -> Tensor:
        """Return the score of that many queries skipped before the first link, or after the last."""
        return torch.zeros_like(count, dtype=torch.float64) if self.ends == "local" else _skipped(count, self.gap_query)

    def _outer_keys(self, count: Tensor) -> Tensor:
        """Return the score of that many keys skipped before the first link, or after the last."""
        return _skipped(count, self.gap_key) if self.ends == "global" else torch.zeros_like(count, dtype=torch.float64)

    def _in_band(self, packed: Packed) -> Tensor:
        if self.band is None:
            return packed.mask
        rows, columns = _places(packed.scores)
        n, m = packed.queries[:, None, None], packed.keys[:, None, None]
        off = ((2 * rows[:, None] + 1) * m - (2 * columns + 1) * n).abs()
        return packed.mask & (off <= 2.0 * self.band * n.double())

    def _structure(self, links: Tensor, mask: Tensor) -> Tensor:
        packed = pack(links.double(), mask)
        chosen = packed.scores > 0.5
        linked, low, high, previous = _outline(chosen)
        row = torch.arange(linked.shape[1], device=links.device)
        passed_rows, passed_columns = row - previous - 1, low - high.gather(1, previous.clamp_min(0)) - 1
        first, later = linked & (previous < 0), linked & (previous >= 0)
        stepped = later & (passed_columns >= 0)
        repeated = later & (passed_rows == 0) & (passed_columns == -1) & self.repeat_query
        width = chosen.sum(dim=-1)
        wide = linked & ((high - low + 1 != width) | ((width > 1) & (not self.repeat_key)))
        wrong = (wide | (later & ~stepped & ~repeated)).any(dim=1) | (chosen & ~self._in_band(packed)).any(dim=(1, 2))
        inside = _skipped(passed_rows, self.gap_query) + _skipped(passed_columns, self.gap_key)
        last = torch.where(linked, row, -1).amax(dim=1)
        last_key = high.gather(1, last.clamp_min(0)[:, None])[:, 0]
        before = self._outer_queries(row) + self._outer_keys(low)
        after = self._outer_queries(packed.queries - 1 - last) + self._outer_keys(packed.keys - 1 - last_key)
        total = torch.where(first, before, torch.where(stepped, inside, 0.0)).sum(dim=1) + after
        empty = self._outer_queries(packed.queries) + self._outer_keys(packed.keys)
        total = torch.where(last < 0, empty, total)
        return torch.where(wrong | (total < NEG / 2), NEG, total)


def _outline(links: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return, each (batch, query): whether it has a link, its first and last key, and the last linked query before."""
    linked, columns = links.any(dim=-1), links.shape[-1]
    low = links.to(torch.uint8).argmax(dim=-1)
    high = columns - 1 - links.flip(-1).to(torch.uint8).argmax(dim=-1)
    so_far = torch.where(linked, torch.arange(links.shape[1], device=links.device), -1).cummax(dim=1).values
    return linked, low, high, pad(so_far[:, :-1], (1, 0), value=-1)


def _places(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Return the numbers of the queries and of the keys."""
    return torch.arange(scores.shape[1], device=scores.device), torch.arange(scores.shape[2], device=scores.device)


def _skipped(count: Tensor, gap: float | None) -> Tensor:
    return torch.where(count > 0, NEG, 0.0).double() if gap is None else gap * count.double()


def _per(scores: Tensor, temperature: float | Tensor) -> Tensor:
    """Return scores in units of the temperature; ``NEG`` stays as it is, so that it is known."""
    return torch.where(scores > NEG / 2, scores / temperature, NEG)
