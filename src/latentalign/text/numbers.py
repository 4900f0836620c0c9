"""The numbers in a text, with every value that their writing may mean."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import NamedTuple

from latentalign.text.spans import Span

LONGEST = 40
_SPACES = " \u00a0\u2009\u202f"
_NUMBER = re.compile(
    rf"(?<![^\W_])(?:\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?:[.,\u066b]\d+)?(?![\d.,]?\d)"
    r"|\d+(?:[.,'\u2019\u066b\u066c]\d+)*)"
)
_LEFT_ALONE = re.compile(
    r"(?<!\d)(?:"
    r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?![\d])"  # 2024-05-12, 12/5/24, 12.05.2024
    r"|\d{1,2}:\d{2}(?::\d{2})?(?!\d)"  # 10:30
    r"|(?!\d{1,3}(?:\.\d{3})+(?![.\d]))\d+(?:\.\d+){3,}"  # 192.168.0.1, but not 1.000.000.000
    r")"
)
_SCALE = re.compile(
    rf"[{_SPACES}-]?(?:hundred|thousand|million|milliard|billion|trillion|lakh|crore|tausend|mill?\b|mio\b|mrd\b|bn\b|mn\b"
    r"|mille\b|mil\b|миллион|миллиард|тыс|млн|млрд|[万萬億亿千百兆만억천])",
    re.IGNORECASE,
)


class Number(NamedTuple):
    """A number as it stands in a text.

    Args:
        span: where.
        values: what it may mean: ``1,000`` is one thousand, or one in a language with a decimal comma.
        scaled: a word such as ``million`` follows.
    """

    span: Span
    values: frozenset[Decimal]
    scaled: bool

    def agrees_with(self, other: Number) -> bool:
        """Return whether both may mean the same, or the same but for a word such as ``million`` after one of them."""
        if self.values & other.values:
            return True
        return (self.scaled or other.scaled) and any(_power(a, b) for a in self.values for b in other.values)


def find_numbers(text: str) -> tuple[Number, ...]:
    """Return the numbers of a text that are written in digits, in order.

    Dates (``12.05.2024``), times (``10:30``), addresses (``192.168.0.1``) and digits after a letter (``B2``) are left
    alone, and so are more than 40 characters. Digits of every script count.

    Cost: linear.

    >>> [sorted(map(str, number.values)) for number in find_numbers("1,000.5 or 1.000,5; 1 000 on 12.05.2024")]
    [['1000.5'], ['1000.5'], ['1000']]
    >>> [sorted(map(str, number.values)) for number in find_numbers("1,000")]
    [['1.000', '1000']]
    """
    covered = [match.span() for match in _LEFT_ALONE.finditer(text)]
    numbers = []
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        if not any(low < end and start < high for low, high in covered):
            values = _readings(match[0])
            if values:
                numbers.append(Number(Span(start, end), values, bool(_SCALE.match(text, end))))
    return tuple(numbers)


def parts(text: str, number: Number) -> tuple[Number, ...]:
    """Return the numbers that spaces separate in a number: ``12 300`` may be two.

    >>> [number.span.of("12 300") for number in parts("12 300", find_numbers("12 300")[0])]
    ['12', '300']
    """
    written = number.span.of(text)
    start = number.span.start
    return tuple(
        Number(Span(start + match.start(), start + match.end()), _readings(match[0]), scaled=False)
        for match in re.finditer(rf"[^{_SPACES}]+", written)
    )


def _readings(written: str) -> frozenset[Decimal]:
    """Return what a number may mean; nothing for a code such as ``1.2.3``."""
    ascii_digits = "".join(str(unicodedata.digit(one)) if one.isdigit() else one for one in written)
    text = re.sub(rf"[{_SPACES}]", "", ascii_digits).translate({0x066B: ",", 0x066C: "'", 0x2019: "'"})
    groups = re.split(r"[.,']", text)
    signs = re.findall(r"[.,']", text)
    if len(text) > LONGEST:
        return frozenset()
    if not signs:
        return frozenset({Decimal(text)})
    if len(set(signs)) == 1 and (len(signs) > 1 or signs[0] == "'"):
        return frozenset({Decimal("".join(groups))} if _are_thousands(groups) else ())
    if len(signs) == 1:
        fraction = Decimal(".".join(groups))
        whole = {Decimal("".join(groups))} if _are_thousands(groups) and len(written) == len(text) else set()
        return frozenset({fraction} | whole)
    if len(set(signs[:-1])) == 1 and signs[-1] != signs[0] and _are_thousands(groups[:-1]):
        return frozenset({Decimal(f"{''.join(groups[:-1])}.{groups[-1]}")})
    return frozenset()


def _are_thousands(groups: list[str]) -> bool:
    """Return whether groups of digits are those of one number: by threes, or by twos before the last three (India)."""
    first, *middle, last = groups
    return (
        1 <= len(first) <= 3
        and not first.startswith("0")
        and len(last) == 3
        and {len(group) for group in middle} <= {2, 3}
    )


def _power(one: Decimal, other: Decimal) -> bool:
    """Return whether the quotient is 100 or a higher power of ten, either way round."""
    if not one or not other:
        return False
    quotient = max(one, other) / min(one, other)
    return quotient >= 100 and quotient == Decimal(10) ** quotient.adjusted()
