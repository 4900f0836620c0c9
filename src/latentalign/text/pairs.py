"""Two texts that are to be aligned, and a record that could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from latentalign.errors import InputError, LatentAlignError
from latentalign.text.characters import check_text, is_blank
from latentalign.text.spans import Span, check_spans
from latentalign.text.words import tokens


@dataclass(frozen=True, kw_only=True)
class TextPair:
    """A source text and a target text, with their units if somebody has split them already.

    Every way into the library makes a pair, so a text that cannot be used (a lone surrogate) is refused here.

    Args:
        source, target: the texts.
        source_spans, target_spans: the units of each side, in order and disjoint; None leaves the splitting to the
            aligner.
        id: the name of the record, given back with its result.
        where: the file and line it came from, for messages; two pairs that differ only here are equal.

    Raises:
        InputError: a text that is no string or has a lone surrogate, or spans that are not its units.

    >>> pair = TextPair.from_words(["the", "cat"], ["le", "chat"])
    >>> pair.target, pair.target_spans[1].of(pair.target)
    ('le chat', 'chat')
    """

    source: str
    target: str
    source_spans: tuple[Span, ...] | None = None
    target_spans: tuple[Span, ...] | None = None
    id: str | None = None
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for side, text, spans in self._sides():
            check_text(text, where=_place(self.where, side))
            if spans is not None:
                check_spans(text, spans, where=_place(self.where, side))
        if self.id is not None:
            check_text(self.id, where=_place(self.where, "id"))

    def _sides(self) -> tuple[tuple[str, str, tuple[Span, ...] | None], ...]:
        return ("source", self.source, self.source_spans), ("target", self.target, self.target_spans)

    def check_not_blank(self, *, places: tuple[str, str] | None = None) -> TextPair:
        """Return the pair if there is something to align on both sides.

        Args:
            places: the file and line of each side, where they differ.

        Raises:
            InputError: a side is empty or has whitespace and control characters only; the message names it.
        """
        for (side, text, _), where in zip(self._sides(), places or (self.where, self.where), strict=True):
            if is_blank(text):
                raise InputError(
                    wanted="text on both sides",
                    came=f"a blank {side}",
                    where=where,
                    fix="fill it in or remove the record, or go on without it (--on-error skip or null)",
                )
        return self

    @classmethod
    def from_words(
        cls, source: Sequence[str], target: Sequence[str], *, id: str | None = None, where: str = ""
    ) -> TextPair:
        """Return a pair whose words are taken as they are, joined by single spaces.

        Raises:
            InputError: a word is no string, or is blank.
        """
        source_text, source_spans = _joined(source, where=_place(where, "source"))
        target_text, target_spans = _joined(target, where=_place(where, "target"))
        return cls(
            source=source_text,
            target=target_text,
            source_spans=source_spans,
            target_spans=target_spans,
            id=id,
            where=where,
        )

    @classmethod
    def from_tokens(cls, source: str, target: str, *, id: str | None = None, where: str = "") -> TextPair:
        """Return a pair whose words are what stands between whitespace; the texts stay as they are.

        >>> pair = TextPair.from_tokens("don't  go !", "ne pars pas !")
        >>> [span.of(pair.source) for span in pair.source_spans]
        ["don't", 'go', '!']
        """
        source_spans, target_spans = tokens(source), tokens(target)
        return cls(
            source=source, target=target, source_spans=source_spans, target_spans=target_spans, id=id, where=where
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


def _place(where: str, part: str) -> str:
    return f"{where} {part}".lstrip()


def _joined(words: Sequence[str], *, where: str) -> tuple[str, tuple[Span, ...]]:
    spans, position = [], 0
    for index, word in enumerate(words):
        if is_blank(check_text(word, where=f"{where} word {index}")):
            raise InputError(wanted="words that are not blank", came=f"{word!r} at {index}", where=where)
        spans.append(Span(position, position + len(word)))
        position += len(word) + 1
    return " ".join(words), tuple(spans)
