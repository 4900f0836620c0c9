"""Texts in other words: a word becomes a synonym in the sense that it nearly always has, by WordNet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from random import Random

from latentalign.errors import InputError
from latentalign.formats.lines import read_lines
from latentalign.text.function_words import is_content

Synonyms = Mapping[str, tuple[str, ...]]
SURE = 0.8
"""The share of a word's occurrences that its chief sense has to have."""


def read_synonyms(path: Path) -> Synonyms:
    """Return, for each word of WordNet that nearly always has one sense, the words whose chief sense that is as well.

    How often a word has a sense is how often it was tagged so in the texts of WordNet; what was never tagged is left
    out, as are plurals and other forms of a word, and what is no plain word of three letters or more.

    Args:
        path: ``index.sense`` of WordNet: sense key, place of the synset, number of the sense, times it was tagged.

    Raises:
        InputError: the file cannot be read, or is none of WordNet.

    Miller 1995; the format is that of senseidx(5WN).
    """
    senses: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for line in read_lines(path):
        try:
            key, place, _, tagged = line.text.split()
            word, _, rest = key.partition("%")
            if word.isalpha() and word.isascii() and len(word) > 2:
                senses[word][rest[0].replace("5", "3"), place] = int(tagged)
        except (ValueError, IndexError) as error:
            raise InputError(
                wanted="lines of WordNet's index.sense", came=repr(line.text[:80]), where=f"{path}:{line.number}"
            ) from error
    plain = {word: counts for word, counts in senses.items() if max(counts.values()) and not _is_form(word, senses)}
    chief = {word: max(counts, key=lambda one: counts[one]) for word, counts in plain.items()}
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for word, sense in chief.items():
        groups[sense].append(word)
    return {
        word: tuple(one for one in groups[sense] if one != word)
        for word, sense in chief.items()
        if len(groups[sense]) > 1 and is_content(word) and plain[word][sense] >= SURE * sum(plain[word].values())
    }


def _is_form(word: str, known: Mapping[str, object]) -> bool:
    """Return whether a word looks like a plural, a past or a participle of another one."""
    stems = [word.removesuffix(ending) for ending in ("s", "es", "d", "ed", "ing") if word.endswith(ending)]
    return any(stem in known or f"{stem}e" in known for stem in stems)


def with_synonyms(text: str, chance: Random, *, known: Synonyms) -> str:
    """Return the text with each word that has a synonym replaced by one.

    >>> with_synonyms("Purchase a big car", Random(0), known={"purchase": ("buy",)})
    'Buy a big car'
    """
    words = text.split(" ")
    for number, word in enumerate(words):
        others = known.get(word.lower())
        if others:
            found = chance.choice(others)
            words[number] = found.capitalize() if word[0].isupper() else found
    return " ".join(words)
