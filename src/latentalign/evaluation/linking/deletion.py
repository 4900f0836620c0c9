"""The deletion test of a linker's evidence: does the value rest on the words that are named?"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from latentalign.evaluation.deletion_test import DRAWS, without
from latentalign.metrics.deletion import Deletion
from latentalign.tasks.linking.link import Linker
from latentalign.tasks.linking.result import LinkedMention, LinkedText


def link_deletion(linker: Linker, results: Sequence[LinkedText], *, seed: int = 0) -> Deletion:
    """Return how far the value of an answer falls without the word of the mention that carries most, and without any.

    Args:
        linker: what is tested; each shortened mention is looked up again from the start.
        results: what it said of some texts; mentions of one word are left out.
        seed: of the random words.

    Cost: linking each mention ``DRAWS`` + 1 times to the names of one concept.
    """
    chance = Random(seed)
    linked, random = [], []
    for result in results:
        for one in result.mentions:
            if one.evidence is None or len(one.evidence.source_spans) < 2:
                continue
            value = one.ranked[0].value
            places = range(len(one.carried))
            most = max(places, key=lambda place: one.carried[place])
            others = [chance.choice(places) for _ in range(DRAWS)]
            falls = [value - _value(linker, one, place) for place in (most, *others)]
            linked.append(falls[0])
            random.append(sum(falls[1:]) / DRAWS)
    return Deletion(linked=linked, random=random)


def _value(linker: Linker, one: LinkedMention, place: int) -> float:
    """Return the value of the same concept for a mention without one of its words."""
    from latentalign.models.linking.mention import Mention

    assert one.evidence is not None
    form = without(one.form, [one.evidence.source_spans[place]])
    number = linker.looker.table.numbers[one.ranked[0].concept]
    looked = linker.looker.look(Mention(span=one.span, forms=(form,)), only=number)
    return max(linker.weights.values(looked).tolist(), default=0.0)
