"""The drawings: what stands where in the SVG, what the page is given, and that no text can break either."""

import base64
import hashlib
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import evidences, quick

from latentalign.errors import InputError
from latentalign.formats import html, svg
from latentalign.formats.drawing.columns import wrapped
from latentalign.formats.drawing.glyphs import advance, printable
from latentalign.formats.drawing.lines import lines
from latentalign.formats.drawing.pieces import in_columns, pieces
from latentalign.formats.drawing.record import LARGEST, as_record
from latentalign.formats.drawing.rows import arrange
from latentalign.testing import examples
from latentalign.text.pairs import Failure
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


# The page ------------------------------------------------------------------------------------------------------------
class Page(HTMLParser):
    """The tags of a document, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag
        if tag in self.raw:
            self.raw[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in self.raw:
            self.raw[self.inside][-1] += data


def records(page: str) -> list[dict]:
    data, script = Page(page).raw["script"]
    assert "use strict" in script
    return json.loads(data)


def test_the_page_carries_the_evidence() -> None:
    evidence = EXAMPLES["passport"]
    (record,) = records(html.write(evidence))
    assert "".join(record["source"]["pieces"]) == evidence.source
    assert record["target"]["pieces"][1::2] == [span.of(evidence.target) for span in evidence.target_spans]
    assert [tuple(link) for link in record["links"]] == list(evidence.indexed_links())
    assert record["target"]["null"] == list(evidence.null_target)
    below = {(i, j): w for i, row in enumerate(evidence.matrix) for j, w in enumerate(row) if 0.05 <= w < 0.1}
    assert {(i, j): w for i, j, w in record["weaker"]} == below
    assert all(weight >= record["cut"] for _, _, weight in record["links"])


@each_example
def test_the_page_admits_only_its_own_script_and_style(evidence: Evidence) -> None:
    page = Page(html.write(evidence))
    (policy,) = [attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    digests = {
        kind: base64.b64encode(hashlib.sha256(page.raw[kind][-1].encode()).digest()).decode()
        for kind in ("script", "style")
    }
    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src 'sha256-{digests['script']}'",
        f"style-src 'sha256-{digests['style']}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    assert not any(
        {"src", "href", "style"} & attrs.keys() or any(a.startswith("on") for a in attrs) for _, attrs in page.tags
    )


def test_results_keep_their_order_their_names_and_their_failures() -> None:
    failure = Failure(error=InputError(wanted="two texts", came="one", where="a.tsv:2"), id="b")
    first, second, third = records(html.write_page([EXAMPLES["german"], failure, nothing], title="a.tsv"))
    assert first["links"] and not third["links"]
    assert second == {"name": "b", "error": str(failure.error)}
    assert records(html.write_page([])) == []


def test_the_matrix_of_the_page_is_the_matrix() -> None:
    evidence = EXAMPLES["german"]
    matrix = as_record(evidence)["matrix"]
    cells = base64.b64decode(matrix["cells"])
    assert (matrix["rows"], matrix["columns"]) == (len(evidence.source_spans), len(evidence.target_spans))
    flat = [weight for row in evidence.matrix for weight in row]
    assert [cell / 255 * matrix["top"] for cell in cells] == pytest.approx(flat, abs=matrix["top"] / 510 + 1e-4)


def test_without_a_matrix_the_page_draws_the_links() -> None:
    evidence = EXAMPLES["passport"]
    bare = Evidence(**{**vars(evidence), "matrix": ()})
    record = as_record(bare)
    cells = base64.b64decode(record["matrix"]["cells"])
    assert {divmod(at, 7) for at, cell in enumerate(cells) if cell} == {(i, j) for i, j, _ in evidence.indexed_links()}
    assert record["weaker"] == []


def test_a_large_matrix_is_made_smaller_and_loses_no_peak() -> None:
    count = LARGEST + 3
    evidence = examples.long(count)
    matrix = as_record(evidence)["matrix"]
    cells = base64.b64decode(matrix["cells"])
    assert matrix["step"] == [2, 2] and matrix["rows"] == matrix["columns"] == -(-count // 2)
    for i, j, weight in evidence.indexed_links():
        assert cells[i // 2 * matrix["columns"] + j // 2] >= round(weight / matrix["top"] * 255) - 1


def test_a_fragment_needs_no_script_and_two_of_them_do_not_clash() -> None:
    both = Page(EXAMPLES["passport"]._repr_html_() + EXAMPLES["german"]._repr_html_())
    names = [tag for tag, _ in both.tags]
    assert names.count("svg") == names.count("table") == 2
    assert not {"script", "iframe", "link"} & set(names)
    assert not any("id" in attrs for _, attrs in both.tags)
    assert both.raw["style"][0] == both.raw["style"][1]
    assert all(rule.startswith(".la-") for rule in re.findall(r"(?<=[{},])[^{},@]+(?=\{)", both.raw["style"][0]))
    rows = len(EXAMPLES["passport"].links) + len(EXAMPLES["german"].links)
    assert names.count("tr") == rows + 2


# Any text ------------------------------------------------------------------------------------------------------------
@quick
@given(evidences())
def test_any_evidence_gives_a_drawing_and_a_page_that_parse(evidence: Evidence) -> None:
    root = ET.fromstring(svg.write(evidence))
    assert len(titles(root, "path")) == len(evidence.links)
    (record,) = records(html.write(evidence))
    assert "".join(record["source"]["pieces"]) == printable(evidence.source)
    assert len(Page(html.write(evidence, page=False)).tags) > 5


@quick
@given(st.text())
def test_any_string_is_carried_as_json(text: str) -> None:
    carried = html.as_json(text)
    carried.encode("utf-8")
    assert json.loads(carried) == text
    assert not set("<>&\u2028\u2029") & set(carried)


@quick
@given(st.text(st.characters()))
def test_printable_text_keeps_its_length_and_is_valid_xml(text: str) -> None:
    clean = printable(text)
    assert len(clean) == len(text)
    assert ET.fromstring(f"<a>{html.escape(clean)}</a>").text == (clean or None)
    assert printable(clean) == clean


def test_drawing_does_not_import_torch() -> None:
    program = "import latentalign.formats.html, sys; assert not {'torch', 'transformers', 'numpy'} & set(sys.modules)"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
