"""A linker taught by mentions whose concepts are known: more names, and the weights of what speaks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from latentalign.errors import InputError
from latentalign.formats.catalogue.catalogue_file import CatalogueFile
from latentalign.models.linking.aliases import AliasTable
from latentalign.models.linking.features import Looked
from latentalign.models.linking.settings import LinkerConfig, encoded
from latentalign.models.linking.spotting import Sketch, Spotter
from latentalign.models.linking.weights import LinkWeights
from latentalign.tasks.alignment.linked_texts import LinkedTexts
from latentalign.tasks.linking.link import Linker
from latentalign.text.mentions import MentionedText

Seen = dict[str, tuple[int, int]]


@dataclass(frozen=True, kw_only=True)
class LinkerTraining:
    """How a linker is taught.

    What a text itself teaches never helps with its own mentions while the weights are fitted.

    Args:
        teach: whether the words of mentions become names of their concepts, and the texts tell how often a name is a
            mention. Without, only the weights are fitted.
        most: texts that the weights are fitted on, evenly spread; the others only teach names.
        ridge: of the squared weights.

    Raises:
        InputError: ``most`` below 1.
    """

    teach: bool = True
    most: int = 120
    ridge: float = 1e-3

    def __post_init__(self) -> None:
        if self.most < 1:
            raise InputError(wanted="at least 1 text", came=repr(self.most), where="LinkerTraining.most")

    def fit(self, linker: Linker, texts: Sequence[MentionedText], *, note: str = "") -> Linker:
        """Return the linker, taught.

        Args:
            linker: with the catalogue.
            texts: with all their mentions, and the concepts of these; a mention without one, or with one that is not
                in the catalogue, is NIL.
            note: on what it was fitted, for people.

        Raises:
            InputError: no text, or no mention whose concept is among its candidates.

        Cost: linking the mentions, and all names in the text, of ``most`` texts.
        """
        named = [one if one.id is not None else replace(one, id=str(number)) for number, one in enumerate(texts)]
        if self.teach:
            linker = taught(linker, named)
        some = named[:: max(1, -(-len(named) // self.most))]
        sketches = [Sketch.of(one.text, linker.looker.table) for one in some]
        about = note or f"{len(some)} texts"
        weights = LinkWeights.fit(
            [one for text, sketch in zip(some, sketches, strict=True) for one in _linked(linker, text, sketch)],
            fitted_on=about,
            ridge=self.ridge,
        )
        linker = replace(linker, weights=weights)
        return replace(linker, spotter=self._spotter(linker, some, sketches))

    def _spotter(self, linker: Linker, texts: Sequence[MentionedText], sketches: Sequence[Sketch]) -> Spotter:
        features, told = [], []
        for text, sketch in zip(texts, sketches, strict=True):
            own = seen([text], [sketch]) if self.teach else {}
            right = {one.span for one in text.mentions or ()}
            for spot in sketch.spots:
                link = linker.glance(sketch, spot, text, apart=True)
                without = own.get(spot.key, (0, 0))
                features.append(linker.spotter.features(spot, text.text, link, without=without))
                told.append(spot.span in right)
        if len(set(told)) < 2:
            return linker.spotter
        return linker.spotter.fitted(features, told, ridge=self.ridge)


def taught(linker: Linker, texts: Sequence[MentionedText]) -> Linker:
    """Return a linker with the names that mentions teach, and with how often each name is a mention."""
    looker = linker.looker
    lessons = [
        (one.span.of(text.text), concept, text.id or "")
        for text in texts
        for one in text.mentions or ()
        if len(one.concepts) == 1
        for concept in one.concepts
    ]
    table = AliasTable.of(looker.table.concepts, taught=lessons)
    if looker.table.vectors is not None:
        table = encoded(table, looker.reading)
    sketches = [Sketch.of(one.text, table) for one in texts]
    return replace(
        linker,
        looker=replace(looker, table=table),
        spotter=Spotter(weights=linker.spotter.weights, seen=seen(texts, sketches)),
    )


def seen(texts: Sequence[MentionedText], sketches: Sequence[Sketch]) -> Seen:
    """Return, for the key of each name in some texts, how often it is a mention, and how often it is there."""
    found: Seen = {}
    for text, sketch in zip(texts, sketches, strict=True):
        right = {one.span for one in text.mentions or ()}
        for spot in sketch.spots:
            mentions, times = found.get(spot.key, (0, 0))
            found[spot.key] = mentions + (spot.span in right), times + 1
    return found


def _linked(linker: Linker, text: MentionedText, sketch: Sketch) -> list[tuple[Looked, Sequence[int], frozenset[int]]]:
    numbers = linker.looker.table.numbers
    found: list[tuple[Looked, Sequence[int], frozenset[int]]] = []
    for one in text.mentions or ():
        looked = linker.look(sketch, replace(one, types=frozenset()), text, apart=True)
        right = frozenset(numbers[concept] for concept in one.concepts if concept in numbers)
        found.append((looked, linker.looker.owners(looked), right))
    return found


@dataclass(frozen=True, kw_only=True)
class LinkerRecipe:
    """A linker trained as a recipe says.

    Args:
        catalogue: its concepts.
        train: texts with linked mentions.
        linker: what is trained.
        training: how.
    """

    catalogue: CatalogueFile
    train: LinkedTexts
    linker: LinkerConfig = field(default_factory=LinkerConfig)
    training: LinkerTraining = field(default_factory=LinkerTraining)

    def run(self, data: Path, output: Path, *, report: Callable[[Any], None] | None = None) -> Linker:
        """Train, and write the linker into a folder; see ``TrainingRecipe``.

        Raises:
            InputError: a file that cannot be read, or no mention whose concept is among its candidates.
        """
        linker = self.fit(data)
        linker.save(output)
        return linker

    def fit(self, data: Path) -> Linker:
        """Train, and return the linker."""
        looker = self.linker.build(self.catalogue.read(data))
        untaught = Linker(looker=looker, weights=LinkWeights(), spotter=Spotter())
        return self.training.fit(untaught, self.train.read(data), note=self.train.file)
