"""Tables into dataclasses, wherever in the settings a dataclass stands."""

from dataclasses import dataclass

import pytest

from latentalign import config
from latentalign.errors import InputError, UnknownNameError


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: int = 1


@dataclass(frozen=True, kw_only=True)
class Outer:
    one: Inner = Inner()
    maybe: Inner | None = None
    several: tuple[Inner, ...] = ()


@pytest.mark.parametrize("key", ["one", "maybe"])
def test_a_table_becomes_its_dataclass_and_an_unknown_key_is_named(key: str) -> None:
    assert getattr(config.parse(Outer, {key: {"size": 2}}), key) == Inner(size=2)
    with pytest.raises(UnknownNameError, match=f"{key}: wanted a setting of Inner, got 'sise'.*'size'"):
        config.parse(Outer, {key: {"sise": 2}})


def test_a_list_of_tables_becomes_dataclasses_and_the_wrong_one_is_named() -> None:
    assert config.parse(Outer, {"several": [{"size": 2}, {}]}).several == (Inner(size=2), Inner())
    with pytest.raises(UnknownNameError, match=r"several\[1\]"):
        config.parse(Outer, {"several": [{}, {"sise": 2}]})
    with pytest.raises(InputError, match=r"several\[0\].size"):
        config.parse(Outer, {"several": [{"size": "x"}]})


def test_what_is_no_table_is_refused_and_none_is_taken() -> None:
    assert config.parse(Outer, {"maybe": None}).maybe is None
    with pytest.raises(InputError, match="maybe"):
        config.parse(Outer, {"maybe": 3})
    for wrong in (["x"], [{}, "x"]):
        with pytest.raises(InputError, match="several"):
            config.parse(Outer, {"several": wrong})
