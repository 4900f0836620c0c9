"""Names that programs use, such as ``hasAuthor`` and ``Lip_Mucosa``, as the words that people read."""

from __future__ import annotations

import re

_BETWEEN = re.compile(r"[_\s]+|(?<=[a-z0-9])-(?=[A-Za-z])")
_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def readable(name: str) -> str:
    """Return a name with its parts as words: underscores and changes of case become spaces.

    A part that begins with one capital letter and goes on small is made small when case alone divides the name.

    >>> readable("hasAuthor"), readable("Program_Committee_Member"), readable("ISBNNumber"), readable("leaderName")
    ('has author', 'Program Committee Member', 'ISBN number', 'leader name')
    """
    parts = _BETWEEN.split(name.strip())
    found = []
    for part in filter(None, parts):
        pieces = _CASE.split(part)
        first, rest = pieces[0], pieces[1:]
        found += [first, *(one.lower() if one[1:].islower() or len(one) == 1 else one for one in rest)]
    return " ".join(found)


def local_name(iri: str) -> str:
    """Return what stands behind the last ``#``, ``/`` or, in a name without these, ``:``.

    >>> local_name("http://example.org/onto#Author"), local_name("HP:0001250"), local_name("Author")
    ('Author', '0001250', 'Author')
    """
    trimmed = iri.rstrip("#/")
    cut = max(trimmed.rfind("#"), trimmed.rfind("/"))
    return trimmed[cut + 1 :] if cut >= 0 else trimmed.rpartition(":")[2]
