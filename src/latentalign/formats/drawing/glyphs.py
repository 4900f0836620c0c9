"""Text that can be drawn safely, and about how wide it is when no font can be measured."""

from __future__ import annotations

import re
import unicodedata

REPLACEMENT = "\ufffd"
# Controls, lone surrogates and non-characters are not allowed in XML; bidi embeddings, overrides and isolates would
# reorder what stands around the word.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
_BREAKS = re.compile("[\t\n\r\x85\u2028\u2029]")

# Advance widths of Helvetica and Arial, in thousandths of the font size.
_WIDTHS = {
    191: "'",
    222: "ijl",
    278: " !,./:;I[]\\ft",
    333: '()-`r{}|"',
    500: "Jcksvxyz*^",
    556: "#$0123456789?L_abdeghnopqu",
    611: "FTZ",
    667: "&ABEKPSVXY+<=>~",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    944: "W%@",
}
_WIDE, _USUAL = 1.0, 0.62


class _Advances(dict[str, float]):
    """Width of a character in units of the font size, filled when it is first asked for."""

    def __missing__(self, char: str) -> float:
        if unicodedata.category(char) in ("Mn", "Me", "Cf"):
            width = 0.0
        elif unicodedata.east_asian_width(char) in "WF":
            width = _WIDE
        else:
            width = self.get(unicodedata.normalize("NFD", char)[0], _USUAL)
        self[char] = width
        return width


_ADVANCES = _Advances({char: width / 1000 for width, chars in _WIDTHS.items() for char in chars})


def printable(text: str) -> str:
    r"""Return text of the same length without what XML forbids and what reorders or breaks a line.

    Controls, lone surrogates and bidirectional overrides become U+FFFD; line breaks and tabs become spaces. Offsets
    into the text stay valid.

    >>> printable("a\x00b\u202ec\nd")
    'a\ufffdb\ufffdc d'
    """
    return _BREAKS.sub(" ", _FORBIDDEN.sub(REPLACEMENT, text))


def advance(text: str, *, size: float) -> float:
    """Return about how wide a text is, in pixels, in a sans-serif font of this size.

    >>> advance("ill", size=10) < advance("mom", size=10) < advance("猫猫猫", size=10)
    True
    """
    return 1.05 * size * sum(map(_ADVANCES.__getitem__, text))


def is_right_to_left(text: str) -> bool:
    """Whether the first letter with a direction is written from right to left.

    >>> is_right_to_left("12 קול"), is_right_to_left("12 voices"), is_right_to_left("12")
    (True, False, False)
    """
    directions = (unicodedata.bidirectional(char) for char in text)
    return next((direction != "L" for direction in directions if direction in ("L", "R", "AL")), False)


def clipped(text: str, *, length: int) -> str:
    """Return at most ``length`` characters, the last of them an ellipsis where something was cut.

    >>> clipped("alignment", length=6)
    'align…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"
