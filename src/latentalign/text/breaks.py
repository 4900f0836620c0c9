"""Where Unicode says that words and sentences end: the only file that calls ICU."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from latentalign.errors import InputError
from latentalign.text.characters import check_text, is_visible

_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")
_LIMIT = 2**29  # code points: ICU counts UTF-16 units in 32 bits


def pieces(text: str, *, unit: Literal["word", "sentence"], locale: str) -> Iterator[str]:
    """Yield the text cut at every boundary; joined again, the pieces are the text.

    ICU's own positions count UTF-16 units, which differ from code points beyond the BMP, so the pieces are taken as
    strings. Each call has its own break iterator, hence threads share nothing; making one costs some 10 µs, and
    icu4py cannot give an old one a new text.

    Args:
        text: any string without lone surrogates, up to 2**29 code points.
        unit: what the boundaries separate.
        locale: a language tag such as ``en`` or ``zh-Hant``; ICU falls back to its root rules for one that it does
            not know. For sentences it also chooses the abbreviations that end none.

    Raises:
        InputError: a lone surrogate, a text beyond the limit, or a locale that is no language tag.

    Cost: linear; 10**6 characters take 0.1 to 1 s.

    References:
        Unicode Standard Annex 29, Unicode Text Segmentation; CLDR, segmentation suppressions (``ss``).

    >>> list(pieces("e.g. 3.5 l", unit="word", locale="en"))
    ['e.g', '.', ' ', '3.5', ' ', 'l']
    """
    check_text(text, where="text")
    if len(text) > _LIMIT:
        raise InputError(
            wanted=f"a text of at most {_LIMIT} code points", came=f"{len(text)}", fix="cut it at a paragraph"
        )
    if not _LOCALE.fullmatch(locale):
        raise InputError(wanted="a language tag such as 'en' or 'zh-Hant'", came=repr(locale), where="locale")
    from icu4py.breakers import SentenceBreaker, WordBreaker

    if unit == "word":
        return iter(WordBreaker(text, locale))
    return iter(SentenceBreaker(text, f"{locale}@ss=standard"))


def trimmed(piece: str, start: int) -> tuple[int, int] | None:
    r"""Return start and end of a piece without the whitespace around it, or None if nothing visible is in it.

    >>> trimmed(" a b ", 10), trimmed("\n", 10)
    ((11, 14), None)
    """
    if not any(map(is_visible, piece)):
        return None
    left = len(piece) - len(piece.lstrip())
    return start + left, start + len(piece.rstrip())
