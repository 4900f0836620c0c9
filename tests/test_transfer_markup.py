"""Tags on a translation: none lost, none invented, none inside a word, nested as they were, where the links say."""

import html
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import quick

from benchmarks import markup as markup_benchmark
from latentalign.errors import InputError, UnknownNameError
from latentalign.formats.pharaoh import parse_links
from latentalign.tasks.alignment.given_links import GivenLinks
from latentalign.tasks.alignment.pair_aligner import PairAligner
from latentalign.tasks.transfer.intervals import MARGIN, best_interval, place_groups, target_mass
from latentalign.tasks.transfer.transfer_markup import MarkupProjector, transfer_markup
from latentalign.testing.examples import from_matrix
from latentalign.text.markup import PLACEHOLDER, parse_markup
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence
from latentalign.text.tags import read_pieces
from latentalign.text.words import words

VOID = {"br", "img"}


@dataclass(frozen=True)
class Weights:
    """An aligner whose expected alignment is a function of the two indices."""

    cells: Sequence[float]

    def align_many(self, pairs: Iterable[TextPair | Failure]) -> Iterator[Evidence | Failure]:
        for pair in pairs:
            if isinstance(pair, Failure):
                yield pair
                continue
            rows, columns = pair.source_spans, pair.target_spans
            matrix = [
                [self.cells[(7 * i + 3 * j + i * j) % len(self.cells)] for j in range(len(columns))]
                for i in range(len(rows))
            ]
            yield from_matrix(pair.source, pair.target, rows, columns, matrix)


class Seen(HTMLParser):
    """The tags of some HTML as the standard library reads it: verbatim, their parents, their places in the text."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags, self.parents, self.stack = "", [], [], []
        self.feed(markup)
        self.close()
        assert not self.stack

    def _seen(self, verbatim: str) -> None:
        self.parents.append((verbatim, self.stack[-1] if self.stack else None))
        self.tags.append((verbatim, len(self.text)))

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self._seen(self.get_starttag_text())
        if tag not in VOID:
            self.stack.append(self.get_starttag_text())

    def handle_startendtag(self, tag: str, attrs: list) -> None:
        self._seen(self.get_starttag_text())

    def handle_endtag(self, tag: str) -> None:
        opening = self.stack.pop()
        assert re.match(r"<(\w+)", opening)[1] == tag
        self.tags.append((f"</{tag}>", len(self.text)))

    def handle_comment(self, data: str) -> None:
        self._seen(f"<!--{data}-->")

    def handle_data(self, data: str) -> None:
        self.text += data


WORDS = st.sampled_from(["the", "cat", "don't", "1,000", "Straße", "我在北京", "e.g.", "&amp;", "&lt;b>", "!", "😀"])
GAPS = st.sampled_from(["", " ", " ", " ", "  ", "\n"])


@st.composite
def markups(draw: st.DrawFn) -> str:
    """Words with tags between and inside them, nested at random; each tag has an id of its own."""
    number = iter(range(1000))

    def content(depth: int) -> str:
        parts = []
        for _ in range(draw(st.integers(0, 4))):
            kind = draw(st.integers(0, 9 if depth else 7))
            if kind <= 4:
                parts.append(draw(WORDS))
            elif kind == 5:
                parts.append(f'<br id="{next(number)}">')
            elif kind == 6:
                parts.append(f"<x id='{next(number)}'/>")
            elif kind == 7:
                parts.append(f"<!-- <b> {next(number)} -->")
            else:
                name = draw(st.sampled_from(["b", "i", "a", "em"]))
                parts.append(f'<{name} id="{next(number)}" title="a > b">{content(depth - 1)}</{name}>')
            parts.append(draw(GAPS))
        return "".join(parts)

    return content(3) + draw(WORDS) + content(3)


targets = st.lists(st.tuples(WORDS.map(html.unescape), GAPS).map("".join), min_size=1, max_size=10).map("".join)
cells = st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.0]), min_size=1, max_size=11) | st.lists(
    st.floats(0.0, 1.0), min_size=1, max_size=11
)


@quick
@given(markups(), targets, cells)
def test_no_tag_is_lost_invented_moved_to_another_parent_or_inside_a_word(
    source: str, target: str, cells: list
) -> None:
    result = transfer_markup(source, target, Weights(cells))
    before, after = Seen(source), Seen(result.markup)
    assert Counter(before.parents) == Counter(after.parents)
    assert Counter(tag for tag, _ in before.tags) == Counter(tag for tag, _ in after.tags)
    assert after.text == target
    inside = {place for unit in words(target) for place in range(unit.start + 1, unit.end)}
    assert not inside & {place for _, place in after.tags}
    assert len(result.tags) == len(before.parents)
    for tag in result.tags:
        assert (tag.opening, tag.target[0]) in after.tags
        assert 0 <= tag.confidence <= 1
    assert [tag for tag in result.tags if tag.confidence < 0.5] == list(result.uncertain)


@quick
@given(markups())
def test_onto_its_own_words_a_text_gets_every_tag_back(source: str) -> None:
    """With one link a word and no tag inside a word, every pair has to stand around the words it stood around."""
    parsed = parse_markup(source)
    spans = words(parsed.text)
    inside = {place for unit in spans for place in range(unit.start + 1, unit.end)}
    assume(not inside & {place for tag in parsed.tags for place in (tag.start, tag.end)})
    result = transfer_markup(source, parsed.text, [(i, i) for i in range(len(spans))])
    for tag in result.tags:
        before, after = (words_in(spans, stretch) for stretch in (tag.source, tag.target))
        assert before == after
        assert tag.confidence == 1.0 or not before
    order = [tag.target[0] for tag in result.tags if tag.target[0] != tag.target[1]]
    assert order == sorted(order)


def words_in(spans: Sequence, stretch: tuple[int, int]) -> list[int]:
    return [index for index, (start, end) in enumerate(spans) if stretch[0] < end and start < stretch[1]]


CASES = {
    # name: source, target, links (words between spaces), result
    "a pair moves with its word": ("the <b>black</b> cat", "le chat noir", "0-0 1-2 2-1", "le chat <b>noir</b>"),
    "siblings change their order": (
        "<b>black</b> <i>cat</i>", "chat noir", "0-1 1-0", "<i>chat</i> <b>noir</b>",
    ),
    "nesting stays": (
        "a <b>very <i>old</i></b> house", "une maison <très> vieille", "0-0 1-2 2-3 3-1",
        "une maison <b>&lt;très&gt; <i>vieille</i></b>",
    ),
    "one word becomes three": ("a <b>potato</b> !", "une pomme de terre !", "0-0 1-1 1-2 1-3 2-4",
                               "une <b>pomme de terre</b> !"),
    "three words become one": ("eat <b>a potato</b>", "mange-la", "0-0 1-0 2-0", "<b>mange-la</b>"),
    "a translation in two parts gives the first": (
        "he does <b>not</b> eat", "il ne mange pas", "0-0 2-1 2-3 3-2", "il <b>ne</b> mange pas",
    ),
    "a part is left out if the other is larger": (
        "<b>a b c</b> d", "A D B C", "0-0 1-2 2-3 3-1", "A D <b>B C</b>",
    ),
    "what is between comes in if it is worth it": (
        "<b>a b c d</b> e", "A B E C D", "0-0 1-1 2-3 3-4 4-2", "<b>A B E C D</b>",
    ),
    "a word that nothing is linked to comes in between": (
        "<b>hot potato</b> now", "pomme de terre chaude ici", "0-3 1-0 1-2 2-4", "<b>pomme de terre chaude</b> ici",
    ),
    "but not at the edge": ("<b>cat</b> sleeps", "le chat dort", "0-1 1-2", "le <b>chat</b> dort"),
    "a word without a link takes what is left where it stood": ("the <b>very</b> cat", "le si chat", "0-0 2-2",
                                                               "le <b>si</b> chat"),
    "but not too much": ("the <b>very</b> cat", "le x y z chat", "0-0 2-4", "le x y z<b></b> chat"),
    "nor what another tag has": ("<i>the</i> <b>very</b> cat", "le si chat", "0-0 0-1 2-2",
                                 "<i>le si</i><b></b> chat"),
    "around everything stays so": ("<p>cat <b>x</b></p>", "le chat", "0-1", "<p>le chat<b></b></p>"),
    "words without a link": ("the <b>very</b> cat", "le chat", "0-0 2-1", "le<b></b> chat"),
    "a shared word is taken by the one tagged": ("of <b>the</b> house", "des maisons", "0-0 1-0 2-1",
                                                 "<b>des</b> maisons"),
    "two tags want one word": ("<b>of</b> <i>the</i> house", "des maisons", "0-0 1-0 2-1",
                               "<b>des</b><i></i> maisons"),
    "a line break goes with what is before it": ("hello ,<br/> you", "bonjour , vous", "0-0 1-1 2-2",
                                                 "bonjour ,<br/> vous"),
    "or with what is behind it": ("hello , <br/>you", "bonjour , vous", "0-0 1-1 2-2", "bonjour , <br/>vous"),
    "a break between swapped words": ("a<br>b c", "C B A", "0-2 1-1 2-0", "C B A<br>"),
    "a tag at the end stays there": ("cat <br/>", "le chat", "0-1", "le chat<br/>"),
    "a tag at the start stays there": ("<br/> cat", "le chat", "0-1", "<br/>le chat"),
    "no link at all": ("a <br/>b", "A B", "", "A <br/>B"),
    "an empty pair": ("a <a name='x'></a>b c", "A B C", "0-0 1-1 2-2", "A <a name='x'></a>B C"),
    "a comment": ("a <!-- > --> b", "A B", "0-0 1-1", "A<!-- > --> B"),
    "inside a word of the source": ("un<b>believ</b>able cat", "chat incroyable", "0-1 1-0",
                                    "chat <b>incroyable</b>"),
    "references": ("a &amp; &lt;<b>b</b>", "A & < B", "0-0 1-1 2-2 2-3", "A &amp; <b>&lt; B</b>"),
    "a placeholder that is there": ("<b>{0}</b> files", "fichiers : {0}", "1-0", "fichiers : <b>{0}</b>"),
    "a placeholder that is lacking": ("open {0} now", "ouvrir maintenant", "0-0 1-1", "ouvrir {0} maintenant"),
    "two of one, one there": ("%s and %s", "et %s", "1-0", "et %s %s"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_places_of_tags(name: str) -> None:
    source, target, links, wanted = CASES[name]
    given = [(link.source, link.target) for link in parse_links(links)]
    assert transfer_markup(source, target, given, tokenized=True).markup == wanted


def test_a_soft_alignment_says_more_than_its_links() -> None:
    """Every link is below one half, but the mass of 'two' is on the second word."""

    class Soft:
        def align_many(self, pairs: Iterable[TextPair | Failure]) -> Iterator[Evidence | Failure]:
            matrix = [[0.4, 0.3], [0.1, 0.45]]
            for pair in pairs:
                yield from_matrix(pair.source, pair.target, pair.source_spans, pair.target_spans, matrix, threshold=0.5)

    result = transfer_markup("one <b>two</b>", "un deux", Soft())
    assert result.markup == "un <b>deux</b>"
    assert not result.evidence.links
    (tag,) = result.uncertain
    assert tag.confidence == pytest.approx(0.45 / (0.45 + 0.3 + 0.1) * 0.45)


def test_xml_codes_are_pairs_where_they_nest() -> None:
    source = 'a <bpt i="1">&lt;b></bpt>black<ept i="1">&lt;/b></ept> <ph>{}</ph>cat'
    result = transfer_markup(source, "un chat noir", [(0, 0), (1, 2), (2, 1)], syntax="xml")
    assert result.markup == 'un <ph>{}</ph>chat <bpt i="1">&lt;b></bpt>noir<ept i="1">&lt;/b></ept>'


# The rule against brute force


@st.composite
def groups(draw: st.DrawFn) -> tuple[list[list[float]], int]:
    columns = draw(st.integers(1, 6))
    weights = st.lists(st.sampled_from([0.0, 0.0, 0.3, 0.5, 1.0]), min_size=columns, max_size=columns)
    return draw(st.lists(weights, min_size=1, max_size=4)), columns


@quick
@given(groups())
def test_the_best_stretch_is_the_best_of_all(given_groups: tuple[list[list[float]], int]) -> None:
    rows, columns = given_groups
    masses = [{j: weight for j, weight in enumerate(row) if weight} for row in rows]
    target = target_mass(masses, columns)
    inside, others = rows[0], [sum(row[j] for row in rows[1:]) for j in range(columns)]
    gains = {
        (a, b): sum(inside[j] - others[j] - MARGIN for j in range(a, b))
        for a in range(columns)
        for b in range(a + 1, columns + 1)
    }
    found = best_interval(masses[0], target, [(0, columns)])
    if max(gains.values()) > 1e-6:
        assert found is not None
        assert found[0] == pytest.approx(max(gains.values()))
        assert gains[found[1:]] == pytest.approx(found[0])
    elif found is not None:
        assert found[2] - found[1] == 1
        assert inside[found[1]] == max(inside)
    else:
        assert max(inside) <= MARGIN


@quick
@given(groups())
def test_groups_take_disjoint_stretches(given_groups: tuple[list[list[float]], int]) -> None:
    rows, columns = given_groups
    masses = [{j: weight for j, weight in enumerate(row) if weight} for row in rows]
    placed = place_groups(masses, target_mass(masses, columns), 0, columns)
    taken = [j for place in placed if place for j in range(place.start, place.end)]
    assert len(taken) == len(set(taken))
    for inside, place in zip(masses, placed, strict=True):
        if place is None:  # then nothing of it is left
            assert all(weight <= MARGIN or j in taken for j, weight in inside.items())
        else:
            assert 0 <= place.start < place.end <= columns
            assert 0 < place.confidence <= 1


# What cannot be done


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("<b>a</b>", "<b>a", "</b>"),
        ("<b>a</b>", "a</b>", "opened before"),
        ("<b><i>a</i></b>", "<b><i>a</b></i>", "</i> first"),
        ("a < b", "a <b", "ends in '>'"),
        ("<a t='>'>a</a>", "<a t='>a</a>", "ends in '>'"),
        ("<!-- --> a", "<!-- a", "'-->'"),
        ("<script>if (a<b) {}</script> a", "<script>a", "</script>"),
        ("<i>" * 200 + "a" + "</i>" * 200, "<i>" * 201 + "a" + "</i>" * 201, "at most 200"),
        ("a", "<br>", "blank source"),
        ("a", "", "blank source"),
    ],
)
def test_markup_that_cannot_be_used_is_named(good: str, bad: str, told: str) -> None:
    assert transfer_markup(good, "A", [(0, 0)] if "<script>" not in good and " " not in good else []).markup
    with pytest.raises(InputError, match=re.escape(told)):
        transfer_markup(bad, "A", [])


def test_xml_wants_what_html_does_not() -> None:
    assert transfer_markup("a<br>", "A", [], syntax="html").markup == "A<br>"
    assert transfer_markup("a<br/>", "A", [], syntax="xml").markup == "A<br/>"
    with pytest.raises(InputError, match="</br>"):
        transfer_markup("a<br>", "A", [], syntax="xml")
    with pytest.raises(UnknownNameError, match="html"):
        transfer_markup("a", "A", [], syntax="htlm")


def test_one_bad_pair_harms_no_other() -> None:
    pairs = [
        TextPair(source="<b>a</b>", target="A", id="1"),
        TextPair(source="<b>a", target="A", id="2", where="a.txt:2"),
        Failure(error=InputError(wanted="text", came="none"), id="3"),
        TextPair(source="a<br/>", target="A", id="4"),
    ]
    links = GivenLinks(links=[[(0, 0)]] * 4)
    first, second, third, fourth = MarkupProjector(aligner=links).project_many(pairs)
    assert (first.markup, fourth.markup) == ("<b>A</b>", "A<br/>")
    assert (second.id, third.id) == ("2", "3")
    assert second.error.where == "a.txt:2: markup at position 0"


def test_an_aligner_that_splits_by_itself_is_refused() -> None:
    class Own:
        def align_many(self, pairs: Iterable[TextPair | Failure]) -> Iterator[Evidence | Failure]:
            for pair in pairs:
                yield next(GivenLinks(links=[[]]).align_many([TextPair(source=pair.source + " x", target="A")]))

    assert isinstance(Own(), PairAligner)
    with pytest.raises(InputError, match="keeps the words"):
        transfer_markup("<b>a</b>", "A", Own())


def test_links_have_to_fit_the_words() -> None:
    assert transfer_markup("a", "A", [(0, 0)]).markup == "A"
    with pytest.raises(InputError, match="0-1"):
        transfer_markup("a", "A", [(0, 1)])


def test_many_tags_take_linear_time() -> None:
    count = 2000
    source = " ".join(f"<b id='{index}'>w</b>" for index in range(count))
    start = time.process_time()
    result = transfer_markup(source, "w " * count, [(index, index) for index in range(count)], tokenized=True)
    assert time.process_time() - start < 5
    assert Seen(result.markup).tags == Seen(source + " ").tags


# The pieces


@quick
@given(markups() | st.text(st.sampled_from("<>/!-?[]'\"= abc&;{}%s"), max_size=30))
def test_pieces_are_the_markup(markup: str) -> None:
    for syntax in ("html", "xml"):
        try:
            pieces = list(read_pieces(markup, syntax=syntax))
        except InputError:
            continue
        assert "".join(piece.raw for piece in pieces) == markup


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{0} {name} {{x}} ${y} %s %d %1$s %(key)s %.2f %@", 10),
        ("100% sure, 50%de, {a b}, 5%s, %y, { }", 0),
        ("{}", 1),
    ],
)
def test_placeholders(text: str, wanted: int) -> None:
    assert len(PLACEHOLDER.findall(text)) == wanted


def test_the_benchmark_sees_what_is_wrong() -> None:
    pair = TextPair(source='<b id="0">a</b> b', target="AA BB")
    for markup, counts in (
        ('<b id="0">AA</b> BB', (0, 0, 0, 0, 0)),
        ("AA BB", (2, 0, 0, 0, 0)),
        ('<b id="0">AA</b> <br/>BB', (0, 1, 0, 0, 0)),
        ('<b id="0">A</b>A BB', (0, 0, 1, 0, 0)),
        ('</b>AA<b id="0"> BB', (0, 0, 0, 2, 0)),
        ('<b id="0">AA</b> B', (0, 0, 0, 0, 1)),
    ):
        figures = markup_benchmark.Figures()
        markup_benchmark.look(pair, markup, figures)
        found = (figures.lost, figures.invented, figures.inside_a_word, figures.crossed, figures.texts_changed)
        assert found == counts


def test_the_benchmark_on_gold_links_hits_every_place() -> None:
    rows = [
        {
            "src": ["a", "b", "c", "d"],
            "tgt": ["A", "C", "B", "D"],
            "sure": [[0, 0], [1, 2], [2, 1], [3, 3]],
            "possible": [],
        },
        {"src": ["a", "b"], "tgt": ["A"], "sure": [[0, 0]], "possible": [[1, 0]]},
    ] * 10
    figures = markup_benchmark.measure(rows, markup_benchmark.gold)
    assert figures.tags > 20
    assert (figures.lost, figures.invented, figures.inside_a_word, figures.crossed, figures.texts_changed) == (0,) * 5
    assert figures.share("all") == figures.share("clear-cut") == figures.share("void") == 1.0
    diagonal = markup_benchmark.measure(rows, markup_benchmark.aligners(None)["diagonal"])
    assert diagonal.share("all") < 1.0
