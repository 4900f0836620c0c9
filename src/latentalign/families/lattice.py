r"""Sums, maxima and samples over the monotone chains of links of a grid, one anti-diagonal at a time.

A chain goes from link to link by three totals, so that each set of links is exactly one path:

$$M_{ij} = s_{ij} + \max_T(H_{i-1,j-1}, \text{start}_{ij}, M_{i-1,j}, M_{i,j-1})$$
$$P_{ij} = \max_T(M_{ij}, P_{i-1,j} + \text{row gap})$$
$$H_{ij} = \max_T(P_{ij}, H_{i,j-1} + \text{column gap})$$

M ends in the link (i, j), P has then passed rows, H has then passed columns: row gaps come before column gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import pad

from latentalign.families.folds import Fold, softly
from latentalign.families.numerics import NEG

Gap = Tensor | float | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Lattice:
    """Where a link may be, where a chain may begin and end, and how it goes on; all in units of the temperature.

    Args:
        scores: (batch, row, column), ``NEG`` where no link may be.
        row_starts: (batch, row) what a chain pays for its first row.
        column_starts: (batch, column) what it pays for its first column.
        row_ends: (batch, row) what it pays for its last row.
        column_ends: (batch, column) what it pays for its last column.
        empty: (batch,) the worth of no link at all.
        row_gap: for each row passed between two links, a number or (batch, 1); None forbids it.
        column_gap: the same for columns.
        repeat_row: whether (i + 1, j) may follow (i, j).
        repeat_column: whether (i, j + 1) may follow (i, j).
    """

    scores: Tensor
    row_starts: Tensor
    column_starts: Tensor
    row_ends: Tensor
    column_ends: Tensor
    empty: Tensor
    row_gap: Gap
    column_gap: Gap
    repeat_row: bool
    repeat_column: bool

    def log_partition(self) -> Tensor:
        """Return (batch,) the log of the sum over all chains; far below 0 (``NEG``) if there is none."""
        return self._closed(_ending(self)).logsumexp(dim=1)

    def mass(self) -> Tensor:
        """Return (batch, row, column) the probability of each link, by a forward and a backward sum.

        The backward sum is the forward one of the lattice turned round, and both run as one batch.
        """
        both = replace(
            self,
            scores=torch.cat([self.scores, self.scores.flip(1, 2)]),
            row_starts=torch.cat([self.row_starts, self.row_ends.flip(1)]),
            column_starts=torch.cat([self.column_starts, self.column_ends.flip(1)]),
        )
        forward, backward = _ending(both).chunk(2)
        total = self._closed(forward).logsumexp(dim=1)[:, None, None]
        possible = (self.scores > NEG / 2) & (total > NEG / 2)
        return torch.where(possible, forward + backward.flip(1, 2) - self.scores - total, NEG).exp()

    def choose(self, fold: Fold) -> Tensor:
        """Return (batch, row, column) bool, the chain that ``fold`` chooses; no link where there is none."""
        if self.scores.shape[1] > self.scores.shape[2]:
            return self._transposed().choose(fold).mT
        steps = list(_diagonals(self, fold))
        worth, chosen = fold(self._closed(_unskew(step.links for step in steps)).T)
        place, alive = (chosen - 1).clamp_min(0), (chosen > 0) & (worth > NEG / 2)
        columns = self.scores.shape[2]
        return _unskew(_walk_back(self, steps, place // columns, place % columns, alive))

    def _closed(self, ending: Tensor) -> Tensor:
        """Return (batch, 1 + row * column) the totals of no link, and of the chains that end in each link."""
        closed = ending + self.row_ends[:, :, None] + self.column_ends[:, None, :]
        return torch.cat([self.empty[:, None], closed.flatten(1)], dim=1)

    def _transposed(self) -> Lattice:
        return Lattice(
            scores=self.scores.mT,
            row_starts=self.column_starts,
            column_starts=self.row_starts,
            row_ends=self.column_ends,
            column_ends=self.row_ends,
            empty=self.empty,
            row_gap=self.column_gap,
            column_gap=self.row_gap,
            repeat_row=self.repeat_column,
            repeat_column=self.repeat_row,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Diagonal:
    """M of one anti-diagonal (batch, row), and where M, P and H came from: which option of their maximum."""

    links: Tensor
    link_from: Tensor
    row_from: Tensor | None
    column_from: Tensor | None


def _ending(lattice: Lattice) -> Tensor:
    """Return M (batch, row, column)."""
    if lattice.scores.shape[1] > lattice.scores.shape[2]:
        return _ending(lattice._transposed()).mT
    return _unskew(step.links for step in _diagonals(lattice, softly))


def _diagonals(lattice: Lattice, fold: Fold) -> Iterator[_Diagonal]:
    links = rows = columns = before = torch.full_like(lattice.scores[:, :, 0], NEG)
    for score, column_start in zip(_skew(lattice.scores), _windows(lattice), strict=True):
        options = [_down(before), lattice.row_starts + column_start]
        options += [_down(links)] * lattice.repeat_row + [links] * lattice.repeat_column
        total, link_from = fold(torch.stack(options))
        links = score + total
        rows, row_from = _pass(links, _down(rows), lattice.row_gap, fold)
        before = columns
        columns, column_from = _pass(rows, columns, lattice.column_gap, fold)
        yield _Diagonal(links=links, link_from=link_from.to(torch.uint8), row_from=row_from, column_from=column_from)


def _pass(arrived: Tensor, passing: Tensor, gap: Gap, fold: Fold) -> tuple[Tensor, Tensor | None]:
    if gap is None:
        return arrived, None
    total, came_from = fold(torch.stack([arrived, passing + gap]))
    return total, came_from.to(torch.uint8)


def _down(diagonal: Tensor) -> Tensor:
    """Return (batch, row) the entries of the row above."""
    return pad(diagonal[:, :-1], (1, 0), value=NEG)


def _skew(matrix: Tensor) -> tuple[Tensor, ...]:
    """Return the row + column - 1 anti-diagonals (batch, row) of (batch, row, column), filled up with ``NEG``."""
    batch, rows, columns = matrix.shape
    flat = pad(matrix, (0, rows), value=NEG).flatten(1)[:, : rows * (rows + columns - 1)]
    return flat.reshape(batch, rows, rows + columns - 1).unbind(dim=2)


def _windows(lattice: Lattice) -> Iterator[Tensor]:
    """Return what each entry (batch, row) of the anti-diagonals pays for its column, by windows on one long row."""
    rows = lattice.scores.shape[1]
    turned = pad(lattice.column_starts.flip(1), (rows - 1, rows - 1), value=NEG)
    return reversed(turned.unfold(1, rows, 1).unbind(dim=1))


def _unskew(diagonals: Iterable[Tensor]) -> Tensor:
    """Return (batch, row, column) from its anti-diagonals (batch, row)."""
    skewed = torch.stack(list(diagonals), dim=2)
    batch, rows, count = skewed.shape
    places = torch.arange(rows, device=skewed.device)[:, None]
    numbers = places + torch.arange(count + 1 - rows, device=skewed.device)
    return skewed.gather(2, numbers.expand(batch, -1, -1))


def _walk_back(lattice: Lattice, steps: list[_Diagonal], row: Tensor, column: Tensor, alive: Tensor) -> list[Tensor]:
    """Return the anti-diagonals (batch, row) bool of the links of the chains that end in (row, column)."""
    places = torch.arange(lattice.scores.shape[1], device=row.device)
    at_columns, at_rows = torch.zeros_like(alive), torch.zeros_like(alive)
    marks = []
    for number in reversed(range(len(steps))):
        step, here = steps[number], alive & (row + column == number)
        passed = here & at_columns & _picked(step.column_from, row, 1)
        column, here = column - passed.long(), here & ~passed
        at_rows = at_rows | (here & at_columns)
        at_columns = at_columns & ~here
        passed = here & at_rows & _picked(step.row_from, row, 1)
        here = here & ~passed
        at_rows = at_rows & ~here
        marks.append(here[:, None] & (places == row[:, None]))
        diagonal, over = here & _picked(step.link_from, row, 0), here & _picked(step.link_from, row, 1)
        across = here & ~diagonal & ~over & ~(_picked(step.link_from, row, 2) & lattice.repeat_row)
        row = row - (passed | (here & ~over & ~across)).long()
        column = column - (diagonal | across).long()
        at_columns, alive = at_columns | diagonal, alive & ~over
    return marks[::-1]


def _picked(choices: Tensor | None, row: Tensor, option: int) -> Tensor:
    if choices is None:
        return torch.zeros_like(row, dtype=torch.bool)
    return choices.gather(1, row[:, None].clamp_min(0))[:, 0] == option
