"""The page and the notebook fragment: what they are given, what they admit, and that any text survives."""

import base64
import hashlib
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import evidences, quick

from latentalign.errors import InputError
from latentalign.formats import html, svg
from latentalign.formats.drawing.glyphs import printable
from latentalign.formats.drawing.record import LARGEST, as_record
from latentalign.testing import examples
from latentalign.text.pairs import Failure
from latentalign.text.spans import Evidence

EXAMPLES = {name: getattr(examples, name)() for name in ("passport", "german", "arabic", "chinese", "sentences")}
each_example = pytest.mark.parametrize("evidence", EXAMPLES.values(), ids=EXAMPLES.keys())
nothing = Evidence(
    source="", target=" ", source_spans=(), target_spans=(), links=(), null_source=(), null_target=(), score=0.0,
    family="independent",
)  # fmt: skip


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
    assert sum(len(path) for path in root.iter("{http://www.w3.org/2000/svg}path")) == len(evidence.links)
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
