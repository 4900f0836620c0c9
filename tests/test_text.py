"""Words, sentences, spans and pairs: nothing is lost, nothing overlaps, and what cannot be used is refused."""

import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icu4py.breakers import WordBreaker
from strategies import filled_texts, quick, word_lists
from strategies import texts as any_text

from latentalign.errors import InputError, UnknownNameError
from latentalign.text import breaks
from latentalign.text.characters import check_text, is_blank, is_visible
from latentalign.text.pairs import TextPair
from latentalign.text.segment import LEVELS, segment
from latentalign.text.sentences import sentences
from latentalign.text.spans import Evidence, Link, Span, check_spans
from latentalign.text.words import tokens, words

SURROGATE = chr(0xD83D)
MILLION = 10**6


def cut(text: str, level: str = "word", **options: object) -> list[str]:
    return [span.of(text) for span in LEVELS[level](text, **options)]


@quick
@given(any_text, st.sampled_from(sorted(LEVELS)), st.sampled_from(["en", "th", "zh-Hant", "de_CH"]))
def test_every_visible_character_is_in_exactly_one_span(text: str, level: str, locale: str) -> None:
    spans = segment(text, level=level, locale=locale)
    assert check_spans(text, spans) == spans  # in order, disjoint, not empty
    covered = [position for span in spans for position in range(*span)]
    assert {position for position, character in enumerate(text) if is_visible(character)} <= set(covered)
    for span in spans:
        assert span.of(text) == span.of(text).strip() and not is_blank(span.of(text))
    assert bool(spans) != is_blank(text)


@quick
@given(any_text)
def test_words_are_the_pieces_that_icu_finds_in_utf_16(text: str) -> None:
    units = text.encode("utf-16-le")
    segments = [units[2 * start : 2 * end].decode("utf-16-le") for start, end in WordBreaker(text, "en").segments()]
    assert cut(text) == [piece.strip() for piece in segments if not is_blank(piece)]


@quick
@given(filled_texts, filled_texts)
def test_words_do_not_depend_on_the_line_before(one: str, other: str) -> None:
    assert cut(f"{one}\n{other}") == cut(one) + cut(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我在北京大学学习", "我在 北京 大学 学习"),
        ("他是研究生物的", "他是 研究 生物 的"),
        ("私は学生です。東京に住む", "私 は 学生 です 。 東京 に 住む"),
        ("ฉันรักภาษาไทย", "ฉัน รัก ภาษา ไทย"),
        ("ខ្ញុំចង់រៀនភាសាខ្មែរ", "ខ្ញុំ ចង់ រៀន ភាសាខ្មែរ"),
        ("don't stop", "don't stop"),
        ("l'eau", "l'eau"),
        ("it’s 3.14, or 1,000", "it’s 3.14 , or 1,000"),
        ("well-known", "well - known"),
        ("e.g. this!", "e.g . this !"),
        ("«Ja»", "« Ja »"),
        ("Wait...", "Wait . . ."),
        ("👨‍👩‍👧🏳️‍🌈👍🏽", "👨‍👩‍👧 🏳️‍🌈 👍🏽"),
        ("🇩🇪🇫🇷", "🇩🇪 🇫🇷"),
        ("cafe\u0301 au", "cafe\u0301 au"),
        ("مرحبا بالعالم", "مرحبا بالعالم"),
        ("a\x00b", "a b"),
        ("so\u00adlar", "so\u00adlar"),
        ("𝔘𝔫 😀cat", "𝔘𝔫 😀 cat"),
    ],
)
def test_words_follow_unicode_and_its_dictionaries(text: str, expected: str) -> None:
    assert cut(text) == expected.split(" ")


def test_an_accent_after_a_space_is_kept() -> None:
    assert words("a \u0301b") == (Span(0, 1), Span(2, 3), Span(3, 4))


@pytest.mark.parametrize("text", ["", " \t\n", "\x00", "\u200b\u200e", "\x1b \x7f"])
@pytest.mark.parametrize("level", LEVELS)
def test_a_text_with_nothing_to_see_has_no_units(text: str, level: str) -> None:
    assert is_blank(text)
    assert segment(text, level=level) == ()
    assert len(segment(text + ".", level=level)) == 1


@pytest.mark.parametrize("text", ["a" * MILLION, "a" + "\u0301" * (MILLION - 1), "👨\u200d" * (MILLION // 2)])
@pytest.mark.parametrize("level", LEVELS)
def test_a_word_of_a_million_characters_is_one_unit(text: str, level: str) -> None:
    assert segment(text, level=level) == (Span(0, MILLION),)


def test_a_million_characters_are_cut() -> None:
    assert len(words("ab " * (MILLION // 3))) == MILLION // 3
    assert len(sentences("So. " * (MILLION // 4))) == MILLION // 4
    assert "".join(cut("我在北京大学学习" * (MILLION // 80))) == "我在北京大学学习" * (MILLION // 80)


@pytest.mark.parametrize("use", [words, sentences, check_text, segment])
def test_a_lone_surrogate_is_refused_with_its_position(use) -> None:
    with pytest.raises(InputError, match=r"U\+D83D at position 4"):
        use("é 猫 " + SURROGATE)
    assert use("é 猫 " + chr(0x1F600))


def test_a_text_that_is_no_string_is_refused() -> None:
    with pytest.raises(InputError, match="wanted a string, got bytes"):
        check_text(b"cat")
    assert check_text("cat") == "cat"


def test_a_text_beyond_what_icu_can_count_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaks, "_LIMIT", 3)
    assert cut("cat") == ["cat"]
    with pytest.raises(InputError, match="at most 3 code points, got 4"):
        words("cats")


@pytest.mark.parametrize("good", ["en", "de-CH", "zh_Hant_TW", "xx", "sr-Latn-RS"])
def test_a_language_tag_is_taken(good: str) -> None:
    assert cut("a b.", locale=good) == ["a", "b", "."]


@pytest.mark.parametrize("bad", ["", "e", "english language", "en\x00", "en@ss=none", "é", "en-", "../x"])
def test_what_is_no_language_tag_is_refused(bad: str) -> None:
    with pytest.raises(InputError, match="locale: wanted a language tag"):
        words("a b.", locale=bad)


def test_threads_share_no_state() -> None:
    texts = ["the cat sat. It slept.", "私は学生です。はい。", "ฉันรักภาษาไทย", "👨‍👩‍👧 ok. Yes."]
    alone = [(words(text), sentences(text)) for text in texts]
    with ThreadPoolExecutor(max_workers=8) as pool:
        together = list(pool.map(lambda text: (words(text), sentences(text)), texts * 200))
    assert together == alone * 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One.  Two? Three!", ["One.", "Two?", "Three!"]),
        ("He met Mr. Li. She left.", ["He met Mr. Li.", "She left."]),
        ("We asked Dr. Wu (cf. Fig. 3). He agreed.", ["We asked Dr. Wu (cf. Fig. 3).", "He agreed."]),
        ("by train, e.g. at 3.15 p.m. on time", ["by train, e.g. at 3.15 p.m. on time"]),
        ("他们谈了。很久。", ["他们谈了。", "很久。"]),
        ("A title\nA line", ["A title", "A line"]),
        ("A title\r\n\r\nA line.\u2029End", ["A title", "A line.", "End"]),
        ("It is Dr.\nWu", ["It is Dr.", "Wu"]),
        ("“Stop.” He left.", ["“Stop.”", "He left."]),
    ],
)
def test_sentences_follow_unicode_and_the_abbreviations(text: str, expected: list[str]) -> None:
    assert cut(text, "sentence") == expected


def test_the_locale_chooses_the_abbreviations() -> None:
    text = "Er kommt z.B. Montag. Gut."
    assert cut(text, "sentence", locale="de") == ["Er kommt z.B. Montag.", "Gut."]
    assert len(cut(text, "sentence", locale="en")) == 3


def test_wrapped_lines_are_one_sentence_until_a_blank_line() -> None:
    text = "The cat\nsat on Dr.\r\nWu. It\nslept.\n \t\nA new\nparagraph"
    assert cut(text, "sentence", wrapped=True) == [
        "The cat\nsat on Dr.\r\nWu.",
        "It\nslept.",
        "A new\nparagraph",
    ]
    assert len(cut(text, "sentence")) == 7


@quick
@given(any_text)
def test_wrapping_loses_nothing_and_cuts_less(text: str) -> None:
    wrapped, unwrapped = sentences(text, wrapped=True), sentences(text)
    assert check_spans(text, wrapped) == wrapped
    assert len(wrapped) <= len(unwrapped)
    assert visible(text, wrapped) == visible(text, unwrapped) == visible(text, [Span(0, len(text))])


def visible(text: str, spans: Iterable[Span]) -> list[str]:
    return [character for span in spans for character in span.of(text) if is_visible(character)]


@quick
@given(any_text)
def test_tokens_are_what_stands_between_whitespace(text: str) -> None:
    assert [span.of(text) for span in tokens(text)] == text.split()


def test_a_level_that_does_not_exist_names_the_nearest() -> None:
    assert segment("a b", level="word") == (Span(0, 1), Span(2, 3))
    with pytest.raises(UnknownNameError, match="did you mean 'word'"):
        segment("a b", level="wrd")


@pytest.mark.parametrize(
    ("good", "bad", "index"),
    [
        ([(0, 3), (4, 7)], [(0, 3), (2, 7)], 1),
        ([(0, 3), (4, 7)], [(4, 7), (0, 3)], 1),
        ([(0, 7)], [(0, 8)], 0),
        ([(0, 1)], [(0, 0)], 0),
        ([(0, 1)], [(-1, 1)], 0),
        ([], [(3, 2)], 0),
    ],
)
def test_spans_have_to_be_units_of_the_text(good: list, bad: list, index: int) -> None:
    assert segment("the cat", spans=good) == tuple(good)
    with pytest.raises(InputError, match=f"spans span {index}: "):
        segment("the cat", spans=bad)


@quick
@given(word_lists, word_lists)
def test_given_words_are_taken_as_they_are(source: list[str], target: list[str]) -> None:
    pair = TextPair.from_words(source, target)
    assert [span.of(pair.source) for span in pair.source_spans] == source
    assert pair.target.split(" ") == target
    assert TextPair.from_tokens(pair.source, pair.target) == pair


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        (["New York"], [""], "not blank"),
        (["."], [" "], "not blank"),
        (["3"], [3], "wanted a string, got int"),
        (["😀"], ["a", SURROGATE], "f:1 source word 1"),
    ],
)
def test_words_have_to_be_texts_that_show(good: list, bad: list, message: str) -> None:
    assert TextPair.from_words(good, ["x"]).source == " ".join(good)
    with pytest.raises(InputError, match=message):
        TextPair.from_words(bad, ["x"], where="f:1")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": None}, "f:1 source: wanted a string"),
        ({"target": "a" + SURROGATE}, "f:1 target: .*position 1"),
        ({"id": SURROGATE}, "f:1 id: "),
        ({"source_spans": (Span(0, 9),)}, "f:1 source span 0"),
    ],
)
def test_a_pair_refuses_what_cannot_be_used(changes: dict, message: str) -> None:
    good = TextPair(source="cat", target="chat", id="1", where="f:1", source_spans=(Span(0, 3),))
    with pytest.raises(InputError, match=message):
        replace(good, **changes)


def test_a_pair_knows_which_side_is_blank() -> None:
    good = TextPair(source="cat", target=".", where="f:1")
    assert good.check_not_blank() is good
    with pytest.raises(InputError, match=r"f:1: .* a blank target"):
        replace(good, target=" \x00").check_not_blank()
    with pytest.raises(InputError, match=r"a:1: .* a blank source"):
        replace(good, source="").check_not_blank(places=("a:1", "b:1"))


def evidence() -> Evidence:
    pair = TextPair.from_words(["the", "black", "cat"], ["le", "chat"])
    assert pair.source_spans and pair.target_spans
    return Evidence(
        source=pair.source,
        target=pair.target,
        source_spans=pair.source_spans,
        target_spans=pair.target_spans,
        links=(Link(pair.source_spans[2], pair.target_spans[1], 0.5),),
        null_source=(0.0, 1.0, 0.0),
        null_target=(0.5, 0.5),
        score=1.0,
        family="independent",
        matrix=((0.0, 0.0), (0.0, 0.0), (0.0, 0.5)),
    )


def test_evidence_tells_links_and_what_is_left() -> None:
    good = evidence()
    assert good.pairs() == (("cat", "chat", 0.5),)
    assert good.indexed_links() == ((2, 1, 0.5),)
    sources, targets = good.unaligned()
    assert [span.of(good.source) for span in sources] == ["the", "black"]
    assert [span.of(good.target) for span in targets] == ["le"]
    assert replace(good, matrix=(), links=()).unaligned() == (good.source_spans, good.target_spans)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "the black ca"}, "source span 2"),
        ({"target": "le" + SURROGATE + "chat"}, "surrogate"),
        ({"links": (Link(Span(0, 2), Span(0, 2), 0.5),)}, "links between units"),
        ({"null_source": (0.0, 1.0)}, "one null mass a unit: 3 and 2, got 2 and 2"),
        ({"null_target": (0.0, 1.0, 0.0)}, "one null mass a unit"),
        ({"matrix": ((0.0, 0.0),)}, "3 rows and 2 columns"),
        ({"matrix": ((0.0,), (0.0, 0.0), (0.0, 0.5))}, "3 rows and 2 columns"),
        ({"score": float("nan")}, "finite"),
        ({"null_source": (0.0, float("inf"), 0.0)}, "finite"),
        ({"matrix": ((0.0, float("nan")), (0.0, 0.0), (0.0, 0.5))}, "finite"),
    ],
)
def test_evidence_that_contradicts_itself_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(evidence(), **changes)


def test_text_and_formats_bring_in_no_torch() -> None:
    modules = "text.segment text.pairs formats.jsonl formats.parallel formats.tsv formats.pharaoh formats.plain"
    program = "; ".join(f"import latentalign.{module}" for module in modules.split())
    program += "; import sys; print({'torch', 'transformers', 'numpy'} & set(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "set()"
