"""The calibration of the default encoder where there is little or nothing to fit one on."""

from __future__ import annotations

import math

from latentalign.models.matcher.calibration import Calibration

PRIOR_TEXTS = 50
"""So many texts weigh as much as the default does."""
FURTHEST = 6.0
"""How far from the default, in log-odds or as a factor, a fit on few texts may be before it is drawn towards it."""


def zero_shot(labels: int) -> Calibration:
    r"""Return the calibration for so many labels, with a short description each: $\nu = 4.1 + 0.75 \log n$.

    It was fitted on random subsets of 2 to 150 intents of CLINC150, the names of the intents being the descriptions,
    with the default encoder and the default weights: 1,200 training texts, those of other intents and 100 more being
    out of scope. No conformal set can be stated without texts of one's own, so those sets hold everything.

    >>> round(zero_shot(3).null, 2), round(zero_shot(150).null, 2)
    (4.92, 7.86)
    """
    return Calibration(
        temperature=0.9,
        null=4.1 + 0.75 * math.log(max(1, labels)),
        slope=1.0,
        fitted_on=f"names of intents of CLINC150, for {labels} labels",
    )


def with_default(fitted: Calibration, *, texts: int, labels: int) -> Calibration:
    """Return a calibration that was fitted on few texts, drawn towards the default.

    What few texts say can be anything: four of them that do not explain each other put NULL above all answers. So
    before it is drawn, no level is further than ``FURTHEST`` from the default, and no scale further than that factor.

    Args:
        fitted: on the texts.
        texts: how many they were.
        labels: how many labels there are.

    >>> [round(with_default(Calibration(null=fitted), texts=50, labels=1).null, 2) for fitted in (9.0, 500.0)]
    [6.55, 7.1]
    """
    share, default = texts / (texts + PRIOR_TEXTS), zero_shot(labels)
    level = max(-FURTHEST, min(FURTHEST, fitted.null - default.null))
    return Calibration(
        temperature=_drawn(fitted.temperature, default.temperature, share),
        prior=share * fitted.prior,
        null=default.null + share * level,
        slope=_drawn(fitted.slope, default.slope, share),
        floor=fitted.floor,
        error_rate=fitted.error_rate,
        fitted_on=f"{fitted.fitted_on}, drawn towards the default",
    )


def _drawn(fitted: float, default: float, share: float) -> float:
    """Return a scale between the two, on the scale of logarithms."""
    return default * math.pow(max(1 / FURTHEST, min(FURTHEST, fitted / default)), share)
