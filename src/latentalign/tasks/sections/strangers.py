"""Texts that are of no section, put into documents: to learn what NULL is for, and to measure it."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from latentalign.text.split_texts import SplitText


def with_strangers(documents: Sequence[SplitText], texts: Sequence[str], *, seed: int) -> list[tuple[SplitText, int]]:
    """Return each document with one of some texts as a further sentence at a random place, and the number of that.

    >>> ((document, place),) = with_strangers([SplitText.of_text("It works.")], ["Call me."], seed=0)
    >>> document.strings[place], len(document.strings)
    ('Call me.', 2)
    """
    chance = Random(f"strangers {seed}")
    chosen = [(one, chance.randint(0, len(one.sentences)), chance.choice(texts)) for one in documents]
    return [
        (SplitText.of_sentences([*one.strings[:place], text, *one.strings[place:]]), place)
        for one, place, text in chosen
    ]
