"""Every registered family keeps every law."""

import pytest

from latentalign.registry import families
from latentalign.testing import LAWS, Case
from latentalign.testing.cases import CASES


@pytest.mark.parametrize("name", families)
def test_a_registered_family_has_a_case(name: str) -> None:
    assert any(isinstance(case.family, families.load(name)) for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(case: Case, law) -> None:
    law(case)
