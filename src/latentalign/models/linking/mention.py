"""What is linked: words of a text, the ways to write them out, and what stands around them."""

from __future__ import annotations

from dataclasses import dataclass

from latentalign.text.spans import Span


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A mention.

    Args:
        span: of the text.
        forms: the words as they stand, then with abbreviations of the text written out; each different one once.
        context: the sentence around it.
        elsewhere: numbers of concepts of which another stretch of the text is a name, word for word.
        text: the name of the text, which taught aliases of its own are not to help.
    """

    span: Span
    forms: tuple[str, ...]
    context: str = ""
    elsewhere: frozenset[int] = frozenset()
    text: str | None = None
