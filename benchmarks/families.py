"""Every family against brute force: the largest error of each query, and whether its derivatives are right.

python -m benchmarks.families
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from torch import Tensor

from benchmarks.report import write_table
from latentalign.testing import Case
from latentalign.testing.cases import CASES
from latentalign.testing.items import enumerated_large, scores_and_masks
from latentalign.testing.laws import derivatives_are_right
from latentalign.testing.oracles import truth

QUERIES = ("value", "marginals", "best", "entropy", "KL")


def main() -> None:
    """Measure every case and write the table."""
    rows = [{"family": f"`{case}`", **errors(case), "derivatives": derivatives(case)} for case in CASES]
    write_table("families", rows, command="python -m benchmarks.families")


def errors(case: Case) -> dict[str, Any]:
    """Return the number of matrices and the largest error of each query over them, None where there is no truth."""
    largest: dict[str, float] = defaultdict(float)
    count = 0
    for alignment, truths in enumerated_large(case):
        count += len(truths)
        score = case.family.score(alignment.best, alignment.scores, alignment.mask)
        for index, true in enumerate(truths):
            scale = max(1.0, float(alignment.scores[index].abs().max()))
            pairs = {"best": (score[index], true.highest), "value": (alignment.value[index], true.highest)}
            if case.family.probabilistic:
                pairs["value"] = (alignment.value[index], true.value)
                pairs["marginals"] = (alignment.expected[index], true.expected)
                pairs["entropy"] = (alignment.entropy[index], true.entropy)
            for name, (got, wanted) in pairs.items():
                largest[name] = max(largest[name], difference(got, wanted) / (1.0 if name == "marginals" else scale))
    if case.family.probabilistic:
        largest["KL"] = divergence_error(case)
    return {"matrices": count or None, **{name: largest.get(name) for name in QUERIES}}


def divergence_error(case: Case) -> float:
    """Return the largest error of the divergence from the same scores, halved and mirrored."""
    largest = 0.0
    for scores, mask in scores_and_masks(scales=(1.0, 10.0)):
        other = scores.flip(-1) * 0.5
        for got, one, two, admitted in zip(case.family.kl(scores, other, mask), scores, other, mask, strict=True):
            here, there = truth(case, one, admitted), truth(case, two, admitted)
            terms = here.probabilities * (here.probabilities.log() - there.probabilities.log())
            largest = max(largest, difference(got, terms.nan_to_num(0.0).sum()) / max(1.0, float(one.abs().max())))
    return largest


def difference(got: Tensor, wanted: Tensor) -> float:
    """Return the largest absolute difference."""
    return float((got - wanted).abs().max())


def derivatives(case: Case) -> str | None:
    """Return whether first and second derivatives agree with finite differences, None where they need not exist."""
    if not case.family.smooth:
        return None
    try:
        derivatives_are_right(case)
    except AssertionError:
        return "wrong"
    return "right"


if __name__ == "__main__":
    main()
