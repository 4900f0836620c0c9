"""Words of a text joined to the concepts of a catalogue: found, linked, explained, or left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign import config, registry
from latentalign.errors import InputError, LatentAlignError
from latentalign.tasks.linking.result import LinkedMention, LinkedText
from latentalign.text.mentions import GivenMention, MentionedText
from latentalign.text.pairs import Failure
from latentalign.text.spans import Span

if TYPE_CHECKING:
    from latentalign.formats.catalogue.concept import Concept
    from latentalign.models.linking.features import Looked, Looker
    from latentalign.models.linking.spotting import Sketch, Spot, Spotter
    from latentalign.models.linking.weights import LinkWeights

Given = str | MentionedText | Failure
GLANCED = 5
"""Names by spelling that are compared with a short form, while it is not known to be a mention."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Linker:
    """Finds the mentions of a text and says which concept of a catalogue each means, why, and whether any does.

    Args:
        looker: finds the concepts that a mention may mean, and what speaks for each.
        weights: of what speaks for them, and of NULL.
        spotter: how likely a stretch of words is a mention.
        types: only concepts of one of these; empty is all.
        threshold: the least probability of an answer; below it the answer is NIL. 0 leaves it to NULL alone.
        found: the least probability that a stretch is a mention; above one half, mentions are disjoint.
        top: how many concepts a result ranks.

    Raises:
        InputError: a threshold outside [0, 1], ``found`` outside [0.5, 1], or a type that no concept has.
    """

    looker: Looker
    weights: LinkWeights
    spotter: Spotter
    types: frozenset[str] = frozenset()
    threshold: float = 0.0
    found: float = 0.5
    top: int = 5

    def __post_init__(self) -> None:
        if not (0 <= self.threshold <= 1 and 0.5 <= self.found <= 1):
            raise InputError(
                wanted="a threshold in [0, 1], and found in [0.5, 1]",
                came=f"{self.threshold!r} and {self.found!r}",
                where="Linker",
            )
        known = {kind for alias in self.looker.table.concepts for kind in alias.types} if self.types else self.types
        for kind in sorted(self.types - known):
            raise InputError(
                wanted="a type of the catalogue", came=repr(kind), where="types", fix=registry.nearest(kind, known)
            )

    @classmethod
    def load(
        cls,
        catalogue: str | Path | Iterable[Concept] | None = None,
        *,
        folder: str | Path | None = None,
        **changes: Any,
    ) -> Linker:
        """Return a linker of a catalogue, or a trained one.

        Args:
            catalogue: a file (CSV, JSON lines, OBO, SKOS, OWL, RDF) or concepts; None takes that of the folder.
            folder: of a trained linker; with a catalogue, what it was taught stays and its concepts are exchanged.
            changes: settings of ``LinkerConfig``, where there is no folder.

        Raises:
            InputError: neither a catalogue nor a folder, or a catalogue that cannot be read.
            ModelError: the model cannot be found, or its files are not what their hashes say.

        Cost: linear in the names of the catalogue: some 10 s for 80,000.
        """
        from latentalign.models.linking.settings import LinkerConfig
        from latentalign.models.linking.spotting import Spotter
        from latentalign.models.linking.weights import WITHOUT_ENCODER, LinkWeights

        concepts = _concepts(catalogue)
        if folder is not None:
            from latentalign.tasks.linking.linker_folder import read_linker

            if changes:
                raise InputError(
                    wanted="no settings beside the folder of a linker, which has its own",
                    came=", ".join(changes),
                    where="Linker.load",
                )
            return read_linker(Path(folder), concepts=concepts)
        if concepts is None:
            raise InputError(
                wanted="a catalogue, or the folder of a trained linker",
                came="neither",
                where="Linker.load",
                fix='Linker.load("medic.jsonl")',
            )
        looker = config.parse(LinkerConfig, changes, where="Linker").build(concepts)
        weights = LinkWeights()
        if looker.scorer.encoder is None:
            weights = replace(weights, null=WITHOUT_ENCODER, fitted_on="set by hand")
        return cls(looker=looker, weights=weights, spotter=Spotter())

    def link(self, text: str, *, mentions: Sequence[Span | tuple[int, int]] | None = None) -> LinkedText:
        """Return the mentions of a text with what they mean.

        Args:
            text: the text.
            mentions: spans that are linked; None finds them.

        Raises:
            InputError: a blank text, or a span outside it.
        """
        given = None if mentions is None else tuple(GivenMention(span=Span(*one)) for one in mentions)
        return self.link_record(MentionedText(text=text, mentions=given))

    def link_many(self, texts: Iterable[Given]) -> Iterator[LinkedText | Failure]:
        """Yield one result a text, in order; a text that cannot be used yields a ``Failure`` and harms no other."""
        for given in texts:
            if isinstance(given, Failure):
                yield given
                continue
            try:
                yield self.link_record(MentionedText(text=given) if isinstance(given, str) else given)
            except LatentAlignError as error:
                yield Failure(error=error, id=None if isinstance(given, str) else given.id)

    def link_record(self, record: MentionedText) -> LinkedText:
        """Return the mentions of a record, given or found, with what they mean."""
        from latentalign.models.linking.spotting import Sketch

        sketch = Sketch.of(record.text, self.looker.table)
        if record.mentions is None:
            found = self._found(sketch, record)
        else:
            found = [self._linked(self.look(sketch, one, record), 1.0, sketch) for one in record.mentions]
        return LinkedText(text=record.text, mentions=tuple(found), id=record.id)

    def look(self, sketch: Sketch, given: GivenMention, record: MentionedText, **options: Any) -> Looked:
        """Return the names that a mention may be, with what speaks for each; options as in ``Looker.look``."""
        from latentalign.models.linking.mention import Mention

        mention = Mention(
            span=given.span,
            forms=sketch.forms(given.span),
            context=sketch.context(given.span),
            elsewhere=sketch.elsewhere(given.span, self.looker.table),
            text=record.id,
        )
        types = given.types & self.types if given.types and self.types else given.types | self.types
        return self.looker.look(mention, types=types, **options)

    def with_types(self, types: Iterable[str]) -> Linker:
        """Return a linker whose answers are concepts of one of these types."""
        return replace(self, types=frozenset(types))

    def save(self, folder: str | Path) -> Path:
        """Write the linker into a folder, complete or not at all, and return it."""
        from latentalign.tasks.linking.linker_folder import write_linker

        return write_linker(self, Path(folder))

    def _found(self, sketch: Sketch, record: MentionedText) -> list[LinkedMention]:
        """Return the stretches that are mentions with the most probability, disjoint."""
        from latentalign.tasks.linking.segmentation import Segment, marginals

        scores = {}
        for spot in sketch.spots:
            features = self.spotter.features(spot, sketch.text, self.glance(sketch, spot, record))
            scores[Segment(spot.start, spot.end, "")] = self.spotter.log_odds(features)
        shares = marginals(len(sketch.words), scores)
        chosen = sorted(one for one, share in shares.items() if share > self.found)
        spans = {Segment(one.start, one.end, ""): one.span for one in sketch.spots}
        mentions = [(GivenMention(span=spans[one]), shares[one]) for one in chosen]
        return [self._linked(self.look(sketch, one, record), share, sketch) for one, share in mentions]

    def glance(self, sketch: Sketch, spot: Spot, record: MentionedText, *, apart: bool = False) -> float:
        r"""Return $\log \sum_c e^{V_c} - \nu$ of a stretch, over the concepts whose names have the same words.

        The names nearest in spelling are left out, so that most stretches of a text cost next to nothing.
        """
        few = GLANCED if spot.short and not spot.exact else 0
        looked = self.look(sketch, GivenMention(span=spot.span), record, apart=apart, nearest=few)
        return self.weights.log_odds(looked, self.looker.owners(looked))

    def _linked(self, looked: Looked, found: float, sketch: Sketch) -> LinkedMention:
        from latentalign.tasks.linking.link_evidence import linked_mention

        return linked_mention(self, looked, found=found, text=sketch.text)


def _concepts(catalogue: str | Path | Iterable[Concept] | None) -> tuple[Concept, ...] | None:
    from latentalign.formats.catalogue.reading import load_catalogue

    if catalogue is None:
        return None
    return load_catalogue(catalogue) if isinstance(catalogue, str | Path) else tuple(catalogue)
