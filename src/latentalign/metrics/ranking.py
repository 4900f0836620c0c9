"""How well an order puts what is relevant first."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from latentalign.errors import InputError


def _found(order: Sequence[object], relevant: Collection[object]) -> NDArray[np.bool_]:
    if not relevant:
        raise InputError(wanted="at least one relevant item", came="none", where="ranking")
    if len(set(order)) != len(order):
        raise InputError(wanted="an order with each item once", came="an item twice", where="ranking")
    return np.array([one in relevant for one in order], dtype=bool)


def ndcg(order: Sequence[object], relevant: Collection[object], *, k: int = 10) -> float:
    r"""Return the discounted gain of the first k, as a share of the best possible.

    $$\sum_{r=1}^{k} \frac{[o_r \in R]}{\log_2 (r + 1)} \Big/ \sum_{r=1}^{\min(k, |R|)} \frac{1}{\log_2 (r + 1)}$$

    Args:
        order: items, the best one first, each once.
        relevant: $R$, at least one.
        k: how many are looked at, at least 1.

    Raises:
        InputError: nothing is relevant, or an item stands twice.

    >>> ndcg(["a", "b", "c"], {"a"}), round(ndcg(["b", "a"], {"a"}), 4)
    (1.0, 0.6309)

    Järvelin and Kekäläinen 2002, eq. 2, with gains of 0 and 1.
    """
    found = _found(order, relevant)[:k]
    discounts = 1 / np.log2(np.arange(2, k + 2))
    return float((found * discounts[: len(found)]).sum() / discounts[: len(relevant)].sum())


def average_precision(order: Sequence[object], relevant: Collection[object]) -> float:
    r"""Return the mean, over all relevant items, of the precision at the place of each; 0 for one that is not there.

    $$\frac{1}{|R|} \sum_{r} [o_r \in R] \, \frac{|\{o_1, \dots, o_r\} \cap R|}{r}$$

    Args:
        order: items, the best one first, each once.
        relevant: $R$, at least one.

    Raises:
        InputError: nothing is relevant, or an item stands twice.

    >>> average_precision(["a", "x", "b"], {"a", "b"}) == (1 + 2 / 3) / 2
    True

    Manning, Raghavan and Schütze 2008, eq. 8.8.
    """
    found = _found(order, relevant)
    precision = np.cumsum(found) / np.arange(1, len(found) + 1)
    return float(precision[found].sum() / len(relevant))


def reciprocal_rank(order: Sequence[object], relevant: Collection[object]) -> float:
    r"""Return 1 over the place of the first relevant item; 0 if there is none.

    $$1 / \min \{r : o_r \in R\}$$

    Args:
        order: items, the best one first, each once.
        relevant: $R$, at least one.

    Raises:
        InputError: nothing is relevant, or an item stands twice.

    >>> reciprocal_rank(["x", "a"], {"a"}), reciprocal_rank(["x"], {"a"})
    (0.5, 0.0)

    Voorhees 1999, section 2.
    """
    found = _found(order, relevant)
    return 1 / (1 + int(found.argmax())) if found.any() else 0.0
