"""Word pieces and windows: every piece is read once, where it has the most context, and belongs to the right words."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import quick
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

from latentalign.errors import InputError
from latentalign.models.pieces import Pieces, PieceTokenizer, overlaps
from latentalign.models.units import Units
from latentalign.models.windows import Window, batches, pack, windows
from latentalign.text.spans import Span


@st.composite
def plans(draw):
    size = draw(st.integers(1, 30))
    return draw(st.integers(0, 200)), size, draw(st.integers(0, size - 1))


@quick
@given(plans())
def test_windows_read_every_piece_and_own_it_once(plan) -> None:
    count, size, overlap = plan
    found = windows(count, size=size, overlap=overlap, text=7)
    assert [piece for one in found for piece in range(one.first, one.last)] == list(range(count))
    for one in found:
        assert one.text == 7
        assert 0 <= one.start <= one.first <= one.last <= one.end <= count
        assert one.end - one.start == min(size, count)
    for left, right in pairwise(found):
        assert left.end - right.start >= overlap


@quick
@given(plans())
def test_a_piece_is_owned_where_the_nearer_cut_is_farthest(plan) -> None:
    count, size, overlap = plan
    found = windows(count, size=size, overlap=overlap)

    def context(one: Window, piece: int) -> float:
        before = np.inf if one.start == 0 else piece - one.start
        after = np.inf if one.end == count else one.end - 1 - piece
        return min(before, after)

    for one in found:
        for piece in range(one.first, one.last):
            readers = [other for other in found if other.start <= piece < other.end]
            assert context(one, piece) == max(context(other, piece) for other in readers)


@quick
@given(plans())
def test_no_fewer_windows_would_do(plan) -> None:
    count, size, overlap = plan
    number = len(windows(count, size=size, overlap=overlap))
    assert number == 1 or (number - 1) * (size - overlap) + overlap < count


@quick
@given(st.lists(st.integers(0, 40), max_size=30), st.integers(0, 3), st.integers(1, 60))
def test_batches_hold_every_window_within_the_budget_longest_first(lengths, extra, tokens) -> None:
    found = [Window(text, 0, length, 0, length) for text, length in enumerate(lengths)]
    made = batches(found, extra=extra, tokens=tokens)
    assert sorted(one for batch in made for one in batch) == found
    flat = [one.end for batch in made for one in batch]
    assert flat == sorted(flat, reverse=True)
    assert all(len(batch) == 1 or len(batch) * (batch[0].end + extra) <= tokens for batch in made)


def characters(*, suffix: bool = True, prompt: str = "") -> PieceTokenizer:
    """Every character of a to z is a piece; 0 pads, 1 begins, 2 ends."""
    vocabulary = {"<": 0, "^": 1, "!": 2, "?": 3} | {chr(97 + index): 4 + index for index in range(26)}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="?"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    made.normalizer = normalizers.Lowercase()
    made.post_processor = processors.TemplateProcessing(
        single="^ $A !" if suffix else "$A", special_tokens=[("^", 1), ("!", 2)]
    )
    made.enable_truncation(3)
    made.enable_padding(length=20)
    return PieceTokenizer(made, prompt=prompt)


def test_a_tokenizer_neither_cuts_nor_pads_and_knows_its_special_tokens() -> None:
    tokenizer = characters()
    pieces = tokenizer.split(["abcdef", "", "a^"])
    assert pieces.ids.tolist() == [4, 5, 6, 7, 8, 9, 4, 1]
    assert pieces.counts == [6, 0, 2]
    assert (tokenizer.prefix, tokenizer.suffix, tokenizer.special) == ([1], [2], 2)
    assert (characters(suffix=False).prefix, characters(suffix=False).suffix) == ([], [])
    assert characters(prompt="qz").prefix == [1, 20, 29]


def test_a_lone_surrogate_is_refused_by_name() -> None:
    assert characters().split(["a" + chr(0x1F600)]).counts == [2]
    with pytest.raises(InputError, match=r"U\+D83D at position 1"):
        characters().split(["fine", "a" + chr(0xD83D)])


def test_a_packed_batch_has_the_pieces_between_the_special_tokens() -> None:
    tokenizer = characters(prompt="p")
    pieces = tokenizer.split(["abcdefg", "h"])
    found = [one for text, count in enumerate(pieces.counts) for one in windows(count, size=4, overlap=1, text=text)]
    batch = pack(found, pieces, tokenizer)
    assert batch.ids.tolist() == [
        [1, 19, 4, 5, 6, 7, 2],
        [1, 19, 7, 8, 9, 10, 2],
        [1, 19, 11, 2, 0, 0, 0],
    ]
    assert batch.real.sum(axis=1).tolist() == [7, 7, 4]
    assert batch.ids.ravel()[batch.rows].tolist() == pieces.ids[batch.pieces].tolist()
    assert sorted(batch.pieces) == list(range(8))
    # The beginning counts in the first window only, the end in the last one only.
    assert batch.counted.sum(axis=0)[0] == 2
    assert [row[real].tolist()[-1] for row, real in zip(batch.counted, batch.real, strict=True)] == [False, True, True]


@st.composite
def cut_texts(draw):
    """Texts as sorted pieces and spans in any order, both as lists of (start, end)."""
    length = draw(st.integers(0, 12))
    edges = sorted(draw(st.lists(st.integers(0, length), max_size=8)))
    ranges = st.tuples(st.integers(0, length), st.integers(0, length)).filter(lambda ends: ends[0] < ends[1])
    return length, list(pairwise(edges)), draw(st.lists(ranges, max_size=5)) if length else []


@quick
@given(st.lists(cut_texts(), max_size=4))
def test_a_unit_gets_exactly_the_pieces_that_overlap_it(texts) -> None:
    flat = [piece for _, pieces, _ in texts for piece in pieces]
    starts, ends = (np.array([piece[side] for piece in flat], dtype=np.int64) for side in (0, 1))
    bounds = np.cumsum([0, *(len(pieces) for _, pieces, _ in texts)])
    made = Pieces(ids=starts, starts=starts, ends=ends, bounds=bounds)
    units = [Units(text="x" * length, spans=tuple(Span(*ends) for ends in spans)) for length, _, spans in texts]
    found, begins = overlaps(made, units, range(len(units)), sizes=[length for length, _, _ in texts])
    got = [part.tolist() for part in np.split(found, begins)[1:]]
    assert got == [
        [
            bounds[text] + index
            for index, (start, end) in enumerate(pieces)
            if start < end and start < stop and end > begin
        ]
        for text, (_, pieces, spans) in enumerate(texts)
        for begin, stop in spans
    ]
