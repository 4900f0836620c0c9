"""A classifier of few examples that takes texts without labels as further ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from latentalign.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.tasks.classification.classify import Classifier


def with_unlabelled(
    classifier: Classifier,
    texts: Sequence[str],
    *,
    least: float = 0.0,
    vector_weight: float = 10.0,
    letter_weight: float = 10.0,
    neighbours: int = 10,
    reach: float = 0.95,
) -> Classifier:
    """Return the classifier with more examples: texts without labels, each with that of the texts that it is near to.

    It pays where examples are few and texts are many and of the same kind. The probabilities stay those of before.

    Args:
        classifier: with some examples of every label.
        texts: without labels; those that are examples already change nothing.
        least: the probability that a text needs to become an example.
        vector_weight, letter_weight: how alike two texts are, see ``Phrases``.
        neighbours, reach: see ``spread``.

    Raises:
        InputError: a text without a word, or a value out of its range.

    Cost: one pass of the encoder over the texts, twice, and one linear system of their number.
    """
    import torch

    from latentalign.models.matcher.memory import units_of
    from latentalign.models.matcher.spreading import spread

    old = {one.text: int(owner) for one, owner in zip(classifier.memory.units, classifier.memory.owner, strict=True)}
    new = [units_of(one).text for one in dict.fromkeys(texts) if one not in old]
    likeness = _likeness((*old, *new), classifier, vector_weight=vector_weight, letter_weight=letter_weight)
    told = torch.tensor([*old.values(), *[-1] * len(new)])
    chances, labels = spread(likeness, told, neighbours=neighbours, reach=reach)[len(old) :].max(dim=1)
    grown = [list(one.texts) for one in classifier.memory.candidates]
    for text, chance, label in zip(new, chances.tolist(), labels.tolist(), strict=True):
        if chance >= least:
            grown[label].append(text)
    candidates = [
        replace(one, texts=tuple(some)) for one, some in zip(classifier.memory.candidates, grown, strict=True)
    ]
    return replace(classifier, memory=classifier.matcher.remember(candidates, before=classifier.memory))


def _likeness(texts: tuple[str, ...], classifier: Classifier, *, vector_weight: float, letter_weight: float) -> Tensor:
    """Return (text, text) how alike texts are, by the vectors of the encoder and by letters."""
    import torch

    from latentalign.models.matcher.phrases import Phrases, encode
    from latentalign.models.matcher.profile import Feature

    encoder = classifier.matcher.scorer.encoder
    if encoder is None:
        raise InputError(wanted="a classifier with an encoder", came="one without", where="with_unlabelled")
    phrases = Phrases(
        features=tuple(Feature(name=one) for one in texts),
        phrases=texts,
        owner=torch.arange(len(texts)),
        vectors=encode(texts, encoder),
        shares=torch.full((len(texts),), 1 / len(texts)),
        encoder=None,
        vector_weight=vector_weight,
        letter_weight=letter_weight,
        stranger=0.0,
    )
    return phrases.likeness(texts) + vector_weight * phrases.vectors @ phrases.vectors.T
