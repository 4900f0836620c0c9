"""How alike two words are spelled, in steps: names and cognates link before anything has been counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS = 16
"""0: one of them is too short to tell; 1 to 11: unlike to alike; 12 to 15: the same, of 1, 2, 3, or more letters."""
UNSEEN = 20.0
"""So many meetings are added to those of each step, so that a small text does not say too much of it."""
SAME = 0.5
"""The share of these that are links where the words are the same: numbers and names, in a text that has few of them."""
LONGEST = 70
"""Letters of a word that are compared."""


def likeness(
    rows: NDArray[np.int32],
    columns: NDArray[np.int32],
    row_codes: NDArray[np.int32],
    row_ends: NDArray[np.int64],
    column_codes: NDArray[np.int32],
    column_ends: NDArray[np.int64],
    found: NDArray[np.int8],
) -> None:
    r"""Write the step of each pair of words: $1 + \lfloor 10 \, |LCS(u, v)| / \max(|u|, |v|) \rfloor$.

    Words of one or two letters, and words of which one is over 2.5 times as long, are not compared. Plain Python that
    numba can compile.

    Args:
        rows, columns: (pair,) numbers of the words.
        row_codes, row_ends, column_codes, column_ends: the letters of the words, see ``vocabulary.spell``.
        found: (pair,) is written.
    """
    best = np.zeros(LONGEST + 1, np.int32)
    for pair in range(len(rows)):
        start, other = row_ends[rows[pair]], column_ends[columns[pair]]
        n = min(row_ends[rows[pair] + 1] - start, LONGEST)
        m = min(column_ends[columns[pair] + 1] - other, LONGEST)
        same = n == m
        for i in range(n):
            if same and row_codes[start + i] != column_codes[other + i]:
                same = False
        if same:
            found[pair] = 11 + min(max(n, 1), 4)
        elif n < 3 or m < 3:
            found[pair] = 0
        elif 5 * min(n, m) < 2 * max(n, m):
            found[pair] = 1
        else:
            best[: m + 1] = 0
            for i in range(n):
                before = 0
                for j in range(m):
                    above = best[j + 1]
                    if row_codes[start + i] == column_codes[other + j]:
                        best[j + 1] = before + 1
                    elif best[j] > above:
                        best[j + 1] = best[j]
                    before = above
            found[pair] = 1 + 10 * best[m] // max(n, m)


def link_shares(steps: NDArray[np.int8], met: NDArray[np.float64], linked: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Return (step,) how much more often words so alike are linked where they meet, than unlike words are.

    $$\left[\frac{L_s + u \, q_s}{M_s + u} - \frac{\sum_{r < 4} L_r}{\sum_{r < 4} M_r}\right]_+$$

    for L links of M meetings, with u meetings added of which $q_s$ are links: a half of those of the same word, none of
    others.

    Args:
        steps: (pair,) of pairs of words that meet in the text.
        met: (pair,) how often they meet.
        linked: (pair,) how often they are linked.

    >>> nothing = np.zeros(0)
    >>> link_shares(np.zeros(0, np.int8), nothing, nothing).tolist() == [0.0] * 12 + [0.5] * 4
    True
    """
    together = np.bincount(steps, weights=met, minlength=STEPS)
    links = np.bincount(steps, weights=linked, minlength=STEPS)
    unlike = links[:4].sum() / max(together[:4].sum(), 1.0)
    expected = np.where(np.arange(STEPS) < STEPS - 4, 0.0, SAME)
    shares: NDArray[np.float64] = np.maximum((links + UNSEEN * expected) / (together + UNSEEN) - unlike, 0.0)
    return shares
