"""Why a profile stands where it stands: what of the case it explains, what not, and what it leads one to expect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from latentalign.tasks.diagnosis.result import Expected, Explained, RankedProfile, Symptom
from latentalign.text.spans import Evidence, Link, Span

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.families import LatentAlignment
    from latentalign.models.matcher.profile import Profile
    from latentalign.models.matcher.profiles import Findings
    from latentalign.tasks.diagnosis.diagnose import Diagnoser

THRESHOLD = 0.2
"""The least mass of a link that is shown, and the least chance of a denial."""
EXPLAINED = 0.5
"""The least mass of all links of a symptom that is explained; and it speaks for the profile."""


def ranked_profile(
    diagnoser: Diagnoser,
    findings: Findings,
    *,
    said: Sequence[Symptom],
    denied: Sequence[Symptom],
    text: str,
    number: int,
    probability: float,
) -> RankedProfile:
    """Return a profile in its place, with its evidence.

    Args:
        diagnoser: which ranks it.
        findings: the case as numbers.
        said, denied: the symptoms, in the order of the numbers.
        text: of the case.
        number: of the profile.
        probability: that it was given.
    """
    matcher, profiles = diagnoser.matcher, diagnoser.profiles
    profile = profiles.profiles[number]
    alignment = matcher.alignment(findings, profiles, number)
    mass = alignment.expected
    expected = features_of(profile)
    gains = matcher.gains(findings, profiles, number).tolist()
    explains = [float(mass[i].sum()) >= EXPLAINED and gains[i] > 0 for i in range(len(said))]
    links = [(i, j) for i, j in (mass >= THRESHOLD).nonzero().tolist()]
    explained = [
        Explained(symptom=one, finding=expected[int(mass[i].argmax())], mass=float(mass[i].max()), gain=gains[i])
        for i, one in enumerate(said)
        if explains[i]
    ]
    start, end = profiles.bounds[number], profiles.bounds[number + 1]
    meant, losses = findings.absent[:, profiles.features[start:end]].exp(), matcher.losses(findings, profiles, number)
    contradicted = [  # a denial once, beside the finding that it most probably means
        Explained(symptom=one, finding=expected[int(row.argmax())], mass=float(row.max()), gain=float(loss))
        for one, row, loss in zip(denied, meant, losses, strict=True)
        if float(row.max()) >= THRESHOLD
    ]
    gone = {expected.index(one.finding) for one in (*explained, *contradicted)} | {j for _, j in links}
    return RankedProfile(
        name=profile.name,
        id=profile.id,
        probability=probability,
        value=float(matcher.value(findings, profiles, number)),
        prior=float(profiles.prior[number].exp()),
        explained=tuple(sorted(explained, key=lambda one: -one.gain)),
        unexplained=tuple(one for i, one in enumerate(said) if not explains[i]),
        missing=_missing(diagnoser, number, expected, gone),
        contradicted=tuple(contradicted),
        evidence=_evidence(alignment, links, said=said, expected=expected, text=text, target=target_of(profile)),
    )


def target_of(profile: Profile) -> str:
    """Return the findings of a profile as a text."""
    return "; ".join(one.name for one in profile.features)


def features_of(profile: Profile) -> list[Expected]:
    """Return the findings of a profile, with where each stands in that text."""
    found, start = [], 0
    for one in profile.features:
        found.append(Expected(name=one.name, span=Span(start, start + len(one.name)), frequency=one.frequency))
        start += len(one.name) + 2
    return found


def _missing(diagnoser: Diagnoser, number: int, expected: Sequence[Expected], gone: set[int]) -> tuple[Expected, ...]:
    """Return the findings that nothing is taken for, those frequent in the profile and rare elsewhere first."""
    profiles = diagnoser.profiles
    start, end = profiles.bounds[number], profiles.bounds[number + 1]
    rare = -diagnoser.phrases.shares[profiles.features[start:end]].log()
    worth: Tensor = rare * profiles.chances[start:end]
    return tuple(expected[one] for one in worth.argsort(descending=True, stable=True).tolist() if one not in gone)


def _evidence(
    alignment: LatentAlignment,
    links: Sequence[tuple[int, int]],
    *,
    said: Sequence[Symptom],
    expected: Sequence[Expected],
    text: str,
    target: str,
) -> Evidence:
    mass = alignment.expected
    return Evidence(
        source=text,
        target=target,
        source_spans=tuple(one.span for one in said),
        target_spans=tuple(one.span for one in expected),
        links=tuple(Link(said[i].span, expected[j].span, float(mass[i, j])) for i, j in links),
        null_source=tuple(alignment.null_query.tolist()),
        null_target=tuple(alignment.null_key.tolist()),
        score=float(alignment.value),
        family=type(alignment.family).__name__.lower(),
    )
