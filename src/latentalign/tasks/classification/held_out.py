"""Texts held out from training, for the probabilities: a part of many, and of few each text once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import torch

from latentalign.models.matcher.calibration import OUT, Calibration

if TYPE_CHECKING:
    from latentalign.tasks.classification.classify import Classifier

Rows = Sequence[tuple[str, str]]


FEW, FEWEST = 100, 20
"""With fewer texts held out, the probabilities are fitted by a second training; with fewest, by up to five more."""


def split(rows: Rows, *, share: float) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return texts in two parts: of each label, as many whole texts as the share is go into the second.

    >>> kept, aside = split([(str(n), "a") for n in range(20)] + [("x", "b")], share=0.1)
    >>> len(kept), aside
    (19, [('9', 'a'), ('19', 'a')])
    """
    kept: list[tuple[str, str]] = []
    aside: list[tuple[str, str]] = []
    seen: dict[str, int] = {}
    for text, label in rows:
        seen[label] = seen.get(label, 0) + 1
        taken = int(seen[label] * share + 1e-9) > int((seen[label] - 1) * share + 1e-9)
        (aside if taken else kept).append((text, label))
    return kept, aside


def parts_of_few(rows: Rows) -> list[tuple[Rows, Rows]]:
    """Return what to train on and what to hold out where there are few texts: a fifth of them, or each text once.

    >>> [[len(aside) for _, aside in parts_of_few([("text", "label")] * count)] for count in (100, 99)]
    [[20], [20, 20, 20, 20, 19]]
    """
    kept, aside = split(rows, share=0.2)
    return [(kept, aside)] if len(aside) >= FEWEST else turns(rows)


def turns(rows: Rows, *, folds: int = 5) -> list[tuple[Rows, Rows]]:
    """Return texts parted in several ways, so that each is held out once, but for the only one of a label.

    >>> for kept, aside in turns([("p", "a"), ("q", "a"), ("r", "b")]):
    ...     print([text for text, _ in kept], [text for text, _ in aside])
    ['q', 'r'] ['p']
    ['p', 'r'] ['q']
    """
    counts: dict[str, int] = {}
    for _, label in rows:
        counts[label] = counts.get(label, 0) + 1
    seen, places = dict.fromkeys(counts, 0), list[int | None]()
    for _, label in rows:
        places.append(seen[label] % folds if counts[label] > 1 else None)
        seen[label] += 1
    numbered = list(zip(rows, places, strict=True))
    parts = [
        ([row for row, place in numbered if place != fold], [row for row, place in numbered if place == fold])
        for fold in range(folds)
    ]
    return [(kept, aside) for kept, aside in parts if aside]


def fitted_in_turns(
    parts: Sequence[tuple[Rows, Rows]],
    make: Callable[[Rows], Classifier],
    *,
    like: Classifier,
    out_of_scope: Sequence[str],
    **settings: Any,
) -> Calibration:
    """Return the calibration of what several classifiers say of the texts that each was not trained on.

    Args:
        parts: what is trained on, with all labels, and what is held out.
        make: trains a classifier; one after the other is held in memory.
        like: the classifier of all texts, whose labels are in the order of the calibration.
        out_of_scope: texts that no label fits; each classifier says something of a part of them.
        settings: of ``Calibration.fit``.

    Raises:
        InputError: no text in scope.
    """
    numbers, said, told = {name: number for number, name in enumerate(like.labels)}, [], list[int]()
    for turn, (kept, aside) in enumerate(parts):
        made, outside = make(kept), out_of_scope[turn :: len(parts)]
        order = [made.labels.index(name) for name in like.labels]
        said.append(made.values([*(text for text, _ in aside), *outside])[:, order])
        told += [numbers[label] for _, label in aside] + [OUT] * len(outside)
    values, labels = torch.cat(said), torch.tensor(told)
    fitted = Calibration.fit(values, labels, like.memory.counts, **settings)
    right = torch.zeros(len(told), len(numbers), dtype=torch.bool)
    right[labels != OUT, labels[labels != OUT]] = True
    return fitted.fit_each(values, right) if len(numbers) > 1 else fitted
