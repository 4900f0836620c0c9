"""Every family against brute force: the largest error of each query, and whether its derivatives are right.

python -m benchmarks.families
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from functools import partial
from typing import Any

import torch
from torch import Tensor

from benchmarks.report import write_table
from latentalign.families import AlignmentFamily
from latentalign.testing import Case
from latentalign.testing.cases import CASES
from latentalign.testing.items import enumerated_large, scores_and_masks
from latentalign.testing.oracles import truth

QUERIES = ("value", "marginals", "best", "entropy", "KL")


def main() -> None:
    """Measure every case and write the table."""
    rows = [{"family": f"`{described(case.family)}`", **errors(case), "gradcheck": gradcheck(case)} for case in CASES]
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


def gradcheck(case: Case) -> str | None:
    """Return whether torch's gradcheck of value and expected, and gradgradcheck of the value, pass in float64."""
    if not case.family.smooth:
        return None
    for scores, mask in scores_and_masks(scales=(1.0,)):
        leaf = scores.clone().requires_grad_()
        checks = (
            (torch.autograd.gradcheck, case.family.value),
            (torch.autograd.gradcheck, case.family.expected),
            (torch.autograd.gradgradcheck, case.family.value),
        )
        if not all(check(partial(query, mask=mask), (leaf,), raise_exception=False) for check, query in checks):
            return "failed"
    return "passed"


def described(family: AlignmentFamily) -> str:
    """Return a family with the settings that are not the default."""
    fields = [item for item in dataclasses.fields(family) if getattr(family, item.name) != default(item)]
    return f"{type(family).__name__}({', '.join(f'{item.name}={getattr(family, item.name)!r}' for item in fields)})"


def default(field: dataclasses.Field[Any]) -> Any:
    """Return the default of a field."""
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


if __name__ == "__main__":
    main()
