"""The calibration of the default encoder where there is little or nothing to fit one on."""

from __future__ import annotations

import math

from latentalign.models.matcher.calibration import Calibration

PRIOR_TEXTS = 50
"""So many texts weigh as much as the default does."""


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

    Args:
        fitted: on the texts.
        texts: how many they were.
        labels: how many labels there are.

    >>> with_default(Calibration(null=9.0), texts=50, labels=1).null
    6.55
    """
    share, default = texts / (texts + PRIOR_TEXTS), zero_shot(labels)
    return Calibration(
        temperature=fitted.temperature**share * default.temperature ** (1 - share),
        prior=share * fitted.prior,
        null=share * fitted.null + (1 - share) * default.null,
        slope=fitted.slope**share * default.slope ** (1 - share),
        floor=fitted.floor,
        error_rate=fitted.error_rate,
        fitted_on=f"{fitted.fitted_on}, drawn towards the default",
    )
