"""Texts into categories: from descriptions, from a few examples, or trained; with evidence, and able to abstain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign import config
from latentalign.errors import InputError, LatentAlignError
from latentalign.tasks.classification.match_evidence import evidence_of, names_in
from latentalign.tasks.classification.result import Classification, Guess, Named
from latentalign.text.pairs import Failure
from latentalign.text.records import TextRecord

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.models.matcher.calibration import Calibration
    from latentalign.models.matcher.candidate import Candidate
    from latentalign.models.matcher.discriminant import Discriminant
    from latentalign.models.matcher.matcher import Matcher
    from latentalign.models.matcher.memory import Memory
    from latentalign.models.units import Encoded, Units

Labels = Mapping[str, str | Sequence[str]]
"""Names of categories, each with a description or a list of examples."""
AT_ONCE = 256
"""Texts that are encoded together."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Classifier:
    """Answers which category explains a text, why, and whether any does.

    Args:
        matcher: values a text and a candidate.
        memory: the categories, encoded.
        calibration: values into probabilities.
        several: whether a text may have several labels, or none; each then competes with NULL alone.
        top: how many candidates a result ranks.
        discriminant: weights of words, and of the whole, that were learned for these very categories; None for none.
    """

    matcher: Matcher
    memory: Memory
    calibration: Calibration
    several: bool = False
    top: int = 5
    discriminant: Discriminant | None = None

    @classmethod
    def load(
        cls, labels: Labels | None = None, *, folder: str | Path | None = None, several: bool = False, **changes: Any
    ) -> Classifier:
        """Return a classifier of some labels, or a trained one.

        With two examples or more of every label, the probabilities are fitted to the examples themselves, each
        explained by the others, and drawn towards the default where they are few; with less, they are the default: that
        of the default encoder on short descriptions.

        Args:
            labels: names with a description or examples each; None takes those of the folder.
            folder: of a trained classifier; None takes the default encoder as it is.
            several: whether a text may have several labels.
            changes: settings of ``MatcherConfig``; beside a folder ``spelling`` alone.

        Raises:
            InputError: neither labels nor a folder, another setting beside a folder, or a label without a text.
            ModelError: the model cannot be found, or its files are not what their hashes say.
        """
        if folder is not None:
            from latentalign.tasks.classification.classifier_folder import read_classifier

            if further := sorted(set(changes) - {"spelling"}):
                raise InputError(
                    wanted="no setting but spelling beside a folder, which has those it was trained with",
                    came=", ".join(further),
                    where="Classifier.load",
                )
            found = replace(read_classifier(Path(folder)), several=several)
            found = replace(found, matcher=replace(found.matcher, **changes))
            return found if labels is None else found.with_labels(labels)
        from latentalign.models.matcher.candidate import candidates_of
        from latentalign.models.matcher.settings import MatcherConfig
        from latentalign.tasks.classification.classifier_defaults import with_default, zero_shot

        if labels is None:
            raise InputError(
                wanted="labels, or the folder of a trained classifier",
                came="neither",
                where="Classifier.load",
                fix='Classifier.load({"refund": "wants the money back", "thanks": "says thank you"})',
            )
        matcher = config.parse(MatcherConfig, changes, where="Classifier").build()
        memory = matcher.remember(candidates_of(labels))
        made = cls(matcher=matcher, memory=memory, calibration=zero_shot(len(memory.candidates)), several=several)
        if int(memory.counts.min()) < 2:
            return made
        fitted = made.calibrate_on_examples().calibration
        return replace(made, calibration=with_default(fitted, texts=len(memory.units), labels=len(memory.candidates)))

    def classify(self, text: str) -> Classification:
        """Return the answer for one text.

        Raises:
            InputError: a text without a word, or with a lone surrogate.
        """
        result = next(self.classify_many([text]))
        if isinstance(result, Failure):
            raise result.error
        return result

    def classify_many(self, texts: Iterable[str | TextRecord | Failure]) -> Iterator[Classification | Failure]:
        """Yield one result a text, in order; a text that cannot be used yields a ``Failure`` and harms no other."""
        waiting = iter(texts)
        while window := list(islice(waiting, AT_ONCE)):
            yield from self._window(window)

    def values(self, texts: Sequence[str], *, without: Sequence[int] | None = None) -> Tensor:
        """Return (text, label) values, in log-odds, in the order of ``labels``.

        Args:
            texts: with words each.
            without: for each text, the number in the memory of an example that may not explain it: itself.

        Raises:
            InputError: a text without a word.
        """
        from latentalign.models.matcher.memory import units_of

        return self._values([units_of(TextRecord(text=one).text) for one in texts], without=without)

    def probabilities(self, texts: Sequence[str]) -> Tensor:
        """Return (text, label + 1) probabilities, the last one that of no label."""
        return self.calibration.probabilities(self.values(texts), self.memory.counts)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the categories."""
        return tuple(one.name for one in self.memory.candidates)

    def with_labels(self, labels: Labels | Sequence[Candidate]) -> Classifier:
        """Return a classifier of other labels with the same model and calibration: no training, and no discriminant."""
        from latentalign.models.matcher.candidate import candidates_of

        chosen = candidates_of(labels) if isinstance(labels, Mapping) else labels
        return replace(self, memory=self.matcher.remember(chosen, before=self.memory), discriminant=None)

    def calibrate(
        self, texts: Sequence[str], labels: Sequence[str | Sequence[str] | None], **settings: Any
    ) -> Classifier:
        """Return the classifier with its probabilities fitted to labelled texts that it has no example of.

        Args:
            texts: of a development set.
            labels: the right label of each, or all its right labels, the chief one first; None, or a name that is no
                label, for a text out of scope.
            settings: of ``Calibration.fit``.

        Raises:
            InputError: unequal lengths, no text in scope.
        """
        from latentalign.models.matcher.calibration import OUT, Calibration

        if len(texts) != len(labels):
            raise InputError(wanted="as many labels as texts", came=f"{len(labels)} and {len(texts)}", where="labels")
        import torch

        numbers = {name: number for number, name in enumerate(self.labels)}
        every = [() if one is None else (one,) if isinstance(one, str) else tuple(one) for one in labels]
        known = [[numbers[name] for name in some if name in numbers] for some in every]
        values = self.values(texts)
        told = torch.tensor([some[0] if some else OUT for some in known])
        right = torch.zeros(len(texts), len(numbers), dtype=torch.bool)
        for row, some in zip(right, known, strict=True):
            row[some] = True
        fitted = Calibration.fit(values, told, self.memory.counts, **settings)
        return replace(self, calibration=fitted.fit_each(values, right) if len(numbers) > 1 else fitted)

    def calibrate_on_examples(
        self, *, out_of_scope: Sequence[str] = (), most: int = 1000, **settings: Any
    ) -> Classifier:
        """Return the classifier with its probabilities fitted to its own examples, each explained by the others.

        Args:
            out_of_scope: texts that no label fits.
            most: of the examples, evenly spread.
            settings: of ``Calibration.fit``.

        Raises:
            InputError: no label has two examples.
        """
        import torch

        from latentalign.models.matcher.calibration import OUT, Calibration

        usable = (self.memory.counts[self.memory.owner] > 1).nonzero()[:, 0]
        some = usable[:: max(1, -(-len(usable) // most))]
        texts = [self.memory.units[number] for number in some.tolist()]
        values = self._values(texts, without=some.tolist())
        told = self.memory.owner[some]
        if out_of_scope:
            values = torch.cat([values, self.values(out_of_scope)])
            told = torch.cat([told, torch.full((len(out_of_scope),), OUT)])
        note = f"{len(texts)} of its own examples, {len(out_of_scope)} texts out of scope"
        fitted = Calibration.fit(values, told, self.memory.counts, **{"fitted_on": note, **settings})
        return replace(self, calibration=fitted)

    def save(self, folder: str | Path) -> Path:
        """Write the classifier into a folder, complete or not at all, and return it."""
        from latentalign.tasks.classification.classifier_folder import write_classifier

        return write_classifier(self, Path(folder))

    def _values(
        self, texts: Sequence[Units], *, without: Sequence[int] | None = None, known: dict[Units, Encoded] | None = None
    ) -> Tensor:
        from latentalign.models.matcher.memory import read

        texts = self.matcher.as_read(texts, self.memory)
        known = read(texts, self.matcher.scorer) if known is None else known
        values = self.matcher.values(texts, self.memory, without=without, known=known)
        return values if self.discriminant is None else self.discriminant.add(values, texts, known)

    def _window(self, window: Sequence[str | TextRecord | Failure]) -> Iterator[Classification | Failure]:
        from latentalign.models.matcher.memory import read, units_of

        results: dict[int, Classification | Failure] = {}
        usable: dict[int, tuple[TextRecord, Units]] = {}
        for index, given in enumerate(window):
            if isinstance(given, Failure):
                results[index] = given
                continue
            try:
                one = TextRecord(text=given) if isinstance(given, str) else given
                usable[index] = one, units_of(one.text)
            except LatentAlignError as error:
                results[index] = Failure(error=error)
        if usable:
            texts = [units for _, units in usable.values()]
            known = read(self.matcher.as_read(texts, self.memory), self.matcher.scorer)
            values = self._values(texts, known=known)
            shared = self.calibration.probabilities(values, self.memory.counts)
            for row, (index, (one, units)) in enumerate(usable.items()):
                found = self.result(units, values[row], shared[row], known)
                results[index] = replace(found, id=one.id)
        return (results[index] for index in range(len(window)))

    def result(self, units: Units, values: Tensor, shared: Tensor, known: dict[Units, Encoded]) -> Classification:
        """Return the answer for a text whose values and probabilities are known, perhaps in a context.

        Args:
            units: the text with its words.
            values: (label,) in log-odds.
            shared: (label + 1,) probabilities, the last one that of no label.
            known: what ``read`` said of the text.
        """
        nothing = float(shared[-1])
        probable = self.calibration.each(values) if self.several else shared[:-1]
        order = probable.argsort(descending=True).tolist()
        names, chances, logits = self.labels, probable.tolist(), values.tolist()
        if self.several:
            given_labels = tuple(names[one] for one in order if chances[one] >= 0.5)
        else:
            given_labels = (names[order[0]],) if chances[order[0]] > nothing else ()
        inside = self.calibration.possible(shared[None])[0].tolist()
        found = evidence_of(self.matcher, units, self.memory, order[0], known=known)
        carried, named = found.carried, tuple[Named, ...]()
        if self.discriminant is not None:
            (as_read,) = self.matcher.as_read([units], self.memory)
            added = self.discriminant.carried(as_read, order[0], self.matcher.seen([as_read], known)).tolist()
            carried = tuple(self.discriminant.scale * one + more for one, more in zip(carried, added, strict=True))
            named = names_in(units, carried, self.discriminant)
        return Classification(
            text=units.text,
            labels=given_labels,
            ranked=tuple(
                Guess(label=names[one], probability=chances[one], value=logits[one]) for one in order[: self.top]
            ),
            nothing=nothing,
            possible=tuple(names[one] for one in order if inside[one]),
            evidence=found.evidence,
            shares=found.shares,
            carried=carried,
            named=named,
        )
