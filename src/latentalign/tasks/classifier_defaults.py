"""The calibration of the default encoder where there is nothing to fit one on."""

from __future__ import annotations

from latentalign.models.matcher.calibration import Calibration

ZERO_SHOT = Calibration(temperature=1.0, null=6.0, slope=1.0, fitted_on="not fitted")
