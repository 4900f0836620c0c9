"""Texts that try to become markup or script in a drawing or a page: each stays text."""

import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from latentalign.errors import InputError
from latentalign.formats import html, svg
from latentalign.text.pairs import Failure
from latentalign.text.spans import Evidence, Link, Span

PAYLOADS = {
    "script": "<script>window.__pwned=1</script>",
    "end of script": "</script><script>window.__pwned=1</script>",
    "end of script with space": "</ScRiPt ><img src=x onerror=window.__pwned=1>",
    "comment that swallows the script": "<!--<script>",
    "quotes": "\"' onload=window.__pwned=1 x=\"'",
    "title": "</title><svg/onload=window.__pwned=1>",
    "end of svg": "</text></svg><img src=x onerror=window.__pwned=1>",
    "cdata": "]]><script>window.__pwned=1</script>",
    "entity": "&lt;script&gt;window.__pwned=1&lt;/script&gt;",
    "link": "javascript:window.__pwned=1",
    "style": "</style><style>*{display:none}</style>",
    "line separators": "a\u2028window.__pwned=1\u2029//",
    "json": '"},{"error":"\\u003c/script\\u003e',
    "template": "$policy ${script} $$",
    "controls": "a\x00b\x08c\x1b[31m\x7f\x9b",
    "bidi override": "user\u202etxt.exe\u2066",
    "non-characters": "\ufffe\uffff\U0001fffe",
}
DRAWN = {"svg", "style", "g", "rect", "path", "title", "text", "circle"}
FRAGMENT = DRAWN | {"div", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"}
each_payload = pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())


def hostile(payload: str, *, name: str | None = None) -> Evidence:
    """Return evidence whose texts, words, family and name are the payload; a name may hold lone surrogates too."""
    text = f"{payload} x {payload}"
    spans = (Span(0, len(payload)), Span(len(payload) + 3, len(text)))
    links = (Link(spans[0], spans[1], 0.9), Link(spans[1], spans[0], 0.2))
    return Evidence(
        source=text, target=text, source_spans=spans, target_spans=spans, links=links, null_source=(0.1, 0.8),
        null_target=(0.8, 0.1), score=1.0, family=payload, id=f"{payload}\ud800" if name is None else name,
    )  # fmt: skip


class Tags(HTMLParser):
    """Every tag with its attributes, the text of the scripts, and what a reader sees."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.scripts: list[str] = []
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts.append(data)


def shape(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the tags of a document with the names of their attributes."""
    return [(tag, tuple(name for name, _ in attrs)) for tag, attrs in Tags(text).seen]


@each_payload
def test_a_drawing_has_only_its_own_elements_and_attributes(payload: str) -> None:
    drawn = svg.write(hostile(payload))
    drawn.encode("utf-8")
    for element in ET.fromstring(drawn).iter():
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in DRAWN
        assert not any(name.startswith("on") or name.endswith("href") for name in element.attrib)
    assert drawn.count("<style>") == 1
    assert not set(drawn) & set("\x00\x08\x1b\x7f\x9b\u202e\u2066\u2028\u2029\ufffe\uffff")


@each_payload
def test_a_page_has_the_shape_of_a_harmless_one(payload: str) -> None:
    failure = Failure(error=InputError(wanted=payload, came=payload + "\udc00", where=payload), id=payload)
    page = html.write_page([hostile(payload), failure], title=payload + "\ud800")
    page.encode("utf-8")
    assert shape(page) == shape(html.write_page([hostile("cat")], title="cat"))
    data, program = Tags(page).scripts
    assert len(json.loads(data)) == 2
    assert program == Tags(html.write(hostile("cat"))).scripts[1]
    assert not set(page) & set("\x00\x08\x1b\x7f\x9b\u202e\u2066\u2028\u2029")


@each_payload
def test_a_fragment_has_only_its_own_elements(payload: str) -> None:
    fragment = html.write(hostile(payload), page=False)
    fragment.encode("utf-8")
    tags = shape(fragment)
    assert {tag for tag, _ in tags} <= FRAGMENT
    assert not any(name.startswith("on") or name in ("href", "src", "id") for _, names in tags for name in names)


@each_payload
def test_the_payload_is_still_there_to_read(payload: str) -> None:
    pieces = json.loads(Tags(html.write(hostile(payload))).scripts[0])[0]["source"]["pieces"]
    assert len(pieces[1]) == len(payload)
    plain = [char for char in payload if char.isascii() and char.isprintable()]
    assert [char for char in pieces[1] if char.isascii() and char != " "] == [char for char in plain if char != " "]
