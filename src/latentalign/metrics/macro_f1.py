"""F1, every class counting as much as any other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from latentalign.errors import InputError


def macro_f1(given: Sequence[Hashable], gold: Sequence[Hashable]) -> float:
    r"""Return the mean over the classes of the harmonic mean of precision and recall.

    $$\frac{1}{|C|} \sum_{c \in C} \frac{2\,\mathrm{tp}_c}{2\,\mathrm{tp}_c + \mathrm{fp}_c + \mathrm{fn}_c}$$

    over the classes that are in the gold or were given.

    Args:
        given: the answer for each item; None is an abstention, which is no class.
        gold: the right answer; None where abstaining is right.

    Raises:
        InputError: unequal lengths, or no items.

    Cost: linear in the items.

    >>> macro_f1(["a", "b", "b"], ["a", "a", "b"])
    0.6666666666666666

    Lewis 1991 (macro-averaging); van Rijsbergen 1979, ch. 7 (F).
    """
    if len(given) != len(gold) or not gold:
        raise InputError(wanted="as many answers as items, at least 1", came=f"{len(given)} and {len(gold)}")
    classes = {one for one in (*given, *gold) if one is not None}
    right = dict.fromkeys(classes, 0)
    counted = dict.fromkeys(classes, 0)
    for one, true in zip(given, gold, strict=True):
        for name in (one, true):
            if name is not None:
                counted[name] += 1
        if one is not None and one == true:
            right[one] += 1
    return sum(2 * right[one] / counted[one] for one in classes) / len(classes) if classes else 1.0
