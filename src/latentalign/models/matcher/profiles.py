"""How well each profile explains a set of findings: which finding is which feature of it, or none, is latent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import torch
from torch import Tensor

from latentalign.errors import InputError
from latentalign.families import AlignmentFamily, LatentAlignment
from latentalign.families.independent import Independent
from latentalign.models.matcher.phrases import Phrases
from latentalign.models.matcher.profile import Profile

PLAIN = Independent()


@dataclass(frozen=True, kw_only=True, eq=False)
class Findings:
    r"""What is known of one case, with how much likelier each feature makes it.

    Args:
        ratios: (finding, feature) log-ratios of what is there or may be there, see ``Phrases``.
        certainty: (finding,) in (0, 1], how certain each is.
        absent: (denial, feature) the logarithm of the chance that each denial means a feature, $\pi_j r_j$.
        chances: (finding,) that each is a finding at all; None where all are.
    """

    ratios: Tensor
    certainty: Tensor
    absent: Tensor
    chances: Tensor | None = None

    @property
    def symptomatic(self) -> float:
        """The chance that any of it is a finding at all."""
        return 1.0 if self.chances is None else 1 - float((1 - self.chances).prod())

    def in_passing(self, chances: Tensor) -> Findings:
        """Return the case where each thing said is a finding with some chance, and else said by the way.

        What is said by the way says nothing for or against a profile. The ratios are those of things that may be said
        by the way already, so that they go up by as much as the certainty goes down.

        Args:
            chances: (finding,) in (0, 1].
        """
        return replace(
            self,
            ratios=self.ratios - chances.log()[:, None],
            certainty=self.certainty * chances,
            chances=chances,
        )

    def without(self, places: Sequence[int]) -> Findings:
        """Return the case without some of its findings, by their numbers."""
        kept = [one for one in range(len(self.ratios)) if one not in set(places)]
        chances = None if self.chances is None else self.chances[kept]
        return replace(self, ratios=self.ratios[kept], certainty=self.certainty[kept], chances=chances)


@dataclass(frozen=True, kw_only=True, eq=False)
class Profiles:
    r"""All profiles of a catalogue, as numbers; features are those of ``Phrases``.

    Args:
        profiles: in the order of the values.
        features: (entry,) the number of the feature, one profile after the other.
        owner: (entry,) the number of the profile.
        chances: (entry,) $f$, how often who has the profile has the feature.
        weights: (entry,) $\log w$, the share of the feature in what such a patient has, of each profile 1 in all.
        prior: (profile,) logarithms of the prevalences, which sum to 1.
    """

    profiles: tuple[Profile, ...]
    features: Tensor
    owner: Tensor
    chances: Tensor
    weights: Tensor
    prior: Tensor

    @classmethod
    def of(
        cls,
        profiles: Sequence[Profile],
        phrases: Phrases,
        *,
        frequency_power: float = 0.25,
        unknown_frequency: float = 0.4,
    ) -> Profiles:
        r"""Return profiles as numbers; one without a prevalence has the geometric mean of the others.

        Args:
            profiles: all of them.
            phrases: their findings.
            frequency_power: $\tau$ in $w_{dj} \propto f_{dj}^\tau$; 0 gives all features of a profile the same weight.
            unknown_frequency: $f_{dj}$ where it is not known.

        Raises:
            InputError: a value out of its range.
        """
        if not 0 < unknown_frequency < 1 or frequency_power < 0:
            raise InputError(
                wanted="an unknown frequency in (0, 1), and a power of at least 0",
                came=f"{unknown_frequency!r} and {frequency_power!r}",
                where="profiles",
            )
        numbers = {one.key: number for number, one in enumerate(phrases.features)}
        rows = [
            (number, numbers[feature.key], unknown_frequency if feature.frequency is None else feature.frequency)
            for number, one in enumerate(profiles)
            for feature in one.features
        ]
        logs = [None if one.prevalence is None else math.log(one.prevalence) for one in profiles]
        known = [one for one in logs if one is not None]
        mean = sum(known) / len(known) if known else 0.0
        owner = torch.tensor([one for one, _, _ in rows])
        chances = torch.tensor([one for _, _, one in rows])
        weights = chances.clamp_min(0.01) ** frequency_power
        totals = torch.zeros(len(profiles)).index_add_(0, owner, weights)
        return cls(
            profiles=tuple(profiles),
            features=torch.tensor([one for _, one, _ in rows]),
            owner=owner,
            chances=chances,
            weights=(weights / totals[owner]).log(),
            prior=torch.tensor([mean if one is None else one for one in logs]).log_softmax(dim=0),
        )

    @cached_property
    def bounds(self) -> tuple[int, ...]:
        """(profile + 1) where the entries of each profile begin, and the end."""
        counts = torch.bincount(self.owner, minlength=len(self.profiles))
        return (0, *counts.cumsum(dim=0).tolist())


@dataclass(frozen=True, kw_only=True, eq=False)
class ProfileMatcher:
    r"""Values every profile for a case.

    $$V(x, d) = \Phi(S) + \sum_i \log \epsilon_i + \sum_{a} \log\Big[1 - \sum_{j \in d} f_{dj}\, \pi_j r_j(a)\Big],$$

    $$S_{ij} = \log \frac{c_i (1 - \epsilon)}{\epsilon_i} + \log w_{dj} + \log r_j(x_i)$$

    A finding that the patient has is drawn from the features of the disease, feature $j$ with the weight $w_{dj}$, or
    with the chance $\epsilon$ has nothing to do with it. $r_j$ is how much likelier feature $j$ makes what was said
    (see ``Phrases``), so $V$ is a log-likelihood ratio against "nothing in the catalogue" and the family's value is a
    sum over all ways to align. A finding of certainty $c_i$ counts in part, $\epsilon_i = c_i \epsilon + 1 - c_i$.
    What is denied counts against the profiles that lead one to expect it.

    Args:
        family: $\Phi$; ``independent`` lets a feature explain several findings, ``transport`` at most about one.
        null_chance: $\epsilon$, in (0, 1).
        aligned: with a family other than ``independent`` at temperature 1, how many profiles it values; they are the
            first ones by ``independent``, whose values the others keep, less the largest fall among those.

    Raises:
        InputError: a value out of its range.

    Cost: one look-up of each finding in each entry of each profile: 42,000 entries take 2 ms for 5 findings.
    """

    family: AlignmentFamily = field(default_factory=Independent)
    null_chance: float = 0.08
    aligned: int = 64

    def __post_init__(self) -> None:
        if not 0 < self.null_chance < 1 or self.aligned < 1:
            raise InputError(
                wanted="a chance in (0, 1), and at least 1 profile to align",
                came=f"{self.null_chance!r} and {self.aligned}",
                where="ProfileMatcher",
            )

    @torch.inference_mode()
    def values(self, case: Findings, profiles: Profiles) -> Tensor:
        """Return (profile,) values in log-odds against "nothing in the catalogue", without the prior."""
        plain = self._plain(case, profiles) + self._denied(case, profiles)
        if self.family == PLAIN or not len(case.ratios):
            return plain
        first = (plain + profiles.prior).topk(min(self.aligned, len(plain))).indices
        found = torch.stack([self._value(case, profiles, one) for one in first.tolist()])
        found += self._denied(case, profiles)[first]
        fall = (plain[first] - found).amax()
        return (plain - fall).scatter(0, first, found)

    @torch.inference_mode()
    def alignment(self, case: Findings, profiles: Profiles, number: int) -> LatentAlignment:
        """Return the alignment of the findings (queries) with the features of one profile (keys)."""
        start, end = profiles.bounds[number], profiles.bounds[number + 1]
        entries = case.ratios[:, profiles.features[start:end]] + profiles.weights[start:end]
        return LatentAlignment(
            family=self.family,
            scores=entries + self._links(case)[:, None],
            mask=torch.ones_like(entries, dtype=torch.bool),
        )

    def gains(self, case: Findings, profiles: Profiles, number: int) -> Tensor:
        """Return (finding,) what each finding adds to the value of a profile: the value less that without it."""
        if self.family == PLAIN:  # each finding has a value of its own
            rows = self.alignment(case, profiles, number).scores.logsumexp(dim=1)
            return torch.nn.functional.softplus(rows) + self._nulls(case)
        whole = self._value(case, profiles, number)
        less = [self._value(case.without([one]), profiles, number) for one in range(len(case.ratios))]
        return torch.stack([whole - one for one in less]) if less else torch.zeros(0)

    def value(self, case: Findings, profiles: Profiles, number: int) -> Tensor:
        """Return () the value of one profile, without the prior."""
        return self._value(case, profiles, number) + self.losses(case, profiles, number).sum()

    def losses(self, case: Findings, profiles: Profiles, number: int) -> Tensor:
        """Return (denial,) what each denial takes off the value of a profile, 0 or less."""
        start, end = profiles.bounds[number], profiles.bounds[number + 1]
        lost = case.absent[:, profiles.features[start:end]].exp() @ profiles.chances[start:end]
        return (1 - lost.clamp(0.0, 0.98)).log()

    def _value(self, case: Findings, profiles: Profiles, number: int) -> Tensor:
        if not len(case.ratios):
            return torch.zeros(())
        return self.alignment(case, profiles, number).value + self._nulls(case).sum()

    def _plain(self, case: Findings, profiles: Profiles) -> Tensor:
        """Return (profile,) the values of the independent family, all at once."""
        highest = case.ratios.amax(dim=1, keepdim=True)
        ratios = (case.ratios - highest).exp()
        shares = profiles.weights.exp()
        sums = ratios.new_zeros(len(ratios), len(profiles.profiles))
        sums.index_add_(1, profiles.owner, ratios[:, profiles.features] * shares)
        scores = sums.clamp_min(1e-30).log() + highest + self._links(case)[:, None]
        return (torch.nn.functional.softplus(scores) + self._nulls(case)[:, None]).sum(dim=0)

    def _denied(self, case: Findings, profiles: Profiles) -> Tensor:
        """Return (profile,) what the denials take off."""
        found = case.absent.new_zeros(len(case.absent), len(profiles.profiles))
        if len(case.absent):
            lost = case.absent.exp()[:, profiles.features] * profiles.chances
            found.index_add_(1, profiles.owner, lost)
        return (1 - found.clamp(0.0, 0.98)).log().sum(dim=0)

    def _nulls(self, case: Findings) -> Tensor:
        r"""Return (finding,) $\log \epsilon_i$."""
        return (case.certainty * self.null_chance + 1 - case.certainty).log()

    def _links(self, case: Findings) -> Tensor:
        """Return (finding,) what is added to every link of a finding."""
        return (case.certainty * (1 - self.null_chance)).log() - self._nulls(case)
