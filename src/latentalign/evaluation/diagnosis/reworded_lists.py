"""What other words, slips and capitals cost a diagnoser and its baselines: the same lists of symptoms, changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random

from torch import Tensor

from latentalign.errors import InputError
from latentalign.evaluation.diagnosis.rewording import reworded
from latentalign.evaluation.diagnosis.symptom_lists import Lists, Setting
from latentalign.evaluation.perturbations import Perturbation, Perturbations
from latentalign.evaluation.ranks import rank, recall
from latentalign.evaluation.report import Cell, Report

Drawn = list[tuple[int, list[str]]]
NOTE = (
    "lists of {} symptoms, {} in all, the same ones in every column: those of the exact lists without a wrong symptom "
    "above; exact: the share; the others: points lost; casing: in capitals, or each word capitalised; punctuation: "
    "taken out; word order: two neighbouring words swapped, in a fifth of the places, one at least"
)


def ways_of(names: Sequence[str], wordings: Sequence[str], synonyms: Mapping[str, Sequence[str]]) -> Perturbations:
    """Return the ways in which names of findings are changed.

    Args:
        names: of ``PERTURBATIONS``.
        wordings: see ``reworded``; ``exact`` changes nothing and is left out, and so are synonyms where there are none.
        synonyms: of names of findings, folded.

    Raises:
        UnknownNameError: no perturbation has that name.
    """

    def in_words(text: str, chance: Random, *, wording: str) -> str:
        return reworded(text, wording, chance, synonyms)

    left_out = {"exact"} if synonyms else {"exact", "synonyms"}
    ways: dict[str, Perturbation] = {
        one: partial(in_words, wording=one) for one in wordings if one not in left_out | set(names)
    }
    return Perturbations({**ways, **Perturbations.of(names, Path()).ways})


def lost(
    systems: Mapping[str, Callable[[Sequence[str]], Tensor]],
    draws: Sequence[Lists],
    numbers: Sequence[int],
    *,
    size: int,
    ways: Perturbations,
    read: Callable[[Sequence[Sequence[str]]], None],
) -> Report:
    """Return the points of R@1 and R@10 that each system loses by each change.

    Args:
        systems: from a list of symptoms to (profile,) values.
        draws: what draws the lists, one a seed.
        numbers: of the profiles that are asked for.
        size: symptoms of a list.
        ways: how they are changed.
        read: is given lists before they are ranked, so that an encoder reads many at once.

    Raises:
        InputError: no profile has so many findings.
    """
    exact = [lists.drawn(numbers, Setting(wording="exact", size=size)) for lists in draws]
    told = {"exact": [one for some in exact for one in some]}
    if not told["exact"]:
        raise InputError(wanted=f"diseases with {size} findings", came="none", where="perturbed")
    for name in ways.names:
        told[name] = [
            one for lists, some in zip(draws, exact, strict=True) for one in _changed(some, ways, name, lists)
        ]
    read([said for some in told.values() for _, said in some])
    ranks = {
        system: {name: [rank(values(said), number) for number, said in some] for name, some in told.items()}
        for system, values in systems.items()
    }
    rows: list[dict[str, Cell]] = []
    for depth in (1, 10):
        for system, each in ranks.items():
            known = recall(each["exact"], depth)
            row: dict[str, Cell] = {"figure": f"R@{depth}", "system": system, "exact": known}
            row |= {name: round(100 * (known - recall(each[name], depth)), 2) for name in ways.names}
            rows.append(row)
    return Report(
        title="Diagnosis: what changes of the same lists cost",
        rows=rows,
        notes=(NOTE.format(size, len(told["exact"])),),
    )


def _changed(drawn: Drawn, ways: Perturbations, name: str, lists: Lists) -> Drawn:
    """Return lists with each of their symptoms changed in one way."""
    found = iter(ways.changed([one for _, said in drawn for one in said], name, seed=lists.seed))
    return [(number, [next(found) for _ in said]) for number, said in drawn]
