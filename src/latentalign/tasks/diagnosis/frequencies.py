"""How often something is, as catalogues write it."""

from __future__ import annotations

from typing import Any

from latentalign.errors import InputError

TERMS = {
    "HP:0040280": 1.0, "HP:0040281": 0.9, "HP:0040282": 0.55, "HP:0040283": 0.17, "HP:0040284": 0.025,
    "HP:0040285": 0.0,
    "obligate": 1.0, "very frequent": 0.9, "frequent": 0.55, "occasional": 0.17, "very rare": 0.025, "excluded": 0.0,
}  # fmt: skip
"""The terms of the Human Phenotype Ontology, at the middle of what they stand for."""


def frequency(given: Any) -> float | None:
    """Return a frequency in [0, 1]; None where nothing is given.

    Raises:
        InputError: it is written in no way that is known.

    >>> [frequency(one) for one in ("90%", "3 of 4", 0.5, "1/20000", "HP:0040281", "Occasional (29-5%)", "")]
    [0.9, 0.75, 0.5, 5e-05, 0.9, 0.17, None]
    """
    if given is None or given == "":
        return None
    text = str(given).strip()
    name = text.partition("(")[0].strip().casefold()
    try:
        if text in TERMS or name in TERMS:
            return TERMS.get(text, TERMS.get(name))
        if text.endswith("%"):
            found = float(text[:-1].split("-")[-1]) / 100
        elif "/" in text or " of " in text:
            some, _, of = text.replace(" of ", "/").partition("/")
            found = float(some) / float(of)
        else:
            found = float(text)
    except (ValueError, ZeroDivisionError):
        found = -1.0
    if not 0 <= found <= 1:
        raise InputError(wanted="a frequency such as 90%, 3/4, 0.5 or HP:0040281", came=repr(given))
    return found
