"""Values into probabilities: of every candidate, and that nothing explains the text."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.models.matcher.isotonic import Isotonic
from latentalign.models.matcher.logistic import evenly, fitted_at_any_scale
from latentalign.models.matcher.minimum import minimum

OUT = -1
"""The label of a text that no candidate explains."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    r"""Softmax of the values at a temperature, beside NULL.

    $$p(c | x) = (1 - p_0)\,\mathrm{softmax}_c\,\frac{V_c + b \log |c|}{T}, \quad
    p_0 = \sigma\,(k\,(\nu - E)), \quad E = T \log \sum_c \exp \frac{V_c + b \log |c|}{T}$$

    $\nu$ is the value of "nothing explains it": NULL competes with all candidates together, and with $k = 1 / T$ it is
    one more candidate of the softmax. It is fitted, never set: on texts out of scope where there are some, and else
    so that a stated share of the in-scope texts is turned away.

    Args:
        temperature: $T$.
        prior: $b$; 1 if candidates with more texts are more likely in proportion, 0 if all are equally likely.
        null: $\nu$.
        slope: $k$.
        floor: the least probability (given that something explains the text) of a candidate in a conformal set; None
            if it was not fitted.
        error_rate: what ``floor`` was fitted for: the share of texts whose right answer is not in the set.
        fitted_on: what it was fitted on, for people.
        isotonic: maps the probabilities of the softmax further; None leaves them.
        each_null, each_temperature: of a single candidate against NULL alone, where several answers may be right; None
            takes $\nu$ and T.

    Guo, Pleiss, Sun and Weinberger 2017, eq. 9 (temperature); Platt 1999, eq. 1 (slope and level); Liu, Wang, Owens and
    Li 2020, eq. 4 (E); Sadinle, Lei and Wasserman 2019, section 2 (sets).
    """

    temperature: float = 1.0
    prior: float = 0.0
    null: float = 0.0
    slope: float = 1.0
    floor: float | None = None
    error_rate: float = 0.1
    fitted_on: str = ""
    isotonic: Isotonic | None = None
    each_null: float | None = None
    each_temperature: float | None = None

    def __post_init__(self) -> None:
        if not (self.temperature > 0 and self.slope > 0):
            raise InputError(
                wanted="a temperature and a slope above 0",
                came=f"{self.temperature!r} and {self.slope!r}",
                where="calibration",
            )

    def logits(self, values: Tensor, counts: Tensor) -> Tensor:
        """Return (text, candidate) values over the temperature, with the prior."""
        return (values + self.prior * counts.to(values.dtype).log()) / self.temperature

    def evidence(self, values: Tensor, counts: Tensor) -> Tensor:
        """Return (text,) E, the value of all candidates together."""
        return self.temperature * self.logits(values, counts).logsumexp(dim=1)

    def probabilities(self, values: Tensor, counts: Tensor) -> Tensor:
        """Return (text, candidate + 1) probabilities that sum to 1; the last one is that of NULL.

        Args:
            values: (text, candidate).
            counts: (candidate,) how many texts each candidate has.
        """
        nothing = torch.sigmoid(self.slope * (self.null - self.evidence(values, counts)))[:, None]
        return torch.cat([(1 - nothing) * self.shares(values, counts), nothing], dim=1)

    def shares(self, values: Tensor, counts: Tensor) -> Tensor:
        """Return (text, candidate) probabilities given that something explains the text."""
        found = self.logits(values, counts).softmax(dim=1)
        return found if self.isotonic is None else self.isotonic.shares(found)

    def possible(self, shared: Tensor) -> Tensor:
        """Return (text, candidate) bool, the conformal sets of rows of ``probabilities``, given that one is right.

        The most probable candidate is always in it: an empty set would say less than nothing, and miss more.
        """
        inside = given_one(shared)
        first = torch.zeros_like(inside, dtype=torch.bool)
        first[torch.arange(len(inside)), inside.argmax(dim=1)] = True
        return (inside >= (self.floor or 0.0)) | first

    def each(self, values: Tensor) -> Tensor:
        """Return (text, candidate) the probability of each candidate against NULL alone, for several answers."""
        null = self.null if self.each_null is None else self.each_null
        return torch.sigmoid((values - null) / (self.each_temperature or self.temperature))

    def fit_each(self, values: Tensor, right: Tensor) -> Calibration:
        """Return the calibration with the chance of each candidate against NULL alone fitted as well.

        Args:
            values: (text, candidate) of texts that the candidates do not hold.
            right: (text, candidate) bool, all that is right for each text; none of a text that is out of scope.

        Raises:
            InputError: nothing is right, or everything.

        Platt 1999, eq. 1, one level and one slope for all candidates.
        """
        if bool(right.all()) or not bool(right.any()):
            raise InputError(wanted="right and wrong candidates", came="one kind alone", where="calibration")
        found = fitted_at_any_scale(values, right)
        return replace(self, each_null=found.level, each_temperature=1 / found.slope)

    @classmethod
    def fit(
        cls,
        values: Tensor,
        labels: Tensor,
        counts: Tensor,
        *,
        turned_away: float = 0.05,
        error_rate: float = 0.1,
        isotonic: bool = False,
        fitted_on: str = "",
    ) -> Calibration:
        """Return the calibration that makes some labelled texts most likely.

        Args:
            values: (text, candidate) of texts that the candidates do not hold.
            labels: (text,) the right candidate, or ``OUT``.
            counts: (candidate,) how many texts each candidate has.
            turned_away: the share of in-scope texts that NULL may take, used where no text is ``OUT``.
            error_rate: of conformal sets, in (0, 1).
            isotonic: whether a rising function is fitted on top of the temperature; it wants a thousand texts or more.

        Raises:
            InputError: no text in scope, or a share outside (0, 1).

        Cost: a few hundred values and gradients of a softmax.
        """
        inside = labels != OUT
        if not bool(inside.any()) or not (0 < turned_away < 1 and 0 < error_rate < 1):
            raise InputError(
                wanted="texts in scope, and shares in (0, 1)",
                came=f"{int(inside.sum())}, {turned_away!r} and {error_rate!r}",
                where="calibration",
            )
        temperature, prior = _softmax_fit(values[inside], labels[inside], counts)
        half = cls(temperature=temperature, prior=prior)
        evidence = half.evidence(values, counts)
        if bool((~inside).any()):
            null, slope, _ = fitted_at_any_scale(evidence, inside, weights=evenly(inside))
        else:
            null, slope = float(evidence[inside].quantile(turned_away)), 1 / temperature
        rising = _rising(half.shares(values[inside], counts), labels[inside]) if isotonic else None
        shares = replace(half, isotonic=rising).shares(values[inside], counts)
        chosen = shares.gather(1, labels[inside][:, None])[:, 0]
        return cls(
            temperature=temperature,
            prior=prior,
            null=null,
            slope=slope,
            floor=conformal_floor(chosen, error_rate=error_rate),
            error_rate=error_rate,
            fitted_on=fitted_on,
            isotonic=rising,
        )


def _rising(shares: Tensor, labels: Tensor) -> Isotonic:
    right = torch.nn.functional.one_hot(labels, shares.shape[1])
    return Isotonic.fit(shares.flatten().tolist(), right.flatten().tolist())


def given_one(shared: Tensor) -> Tensor:
    """Return (..., candidate) probabilities given that one fits, of (..., candidate + 1) with that of NULL as the last.

    >>> given_one(torch.tensor([0.25, 0.25, 0.5]))
    tensor([0.5000, 0.5000])
    """
    return shared[..., :-1] / (1 - shared[..., -1:]).clamp_min(1e-9)


def conformal_floor(chosen: Tensor, *, error_rate: float) -> float:
    r"""Return the least probability of a member of a conformal set.

    $$q = p_{(k)}, \quad k = \lfloor \alpha (n + 1) \rfloor$$

    the k-th smallest of the probabilities of the right answers. The set of the candidates of at least q then misses the
    right answer of a new text, drawn as these were, with a chance of $\alpha$ at most.

    Args:
        chosen: (text,) the probability that each right answer was given.
        error_rate: $\alpha$.

    Returns:
        q; 0, so that a set holds everything, where there are too few texts to say more.

    >>> conformal_floor(torch.tensor([0.75, 0.25, 0.5, 1.0]), error_rate=0.4)
    0.5

    Vovk, Gammerman and Shafer 2005, ch. 4 (inductive conformal prediction).
    """
    place = math.floor(error_rate * (len(chosen) + 1))
    return float(chosen.sort().values[place - 1]) if place else 0.0


def _softmax_fit(values: Tensor, labels: Tensor, counts: Tensor) -> tuple[float, float]:
    log_counts = counts.to(values.dtype).log()
    even = bool((counts == counts[0]).all())

    def loss(parameters: Tensor) -> Tensor:
        prior = 0.0 if even else parameters[1]
        logits = (values + prior * log_counts) * (-parameters[0]).exp()
        return torch.nn.functional.cross_entropy(logits, labels) + 1e-4 * (parameters**2).sum()

    scale, prior = minimum(loss, [0.0, 0.0])
    return math.exp(min(max(scale, -5.0), 5.0)), 0.0 if even else prior
