"""Weak teachers: what a statistical aligner would have said of a text, had it seen little of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

import numpy as np

from latentalign.errors import InputError
from latentalign.models.neural.teacher import Words, said
from latentalign.models.statistical.model import StatisticalModel
from latentalign.training.bitext import Bitext
from latentalign.training.em import fit
from latentalign.training.lessons import Lesson, Matrix
from latentalign.training.permutation import Permutation

if TYPE_CHECKING:
    from latentalign.models.statistical.posterior import Posterior

Label = Callable[[Sequence[Words], Sequence[tuple["Posterior", ...]]], Sequence[tuple[Matrix, Matrix]]]
"""From pairs and the posteriors of their views to the masses that should be found."""
WINDOW = 256
"""Pairs that a teacher reads at once."""


@final
@dataclass(frozen=True, kw_only=True)
class WeakTeachers:
    """How a text is cut into small ones, each with a teacher of its own.

    Args:
        sizes: pairs of each part; the parts are disjoint and drawn at random, and end where the text does.
        seed: of the draw, at least 0.

    Raises:
        InputError: no part, an empty one, or a negative seed.
    """

    sizes: tuple[int, ...] = (400, 1500, 800, 3000, 400, 1500, 800, 3000, 6000)
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.sizes or min(self.sizes) < 1 or self.seed < 0:
            raise InputError(
                wanted="sizes of at least 1 pair and a seed of at least 0", came=repr(self), where="WeakTeachers"
            )

    def parts(self, pairs: int) -> Iterator[list[int]]:
        """Yield the numbers of the pairs of each part.

        >>> [len(part) for part in WeakTeachers(sizes=(2, 3, 9)).parts(6)]
        [2, 3, 1]
        """
        order = Permutation(size=pairs, key=(self.seed,))(np.arange(pairs)).tolist()
        first = 0
        for size in self.sizes:
            if first < pairs:
                yield order[first : first + size]
            first += size


def lessons(
    text: Sequence[Words],
    teacher: StatisticalModel,
    weak: WeakTeachers,
    *,
    label: Label,
    threads: int = 1,
) -> Iterator[Lesson]:
    r"""Yield pairs with what a teacher of a small part says of them, and what should be said.

    A student that learns to get from the first to the second has learned what more text would have told; applied to
    the teacher of the whole text it goes on in the same direction. Every pair is read by both teachers as if it were
    new (``StatisticalModel.posteriors``), so neither knows it by heart.

    Args:
        text: words, at least one on each side.
        teacher: trained on the whole text.
        weak: the parts.
        label: what the student should find.
        threads: of the training of the weak teachers.

    Cost: the training of one teacher on as many pairs as there are in all parts, and two readings of them.
    """
    for number, part in enumerate(weak.parts(len(text))):
        pairs = [text[k] for k in part]
        seed = teacher.settings.seed + 1 + number
        small = fit(Bitext.read(pairs), replace(teacher.settings, seed=seed), threads=threads)
        for first in range(0, len(pairs), WINDOW):
            window = pairs[first : first + WINDOW]
            wanted = label(window, teacher.posteriors_by_view(window))
            for pair, found, masses in zip(window, said(small, window), wanted, strict=True):
                yield Lesson(*pair, found, *masses)
