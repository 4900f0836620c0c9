"""Two texts that are to be aligned, and a record that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latentalign.errors import InputError, LatentAlignError
from latentalign.text.spans import Span


@dataclass(frozen=True, kw_only=True)
class TextPair:
    """A source text and a target text, with their units if somebody has split them already.

    Args:
        source, target: the texts.
        source_spans, target_spans: the words of each side; None leaves the splitting to the aligner.
        id: the name of the record, given back with its result.
        where: the file and line it came from, for messages.

    >>> pair = TextPair.from_words(["the", "cat"], ["le", "chat"])
    >>> pair.target, pair.target_spans[1].of(pair.target)
    ('le chat', 'chat')
    """

    source: str
    target: str
    source_spans: tuple[Span, ...] | None = None
    target_spans: tuple[Span, ...] | None = None
    id: str | None = None
    where: str = ""

    @classmethod
    def from_words(
        cls, source: Sequence[str], target: Sequence[str], *, id: str | None = None, where: str = ""
    ) -> TextPair:
        """Return a pair whose words are taken as they are, joined by single spaces.

        Raises:
            InputError: a word is empty.
        """
        source_text, source_spans = _joined(source, where=where)
        target_text, target_spans = _joined(target, where=where)
        return cls(
            source=source_text,
            target=target_text,
            source_spans=source_spans,
            target_spans=target_spans,
            id=id,
            where=where,
        )


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A record that could not be used: it keeps its place in the output and says why.

    Args:
        error: what was wanted, what came, where, what to do.
        id: the name of the record, if it had one that could be read.
    """

    error: LatentAlignError
    id: str | None = None


def _joined(words: Sequence[str], *, where: str) -> tuple[str, tuple[Span, ...]]:
    spans, position = [], 0
    for index, word in enumerate(words):
        if not word:
            raise InputError(wanted="words that are not empty", came=f"an empty word at {index}", where=where)
        spans.append(Span(position, position + len(word)))
        position += len(word) + 1
    return " ".join(words), tuple(spans)
