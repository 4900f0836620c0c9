"""Values of sets of findings into probabilities, however many findings there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.models.matcher.calibration import OUT, Calibration, conformal_floor
from latentalign.models.matcher.logistic import evenly, fitted
from latentalign.models.matcher.minimum import minimum

_NEVER = -1e6


@dataclass(frozen=True, kw_only=True)
class SetCalibration:
    r"""A calibration that depends on the number n of findings.

    $$T_n = T\, n^{\gamma}, \quad \nu_n = \nu + \nu' n$$

    A value is a sum over findings, so it grows with n, and so does what NULL has to be. At each n it is a
    ``Calibration`` of temperature $T_n$ and NULL $\nu_n$. The defaults were fitted on simulated cases of rare diseases,
    and turn away few that fit: they say too often that something does (``benchmarks.diagnosis_calibration``).

    Args:
        temperature, growth: $T$ and $\gamma$.
        null, null_step: $\nu$ and $\nu'$.
        slope: of NULL against the value.
        most: findings of the longest case that it was fitted on.
        floor, error_rate: of conformal sets, see ``Calibration``.
        fitted_on: what it was fitted on, for people.

    >>> SetCalibration(null=-1.0, null_step=0.5).at(4).null
    1.0
    """

    temperature: float = 1.03
    growth: float = 0.17
    null: float = -1.0
    null_step: float = 0.37
    slope: float = 1.26
    most: float = 9.0
    floor: float | None = 0.038
    error_rate: float = 0.1
    fitted_on: str = "simulated cases of rare diseases, in catalogues of 5 to 2,000"

    def at(self, count: float) -> Calibration:
        """Return the calibration for so many findings; one that may be there counts by its certainty."""
        return Calibration(
            temperature=self.temperature * max(count, 1.0) ** self.growth,
            null=self.null + self.null_step * count,
            slope=self.slope,
            floor=self.floor,
            error_rate=self.error_rate,
            fitted_on=self.fitted_on,
        )

    def probabilities(self, values: Tensor, prior: Tensor, count: float) -> Tensor:
        """Return (profile + 1,) probabilities that sum to 1, the last one that of NULL.

        Whether anything explains the case does not depend on the prior: rare diseases explain as well as common ones.
        It depends on all findings, also where there are more than ``most``.

        Args:
            values: (profile,) without the prior.
            prior: (profile,) logarithms of probabilities.
            count: of findings.
        """
        here = self.at(count)
        ones = torch.ones(len(values))
        nothing = here.probabilities(values[None] - math.log(len(values)), ones)[0, -1:]
        return torch.cat([(1 - nothing) * self.given(values, prior, count), nothing])

    def given(self, values: Tensor, prior: Tensor, count: float) -> Tensor:
        r"""Return (profile,) probabilities that sum to 1, given that a profile explains the case.

        With more than ``most`` findings the temperature is $T_m\, n / m$: they say together what so many say,
        for nothing was fitted on more, and the phrases of a long text are not independent of each other. The order of
        the profiles is that of their values with the prior, however many findings there are.

        Args:
            values, prior, count: see ``probabilities``.
        """
        said = (values + prior) * min(1.0, self.most / max(count, 1.0))
        return self.at(min(count, self.most)).logits(said[None], torch.ones(len(values)))[0].softmax(dim=0)

    @classmethod
    def fit(
        cls,
        values: Tensor,
        labels: Sequence[int],
        counts: Sequence[float],
        *,
        error_rate: float = 0.1,
        fitted_on: str = "",
    ) -> SetCalibration:
        """Return the calibration that makes some cases most likely.

        Args:
            values: (case, profile) without a prior; minus infinity, or nearly, for one that a case could not have.
            labels: the right profile of each case, or ``OUT`` where there is none.
            counts: how many findings each case has.
            error_rate: of conformal sets, in (0, 1).
            fitted_on: for people.

        Raises:
            InputError: no case that has a profile, or none that has not.

        Cost: a few hundred values and gradients of a softmax.
        """
        told, sizes = torch.tensor(labels), torch.tensor(counts, dtype=torch.float64)
        inside = told != OUT
        if not bool(inside.any()) or bool(inside.all()):
            raise InputError(
                wanted="cases with a profile and cases without one",
                came=f"{int(inside.sum())} of {len(told)} with one",
                where="calibration",
            )
        exact = values.double()
        sizes_of = (exact > _NEVER).sum(dim=1).double().log()
        temperature, growth = _temperature(exact[inside], told[inside], sizes[inside])
        rates = temperature * sizes.clamp_min(1.0) ** growth
        evidence = rates * ((exact / rates[:, None]).logsumexp(dim=1) - sizes_of / rates)
        null, slope, step = fitted(evidence, inside, weights=evenly(inside), beside=sizes)
        half = cls(
            temperature=temperature,
            growth=growth,
            null=null,
            null_step=step,
            slope=slope,
            most=max(counts),
            fitted_on=fitted_on,
        )
        shared = (exact[inside] / rates[inside][:, None]).softmax(dim=1)
        chosen = shared.gather(1, told[inside][:, None])[:, 0]
        return replace(half, floor=conformal_floor(chosen, error_rate=error_rate), error_rate=error_rate)


def _temperature(values: Tensor, labels: Tensor, counts: Tensor) -> tuple[float, float]:
    logs = counts.clamp_min(1.0).log()

    def loss(parameters: Tensor) -> Tensor:
        rates = (parameters[0] + parameters[1] * logs).exp()
        return torch.nn.functional.cross_entropy(values / rates[:, None], labels) + 1e-4 * (parameters**2).sum()

    scale, growth = minimum(loss, [0.0, 0.0])
    return math.exp(min(max(scale, -3.0), 3.0)), growth
