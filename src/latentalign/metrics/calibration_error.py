"""Whether a stated confidence is the share of answers that are right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentalign.errors import InputError
from latentalign.metrics.paired import paired


def calibration_error(confidences: Sequence[float], right: Sequence[bool], *, bins: int = 15) -> float:
    r"""Return the expected calibration error, between 0 and 1, lower is better.

    $$\mathrm{ECE} = \sum_b \frac{n_b}{n} \, |\mathrm{acc}(b) - \mathrm{conf}(b)|$$

    over bins of equal width; a confidence on a border counts in the lower bin.

    Args:
        confidences: of each answer, in [0, 1].
        right: whether it was right.
        bins: how many, at least 1.

    Raises:
        InputError: unequal lengths, no answers, confidences outside [0, 1], or no bins.

    Cost: linear in the answers.

    >>> calibration_error([0.5, 0.5], [True, False]), calibration_error([1.0, 1.0], [True, False])
    (0.0, 0.5)

    Guo, Pleiss, Sun and Weinberger 2017, eq. 3.
    """
    stated, told = paired(confidences, right, where="calibration_error")
    if bins < 1 or stated.min() < 0 or stated.max() > 1:
        raise InputError(
            wanted="confidences in [0, 1], and at least 1 bin",
            came=f"{stated.min()} to {stated.max()}, and {bins}",
            where="calibration_error",
        )
    places = np.clip(np.ceil(stated * bins).astype(int) - 1, 0, bins - 1)
    gaps = np.bincount(places, weights=told - stated, minlength=bins)
    return float(np.abs(gaps).sum() / len(stated))
