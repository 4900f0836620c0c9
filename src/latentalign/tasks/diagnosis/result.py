"""What a diagnoser says of a case: ranked profiles, or an abstention, and what each rests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from latentalign.formats.fields import evidence_fields
from latentalign.text.assertions import State
from latentalign.text.spans import Evidence, Span

NOTE = "decision support, not medical advice"
"""What stands beside every result."""


@dataclass(frozen=True, kw_only=True)
class Symptom:
    """Something that is said of the patient.

    Args:
        text: the phrase.
        span: where it stands in the text of the case.
        state: ``present``, ``absent`` or ``uncertain``.
        cue: where the text denies or doubts it.
    """

    text: str
    span: Span
    state: State
    cue: Span | None = None


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A finding of a profile.

    Args:
        name: of the finding.
        span: where it stands in the target of the evidence.
        frequency: in how many of the patients; None if it is not known.
    """

    name: str
    span: Span
    frequency: float | None


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A symptom and the finding of a profile that it is taken for.

    Args:
        symptom: of the patient.
        finding: of the profile.
        mass: of the link, in [0, 1]; for a denial, the chance that it denies this finding.
        gain: what the symptom adds to the value of the profile, in log-odds.
    """

    symptom: Symptom
    finding: Expected
    mass: float
    gain: float


@dataclass(frozen=True, kw_only=True)
class RankedProfile:
    """A profile in its place.

    Args:
        name, id: of the disease.
        probability: calibrated, in [0, 1], the prior included.
        value: of the findings alone, in log-odds against "nothing in the catalogue"; positive speaks for the profile.
        prior: the probability of the disease before anything is known of the patient.
        explained: the symptoms that it explains, with what for, the strongest first.
        unexplained: the symptoms that it does not explain.
        missing: the findings of the profile that no symptom is taken for, the most frequent and the rarest elsewhere
            first.
        contradicted: findings of the profile that the text denies.
        evidence: the symptoms of the text (source) aligned with the findings of the profile (target); its score is that
            of the alignment alone, of which ``value`` makes log-odds.
    """

    name: str
    id: str | None
    probability: float
    value: float
    prior: float
    explained: tuple[Explained, ...]
    unexplained: tuple[Symptom, ...]
    missing: tuple[Expected, ...]
    contradicted: tuple[Explained, ...]
    evidence: Evidence


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """The answer for one case: decision support, not medical advice.

    Args:
        text: of the case; the items of a list are joined with semicolons.
        symptoms: what it says, in order.
        ranked: profiles, the most probable one first.
        nothing: the probability that no profile of the catalogue explains the case.
        possible: the names of the conformal set.
        id: of the record, if it has one.
        note: says what this is not.
    """

    text: str
    symptoms: tuple[Symptom, ...]
    ranked: tuple[RankedProfile, ...]
    nothing: float
    possible: tuple[str, ...]
    id: str | None = None
    note: str = field(default=NOTE, init=False)

    @property
    def label(self) -> str | None:
        """The most probable profile; None is an abstention."""
        return None if self.abstains else self.ranked[0].name

    @property
    def abstains(self) -> bool:
        """Whether "none of these" is more probable than all profiles together."""
        return self.nothing >= 0.5

    @property
    def evidence(self) -> Evidence:
        """That of the first profile, also for an abstention."""
        return self.ranked[0].evidence

    def to_fields(self) -> dict[str, Any]:
        """Return it as fields that JSON can hold."""
        return {
            "note": self.note,
            "id": self.id,
            "text": self.text,
            "label": self.label,
            "abstains": self.abstains,
            "nothing": self.nothing,
            "symptoms": [_symptom(one) for one in self.symptoms],
            "ranked": [_ranked(one) for one in self.ranked],
            "possible": list(self.possible),
        }


def _ranked(one: RankedProfile) -> dict[str, Any]:
    return {
        "name": one.name,
        "id": one.id,
        "probability": one.probability,
        "value": one.value,
        "prior": one.prior,
        "explained": [_explained(some) for some in one.explained],
        "unexplained": [_symptom(some) for some in one.unexplained],
        "missing": [_expected(some) for some in one.missing],
        "contradicted": [_explained(some) for some in one.contradicted],
        "evidence": evidence_fields(one.evidence),
    }


def _symptom(one: Symptom) -> dict[str, Any]:
    cue = None if one.cue is None else list(one.cue)
    return {"text": one.text, "span": list(one.span), "state": one.state, "cue": cue}


def _expected(one: Expected) -> dict[str, Any]:
    return {"name": one.name, "span": list(one.span), "frequency": one.frequency}


def _explained(one: Explained) -> dict[str, Any]:
    finding = _expected(one.finding)
    return {"symptom": _symptom(one.symptom), "finding": finding, "mass": one.mass, "gain": one.gain}
