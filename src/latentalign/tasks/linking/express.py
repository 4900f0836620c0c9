"""Text to triples: which words express the subject, the relation and the object, and which sentence the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from latentalign import config
from latentalign.errors import LatentAlignError
from latentalign.tasks.classification.match_evidence import THRESHOLD
from latentalign.tasks.linking.expressed import ExpressedText, Expression
from latentalign.tasks.linking.sentence_names import COST, SentenceNames, joined_names, stretch_values
from latentalign.text.names import local_name, readable
from latentalign.text.pairs import Failure
from latentalign.text.spans import Evidence, Link, Span
from latentalign.text.triples import Triple, TripledText

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.families import AlignmentFamily
    from latentalign.models.linking.reading import Reading
    from latentalign.models.scorer import PairScorer


POTENTIALS: tuple[dict[str, Any], ...] = (
    {"name": "similarity", "weight": 10.0},
    {"name": "lexical", "weight": 8.0, "mode": "ngram", "sizes": (2, 3)},
    {"name": "null", "weight": 5.0},
)
"""Numbers and names are mostly written as they are, so the same letters count for more than in a linker."""
RELATION_SHIFT = 0.5
"""What NULL is worth more beside the words of a relation, which texts say in other words."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TripleAligner:
    r"""Aligns the words of each sentence with the names in the triples, all at once, NULL beside.

    A word of the sentence goes to the words of one name, or to NULL, and so do stretches of words, which compete as
    disjoint segments (``SentenceNames.stretches``). A sentence expresses a triple with

    $$p(k) \propto \exp\,[a\,(u_{k, s} + b\,u_{k, o}) + c \cos(\bar k, \bar t)]$$

    where $u$ is the share of the letters of subject and object that have a word in the sentence, and $\cos$ that of the
    sentence and of the triple as wholes.

    Args:
        scorer: gives the score matrix.
        family: of the alignment.
        reading: what the encoder said.
        covered: $a$.
        object: $b$; a subject is often said once and then left to pronouns, so an object tells more.
        whole: $c$.
    """

    scorer: PairScorer
    family: AlignmentFamily
    reading: Reading
    covered: float = 4.0
    object: float = 2.0
    whole: float = 8.0

    @classmethod
    def load(cls, **changes: Any) -> TripleAligner:
        """Return an aligner of triples with the default encoder.

        Args:
            changes: settings of ``LinkerConfig``.

        Raises:
            ModelError: the encoder cannot be found.
        """
        from latentalign import registry
        from latentalign.models.linking.reading import Reading
        from latentalign.models.linking.settings import LinkerConfig
        from latentalign.models.scorer import PairScorer

        own = {"scorer": {"potentials": [dict(one) for one in POTENTIALS]}}
        settings = config.parse(LinkerConfig, own | changes, where="TripleAligner")
        scorer = PairScorer.load(settings.scorer)
        family = config.build(registry.families, settings.family, where="family")
        return cls(scorer=scorer, family=family, reading=Reading(scorer=scorer))

    def express(self, text: str, triples: Sequence[Sequence[str]]) -> ExpressedText:
        """Return the words of a text that express each of some triples.

        Raises:
            InputError: a blank text, or a blank name.
        """
        return self.express_record(TripledText(text=text, triples=tuple(Triple(*one) for one in triples)))

    def express_many(self, records: Iterable[TripledText | Failure]) -> Iterator[ExpressedText | Failure]:
        """Yield one result a record, in order; one that cannot be used yields a ``Failure`` and harms no other."""
        for one in records:
            try:
                yield one if isinstance(one, Failure) else self.express_record(one)
            except LatentAlignError as error:
                yield Failure(error=error, id=one.id)

    def express_record(self, record: TripledText) -> ExpressedText:
        """Return the words of a record that express each of its triples.

        Cost: one pass of the encoder over the sentences and the names, and one small alignment a sentence.
        """
        import torch

        from latentalign.text.sentences import sentences

        spans = sentences(record.text)
        with torch.inference_mode():
            read = [SentenceNames.of(self, record, span) for span in spans]
            chances = self._chances(record, read)
        expressions = []
        for number, triple in enumerate(record.triples):
            best = int(chances[number].argmax())
            expressions.append(_expression(self, triple, read, best, float(chances[number, best])))
        return ExpressedText(text=record.text, sentences=spans, expressions=tuple(expressions), id=record.id)

    def _chances(self, record: TripledText, read: Sequence[SentenceNames]) -> Tensor:
        """Return (triple, sentence) probabilities."""
        import torch

        values = torch.tensor(
            [
                [self.covered * (one.share(t.subject) + self.object * one.share(t.object)) for one in read]
                for t in record.triples
            ]
        )
        said = [one.units.text for one in read]
        vectors = self.reading.vectors([*said, *(_verbalised(one, read[0].names) for one in record.triples)])
        if vectors is not None:
            values = values + self.whole * (vectors[len(said) :] @ vectors[: len(said)].T).cpu()
        return values.softmax(dim=1)


def _verbalised(triple: Triple, names: dict[str, str]) -> str:
    return f"{names[triple.subject]} {relation_words(triple.relation)} {names[triple.object]}"


def relation_words(relation: str) -> str:
    """Return the name of a relation as words.

    >>> relation_words("http://dbpedia.org/ontology/leaderName")
    'leader name'
    """
    return readable(local_name(relation) if "://" in relation else relation) or relation


def _expression(
    aligner: TripleAligner, triple: Triple, read: Sequence[SentenceNames], best: int, probability: float
) -> Expression:
    chosen = read[best]
    found = {
        name: tuple(one.span(*found[:2]) for one in read for found in one.stretches.get(name, ()))
        for name in (triple.subject, triple.object)
    }
    pronoun = chosen.pronoun() if triple.subject not in chosen.stretches else None
    subject = found[triple.subject] if pronoun is None else tuple(sorted((*found[triple.subject], pronoun)))
    return Expression(
        triple=triple,
        subject=subject,
        relation=_relation(aligner, triple, chosen),
        object=found[triple.object],
        sentence=best,
        probability=probability,
        covered=(chosen.share(triple.subject) + chosen.share(triple.object)) / 2,
        evidence=_evidence(aligner, chosen),
    )


def _relation(aligner: TripleAligner, triple: Triple, sentence: SentenceNames) -> Span | None:
    """Return the words outside the names that are worth most as those of the relation, if they are worth anything."""
    from latentalign.models.matcher.memory import units_of

    key = units_of(relation_words(triple.relation))
    known = aligner.reading.known([sentence.units, key])
    scores, _ = aligner.scorer.score([sentence.units], [key], level="word", known=known)
    named = [one for found in sentence.stretches.values() for one in found]
    taken = {place for one in named for place in range(one.start, one.end)}
    free = [
        one
        for one in stretch_values(scores[0].cpu().float(), sentence.units.strings, key.text, shift=RELATION_SHIFT)
        if taken.isdisjoint(range(one[0], one[1]))
    ]
    start, end, value = max(free, key=lambda one: one[2], default=(0, 0, -COST))
    return sentence.span(start, end) if value > -COST else None


def _evidence(aligner: TripleAligner, sentence: SentenceNames) -> Evidence:
    """Return the words of the sentence aligned with those of all names."""
    from latentalign.models.matcher.memory import units_of

    names = [units_of(one) for one in sentence.names.values()]
    joined, _ = joined_names(sentence.names, names)
    mass = sentence.mass
    return Evidence(
        source=sentence.units.text,
        target=joined.text,
        source_spans=sentence.units.spans,
        target_spans=joined.spans,
        links=tuple(
            Link(sentence.units.spans[i], joined.spans[j], float(mass[i, j]))
            for i, j in (mass >= THRESHOLD).nonzero().tolist()
        ),
        null_source=tuple(sentence.alignment.null_query.tolist()),
        null_target=tuple(sentence.alignment.null_key.tolist()),
        score=float(sentence.alignment.value),
        family=type(aligner.family).__name__.lower(),
    )
