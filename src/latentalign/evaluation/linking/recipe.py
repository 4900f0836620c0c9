"""Linking measured: given mentions, found mentions, NIL, calibration and faithfulness, with the baselines beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from latentalign.evaluation.linking.baselines import Lookup, prior_of
from latentalign.evaluation.linking.deletion import link_deletion
from latentalign.evaluation.recipe import Recipe
from latentalign.evaluation.report import Cell, Report
from latentalign.formats.catalogue.catalogue_file import CatalogueFile
from latentalign.formats.catalogue.concept import Concept
from latentalign.metrics.calibration_error import calibration_error
from latentalign.models.linking.aliases import AliasTable
from latentalign.models.linking.settings import LinkerConfig
from latentalign.tasks.alignment.linked_texts import LinkedTexts
from latentalign.tasks.linking.link import Linker
from latentalign.tasks.linking.result import LinkedMention, LinkedText
from latentalign.tasks.linking.train_linker import LinkerTraining
from latentalign.text.mentions import GivenMention, MentionedText
from latentalign.text.spans import Span

Finder = Callable[[str], Sequence[tuple[Span, str]]]
NOTE = (
    "accuracy: share of all given mentions whose best concept is right, NIL not allowed as an answer; with NIL: NIL is "
    "an answer, and right for a mention without a concept in the catalogue; NIL F1: of NIL answers; ECE: of the "
    "probability of the answer, NIL or not, in 15 bins; spans, end to end: F1 of found mentions with the gold offsets, "
    "and with the right concept too; deletion: mean fall of the value without the word of the mention that carries "
    "most, less without random ones, and its 95% interval"
)


class Answer(NamedTuple):
    """What a system says of one given mention: its best concept, its answer (None is NIL), and how sure it is."""

    best: str | None
    given: str | None
    probability: float | None = None


@dataclass(frozen=True, kw_only=True)
class LinkingRecipe(Recipe):
    """A linker beside exact look-up, and beside the name that is nearest in spelling.

    Args:
        catalogue: the concepts.
        test: texts with linked mentions.
        train: the same, to be taught by; None measures the linker as it comes.
        linker, training: settings of ours.
        end_to_end: whether mentions are also found.
        deletions: texts of the deletion test.
    """

    catalogue: CatalogueFile
    test: LinkedTexts
    train: LinkedTexts | None = None
    linker: LinkerConfig = field(default_factory=LinkerConfig)
    training: LinkerTraining = field(default_factory=LinkerTraining)
    end_to_end: bool = True
    deletions: int = 40

    def measure(self, data: Path) -> Report:
        """Link the texts with every system."""
        train = self.train.read(data) if self.train else []
        about = self.train.file if self.train else ""
        return self.compare(self.catalogue.read(data), self.test.read(data), train, about=about)

    def compare(
        self,
        concepts: Sequence[Concept],
        texts: Sequence[MentionedText],
        train: Sequence[MentionedText],
        *,
        about: str = "",
    ) -> Report:
        """Return the table of every system on texts that are read already.

        Args:
            concepts: of the catalogue.
            texts: that are linked.
            train: that ours is taught by; none leaves it as it comes.
            about: what they are, for people.
        """
        plain = Linker.load(concepts, **vars(self.linker))
        rows = [*self._baselines(plain, texts, train), self._ours("ours, untaught", plain, texts)]
        if train:
            taught = self.training.fit(plain, train, note=about)
            rows += self._baselines(taught, texts, train, suffix=", names of train")
            rows.append(self._ours("ours, taught", taught, texts))
        mentions = [one for text in texts for one in text.mentions or ()]
        nil = sum(not _ids(one, plain.looker.table) for one in mentions)
        counts = f"{len(texts)} texts, {len(mentions)} mentions, {nil} without a concept in the catalogue"
        taught_by = f"; taught by {about}: {len(train)} texts" if train else ""
        return Report(title=f"Linking: {self.test.file}", rows=rows, notes=(counts + taught_by, NOTE))

    def _baselines(
        self, linker: Linker, texts: Sequence[MentionedText], train: Sequence[MentionedText], *, suffix: str = ""
    ) -> list[dict[str, Cell]]:
        rows = []
        for name, nearest in (("exact look-up", False), ("nearest name (TF-IDF)", True)):
            system = Lookup(table=linker.looker.table, prior=prior_of(train), nearest=nearest)
            answers = []
            for text in texts:
                said = [system.meaning(one.span.of(text.text)) for one in text.mentions or ()]
                answers.append([Answer(best=one, given=one) for one in said])
            finder = None if nearest or not self.end_to_end else system.mentions
            rows.append({"system": name + suffix, **figures(texts, answers, linker), **found(texts, finder, linker)})
        return [{**row, "deletion": "–"} for row in rows]

    def _ours(self, name: str, linker: Linker, texts: Sequence[MentionedText]) -> dict[str, Cell]:
        linked = [linker.link_record(one) for one in texts]
        answers = [[_answer(one) for one in text.mentions] for text in linked]
        finder = (lambda text: _spans(linker.link(text))) if self.end_to_end else None
        deleted = link_deletion(linker, linked[:: max(1, len(linked) // max(1, self.deletions))][: self.deletions])
        return {
            "system": name,
            **figures(texts, answers, linker),
            **found(texts, finder, linker),
            "deletion": str(deleted.effect),
        }


def figures(texts: Sequence[MentionedText], answers: Sequence[Sequence[Answer]], linker: Linker) -> dict[str, Cell]:
    """Return what a system says of given mentions, in figures."""
    table = linker.looker.table
    rows = []
    for text, said in zip(texts, answers, strict=True):
        for mention, answer in zip(text.mentions or (), said, strict=True):
            rows.append((_ids(mention, table), answer))
    right = [answer.given in gold or (answer.given is None and not gold) for gold, answer in rows]
    nil = [(not gold, answer.given is None) for gold, answer in rows]
    sure = [answer.probability for _, answer in rows if answer.probability is not None]
    return {
        "accuracy": 100 * sum(answer.best in gold for gold, answer in rows) / len(rows),
        "with NIL": 100 * sum(right) / len(rows),
        "NIL F1": f1(sum(a and b for a, b in nil), sum(b for _, b in nil), sum(a for a, _ in nil)),
        "ECE": calibration_error(sure, right) if len(sure) == len(rows) else "–",
    }


def found(texts: Sequence[MentionedText], finder: Finder | None, linker: Linker) -> dict[str, Cell]:
    """Return the F1 of the spans of found mentions, and of spans with concepts; a dash without a finder."""
    if finder is None:
        return {"spans": "–", "end to end": "–"}
    table = linker.looker.table
    spans, linked, said, told = 0, 0, 0, 0
    for text in texts:
        gold = {
            one.span: {
                table.concepts[table.numbers[concept]].id for concept in one.concepts if concept in table.numbers
            }
            for one in text.mentions or ()
        }
        answers = finder(text.text)
        said, told = said + len(answers), told + len(gold)
        spans += sum(span in gold for span, _ in answers)
        linked += sum(concept in gold.get(span, ()) for span, concept in answers)
    return {"spans": f1(spans, said, told), "end to end": f1(linked, said, told)}


def f1(right: int, said: int, told: int) -> float:
    """Return the harmonic mean of precision and recall, in percent; 0 where nothing is right.

    >>> f1(1, 2, 1), f1(0, 0, 0)
    (66.66666666666667, 0.0)
    """
    return 200 * right / (said + told) if right else 0.0


def _ids(mention: GivenMention, table: AliasTable) -> set[str]:
    """Return the ids of the concepts of a mention, alternative ones as the catalogue writes them."""
    return {table.concepts[table.numbers[one]].id for one in mention.concepts if one in table.numbers}


def _answer(one: LinkedMention) -> Answer:
    best = one.ranked[0].concept if one.ranked else None
    return Answer(best=best, given=one.concept, probability=one.probability)


def _spans(result: LinkedText) -> list[tuple[Span, str]]:
    return [(one.span, one.concept) for one in result.mentions if one.concept is not None]
