"""The SVG: what stands where, how wide and how strong, and how texts are broken into lines."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import quick

from latentalign.errors import InputError
from latentalign.formats import html, svg
from latentalign.formats.drawing.columns import wrapped
from latentalign.formats.drawing.glyphs import advance
from latentalign.formats.drawing.lines import lines
from latentalign.formats.drawing.pieces import in_columns, pieces
from latentalign.formats.drawing.record import as_record
from latentalign.formats.drawing.rows import arrange
from latentalign.testing import examples
from latentalign.text.spans import Evidence, Span

EXAMPLES = {name: getattr(examples, name)() for name in ("passport", "german", "arabic", "chinese", "sentences")}
WORDS = {name: evidence for name, evidence in EXAMPLES.items() if name != "sentences"}
SPACE = "{http://www.w3.org/2000/svg}"
each_example = pytest.mark.parametrize("evidence", EXAMPLES.values(), ids=EXAMPLES.keys())
nothing = Evidence(
    source="", target=" ", source_spans=(), target_spans=(), links=(), null_source=(), null_target=(), score=0.0,
    family="independent",
)  # fmt: skip


def words_of(evidence: Evidence) -> list[str]:
    source = [span.of(evidence.source) for span in evidence.source_spans]
    return source + [span.of(evidence.target) for span in evidence.target_spans]


def titles(root: ET.Element, tag: str) -> list[str]:
    return [element.findtext(f"{SPACE}title", "") for element in root.iter(SPACE + tag) if len(element)]


def short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def ends(path: str) -> tuple[float, float]:
    """Return how wide a ribbon is where it starts and where it ends."""
    points = [tuple(map(float, pair.split())) for pair in re.findall(r"-?[\d.]+ -?[\d.]+", path)]
    first, last, end, other = points[0], points[-1], points[3], points[4]
    return max(abs(first[0] - last[0]), abs(first[1] - last[1])), max(abs(end[0] - other[0]), abs(end[1] - other[1]))


# The SVG -------------------------------------------------------------------------------------------------------------
@each_example
def test_every_link_is_a_ribbon_with_its_words_and_weight(evidence: Evidence) -> None:
    drawn = titles(ET.fromstring(svg.write(evidence)), "path")
    assert sorted(drawn) == sorted(f"{short(s)} – {short(t)}: {weight:.2f}" for s, t, weight in evidence.pairs())


@each_example
def test_every_unit_is_drawn_and_the_legend_names_family_and_score(evidence: Evidence) -> None:
    root = ET.fromstring(svg.write(evidence))
    texts = [element.text for element in root.iter(f"{SPACE}text")]
    drawn = "".join(texts).replace(" ", "")
    assert all(unit.replace(" ", "") in drawn for unit in words_of(evidence))
    assert any(evidence.family in text and f"{evidence.score:.4g}" in text for text in texts)
    assert evidence.family in root.get("aria-label", "")


@each_example
def test_what_aligns_to_nothing_has_a_ring_and_is_faded(evidence: Evidence) -> None:
    root = ET.fromstring(svg.write(evidence))
    null = evidence.null_source + evidence.null_target
    rings = titles(root, "circle")
    assert sorted(rings) == sorted(f"aligned to nothing: {mass:.2f}" for mass in null if mass >= svg.SEEN)
    faded = {element.text for element in root.iter(f"{SPACE}text") if element.get("class") == "la-mute"}
    if not in_columns(evidence):
        for word, mass in zip(words_of(evidence), null, strict=True):
            assert mass < 0.5 or word in faded
        strong = [word for word, mass in zip(words_of(evidence), null, strict=True) if mass < 0.5]
        assert len(strong) == sum(e.get("class") == "la-ink" for e in root.iter(f"{SPACE}text"))


@pytest.mark.parametrize("evidence", WORDS.values(), ids=WORDS.keys())
@pytest.mark.parametrize("limit", [240, 500, 900])
def test_words_stay_inside_and_do_not_overlap(evidence: Evidence, limit: int) -> None:
    sides = [pieces(evidence.source, evidence.source_spans), pieces(evidence.target, evidence.target_spans)]
    layout = arrange(*sides, evidence.indexed_links(), limit=limit)
    assert layout.width <= limit
    for side in (layout.source, layout.target):
        rows: dict[float, list[tuple[float, float]]] = {}
        for label in side.labels:
            half = advance(label.text, size=16) / 2
            rows.setdefault(label.y, []).append((label.x - half, label.x + half))
        for boxes in map(sorted, rows.values()):
            assert boxes[0][0] >= -1e-6 and boxes[-1][1] <= layout.width + 1e-6
            assert all(here[1] <= there[0] + 1e-6 for here, there in pairwise(boxes))


def test_a_right_to_left_text_starts_at_the_right() -> None:
    evidence = EXAMPLES["arabic"]
    sides = [pieces(evidence.source, evidence.source_spans), pieces(evidence.target, evidence.target_spans)]
    layout = arrange(*sides, evidence.indexed_links(), limit=900)
    source, target = ([port.x for port in side.ports] for side in (layout.source, layout.target))
    assert source == sorted(source)
    assert target == sorted(target, reverse=True)
    assert 'direction="rtl"' in svg.write(evidence)
    assert 'direction="rtl"' not in svg.write(EXAMPLES["chinese"])


def test_wide_characters_count_double_and_combining_ones_nothing() -> None:
    assert advance("猫", size=10) > 1.7 * advance("n", size=10)
    assert advance("é", size=10) == advance("e\u0301", size=10) == advance("e", size=10)


def test_a_ribbon_is_wider_and_stronger_the_larger_its_weight() -> None:
    row = (0.9, 0.6, 0.3, 0.1)
    words = [Span(k * 6, k * 6 + 5) for k in range(4)]
    text = " ".join(["seven"] * 4)
    matrix = [[row[i] if i == j else 0.0 for j in range(4)] for i in range(4)]
    root = ET.fromstring(svg.write(examples.from_matrix(text, text, words, words, matrix)))
    paths = {p.findtext(f"{SPACE}title", "")[-4:]: p for p in root.iter(f"{SPACE}path")}
    drawn = [paths[f"{weight:.2f}"] for weight in row]
    widths, strengths = [ends(p.get("d", "")) for p in drawn], [float(p.get("fill-opacity", "")) for p in drawn]
    assert strengths == sorted(strengths, reverse=True)
    for weight, (start, end) in zip(row, widths, strict=True):
        assert start == pytest.approx(end, abs=0.11)
        assert start / widths[0][0] == pytest.approx(weight / row[0], abs=0.02)


def test_the_ribbons_of_a_word_share_its_edge() -> None:
    word = [Span(0, 5)]
    many = [Span(k * 6, k * 6 + 5) for k in range(4)]
    evidence = examples.from_matrix("seven", " ".join(["seven"] * 4), word, many, [[0.25, 0.25, 0.25, 0.25]])
    starts = [ends(path.get("d", ""))[0] for path in ET.fromstring(svg.write(evidence)).iter(f"{SPACE}path")]
    assert sum(starts) <= advance("seven", size=16) + 0.4


def test_links_below_the_threshold_are_left_out() -> None:
    evidence = EXAMPLES["german"]
    kept = [weight for _, _, weight in evidence.pairs() if weight >= 0.7]
    assert 0 < len(kept) < len(evidence.links)
    assert len(titles(ET.fromstring(svg.write(evidence, threshold=0.7)), "path")) == len(kept)


def test_the_theme_and_the_card_can_be_chosen() -> None:
    evidence = EXAMPLES["passport"]
    auto, light, dark = (svg.write(evidence, theme=theme) for theme in ("auto", "light", "dark"))
    assert "prefers-color-scheme:dark" in auto
    assert "<style" not in light + dark
    assert svg.LIGHT["ink"] in light and svg.LIGHT["ink"] not in dark
    assert "<rect" in auto and "<rect" not in svg.write(evidence, background=False)
    for options in ({"width": 239}, {"theme": "sepia"}):
        with pytest.raises(InputError):
            svg.write(evidence, **options)
    assert ET.fromstring(svg.write(evidence, width=240)).tag == f"{SPACE}svg"


@each_example
def test_a_drawing_is_deterministic_and_loads_nothing(evidence: Evidence) -> None:
    drawn = svg.write(evidence)
    assert drawn == svg.write(evidence)
    outside = drawn.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|url\(|href|<script|@import|\sid=", outside)


def test_an_alignment_of_nothing_is_drawn() -> None:
    texts = [element.text for element in ET.fromstring(svg.write(nothing)).iter(f"{SPACE}text")]
    assert texts.count("(empty)") == 2
    assert as_record(nothing)["matrix"] is None
    assert "<table>" in html.write(nothing, page=False)


def test_a_word_of_a_million_characters_is_cut() -> None:
    evidence = examples.evidence("a" * 10**6, "b", {("a" * 10**6, "b"): 0.5})
    assert len(svg.write(evidence)) < 10**4
    assert len(html.write(evidence)) < 10**5
    assert len(html.write(evidence, page=False)) < 10**4


def test_a_block_keeps_eight_lines_and_breaks_long_words() -> None:
    for text in ("word " * 500, "x" * 900, "猫" * 900):
        block = wrapped(text, limit=200)
        assert len(block) == 8 and block[-1].endswith(" …")
        assert all(advance(line, size=13.5) <= 200 + advance(" …", size=13.5) for line in block)
    assert "".join(wrapped("x" * 60, limit=200)) == "x" * 60


# Breaking into lines -------------------------------------------------------------------------------------------------
widths = st.lists(st.floats(1, 40), max_size=12)


def fewest(sizes: list[float], limit: float) -> int:
    """Return how many lines a text needs when each is filled, by the plainest loop."""
    count, used = 1, 0.0
    for index, size in enumerate(sizes):
        if index and used + size > limit:
            count, used = count + 1, 0.0
        used += size
    return count


@quick
@given(widths, widths, st.data())
def test_lines_hold_every_unit_once_fit_and_are_few(
    source: list[float], target: list[float], data: st.DataObject
) -> None:
    cells = [(i, j) for i in range(len(source)) for j in range(len(target))]
    chosen = data.draw(st.lists(st.sampled_from(cells), max_size=8)) if cells else []
    limit = 60.0
    cut = lines(source, target, [(i, j, 0.5) for i, j in chosen], limit=limit)
    assert cut[0][0] == cut[0][2] == 0
    assert (cut[-1].source_end, cut[-1].target_end) == (len(source), len(target))
    assert all(here[1::2] == there[::2] for here, there in pairwise(cut))
    assert len(cut) == max(fewest(source, limit), fewest(target, limit))
    for line in cut:
        for sizes, start, end in ((source, *line[:2]), (target, *line[2:])):
            assert end - start <= 1 or sum(sizes[start:end]) <= limit + 1e-6


@pytest.mark.parametrize("leader", [0, 1])
def test_no_link_leaves_its_line_where_none_has_to(leader: int) -> None:
    short, long = [10.0] * 6, [10.0] * 12
    source, target = (long, short) if leader == 0 else (short, long)
    links = [(k, k // 2, 0.9) if leader == 0 else (k // 2, k, 0.9) for k in range(12)]
    cut = lines(source, target, links, limit=41.0)
    assert len(cut) == 3
    for i, j, _ in links:
        assert any(a <= i < b and c <= j < d for a, b, c, d in cut)
