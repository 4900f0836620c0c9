"""Hypothesis strategies: texts that are hard to cut, pairs and results made of them."""

import math

from hypothesis import settings
from hypothesis import strategies as st

from latentalign.text.characters import is_blank
from latentalign.text.pairs import TextPair
from latentalign.text.spans import Evidence, Link
from latentalign.text.words import words

# Examples are few and untimed, since the whole suite has to pass on two busy cores.
quick = settings(deadline=None, max_examples=60)

PIECES = [
    "cat", "don't", "l'eau", "3.14", "e.g.", "well-known", "Straße", "İstanbul", "ﬁ", "ǆ", "a_b", "x@y.org",
    "cafe\u0301", "\u0301", "a\u0308\u0323", "नमस्ते", "ஸ்ரீ", "한국어", "각",
    "我在北京大学学习", "私は学生です", "カタカナ", "ภาษาไทย", "ພາສາລາວ", "ភាសាខ្មែរ", "မြန်မာ",
    "مرحبا", "שלום", "\u200f", "\u202e", "\u2066", "\u0600",
    "😀", "👨‍👩‍👧", "🏳️‍🌈", "🇩🇪", "👍🏽", "\U0001d518", "𐍈", "\U0010ffff",
    ".", ",", "...", "?!", "«", "»", "„", "。", "|||", "|", "\\", '"', "\u2800", "\u3164",
    " ", "  ", "\u00a0", "\u3000", "\u2009", "\t", "\n", "\r\n", "\r", "\x0b", "\x1c", "\x85", "\u2028", "\u2029",
    "\x00", "\x1b[31m", "\x7f", "\u200b", "\u00ad", "\ufeff", "\ufffe", "\ue000", "\u0378",
]  # fmt: skip

any_characters = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
texts = st.lists(st.sampled_from(PIECES) | any_characters, max_size=12).map("".join)
filled_texts = texts.filter(lambda text: not is_blank(text))
tokens = st.sampled_from([piece for piece in PIECES if piece.split() == [piece] and not is_blank(piece)])
word_lists = st.lists(tokens, min_size=1, max_size=6)
ids = st.none() | st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=5)
numbers = st.floats(allow_nan=False, allow_infinity=False)
shares = st.floats(0.0, 1.0)

plain_pairs = st.builds(TextPair, source=filled_texts, target=filled_texts, id=ids)
split_pairs = st.builds(TextPair.from_words, word_lists, word_lists, id=ids)
pairs = plain_pairs | split_pairs


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    """Results with any links, mass and score, with and without a matrix."""
    source, target = draw(filled_texts), draw(filled_texts)
    rows, columns = words(source), words(target)
    cells = [(row, column) for row in rows for column in columns]
    linked = draw(st.lists(st.sampled_from(cells), unique=True, max_size=5)) if cells else []
    matrix = draw(st.booleans()) and [[draw(shares) for _ in columns[:3]] + [0.0] * len(columns[3:]) for _ in rows]
    return Evidence(
        source=source,
        target=target,
        source_spans=rows,
        target_spans=columns,
        links=tuple(Link(row, column, draw(shares)) for row, column in sorted(linked)),
        null_source=tuple(draw(shares) for _ in rows),
        null_target=tuple(draw(shares) for _ in columns),
        score=draw(numbers),
        family=draw(st.sampled_from(["independent", "transport"])),
        matrix=tuple(map(tuple, matrix or ())),
        id=draw(ids),
    )


def close(one: float, other: float) -> bool:
    """Whether a weight is another one written with four significant digits."""
    return math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-300)
