"""Every registered family keeps every law."""

import pytest

from latentalign.families.independent import Independent
from latentalign.testing import LAWS, Case, oracles

CASES = [
    Case(family=Independent(), alignments=oracles.independent(null=True)),
    Case(family=Independent(null=False, temperature=2.0), alignments=oracles.independent(null=False)),
    Case(family=Independent(alpha=1.5)),
    Case(family=Independent(alpha=2.0, null=False)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(case: Case, law) -> None:
    law(case)
