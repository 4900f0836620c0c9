"""Texts of another source whose intents are described: what a system that knows descriptions alone is worth there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from latentalign.errors import InputError
from latentalign.evaluation.probability_figures import detection
from latentalign.evaluation.report import Cell
from latentalign.evaluation.services.turns import System
from latentalign.evaluation.shared_names import check_named
from latentalign.metrics.bootstrap import bootstrap
from latentalign.tasks.chat.service_bot import words_of
from latentalign.tasks.classification.labelled_texts import LabelledTexts, texts_of
from latentalign.tasks.slots.dialogues import Service, ServiceIntent

NOTE = (
    "accuracy: among all intents of a set, on the first one those of the service, of turns that say what is wanted; "
    "95%: a bootstrap over the texts of the second set; lost: the difference in points, more intents being harder; "
    "AUROC, FPR95: of the texts of the second set against its texts out of scope, by the probability that an intent "
    "fits, by the largest score for baselines"
)


@dataclass(frozen=True, kw_only=True)
class SecondIntents:
    """Texts of another source, with intents that are described.

    Args:
        name: for the table.
        texts: with their intents.
        descriptions: of intents; one without is described by the words of its name.
        outside: texts that no intent fits; their labels are not read.
    """

    name: str
    texts: LabelledTexts
    descriptions: dict[str, str] = field(default_factory=dict)
    outside: LabelledTexts | None = None

    def read(self, data: Path) -> IntentTexts:
        """Return the texts, and the intents as those of a service.

        Raises:
            InputError: a file cannot be read, there is no text, or a description of an intent that no text has.
        """
        rows = self.texts.read(data)
        names = list(dict.fromkeys(label for _, label in rows))
        where = f"second set {self.name}"
        check_named("descriptions of intents of the texts", self.descriptions, names, where=where)
        if not rows:
            raise InputError(wanted="texts with their intents", came="none", where=where)
        intents = {one: ServiceIntent(self.descriptions.get(one, words_of(one)), (), ()) for one in names}
        return IntentTexts(
            service=Service(name=self.name, slots={}, intents=intents),
            rows=rows,
            outside=texts_of(self.outside, data),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class IntentTexts:
    """The texts of a second set.

    Args:
        service: its intents.
        rows: texts with their intents.
        outside: texts that none fits.
    """

    service: Service
    rows: list[tuple[str, str]]
    outside: list[str]

    @property
    def counts(self) -> str:
        """How much is measured."""
        intents = len(self.service.intents)
        return f"{self.service.name}: {len(self.rows)} texts of {intents} intents, {len(self.outside)} out of scope"

    def row(self, system: System, first: Cell) -> dict[str, Cell]:
        """Return what a system is worth.

        Args:
            system: what is measured.
            first: its accuracy on the first set.
        """
        scores = system([*(text for text, _ in self.rows), *self.outside], self.service)
        names, count = list(self.service.intents), len(self.rows)
        answers = [names[one] for one in scores.intents[:count].argmax(dim=1).tolist()]
        right = [given == label for given, (_, label) in zip(answers, self.rows, strict=True)]
        found = bootstrap(right, lambda some: sum(some) / len(some))
        return {
            "accuracy, first set": first,
            "accuracy, second set": found.value,
            "95%": f"{found.low:.3f} to {found.high:.3f}",
            "lost": round(100 * (first - found.value), 2) if isinstance(first, float) else "–",
            **detection(scores.fits[:count], scores.fits[count:]),
        }
