"""A text as it is read, its misspelled words as known ones, and the way back to the text as it was said."""

from __future__ import annotations

from dataclasses import dataclass

from latentalign.models.encoder import Encoder, KnowsWords
from latentalign.models.units import Units
from latentalign.text.spans import Span
from latentalign.text.spelling import Spelling


def respelled(text: Units, spelling: Spelling, encoder: Encoder | None) -> Units:
    """Return a text with each misspelled word as the known one, where the encoder does not know it as a word.

    Args:
        text: with its words; it has as many afterwards.
        spelling: knows words.
        encoder: one that can tell words, or any other, which knows none.
    """
    is_word = encoder.is_word if isinstance(encoder, KnowsWords) else lambda _: False
    found = {
        span: _cased(corrected, word)
        for span, word in zip(text.spans, text.strings, strict=True)
        if (corrected := spelling.corrected(word, is_word=is_word)) is not None
    }
    return text.replaced(found) if found else text


def _cased(corrected: str, word: str) -> str:
    if word.isupper():
        return corrected.upper()
    return corrected.capitalize() if word[0].isupper() else corrected


@dataclass(frozen=True, kw_only=True)
class Respelled:
    """A text as it was said, and as it is read, word by word.

    Args:
        said, read: the two, with as many words.

    >>> from latentalign.models.matcher.memory import units_of
    >>> both = Respelled(said=units_of("an alrm, please"), read=units_of("an alarm, please"))
    >>> both.back(Span(3, 8))
    Span(start=3, end=7)
    >>> both.back(Span(8, 9)).of(both.said.text)
    ','
    """

    said: Units
    read: Units

    def back(self, span: Span) -> Span:
        """Return where the words of a span of the text as it is read are in the text as it was said."""
        inside = [place for place, one in enumerate(self.read.spans) if one.end > span.start and one.start < span.end]
        if inside:
            return Span(self.said.spans[inside[0]].start, self.said.spans[inside[-1]].end)
        before = [place for place, one in enumerate(self.read.spans) if one.end <= span.start]
        moved = self.said.spans[before[-1]].end - self.read.spans[before[-1]].end if before else 0
        return Span(span.start + moved, span.end + moved)
