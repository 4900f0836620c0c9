"""What speaks for each name that a mention may be, in numbers; most of them are read off one alignment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from latentalign.families import AlignmentFamily, LatentAlignment
from latentalign.formats.catalogue.concept import Concept
from latentalign.models.linking.aliases import Alias, AliasTable
from latentalign.models.linking.keys import exact_key, initials_of, loose_key
from latentalign.models.linking.mention import Mention
from latentalign.models.linking.reading import Reading
from latentalign.models.matcher.matcher import per_unit
from latentalign.models.matcher.memory import units_of
from latentalign.models.scorer import PairScorer

FEATURES = (
    "words",
    "whole",
    "explained",
    "asked",
    "spelling",
    "exact",
    "loose",
    "initials",
    "short",
    "label",
    "near",
    "taught",
    "share",
    "context",
    "elsewhere",
)
r"""The parts of the value of a name $y$ of concept $c$ for a form $x$ of a mention.

``words``: $2 \Phi(S) / (n + m)$, the words aligned; ``whole``: the cosine of the vectors; ``explained``, ``asked``: the
shares of the letters of $x$ and of $y$ that are aligned, the rest being NULL; ``spelling``: the cosine of the character
n-grams; ``exact``, ``loose``, ``initials``: 1 where the keys are the same; ``short``: 1 where $x$ is what stands there
although the text writes it out; ``label``, ``near``: 1 where $y$ is of this kind; ``taught``:
$\log(1 + \text{mentions that teach } y)$; ``share``: the share of $c$ among the mentions that teach these words;
``context``: the cosine of the sentence and of what $c$ is said to be; ``elsewhere``: 1 where another stretch of the
text is a name of $c$.
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Looked:
    """A mention with the names it may be.

    Args:
        mention: what is linked.
        aliases: numbers of aliases, one a row.
        forms: for each row, which form of the mention is compared.
        features: (row, feature) float32.
    """

    mention: Mention
    aliases: tuple[int, ...]
    forms: tuple[str, ...]
    features: Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Looker:
    """Finds the names that a mention may be, and says what speaks for them.

    Args:
        table: of the names.
        scorer: gives the score matrix of the words of two names.
        family: aligns them.
        reading: what the encoder said.
        nearest: names by spelling (and by meaning, if the table has vectors) for each form.
    """

    table: AliasTable
    scorer: PairScorer
    family: AlignmentFamily
    reading: Reading
    nearest: int = 10

    @torch.inference_mode()
    def look(
        self,
        mention: Mention,
        *,
        types: frozenset[str] = frozenset(),
        apart: bool = False,
        only: int | None = None,
        nearest: int | None = None,
    ) -> Looked:
        """Return the names that a mention may be.

        Args:
            mention: what is linked.
            types: only concepts of one of these; empty is all.
            apart: aliases that only the mention's own text has taught do not count: for training.
            only: the number of the one concept whose names are compared, all of them.
            nearest: names by spelling, in place of those of the looker.

        Cost: one pass of the encoder over names that are new, and a small alignment for each form and name.
        """
        numbers = self._candidates(mention.forms, nearest) if only is None else list(self.table.of_concept(only))
        own = mention.text if apart else None
        kept = [one for one in numbers if self._usable(self.table.aliases[one], types, own)]
        rows = [(number, form) for form in mention.forms for number in kept]
        if not rows:
            return Looked(mention=mention, aliases=(), forms=(), features=torch.zeros(0, len(FEATURES)))
        features = torch.cat([self._features(mention, form, kept, own) for form in mention.forms])
        return Looked(
            mention=mention,
            aliases=tuple(number for number, _ in rows),
            forms=tuple(form for _, form in rows),
            features=features,
        )

    def _candidates(self, forms: Sequence[str], nearest: int | None) -> list[int]:
        count = self.nearest if nearest is None else nearest
        vectors = self.reading.vectors(forms) if self.table.vectors is not None and count else None
        return self.table.candidates(forms, nearest=count, vectors=vectors)

    def owners(self, looked: Looked) -> list[int]:
        """Return the concept of each name."""
        return [self.table.aliases[one].concept for one in looked.aliases]

    def _usable(self, alias: Alias, types: frozenset[str], own: str | None) -> bool:
        concept = self.table.concepts[alias.concept]
        taught_apart = alias.kind != "taught" or own is None or any(one != own for one in alias.texts)
        return taught_apart and (not types or not types.isdisjoint(concept.types))

    def _features(self, mention: Mention, form: str, numbers: Sequence[int], own: str | None) -> Tensor:
        aliases = [self.table.aliases[one] for one in numbers]
        alignment, wholes = self.align(form, [one.name for one in aliases])
        explained, asked = covered(alignment, form, [one.name for one in aliases])
        spelling = self.table.ngrams.cosines(form)
        told = self._told(form, own)
        exact, loose, letters = exact_key(form), loose_key(form), form.replace(".", "").lower()
        context = self._contexts(mention.context, [self.table.concepts[one.concept] for one in aliases])
        rows = [
            (
                float(spelling[number]),
                exact == exact_key(alias.name),
                loose == loose_key(alias.name),
                letters == initials_of(alias.name) and len(letters) > 1,
                form == mention.forms[0] and len(mention.forms) > 1,
                alias.kind == "label",
                alias.kind == "near",
                math.log1p(sum(text != own for text in alias.texts)),
                told.get(alias.concept, 0.0),
                near,
                alias.concept in mention.elsewhere,
            )
            for number, alias, near in zip(numbers, aliases, context, strict=True)
        ]
        aligned = torch.stack(
            [per_unit(alignment), wholes, explained.to(wholes.device), asked.to(wholes.device)], dim=1
        )
        return torch.cat([aligned.float().cpu(), torch.tensor(rows, dtype=torch.float32)], dim=1)

    def align(self, form: str, names: Sequence[str]) -> tuple[LatentAlignment, Tensor]:
        """Return the words of a form aligned with those of some names, and (name,) the cosines of their vectors."""
        query, keys = units_of(form), [units_of(one) for one in names]
        known = self.reading.known([query, *keys])
        scores, mask = self.scorer.score([query] * len(keys), keys, level="word", known=known)
        vectors = self.reading.vectors([form, *names])
        wholes = torch.zeros(len(keys)) if vectors is None else vectors[1:] @ vectors[0]
        return LatentAlignment(family=self.family, scores=scores, mask=mask), wholes.to(scores.device)

    def _told(self, form: str, own: str | None) -> dict[int, float]:
        """Return the share of each concept among the mentions of these words that have taught something."""
        same = [self.table.aliases[number] for number in self.table.exact.get(exact_key(form), ())]
        counts = {one.concept: sum(text != own for text in one.texts) for one in same if one.kind == "taught"}
        total = sum(counts.values())
        return {concept: count / total for concept, count in counts.items()} if total else {}

    def _contexts(self, context: str, concepts: Sequence[Concept]) -> list[float]:
        if not context or self.reading.scorer.encoder is None:
            return [0.0] * len(concepts)
        vectors = self.reading.vectors([context, *(self.gloss(one) for one in concepts)])
        assert vectors is not None
        return [float(one) for one in vectors[1:] @ vectors[0]]

    def gloss(self, concept: Concept) -> str:
        """Return what a concept is said to be: its label and its definition, or the labels of its parents."""
        if concept.definition:
            return f"{concept.label}: {concept.definition[:120]}"
        numbers = [self.table.numbers.get(one) for one in concept.parents]
        parents = ", ".join(self.table.concepts[one].label for one in numbers if one is not None)
        return f"{concept.label}: {parents}" if parents else concept.label


def covered(alignment: LatentAlignment, form: str, names: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Return (name,) the shares of the letters of the form, and of each name, that are aligned to something."""
    query = torch.tensor([end - start for start, end in units_of(form).spans], dtype=torch.float32)
    lengths = [torch.tensor([end - start for start, end in units_of(one).spans], dtype=torch.float32) for one in names]
    keys = torch.nn.utils.rnn.pad_sequence(lengths, batch_first=True)
    mass = alignment.expected.float().cpu()
    rows, columns = mass.sum(dim=2).clamp(max=1.0), mass.sum(dim=1).clamp(max=1.0)
    return (rows * query).sum(dim=1) / query.sum().clamp_min(1), (columns * keys).sum(dim=1) / keys.sum(
        dim=1
    ).clamp_min(1)
