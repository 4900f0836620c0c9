"""Every engine of candidates keeps the same rules."""

import os
import uuid
from pathlib import Path

import numpy as np
import pytest

from latentalign.errors import InputError
from latentalign.index.candidates.exact import ExactCandidates
from latentalign.registry import candidates
from latentalign.testing.candidates import check_candidates

PACKAGES = {"usearch": "usearch", "lancedb": "lancedb", "qdrant": "qdrant_client"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("name", sorted(candidates))
def test_an_engine_keeps_the_rules(name: str, tmp_path: Path) -> None:
    if name in PACKAGES:
        pytest.importorskip(PACKAGES[name], reason=f"{PACKAGES[name]} is not installed (extra of that name)")
    kind = candidates.load(name)
    check_candidates(lambda: kind(tmp_path / "engine"))
    assert len(kind(tmp_path / "engine")) == 0


def test_a_qdrant_server_keeps_the_rules() -> None:
    pytest.importorskip("qdrant_client", reason="qdrant-client is not installed (extra qdrant)")
    url = os.environ.get("QDRANT_URL")
    if not url:
        pytest.skip("no QDRANT_URL in the environment")
    kind, name = candidates.load("qdrant"), f"test-{uuid.uuid4().hex}"
    check_candidates(lambda: kind(url, collection=name))
    assert len(kind(url, collection=name)) == 0


def test_what_cannot_be_added_is_an_error(tmp_path: Path) -> None:
    index = ExactCandidates(tmp_path)
    for ids, tokens in ((["a"], []), (["a", "a"], [np.eye(2)] * 2), (["a"], [np.zeros((0, 2))]), (["a"], [np.ones(2)])):
        with pytest.raises(InputError):
            index.add(ids, tokens)
    assert len(index) == 0


def test_the_suite_notices_an_engine_that_forgets_a_deletion(tmp_path: Path) -> None:
    class Forgetful(ExactCandidates):
        def delete(self, ids) -> None:
            pass

    with pytest.raises(AssertionError, match="every text counts once"):
        check_candidates(lambda: Forgetful(tmp_path))
