"""From the names that a mention may be to its meaning, and what that rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from latentalign.tasks.classification.match_evidence import THRESHOLD
from latentalign.tasks.linking.result import LinkedMention, Meaning
from latentalign.text.spans import Evidence, Link

if TYPE_CHECKING:
    from torch import Tensor

    from latentalign.models.linking.features import Looked
    from latentalign.models.units import Units
    from latentalign.tasks.linking.link import Linker


def linked_mention(linker: Linker, looked: Looked, *, found: float, text: str) -> LinkedMention:
    """Return the answer for a mention whose candidates are known.

    Args:
        linker: whose weights make values of what speaks for the names.
        looked: the names.
        found: the probability that it is a mention.
        text: it is in.
    """
    chances = linker.weights.chances(looked, linker.looker.owners(looked))
    table, span = linker.looker.table, looked.mention.span
    ranked = tuple(
        Meaning(
            concept=table.concepts[one.concept].id,
            label=table.concepts[one.concept].label,
            name=table.aliases[looked.aliases[one.row]].name,
            probability=one.probability,
            value=one.value,
        )
        for one in chances.ranked[: linker.top]
    )
    sure = bool(ranked) and ranked[0].probability > max(chances.nothing, linker.threshold)
    row = chances.ranked[0].row if ranked else None
    explained = None if row is None else _explained(linker, looked, row)
    return LinkedMention(
        span=span,
        text=span.of(text),
        concept=ranked[0].concept if sure else None,
        ranked=ranked,
        nothing=chances.nothing,
        found=found,
        form=looked.forms[row] if row is not None else looked.mention.forms[0],
        evidence=explained[0] if explained else None,
        parts={} if row is None else linker.weights.parts(looked, row),
        carried=explained[1] if explained else (),
    )


def _explained(linker: Linker, looked: Looked, row: int) -> tuple[Evidence, tuple[float, ...]]:
    """Return the words of the form aligned with those of the name, and what each carries of the value."""
    from latentalign.models.matcher.memory import units_of

    form, name = looked.forms[row], linker.looker.table.aliases[looked.aliases[row]].name
    batch, _ = linker.looker.align(form, [name])
    query, key = units_of(form), units_of(name)
    mass, scores = batch.expected[0].cpu(), batch.scores[0].cpu()
    shown = (mass >= THRESHOLD).nonzero().tolist()
    evidence = Evidence(
        source=form,
        target=name,
        source_spans=query.spans,
        target_spans=key.spans,
        links=tuple(Link(query.spans[i], key.spans[j], float(mass[i, j])) for i, j in shown),
        null_source=tuple(batch.null_query[0].tolist()),
        null_target=tuple(batch.null_key[0].tolist()),
        score=float(linker.weights.values(looked)[row]),
        family=type(linker.looker.family).__name__.lower(),
    )
    carried = _by_words(linker, mass, scores) + _by_whole(linker, form, name) + _by_letters(linker, mass, query, key)
    return evidence, tuple(carried.tolist())


def _by_words(linker: Linker, mass: Tensor, scores: Tensor) -> Tensor:
    r"""Return (word of the form,) $\frac{2 w}{n + m} \sum_j A_{ij} S_{ij}$, with $w$ the weight of ``words``."""
    share = 2 * linker.weights.weights.get("words", 0.0) / max(1, sum(scores.shape))
    found: Tensor = share * (mass * scores).sum(dim=1)
    return found


def _by_letters(linker: Linker, mass: Tensor, query: Units, key: Units) -> Tensor:
    """Return (word of the form,) its part of what ``asked``, ``explained`` and ``spelling`` give."""
    from torch import tensor

    weights = linker.weights.weights
    lengths, letters = (tensor([float(end - start) for start, end in one.spans]) for one in (key, query))
    asked = mass @ lengths / lengths.sum().clamp_min(1)
    explained = mass.sum(dim=1).clamp(max=1.0) * letters / letters.sum().clamp_min(1)
    spelling = tensor(linker.looker.table.ngrams.shares(query.strings, key.text))
    found: Tensor = weights.get("asked", 0.0) * asked + weights.get("explained", 0.0) * explained
    return found + weights.get("spelling", 0.0) * spelling


def _by_whole(linker: Linker, form: str, name: str) -> Tensor:
    r"""Return (word of the form,) $\frac{a}{n} \frac{x_i}{|\bar x|} \cdot \bar y$, with $a$ the weight of ``whole``."""
    from torch import zeros

    from latentalign.models.matcher.memory import units_of

    unit = units_of(form)
    reading = linker.looker.reading
    encoded, vectors = reading.known([unit]).get(unit), reading.vectors([form, name])
    if encoded is None or encoded.states is None or encoded.pooled is None or vectors is None:
        return zeros(len(unit.spans))
    apart: Tensor = encoded.states.cpu() @ vectors[1].cpu() / encoded.pooled.norm().clamp_min(1e-9).cpu()
    return linker.weights.weights.get("whole", 0.0) / max(1, len(unit.spans)) * apart
