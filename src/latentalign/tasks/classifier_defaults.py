"""The calibration of the default encoder where there is nothing to fit one on."""

from __future__ import annotations

from latentalign.models.matcher.calibration import Calibration

ZERO_SHOT = Calibration(
    temperature=0.923,
    null=7.50,
    slope=1.018,
    floor=0.0184,
    error_rate=0.1,
    fitted_on="names of the 150 intents of CLINC150: 1,200 training texts, and 100 out of scope",
)
"""Of short descriptions, one a label, with the default settings of ``MatcherConfig``."""
