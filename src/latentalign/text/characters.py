"""Which characters make a text usable: no lone surrogate, and something to see."""

from __future__ import annotations

import unicodedata

from latentalign.errors import InputError

_UNSEEN = frozenset({"Cc", "Cf"})


def is_visible(character: str) -> bool:
    r"""Return whether a character is neither whitespace nor a control or format character (category Cc or Cf).

    >>> [is_visible(character) for character in ("a", "!", " ", "\x00", "\u200d")]
    [True, True, False, False, False]
    """
    return not character.isspace() and unicodedata.category(character) not in _UNSEEN


def is_blank(text: str) -> bool:
    r"""Return whether a text has no visible character, so that there is nothing to align.

    Cost: stops at the first visible character.

    >>> is_blank(" \u200b\n"), is_blank(" .")
    (True, False)
    """
    return not any(map(is_visible, text))


def check_text(text: object, *, where: str = "") -> str:
    r"""Return the text if it can be segmented, encoded and printed; this is the one place that decides it.

    A Python string may hold a lone surrogate (half of a character beyond the BMP), for example from the JSON
    escape ``"\ud83d"`` or from a file name. No encoder takes it, so it is refused here and nowhere else.

    Args:
        text: what was given as a text.
        where: the file and line, or the argument, for the message.

    Raises:
        InputError: not a string, or a lone surrogate; the message names its position.

    Cost: constant for ASCII, one encoding to UTF-8 otherwise.

    >>> check_text("a😀")
    'a😀'
    >>> check_text("a" + chr(0xD83D), where="source")
    Traceback (most recent call last):
    latentalign.errors.InputError: source: wanted text without lone surrogates, got U+D83D at position 1. To fix it: ...
    """
    if not isinstance(text, str):
        raise InputError(wanted="a string", came=f"{type(text).__name__}", where=where)
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            wanted="text without lone surrogates",
            came=f"U+{ord(text[error.start]):04X} at position {error.start}",
            where=where,
            fix="repair the encoding of the text, or replace the surrogate by U+FFFD",
        ) from None
    return text
