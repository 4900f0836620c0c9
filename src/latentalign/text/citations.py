"""Where a sentence names the works that it cites: what is said of them is the rest."""

from __future__ import annotations

import re

from latentalign.text.spans import Span

_NAME = r"[A-Z][\w'’-]+"
_NAMES = rf"{_NAME}(?:\s+(?:and|&)\s+{_NAME}|\s+et\s+al\.?,?)"
_YEAR = r"\b(?:19|20)\d\d[a-z]?\b"
_MARKERS = (
    re.compile(rf"\([^()]*{_YEAR}[^()]*\)"),
    re.compile(r"\[[^\[\]]{0,80}\]"),
    re.compile(_NAMES),
    re.compile(rf"{_NAME}\s*\(?{_YEAR}\)?"),
    re.compile(_YEAR),
)


def citation_marks(text: str) -> tuple[Span, ...]:
    """Return the spans that name cited works: years and what stands in brackets around them, and names with them.

    >>> text = "Och et al. (2001) speed up beam search [12]."
    >>> [span.of(text) for span in citation_marks(text)]
    ['Och et al. (2001)', '[12]']
    """
    found = sorted(match.span() for rule in _MARKERS for match in rule.finditer(text))
    merged: list[list[int]] = []
    for start, end in found:
        if (merged and not text[merged[-1][1] : start].strip()) or (merged and start < merged[-1][1]):
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return tuple(Span(start, end) for start, end in merged)
