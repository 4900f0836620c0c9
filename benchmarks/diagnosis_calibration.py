"""The constants of ``SetCalibration`` fitted again, and what they are worth beside those in the code.

Decision support, not medical advice.

python -m benchmarks.diagnosis_calibration --data DIR [--cases 120] [--cache FOLDER]

Cases are drawn from diseases of the training set, in catalogues of several sizes: lists of findings of one disease,
exact or reworded, some with a wrong one; and as many of each of two kinds that no profile fits: lists of findings of
any disease, and lists of a disease that is taken out of the catalogue. Every second catalogue is fitted on, the others
are measured; large ones are drawn from the same diseases, so they share most of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import torch
from torch import Tensor
from torch.nn.functional import pad

from benchmarks.report import write_table
from latentalign.evaluation.diagnosis.rewording import synonyms_of
from latentalign.evaluation.diagnosis.symptom_lists import Lists, Setting
from latentalign.metrics.auroc import auroc
from latentalign.metrics.calibration_error import calibration_error
from latentalign.models.matcher.calibration import OUT, given_one
from latentalign.models.matcher.profile import Profile
from latentalign.models.matcher.set_calibration import SetCalibration
from latentalign.tasks.diagnosis.diagnose import Diagnoser
from latentalign.tasks.diagnosis.profile_file import read_profiles

FILE = "medical/gard-hpo-symptoms/train.jsonl.gz"
CATALOGUES = (5, 5, 20, 20, 100, 100, 500, 500, 1500, 1500)
NEVER = -1e9
"""What stands for a profile that a catalogue has not."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Cases:
    """Values of (case, profile), the right one or ``OUT``, the number of findings, and whether these are mixed."""

    values: Tensor
    labels: list[int]
    counts: list[float]
    mixed: list[bool]

    @classmethod
    def joined(cls, some: list[Cases]) -> Cases:
        """Return all of them, with as many profiles as the largest catalogue."""
        width = max(one.values.shape[1] for one in some)
        return cls(
            values=torch.cat([pad(one.values, (0, width - one.values.shape[1]), value=NEVER) for one in some]),
            labels=[label for one in some for label in one.labels],
            counts=[count for one in some for count in one.counts],
            mixed=[mixed for one in some for mixed in one.mixed],
        )


def main() -> None:
    """Draw, fit, measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=120, help="of each kind and catalogue")
    parser.add_argument("--cache", help="a folder that keeps the vectors of the findings")
    options = parser.parse_args()
    torch.set_num_threads(1)
    profiles = read_profiles(options.data / FILE)
    drawn = [
        simulated(profiles, size, options.cases, seed=seed, cache=options.cache) for seed, size in enumerate(CATALOGUES)
    ]
    fitted_on = Cases.joined(drawn[::2])
    fitted = SetCalibration.fit(fitted_on.values, fitted_on.labels, fitted_on.counts)
    command = f"python -m benchmarks.diagnosis_calibration --data DIR --cases {options.cases}"
    rows = [
        {"calibration": name, **constants(one), **worth(one, drawn[1::2])}
        for name, one in (("in the code", SetCalibration()), ("fitted again", fitted))
    ]
    write_table("diagnosis-calibration", rows, command=command)


def simulated(profiles: tuple[Profile, ...], size: int, cases: int, *, seed: int, cache: str | None) -> Cases:
    """Return cases of one catalogue."""
    chance = Random(seed)
    chosen = tuple(chance.sample(profiles, min(size, len(profiles))))
    diagnoser = Diagnoser.load(chosen, cache=cache)
    said, labels, gone = [], [], []
    for number, findings, removed in lists(chosen, cases, chance, seed=seed):
        said.append(findings)
        labels.append(OUT if removed else number)
        gone.append(number if removed else None)
    ratios = diagnoser.ratios(list(dict.fromkeys(one for some in said for one in some)))
    values = []
    for some, without in zip(said, gone, strict=True):
        row = diagnoser.values(diagnoser.findings([(one, 1.0) for one in some], (), ratios))
        if without is not None and without >= 0:
            row = row.index_fill(0, torch.tensor([without]), NEVER)
        values.append(row)
    counts = [float(len(some)) for some in said]
    return Cases(values=torch.stack(values), labels=labels, counts=counts, mixed=[one == -1 for one in gone])


def lists(
    profiles: tuple[Profile, ...], cases: int, chance: Random, *, seed: int
) -> Iterator[tuple[int, list[str], bool]]:
    """Yield lists of findings, the profile that they were drawn from or -1, and whether none is to fit them."""
    drawing = Lists(profiles=profiles, synonyms=synonyms_of(None), seed=seed)
    settings = [
        Setting(wording=wording, size=size, wrong=wrong)
        for wording in ("exact", "words", "synonyms")
        for size in (1, 2, 3, 5, 8)
        for wrong in (0, 1)
    ]
    for _ in range(cases):
        number, setting = chance.randrange(len(profiles)), chance.choice(settings)
        draw = replace(drawing, seed=chance.randrange(1 << 30))
        for removed in (False, True):
            yield from ((number, some, removed) for _, some in draw.drawn([number], setting))
        yield from ((-1, some, True) for some in draw.mixed(1, setting))


def constants(one: SetCalibration) -> dict[str, float]:
    """Return what is fitted."""
    names = ("temperature", "growth", "null", "null_step", "slope", "floor")
    return {name: getattr(one, name) for name in names}


def worth(one: SetCalibration, drawn: list[Cases]) -> dict[str, float]:
    """Return how right the probabilities are, in catalogues that they were not fitted on."""
    confidences, right, inside, fitting = [], [], [], []
    other: dict[bool, list[float]] = {True: [], False: []}
    for cases in drawn:
        for row, label, count, mixed in zip(cases.values, cases.labels, cases.counts, cases.mixed, strict=True):
            there = row > NEVER / 2
            shared = one.probabilities(row[there], torch.zeros(int(there.sum())), count)
            something = 1 - float(shared[-1])
            if label == OUT:
                other[mixed].append(something)
                continue
            fitting.append(something)
            given = given_one(shared)
            confidences.append(float(given.max().clamp(0, 1)))
            right.append(int(given.argmax()) == label)
            inside.append(bool(one.at(count).possible(shared[None])[0, label]))
    found = {
        "ECE of the answer": calibration_error(confidences, right),
        "in set": sum(inside) / len(inside),
        "turned away": sum(chance <= 0.5 for chance in fitting) / len(fitting),
    }
    for name, some in (("mixed", other[True]), ("removed", other[False])):
        told = [True] * len(fitting) + [False] * len(some)
        found |= {
            f"turned away, {name}": sum(chance <= 0.5 for chance in some) / len(some),
            f"ECE of NULL, {name}": calibration_error([*fitting, *some], told),
            f"AUROC, {name}": auroc([*fitting, *some], told),
        }
    return found


if __name__ == "__main__":
    main()
