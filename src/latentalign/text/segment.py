"""The units of a text at a level: words, sentences, or what somebody has split already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from latentalign.errors import UnknownNameError
from latentalign.registry import nearest
from latentalign.text.characters import check_text
from latentalign.text.sentences import sentences
from latentalign.text.spans import Span, check_spans
from latentalign.text.words import words

__all__ = ["LEVELS", "check_text", "segment"]

LEVELS: dict[str, Callable[..., tuple[Span, ...]]] = {"word": words, "sentence": sentences}


def segment(
    text: str, *, level: str = "word", spans: Iterable[Sequence[int]] | None = None, locale: str = "en"
) -> tuple[Span, ...]:
    """Return the units of a text.

    Args:
        text: any string without lone surrogates.
        level: ``word`` or ``sentence``.
        spans: units that are known already; they are checked and taken as they are, whatever the level.
        locale: a language tag, see `words` and `sentences`.

    Raises:
        InputError: a lone surrogate, or spans that are not in order, disjoint and inside the text.
        UnknownNameError: a level that does not exist.

    >>> segment("So it is. Yes.", level="sentence")
    (Span(start=0, end=9), Span(start=10, end=14))
    >>> segment("New York", spans=[(0, 8)])
    (Span(start=0, end=8),)
    """
    if level not in LEVELS:
        raise UnknownNameError(wanted="a level of units", came=repr(level), where="level", fix=nearest(level, LEVELS))
    if spans is not None:
        return check_spans(check_text(text, where="text"), spans, where="spans")
    return LEVELS[level](text, locale=locale)
