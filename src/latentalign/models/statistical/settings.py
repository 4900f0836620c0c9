"""What a statistical aligner is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from latentalign.errors import InputError

ENOUGH = 20_000
"""From so many pairs on, the prior of a word's translations is worth what the settings say, and links are carried."""
CARRIED_SETTLING, CARRIED_AVERAGED = 2, 3
"""Passes of a view that begins with the links of another one; the averaged passes of the first view are as few."""
FEW, MOST_CHAINS = 500, 4
"""A text of fewer pairs has as many chains as make up so many, and no more than four."""


@dataclass(frozen=True, kw_only=True)
class StatisticalConfig:
    """Settings of a statistical aligner and of its training.

    Args:
        source, target: language tags; they choose how clitics are cut off (see ``text.clitics``).
        views: how many letters of a word are kept, one model each; 0 is the whole word. A number that stands twice has
            two models, as ``chains`` says.
        chains: how many models a view has, each with draws of its own; their posteriors are averaged. None: as many as
            make up 500 pairs with those of the text, at most 4: chains of a small text settle in different places.
        lexical_passes: passes over the text without word order (IBM model 1); 0 begins with the next ones.
        settling_passes: passes with word order and sampled links, before those that are averaged.
        averaged_passes: the last passes, whose sampled links make the tables; 1 to 255, and at most 3 with ``carry``.
        carry: whether each view but the first begins with the links of the one before, and makes 2 settling passes and
            no lexical one; less than half the time. None: in a text of 20,000 pairs or more; in a small one, views that
            have settled apart make up for each other.
        width: the longest jump that has a weight of its own.
        stray: the share of jumps that may go anywhere, in [0, 1): it lets a reading recover from a wrong link.
        word_order: whether the jumps between neighbours count (``Markov``) or not (``Independent``).
        agreement: whether a link counts by what both directions say of it, the geometric mean of their masses, or by
            either one, the arithmetic mean.
        diagonal: how much of the tension of the text a link feels (see ``training.tension``), at least 0. The jumps
            say most of what it says, but not where a sentence has got to after words that were not linked.
        null_chance: of a step to NULL, in (0, 1).
        smoothing: how many links the prior of a word's translations is worth, above 0, in a text of 20,000 pairs or
            more; one of $N$ pairs gets $(N / 20000)^{0.4}$ of it, since its words have fewer links as well.
        spelling: what spelling adds to that prior, times the square of how often words so alike are linked; at least
            0. A large one links whatever looks alike, whatever has been counted. It is a part of ``smoothing`` and not
            of what a small text gets of it: the fewer the links, the more the letters tell beside them.
        null_smoothing: how many links the prior of NULL is worth.
        threshold: a link is given if its calibrated probability is at least this, in [0, 1]; None takes what the masses
            of the training text ask for, see ``thresholds.of_masses``.
        seed: of the sampling.

    Raises:
        InputError: a number outside its range.
    """

    source: str = "en"
    target: str = "fr"
    views: tuple[int, ...] = (0, 3, 4, 5, 6)
    chains: int | None = None
    lexical_passes: int = 4
    settling_passes: int = 4
    averaged_passes: int = 5
    carry: bool | None = None
    width: int = 30
    stray: float = 0.1
    word_order: bool = True
    agreement: bool = True
    diagonal: float = 0.11
    null_chance: float = 0.15
    smoothing: float = 3.0
    spelling: float = 0.05
    null_smoothing: float = 10.0
    threshold: float | None = None
    seed: int = 0

    def smoothing_of(self, pairs: int) -> float:
        """Return what the prior is worth in a text of so many pairs.

        >>> StatisticalConfig().smoothing_of(10**6), round(StatisticalConfig().smoothing_of(100), 2)
        (3.0, 0.36)
        """
        return self.smoothing * math.pow(min(1.0, pairs / ENOUGH), 0.4)

    def for_text(self, pairs: int) -> StatisticalConfig:
        """Return the settings with what the size of a text decides.

        >>> big = StatisticalConfig().for_text(30_000)
        >>> big.carry, big.averaged_passes, big.views
        (True, 3, (0, 3, 4, 5, 6))
        >>> small = StatisticalConfig(views=(0, 4)).for_text(200)
        >>> small.views, small.for_text(200) == small
        ((0, 4, 0, 4), True)
        """
        carry = pairs >= ENOUGH if self.carry is None else self.carry
        averaged = min(self.averaged_passes, CARRIED_AVERAGED) if carry else self.averaged_passes
        chains = max(1, min(MOST_CHAINS, FEW // max(1, pairs))) if self.chains is None else self.chains
        return replace(self, carry=carry, averaged_passes=averaged, views=self.views * chains, chains=1)

    def __post_init__(self) -> None:
        rules = {
            "views": len(self.views) > 0 and min(self.views) >= 0,
            "chains": self.chains is None or self.chains >= 1,
            "lexical_passes": self.lexical_passes >= 0,
            "settling_passes": self.settling_passes >= 0,
            "averaged_passes": 1 <= self.averaged_passes <= 255,
            "width": self.width >= 1,
            "stray": 0 <= self.stray < 1,
            "diagonal": self.diagonal >= 0,
            "null_chance": 0 < self.null_chance < 1,
            "smoothing": self.smoothing > 0,
            "spelling": self.spelling >= 0,
            "null_smoothing": self.null_smoothing > 0,
            "threshold": self.threshold is None or 0 <= self.threshold <= 1,
        }
        for name, holds in rules.items():
            if not holds:
                raise InputError(
                    wanted=f"{name} in its range, see StatisticalConfig", came=repr(getattr(self, name)), where=name
                )
