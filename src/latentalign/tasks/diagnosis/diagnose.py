"""Symptoms to ranked disease profiles, with what each explains and what it does not. No medical advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from latentalign import config
from latentalign.errors import InputError, LatentAlignError
from latentalign.tasks.diagnosis.case import Case
from latentalign.tasks.diagnosis.diagnoser_config import DiagnoserConfig, phrases_of
from latentalign.tasks.diagnosis.result import Diagnosis
from latentalign.text.pairs import Failure

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.models.matcher.phrases import Phrases
    from latentalign.models.matcher.profile import Profile
    from latentalign.models.matcher.profiles import Findings, ProfileMatcher, Profiles
    from latentalign.models.matcher.set_calibration import SetCalibration

AT_ONCE = 64
"""Cases whose phrases are encoded together."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Diagnoser:
    """Ranks the profiles of a catalogue for a case: decision support, not medical advice.

    Args:
        phrases: the findings of the catalogue, encoded.
        profiles: the catalogue.
        matcher: values a case and a profile.
        calibration: values into probabilities.
        settings: what it was made with.
        top: how many profiles a result ranks.
    """

    phrases: Phrases
    profiles: Profiles
    matcher: ProfileMatcher
    calibration: SetCalibration
    settings: DiagnoserConfig
    top: int = 5

    @classmethod
    def load(
        cls,
        profiles: str | Path | Sequence[Profile],
        *,
        terms: str | Path | None = None,
        cache: str | Path | None = None,
        top: int = 5,
        **changes: object,
    ) -> Diagnoser:
        """Return a diagnoser of a catalogue.

        Args:
            profiles: a file, see ``read_profiles``, or the profiles themselves.
            terms: an ontology, in OBO, OWL or another form of ``read_catalogue``, for its names and synonyms.
            cache: a folder that keeps the vectors of the phrases from one time to the next.
            top: how many profiles a result ranks.
            changes: settings of ``DiagnoserConfig``.

        Raises:
            InputError: a file that cannot be read, or no profile.
            ModelError: the encoder cannot be found.

        Cost: one pass of the encoder over each different phrase: 13 s of one core for 5,000.
        """
        from latentalign.models.matcher.profiles import Profiles
        from latentalign.models.matcher.set_calibration import SetCalibration
        from latentalign.tasks.diagnosis.profile_file import read_profiles

        settings = config.parse(DiagnoserConfig, changes, where="Diagnoser")
        some = read_profiles(profiles, terms=terms) if isinstance(profiles, str | Path) else tuple(profiles)
        if not some or top < 1:
            came = "none" if not some else f"top={top}"
            raise InputError(wanted="at least one profile, and one to rank", came=came, where="Diagnoser.load")
        phrases = phrases_of(some, settings, None if cache is None else Path(cache).expanduser())
        numbered = Profiles.of(
            some,
            phrases,
            frequency_power=settings.frequency_power,
            unknown_frequency=settings.unknown_frequency,
        )
        prior = (numbered.prior / settings.prior_temperature).log_softmax(dim=0)
        return cls(
            phrases=phrases,
            profiles=replace(numbered, prior=prior),
            matcher=settings.matcher(),
            calibration=SetCalibration(),
            settings=settings,
            top=top,
        )

    def diagnose(self, symptoms: str | Sequence[str]) -> Diagnosis:
        """Return the answer for one case.

        Args:
            symptoms: a free text, or a list whose items are symptoms each. "No ...", "denies ..." and "possible ..."
                are understood in both.

        Raises:
            InputError: no symptom.
        """
        result = next(self.diagnose_many([symptoms]))
        if isinstance(result, Failure):
            raise result.error
        return result

    def diagnose_many(self, cases: Iterable[str | Sequence[str] | Case | Failure]) -> Iterator[Diagnosis | Failure]:
        """Yield one result a case, in order; one that cannot be used yields a ``Failure`` and harms no other."""
        waiting = iter(cases)
        while window := list(islice(waiting, AT_ONCE)):
            read = [self._case(one) for one in window]
            said = dict.fromkeys(
                symptom.text for one in read if isinstance(one, Case) for symptom in one.symptoms(self.is_name)
            )
            ratios = self.ratios(list(said))
            for one in read:
                yield one if isinstance(one, Failure) else self._answer(one, ratios)

    def ratios(self, said: Sequence[str]) -> dict[str, Tensor]:
        """Return, for each phrase, how much likelier each finding of the catalogue makes it."""
        return dict(zip(said, self.phrases.ratios(said), strict=True)) if said else {}

    def findings(
        self, present: Sequence[tuple[str, float]], absent: Sequence[str], ratios: Mapping[str, Tensor]
    ) -> Findings:
        """Return a case as numbers.

        Args:
            present: phrases with the certainty of each.
            absent: phrases that are denied.
            ratios: of all of them.
        """
        import torch

        from latentalign.models.matcher.profiles import Findings

        none = torch.zeros(0, len(self.phrases.features))
        return Findings(
            ratios=torch.stack([ratios[one] for one, _ in present]) if present else none,
            certainty=torch.tensor([certainty for _, certainty in present]),
            absent=torch.stack([ratios[one] for one in absent]) + self.phrases.shares.log() if absent else none,
        )

    def read(self, case: Case, ratios: Mapping[str, Tensor], *, listed: bool = False) -> Findings:
        """Return what is said of a patient as numbers.

        Each item of a list is a symptom, and a text of one phrase is one. Of the phrases of a longer text some only
        go with what is said of the symptoms, so each counts by the chance that it is a finding.

        Args:
            case: what is said.
            ratios: of all its phrases.
            listed: take the phrases of a text for a list.
        """
        symptoms = case.symptoms(self.is_name)
        said = [one for one in symptoms if one.state != "absent"]
        certain = [(one.text, self.settings.certainty if one.state == "uncertain" else 1.0) for one in said]
        findings = self.findings(certain, [one.text for one in symptoms if one.state == "absent"], ratios)
        if listed or case.items or len(symptoms) < 2:
            return findings
        return findings.in_passing(self.phrases.symptomatic(findings.ratios))

    def values(self, case: Findings) -> Tensor:
        """Return (profile,) values, without the prior."""
        return self.matcher.values(case, self.profiles)

    def probabilities(self, case: Findings, *, left_out: int | None = None) -> Tensor:
        """Return (profile + 1,) probabilities, the last one that of none of them.

        Args:
            case: what is known.
            left_out: the number of a profile that is taken out of the catalogue.
        """
        values, prior = self.values(case), self.profiles.prior
        if left_out is not None:
            kept = [one for one in range(len(values)) if one != left_out]
            values, prior = values[kept], prior[kept]
        return self._shared(values, prior, case)

    def given(self, case: Findings) -> Tensor:
        """Return (profile,) probabilities given that a profile fits."""
        return self.calibration.given(self.values(case), self.profiles.prior, float(case.certainty.sum()))

    def _shared(self, values: Tensor, prior: Tensor, case: Findings) -> Tensor:
        found = case.symptomatic * self.calibration.probabilities(values, prior, float(case.certainty.sum()))
        found[-1] += 1 - case.symptomatic  # what is no finding at all, no profile explains
        return found

    def is_name(self, phrase: str) -> bool:
        """Whether a phrase is the name of a finding, so that no word of it denies or doubts anything."""
        from latentalign.models.features import fold

        return fold(phrase) in self.phrases.names

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the profiles."""
        return tuple(one.name for one in self.profiles.profiles)

    def _case(self, given: str | Sequence[str] | Case | Failure) -> Case | Failure:
        if isinstance(given, Case | Failure):
            return given
        try:
            return Case.of(given)
        except LatentAlignError as error:
            return Failure(error=error)

    def _answer(self, case: Case, ratios: dict[str, Tensor]) -> Diagnosis | Failure:
        import torch

        from latentalign.tasks.diagnosis.case_evidence import ranked_profile

        symptoms = case.symptoms(self.is_name)
        try:
            if not symptoms:
                raise InputError(wanted="a symptom", came=repr(case.text)[:60], where=case.where or "symptoms")
        except InputError as error:
            return Failure(error=error, id=case.id)
        said = [one for one in symptoms if one.state != "absent"]
        denied = [one for one in symptoms if one.state == "absent"]
        findings = self.read(case, ratios)
        values, count = self.values(findings), float(findings.certainty.sum())
        shared = self._shared(values, self.profiles.prior, findings)
        if not said:  # what is not there alone explains nothing
            shared = shared * 0.0
            shared[-1] = 1.0
        order = (values + self.profiles.prior).argsort(descending=True, stable=True).tolist()
        given = self.calibration.given(values, self.profiles.prior, count)
        inside = self.calibration.at(count).possible(torch.cat([given, given.new_zeros(1)])[None])[0]
        return Diagnosis(
            text=case.text,
            symptoms=symptoms,
            ranked=tuple(
                ranked_profile(
                    self,
                    findings,
                    said=said,
                    denied=denied,
                    text=case.text,
                    number=number,
                    probability=float(shared[number]),
                )
                for number in order[: self.top]
            ),
            nothing=float(shared[-1]),
            possible=tuple(self.names[one] for one in order[: int(inside.sum())]) if said else (),
            id=case.id,
        )
