"""Lists of symptoms that are drawn from profiles, and lists that belong to none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from latentalign.evaluation.diagnosis.rewording import reworded
from latentalign.models.matcher.profile import Feature, Profile


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How lists are drawn.

    Args:
        wording: see ``reworded``.
        size: symptoms of the disease.
        wrong: findings of other diseases, added.
    """

    wording: str
    size: int
    wrong: int = 0

    @property
    def count(self) -> int:
        """How many symptoms a list has."""
        return self.size + self.wrong


@dataclass(frozen=True, kw_only=True)
class Lists:
    """Draws lists of symptoms.

    Args:
        profiles: the catalogue.
        synonyms: of names of findings, see ``reworded``.
        seed: of the choices.
    """

    profiles: Sequence[Profile]
    synonyms: Mapping[str, Sequence[str]]
    seed: int = 0

    def drawn(self, numbers: Sequence[int], setting: Setting) -> list[tuple[int, list[str]]]:
        """Return one list for each of some profiles that have enough findings, with its number."""
        chance = Random(f"{self.seed} {setting}")
        found = []
        for number in numbers:
            own = {one.key: one.name for one in self.profiles[number].features}
            if len(own) < setting.size:
                continue
            names = chance.sample(list(own.values()), setting.size)
            while len(names) < setting.count:
                other = self._any(chance)
                if other.key not in own:
                    names.append(other.name)
            found.append((number, [reworded(one, setting.wording, chance, self.synonyms) for one in names]))
        return found

    def mixed(self, lists: int, setting: Setting) -> list[list[str]]:
        """Return lists of findings that were drawn one by one from any profiles."""
        chance = Random(f"mixed {self.seed} {setting}")
        return [
            [reworded(self._any(chance).name, setting.wording, chance, self.synonyms) for _ in range(setting.count)]
            for _ in range(lists)
        ]

    def other(self, texts: Sequence[str], lists: int, setting: Setting) -> list[list[str]]:
        """Return lists of texts that are no findings."""
        chance = Random(f"other {self.seed} {setting}")
        return [[chance.choice(texts) for _ in range(setting.count)] for _ in range(lists)]

    def _any(self, chance: Random) -> Feature:
        return chance.choice(chance.choice(self.profiles).features)
