"""What the goals of users lose where the words around the values that they tell are perturbed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from latentalign.evaluation.moved_spans import around_values
from latentalign.evaluation.perturbations import SYNONYMS, Perturbations
from latentalign.evaluation.report import Cell, Report
from latentalign.evaluation.services.goals import Said, Values, goal_row
from latentalign.tasks.slots.dialogues import Service

Told = tuple[Sequence[Sequence[Values]], Sequence[Sequence[Values]]]
"""The values that a system finds in each turn, and the goal that it has after each."""
NOTE = (
    "points lost where the words around values are perturbed in every turn; the values stay as they are told, for a "
    "misspelled one is another value"
)


def changed(said: Sequence[Said], ways: Perturbations, name: str, *, seed: int = 0) -> list[Said]:
    """Return what dialogues say to services, the words around the values perturbed."""
    chance = Random(f"{name} {seed}")
    return [
        [one._replace(annotated=around_values(one.annotated, ways.ways[name], chance)) for one in some] for some in said
    ]


def lost(
    said: Sequence[Said],
    ways: Perturbations,
    systems: Mapping[str, Callable[[Sequence[Said]], Told]],
    services: Mapping[str, Service],
) -> Report:
    """Return what each system loses under each perturbation.

    Args:
        said: what each dialogue says to a service.
        ways: perturbations.
        systems: from what is said to values and goals, by name.
        services: by name.

    Cost: each system once for each perturbation, and once more.
    """
    figures = {name: goal_row(name, said, *system(said), services) for name, system in systems.items()}
    rows: list[dict[str, Cell]] = []
    for kind in ways.names:
        other = changed(said, ways, kind)
        for name, system in systems.items():
            found, before = goal_row(name, other, *system(other), services), figures[name]
            fell = {key: round(100 * (_figure(before, key) - _figure(found, key)), 2) for key in ("told F1", "goal")}
            rows.append(
                {"perturbation": kind, "system": name, "lost, told F1": fell["told F1"], "lost, goal": fell["goal"]}
            )
    replaced = changed(said, ways, SYNONYMS) if SYNONYMS in ways.names else ()
    notes = ways.notes(*([one.annotated.text for row in some for one in row] for some in (said, replaced)))
    return Report(title="Goals of users in other words", rows=rows, notes=(NOTE, *notes))


def _figure(row: Mapping[str, Cell], key: str) -> float:
    found = row[key]
    assert isinstance(found, float)
    return found
