"""What a command line names as its two texts: strings, files, or a stream of pairs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latentalign import registry
from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.text.pairs import Failure, TextPair

SUFFIXES = {".jsonl": "jsonl", ".json": "jsonl", ".tsv": "tsv", ".tmx": "tmx", ".xlf": "xliff", ".xliff": "xliff"}
FILES = (*SUFFIXES, ".txt", ".csv", ".gz")
"""A single word that ends so is a file, and not a text to be read."""


def read_pairs(
    source: str,
    target: str | None,
    *,
    form: str,
    tokenized: bool,
    markup: bool = False,
    languages: tuple[str | None, str | None] = (None, None),
) -> Iterator[TextPair | Failure]:
    """Return the pairs that the arguments of a command mean.

    Args:
        source: a text, a file, or ``-``.
        target: the other text or file; None if ``source`` holds pairs.
        form: a reader, or ``auto`` to go by the name of the file.
        tokenized: words are what stands between whitespace.
        markup: the source has inline tags: those of TMX and XLIFF stay, and no words are split before them.
        languages: the two variants of a TMX unit; None takes its own default.

    Raises:
        InputError: a text beside a file, one text alone, or what is called as files are and is not there.
    """
    from latentalign.text.pairs import TextPair

    if target is None:
        return _read_one(source, form, tokenized=tokenized and not markup, markup=markup, languages=languages)
    files = names_one(source), names_one(target)
    if all(files):
        from latentalign.formats import parallel

        return parallel.read(source, target, tokenized=tokenized and not markup)
    if any(files):
        raise InputError(
            wanted="two files or two texts",
            came=" and ".join("a file" if one else "a text" for one in files),
            where="align",
            fix="name two files that exist, or write both texts out",
        )
    if tokenized and not markup:
        return iter([TextPair.from_words(source.split(), target.split())])
    return iter([TextPair(source=source, target=target)])


def is_file(text: str) -> bool:
    """Return whether an argument names a file that exists, or standard input."""
    try:
        return text == "-" or (bool(text) and Path(text).exists())
    except (OSError, ValueError):
        return False


def names_one(text: str) -> bool:
    """Return whether an argument is a file or standard input, and not a text.

    Raises:
        InputError: it is called as files are, and is not there.
    """
    if is_file(text):
        return True
    if text.split() == [text] and Path(text).suffix in FILES:
        raise InputError(wanted="a file that exists, or a text", came=repr(text), fix="look at its name")
    return False


def _read_one(
    source: str, form: str, *, tokenized: bool, markup: bool, languages: tuple[str | None, str | None]
) -> Iterator[TextPair | Failure]:
    if not is_file(source):
        raise InputError(
            wanted="a second text, or a file of pairs, or - for stdin",
            came=f"one text, {source[:40]!r}, that names no file",
            where="align",
            fix='latentalign align "one text" "another text"',
        )
    if form == "auto":
        form = SUFFIXES.get(Path(source.removesuffix(".gz")).suffix, "parallel")
    options: dict[str, Any] = {"markup": "source"} if markup and form in {"tmx", "xliff"} else {}
    if form == "tmx":
        options |= dict(zip(("source_language", "target_language"), languages, strict=True))
    found: Iterator[TextPair | Failure] = registry.readers.load(form)(source, tokenized=tokenized, **options)
    return found
