"""What a text says is there, is not there, or may be there: its phrases, each with the words that deny or doubt it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from latentalign.text.sentences import sentences
from latentalign.text.spans import Span

State = Literal["present", "absent", "uncertain"]

_HAS = (
    r"(?:has|have|had|having|is|are|was|were|being|been|am|feels?|felt|feeling|gets?|got|getting|shows?|showed|showing)"
)
_WHO = r"(?:i|we|he|she|it|they|you|there|the patient|patient|pt|my \w+|his \w+|her \w+|who|which|that|child|boy|girl)"
_FILLER = re.compile(
    rf"""(?ix) ^(?:
      (?P<clause> (?:{_WHO}(?:['’](?:ve|m|s|re|d))?\s+)? (?:also\s+|now\s+|just\s+|recently\s+|often\s+|sometimes\s+)*
        (?:{_HAS}\s+(?:also\s+|been\s+|recently\s+|noticed\s+|experiencing\s+|having\s+|feeling\s+|suffering\s+from\s+)*
          |presents?(?:ed|ing)?\s+with\s+|complain(?:s|ed|ing)?\s+(?:of|about)\s+|reports?\s+|reported\s+|noticed?\s+
          |suffer(?:s|ed|ing)?\s+from\s+|experienc(?:es?|ed|ing)\s+|develop(?:s|ed|ing)?\s+|symptoms?\s+(?:are|include)\s+)
      | {_WHO}['’](?:ve|m|s|re|d)\s+(?:also\s+|been\s+|had\s+|got\s+|having\s+|feeling\s+|noticed\s+|experiencing\s+)* )
    | (?P<soft> (?:not\s+only|a\s+bit\s+of|a\s+lot\s+of|a|an|the|some|also|any|my|his|her|their|these|there
        |signs?\s+of|(?:a\s+)?history\s+of|episodes?\s+of|symptoms?\s+of|presence\s+of|then|now)\s+
      | \d+[-\s](?:year|month|week|day)s?[-\s]old\s*(?:\w+\s+)? )
    )"""
)
_NO = re.compile(
    r"""(?ix) ^(?:
      (?P<strong> (?:\w+\s+){0,2}?(?:den(?:y|ies|ied|ying)|(?:is|was|are|were)\s+negative\s+for)\s+(?:any\s+|having\s+)?
        |without\s+(?:any\s+|evidence\s+of\s+|signs?\s+of\s+)?|negative\s+for\s+|free\s+of\s+|rul(?:es|ed|ing)\s+out\s+
        |no\s+(?:evidence|signs?|history|symptoms?|complaints?)\s+of\s+|absence\s+of\s+|neither\s+
        |(?:\w+\s+){0,2}?(?:(?:do|does|did)(?:\s+not|n['’]t)\s+(?:have|show|feel|get|experience|report|suffer\s+from)
          |(?:has|have|had|is|are|was|were)(?:\s+not|n['’]t))\s+(?:had\s+|been\s+|any\s+|having\s+|a\s+|an\s+|got\s+)*)
      | (?P<weak> (?:\w+\s+){0,2}?(?:has|have|had|is|are|was|were)\s+(?:no|never\s+had|never)\s+
        |(?:no|not(?!\s+only\b)|never|absent|non)\s+(?:any\s+|more\s+|a\s+|an\s+)?) )"""
)
_MAYBE = re.compile(
    r"""(?ix) ^(?:(?:\w+\s+){0,2}?(?:might|may|could)\s+(?:have\s+|be\s+|also\s+|possibly\s+)+
      |(?:\w+\s+){0,2}?(?:possibl[ey]|probabl[ey]|perhaps|maybe|suspected|suspicion\s+of|questionable|presum(?:ed|ably)
        |query|borderline|(?:i\s+)?(?:think|suspect|guess)(?:\s+that)?|not\s+sure\s+(?:about|if|whether)|seem(?:s|ed)?\s+to
        |unsure\s+(?:about|if|whether)|concern\s+for)\s+(?:an?\s+|have\s+|i\s+have\s+|has\s+|some\s+|there\s+is\s+)*)"""
)
_NOT_AFTER = re.compile(
    r"(?i)[\s:,–-]+\(?(?:(?:is|are|was|were)\s+)?(?:absent|not\s+(?:present|seen|found|noted)|denied|excluded"
    r"|ruled\s+out|(?:is\s+|was\s+)?negative|none)\)?\s*$"
)
_MAYBE_AFTER = re.compile(
    r"(?i)(?:\s*\(?\?\)?|[\s:,–-]+\(?(?:(?:is|are|was|were)\s+)?(?:suspected|possible|probable|likely|uncertain|unclear)\)?)\s*$"
)
_TIME = re.compile(
    r"(?i)\s+(?:(?:for|over|during|in)\s+(?:the\s+)?(?:past|last)?\s*(?:\w+\s+){0,2}(?:hours?|days?|weeks?|months?|years?|while)"
    r"|since\s+.*|(?:now|today|yesterday|lately|recently|too|as\s+well))\s*$"
)
_BREAK = re.compile(
    r"""(?ix) \s*[,;:•|\n]+\s*(?:(?:and|or|nor|but)\b\s*)? | \.\s+ | (?<=[?!])\s+
      | \s+\((?!\s*(?:\?|(?:suspected|possible|probable|likely|uncertain|unclear|absent|denied|excluded|negative|none
          |not|ruled)\b)) | (?<!\(s)(?<!\(es)(?<=\w\w)\)(?=[\s,;:.]|$) | \s+(?:with\s+)?or\s+(?=without\s)
      | \s+(?:as\s+well\s+as|along\s+with|together\s+with|accompanied\s+by|associated\s+with|but|however|although|though
          |except(?:\s+for)?|yet|while|whereas|and|or|nor|plus|(?<!presents\ )(?<!presented\ )(?<!presenting\ )with)\s+
      | \s+(?=(?:without|denies|denied|denying|no|possible|possibly|suspected|probable|probably|negative\s+for)\s)"""
)
_EDGE = " \t\r\n.!,;:•-–—\"'“”‘’()[]"
_EMPTY = frozenset(
    [
        "it",
        "this",
        "that",
        "i",
        "he",
        "she",
        "they",
        "patient",
        "the patient",
        "there's",
        "all",
        "etc",
        "both",
        "no",
        "yes",
        "not",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Assertion:
    """One phrase of a text.

    Args:
        span: of the phrase, without the words that only introduce, deny or doubt it.
        state: ``present``, ``absent`` or ``uncertain``.
        cue: where the text denies or doubts it, if it does.
    """

    span: Span
    state: State
    cue: Span | None = None


@dataclass(frozen=True)
class _Piece:
    """A phrase with what stands before it: the separator, its own cue, and whether a new clause begins with it.

    A gloss is what stands in parentheses.
    """

    span: Span
    before: str
    state: State | None
    cue: Span | None
    strong: bool
    clause: bool
    article: bool

    @property
    def gloss(self) -> bool:
        return self.before.endswith("(")

    @property
    def separators(self) -> list[str]:
        return self.before.replace("(", " ").replace(")", " ").replace(",", " , ").split()


def assertions(text: str, *, is_name: Callable[[str], bool] = lambda _: False) -> tuple[Assertion, ...]:
    """Return the phrases of a free text, split at commas, conjunctions and the ends of sentences.

    A denial ("no", "denies", "without", "... absent") or a doubt ("possible", "may have", "...?") holds for the phrase
    after it and goes on over "or"; a strong denial ("denies", "without") over "and" and commas too; "but", a new clause
    and a new sentence end it. What stands in parentheses says again what stands before them, and is denied or doubted
    with it. "With or without" doubts, and "lack of appetite" is a finding. These are rules after NegEx and ConText, for
    English; who has a symptom (the patient, or a relative) is not told apart.

    Args:
        text: what somebody says.
        is_name: whether a phrase is a name of its own, such as "absent speech", whose first word denies nothing.

    >>> said = "Fever, but no rash or cough; possible seizures."
    >>> [(one.span.of(said), one.state) for one in assertions(said)]
    [('Fever', 'present'), ('rash', 'absent'), ('cough', 'absent'), ('seizures', 'uncertain')]

    Chapman et al. 2001 (NegEx); Harkema et al. 2009 (ConText).
    """
    found: list[Assertion] = []
    for start, end in sentences(text):
        found += _states(list(_pieces(text, start, end, is_name)))
    return tuple(found)


def assertion(text: str, *, is_name: Callable[[str], bool] = lambda _: False) -> Assertion | None:
    """Return what one item of a list says, which is not split; None if there is no phrase in it.

    >>> said = "no pain or swelling"
    >>> found = assertion(said)
    >>> found.span.of(said), found.state
    ('pain or swelling', 'absent')
    >>> assertion("no speech", is_name=lambda phrase: phrase == "no speech").state
    'present'
    """
    piece = _piece(text, 0, len(text), "", is_name)
    if piece is None:
        return None
    return Assertion(span=piece.span, state=piece.state or "present", cue=piece.cue)


def _pieces(text: str, start: int, end: int, is_name: Callable[[str], bool]) -> Iterator[_Piece]:
    before = ""
    place = start
    cuts = [(one.start(), one.end()) for one in _BREAK.finditer(text, start, end)]
    for left, right in [*cuts, (end, end)]:
        if (piece := _piece(text, place, left, before, is_name)) is not None:
            yield piece
            before = ""
        before = f"{before} {text[left:right].strip().lower()}".strip()
        place = right


def _piece(text: str, start: int, end: int, before: str, is_name: Callable[[str], bool]) -> _Piece | None:
    start, end = _trimmed(text, start, end)
    state: State | None = None
    cue: Span | None = None
    strong = clause = article = False
    while start < end and not is_name(text[start:end]):
        rest = text[start:end]
        if found := _MAYBE.match(rest) or _NO.match(rest):
            or_without = before.endswith("or") and found.group().lower().startswith("without")
            state = "uncertain" if found.re is _MAYBE or or_without else "absent"
            strong = bool(found.groupdict().get("strong"))
            cue = Span(start, start + len(found.group().rstrip()))
        elif not (found := _FILLER.match(f"{rest} ")):
            break
        clause = clause or bool(found.groupdict().get("clause"))
        article = article or found.group().strip().lower() in ("a", "an", "the", "some", "my", "his", "her")
        start, end = _trimmed(text, min(end, start + found.end()), end)
    while start < end and not is_name(text[start:end]):
        rest = text[start:end]
        if found := _NOT_AFTER.search(rest) or _MAYBE_AFTER.search(rest):
            state = "uncertain" if found.re is _MAYBE_AFTER else "absent"
            left, right = _trimmed(text, start + found.start(), end)
            cue = Span(left, right) if left < right else cue
        elif not (found := _TIME.search(rest)):
            break
        start, end = _trimmed(text, start, start + found.start())
    if start >= end or text[start:end].lower() in _EMPTY:
        return None
    return _Piece(Span(start, end), before, state, cue, strong, clause, article)


def _states(pieces: list[_Piece]) -> Iterator[Assertion]:
    """Yield the phrases of a sentence, denials and doubts carried on to the phrases that they hold for."""
    held: _Piece | None = None
    state: State | None = None
    for number, piece in enumerate(pieces):
        if piece.gloss and piece.state is None:  # it says the same again
            yield Assertion(span=piece.span, state=state or "present", cue=held.cue if state and held else None)
            continue
        if piece.state is not None or held is None or not _goes_on(held, piece, pieces[number + 1 :]):
            held = piece if piece.state is not None else None
        state = held.state if held is not None else None
        yield Assertion(span=piece.span, state=state or "present", cue=held.cue if held is not None else None)


def _goes_on(held: _Piece, piece: _Piece, rest: list[_Piece]) -> bool:
    before = piece.separators
    if piece.clause or not before or {"but", "however", "although", "though", "yet", "while", ";", "."} & set(before):
        return False
    if {"or", "nor"} & set(before):
        return True
    if held.state == "uncertain" or {"with", "whereas", "except"} & set(before):
        return False
    if held.strong:
        return True
    if before == [","]:  # "no fever, cough or rash" denies all three; "no fever, stiff neck" the first
        after = (one for one in rest if not one.gloss)
        later = next((one for one in after if one.state is not None or one.clause or one.separators != [","]), None)
        if later is None or later.state is not None or later.clause:
            return False
        return bool({"or", "nor"} & set(later.separators))
    return before == ["and"] and not piece.article


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in _EDGE:
        start += 1
    while start < end and text[end - 1] in _EDGE:
        end -= 1
    return start, end
