"""Every registered family keeps every law."""

import pytest

from latentalign.families.agreement import Agreement
from latentalign.families.independent import Independent
from latentalign.families.matching import Matching
from latentalign.families.transport import Transport
from latentalign.testing import LAWS, Case, oracles

CASES = [
    Case(family=Independent(), alignments=oracles.independent(null=True)),
    Case(family=Independent(null=False, temperature=2.0), alignments=oracles.independent(null=False)),
    Case(family=Independent(alpha=1.5)),
    Case(family=Independent(alpha=2.0, null=False)),
    Case(family=Transport()),
    Case(family=Transport(mode="balanced", temperature=2.0), hard_limit=False),
    Case(family=Transport(mode="unbalanced", reach=300.0), hard_limit=False),  # of the size of the scores
    Case(family=Matching(), alignments=oracles.matching(null=True)),
    Case(family=Matching(null=False), alignments=oracles.matching(null=False)),
    Case(family=Agreement(), hard_limit=False),
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(case: Case, law) -> None:
    law(case)
