"""What a set of findings can be explained by: a profile, which is a name with the findings that go with it."""

from __future__ import annotations

from dataclasses import dataclass

from latentalign.errors import InputError
from latentalign.text.characters import check_text, is_blank


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A finding that goes with a profile.

    Args:
        name: in a phrase.
        frequency: in how many of those who have the profile, in [0, 1]; None if it is not known.
        synonyms: other phrases for the same finding.
        id: in a catalogue, such as ``HP:0001250``; features with one id, or else one name, are one finding.

    Raises:
        InputError: a blank phrase, or a frequency outside [0, 1].

    >>> Feature(name="fever", frequency=0.9).key == Feature(name="Fever").key
    True
    """

    name: str
    frequency: float | None = None
    synonyms: tuple[str, ...] = ()
    id: str | None = None

    def __post_init__(self) -> None:
        for phrase in (self.name, *self.synonyms):
            if is_blank(check_text(phrase, where="a finding")):
                raise InputError(wanted="a finding in words", came="a blank one", where=f"finding {self.name!r}")
        if self.frequency is not None and not 0 <= self.frequency <= 1:
            raise InputError(wanted="a frequency in [0, 1]", came=repr(self.frequency), where=f"finding {self.name!r}")

    @property
    def key(self) -> str:
        """What two features have in common that are one finding."""
        return self.id or " ".join(self.name.casefold().split())


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A possible explanation with the findings that go with it.

    Args:
        name: of the disease.
        features: each finding once; of two that are one finding, the first counts.
        prevalence: its share of those who may come, above 0 and at most 1; None if it is not known.
        id: in a catalogue, such as ``ORPHA:558``.

    Raises:
        InputError: no name, no feature, or a prevalence outside (0, 1].

    >>> Profile(name="flu", features=(Feature(name="fever"), Feature(name="Fever"))).features
    (Feature(name='fever', frequency=None, synonyms=(), id=None),)
    """

    name: str
    features: tuple[Feature, ...]
    prevalence: float | None = None
    id: str | None = None

    def __post_init__(self) -> None:
        if is_blank(check_text(self.name, where="the name of a profile")):
            raise InputError(wanted="a profile with a name", came="a blank one", where=self.id or "profile")
        if not self.features:
            raise InputError(wanted="at least one finding", came="none", where=f"profile {self.name!r}")
        if self.prevalence is not None and not 0 < self.prevalence <= 1:
            raise InputError(
                wanted="a prevalence above 0 and at most 1", came=repr(self.prevalence), where=f"profile {self.name!r}"
            )
        different: dict[str, Feature] = {}
        for one in self.features:
            different.setdefault(one.key, one)
        object.__setattr__(self, "features", tuple(different.values()))
