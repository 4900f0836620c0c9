"""TMX, XLIFF, CoNLL-U and BIO: what is written is read again, inline elements too; a bad record harms no other."""

import gzip
import io
import tracemalloc
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import quick

from latentalign.errors import InputError, LatentAlignError
from latentalign.formats import conll, tmx, xliff
from latentalign.formats.elements import segment_content
from latentalign.text.characters import is_blank
from latentalign.text.labels import Labelled, LabelSpan, bio_spans, to_bio
from latentalign.text.pairs import Failure, TextPair

FAILURE = Failure(error=InputError(wanted="text", came="none", where="a.txt:3"), id="7")
LEGAL = st.characters(
    exclude_categories=("Cs",), exclude_characters=[*map(chr, (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF))]
)
texts = st.text(LEGAL, min_size=1, max_size=12).filter(lambda text: not is_blank(text))
ids = st.none() | st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=5)
plain_pairs = st.lists(st.builds(TextPair, source=texts, target=texts, id=ids), min_size=1, max_size=4)


@st.composite
def inline(draw: st.DrawFn) -> str:
    """XML as it stands in a segment: text, nested elements with attributes, codes with text of their own."""

    def content(depth: int) -> str:
        parts = []
        for _ in range(draw(st.integers(0, 3))):
            kind = draw(st.integers(0, 3 if depth else 1))
            if kind == 0:
                parts.append(segment_content(draw(texts), markup=False))
            elif kind == 1:
                parts.append('<x id="1" equiv-text="a&amp;&lt;&quot;b"/>')
            elif kind == 2:
                parts.append(f'<g id="2" xml:space="preserve">{content(depth - 1) or "g"}</g>')
            else:
                parts.append(f'<ph id="3">&lt;b&gt;<sub>{content(depth - 1) or "s"}</sub></ph>')
        return "".join(parts)

    return "word " + content(3)


def plain_text(markup: str) -> str:
    """The text of some inline XML without codes, as the standard library reads it."""

    def content(element: ElementTree.Element) -> str:
        inner = (("" if child.tag == "ph" else content(child)) + (child.tail or "") for child in element)
        return (element.text or "") + "".join(inner)

    return content(ElementTree.fromstring(f"<s>{markup}</s>"))


FILES: dict[str, tuple[Callable[..., Iterator[str]], Callable[..., Iterator]]] = {
    "tmx": (tmx.write_file, tmx.read),
    "xliff 1.2": (xliff.write_file, xliff.read),
    "xliff 2.0": (lambda records, **options: xliff.write_file(records, version="2.0", **options), xliff.read),
    "xliff 2.1": (lambda records, **options: xliff.write_file(records, version="2.1", **options), xliff.read),
}


def through(form: str, records: list, **options: object) -> list:
    write, read = FILES[form]
    content = "".join(write(records, markup=options.get("markup") is not None))
    return list(read(io.BytesIO(content.encode()), **options))


@pytest.mark.parametrize("form", FILES)
@quick
@given(records=plain_pairs)
def test_pairs_are_read_as_they_were_written(form: str, records: list[TextPair]) -> None:
    again = through(form, records)
    assert [(pair.source, pair.target) for pair in again] == [(pair.source, pair.target) for pair in records]
    for before, after in zip(records, again, strict=True):
        assert after.id == before.id or (before.id is None and form != "tmx")


@pytest.mark.parametrize("form", FILES)
@quick
@given(source=inline(), target=inline())
def test_inline_elements_are_kept(form: str, source: str, target: str) -> None:
    record = TextPair(source=source, target=target, id="a")
    (both,) = through(form, [record], markup="both")
    assert (both.source, both.target) == (source, target)
    (one,) = through(form, [record], markup="source")
    assert (one.source, one.target) == (source, plain_text(target))


def test_a_prefix_in_a_segment_is_declared_where_it_is_used() -> None:
    body = "<source>a <m:g xmlns:m='urn:m' m:k='v'>b</m:g></source><target>A</target>"
    content = f"<xliff version='1.2'><file><body><trans-unit id='1'>{body}</trans-unit></body></file></xliff>"
    (pair,) = xliff.read(io.BytesIO(content.encode()), markup="both")
    assert pair.source == 'a <m:g xmlns:m="urn:m" m:k="v">b</m:g>'
    assert through("xliff 1.2", [pair], markup="both") == [pair]


MEMORY = """<?xml version="1.0"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="EN-us"/><body>
<tu tuid="1"><note>n</note><tuv xml:lang="fr"><seg>le <hi>chat</hi></seg></tuv><tuv xml:lang="en-US"><seg
>the cat</seg></tuv>  <tuv xml:lang="de"><prop type="x">p</prop><seg>die Katze<ph x="1">&lt;br/></ph></seg></tuv></tu>
<tu tuid="2"><tuv xml:lang="en-US"><seg>alone</seg></tuv></tu>
<!-- <tu> -->
<tu tuid="3"><tuv xml:lang="en-US"><seg> </seg></tuv><tuv xml:lang="fr"><seg>blanc</seg></tuv></tu>
<tu tuid="4"><tuv lang="en-US"><seg>yes</seg></tuv><tuv lang="fr"><seg>oui</seg></tuv></tu>
</body></tmx>
"""


def test_the_languages_of_a_memory() -> None:
    def read(**options: str) -> list:
        return list(tmx.read(io.BytesIO(MEMORY.encode()), **options))

    first, alone, blank, last = read()
    assert (first.source, first.target, first.id, first.where) == ("the cat", "le chat", "1", "<stream>:4")
    assert (alone.error.where, blank.error.where) == ("<stream>:6", "<stream>:8")
    assert "two languages" in str(alone.error)
    assert "blank source" in str(blank.error)
    assert (last.source, last.target) == ("yes", "oui")
    assert read(target_language="de")[0].target == "die Katze"
    assert read(source_language="fr", target_language="en")[0].target == "the cat"
    assert "'it'" in str(read(target_language="it")[0].error)
    assert "fr, de" in str(read(target_language="it")[0].error)
    assert read(tokenized=True)[0] == TextPair.from_tokens("the cat", "le chat", id="1")


def test_the_units_of_xliff() -> None:
    old = """<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file><header><note>n</note></header>
<body><group><trans-unit id="1"><source>one</source><seg-source><mrk mtype="seg">x</mrk></seg-source>
<target state="new">un</target><alt-trans><source>no</source><target>non</target></alt-trans></trans-unit></group>
<trans-unit id="2"><source>two</source></trans-unit></body></file></xliff>"""
    first, second = xliff.read(io.BytesIO(old.encode()))
    assert (first.source, first.target, first.id) == ("one", "un", "1")
    assert "blank target" in str(second.error)
    assert second.error.where == "<stream>:4"
    new = """<xliff version="2.1" xmlns="urn:oasis:names:tc:xliff:document:2.0" srcLang="en" trgLang="fr"><file id="f">
<unit id="u"><originalData><data id="d">&lt;br/></data></originalData>
<segment id="a"><source>one<cp hex="0041"/><ph id="1" dataRef="d"/></source><target>un</target></segment>
<ignorable><source> </source></ignorable><segment><source>two</source><target>deux</target></segment>
</unit></file></xliff>"""
    first, second = xliff.read(io.BytesIO(new.encode()))
    assert (first.source, first.id, second.target, second.id) == ("oneA", "u/a", "deux", "u/2")


@pytest.mark.parametrize(
    ("read", "content", "told"),
    [
        (tmx.read, b"", "empty file"),
        (tmx.read, b"not xml", "<stream>:1: wanted well-formed XML"),
        (tmx.read, b"<tmx><body>\n<tu>\n</body></tmx>", "<stream>:3: wanted well-formed XML"),
        (tmx.read, b"<tmx><body>", "<stream>:1: wanted well-formed XML"),
        (tmx.read, b"<html/>", "wanted a TMX file, got <html>"),
        (tmx.read, b"<tmx>\xff</tmx>", "well-formed"),
        (xliff.read, b"<tmx/>", "wanted XLIFF"),
        (xliff.read, b"<xliff version='3.0'/>", "version 3.0"),
        (xliff.read, b"<xliff/>", "version none"),
    ],
)
def test_a_file_that_is_none_is_named(read, content: bytes, told: str) -> None:
    with pytest.raises(InputError) as raised:
        list(read(io.BytesIO(content)))
    assert told in str(raised.value)


def test_what_xml_cannot_hold_is_not_written() -> None:
    assert "&#13;" in tmx.write(TextPair(source="a\rb", target="c"))
    for bad in ("a\0", "a\x1b[31m", "a\ufffe"):
        for write in (tmx.write, xliff.write):
            with pytest.raises(InputError, match=r"U\+"):
                write(TextPair(source=bad, target="b", where="a.txt:1"))
    assert tmx.write(FAILURE) == xliff.write(FAILURE) == ""


def test_gzip_and_utf_16_are_read() -> None:
    content = "".join(tmx.write_file([TextPair(source="naïve 我", target="b")]))
    for raw in (gzip.compress(content.encode()), content.replace("UTF-8", "UTF-16").encode("utf-16")):
        stream = io.BufferedReader(io.BytesIO(raw))
        assert next(tmx.read(stream)).source == "naïve 我"


@pytest.mark.parametrize("form", ["tmx", "xliff 1.2", "xliff 2.0"])
def test_memory_does_not_grow_with_the_file(form: str) -> None:
    write, read = FILES[form]
    peaks = []
    for count in (1000, 3000):
        content = "".join(write([TextPair(source="the cat", target="le chat")] * count)).encode()
        tracemalloc.start()
        assert sum(1 for _ in read(io.BytesIO(content))) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000


# Labels

words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=5).filter(
    lambda word: not is_blank(word) and "#" not in word
)
spans = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3), st.sampled_from(["PER", "LOC", "B-x"])), max_size=4)


@st.composite
def labelled(draw: st.DrawFn) -> Labelled:
    count = draw(st.integers(1, 6))
    tags = st.sampled_from(["NOUN", "VERB", None])
    columns = {"upos": tags, "feats": st.sampled_from([None, "A=b|C=d"]), "misc": st.sampled_from([None, "X=y"])}
    return Labelled(
        words=tuple(draw(words) for _ in range(count)),
        columns={name: tuple(draw(values) for _ in range(count)) for name, values in columns.items()},
        id=draw(st.none() | st.just("s1")),
    )


@quick
@given(st.lists(labelled(), min_size=1, max_size=3))
def test_conllu_is_read_as_it_was_written(sentences: list[Labelled]) -> None:
    content = "".join(conll.write_conllu(sentence) + "\n\n" for sentence in sentences)
    again = list(conll.read_conllu(io.BytesIO(content.encode())))
    for before, after in zip(sentences, again, strict=True):
        assert (after.words, after.id) == (before.words, before.id)
        assert {name: after.columns[name] for name in before.columns} == before.columns


@quick
@given(st.integers(1, 12), spans)
def test_spans_survive_bio(count: int, drawn: list) -> None:
    placed, end = [], 0
    for skip, length, label in drawn:
        if end + skip + length <= count:
            placed.append(LabelSpan(end + skip, end + skip + length, label))
            end += skip + length
    assert list(bio_spans(to_bio(placed, count))) == placed


def test_every_scheme_of_spans() -> None:
    wanted = (LabelSpan(0, 2, "A"), LabelSpan(2, 3, "A"), LabelSpan(4, 5, "B"))
    for labels in (
        "B-A I-A B-A O B-B",
        "I-A I-A B-A O I-B",
        "B-A E-A S-A O S-B",
        "B-A L-A U-A O U-B",
        "B-A I-A B-A _ B-B",
    ):
        assert bio_spans(labels.split()) == wanted
    for bad in ("X-A", "B", "NOUN", "-A", "B-"):
        with pytest.raises(InputError, match="word 1"):
            bio_spans(["O", bad])


CONLLU = """# sent_id = a
# text = du chat
1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_
1\tde\t_\tADP\t_\t_\t3\tcase\t_\t_
2\tle\t_\tDET\t_\t_\t3\tdet\t_\t_
2.1\tx\t_\tX\t_\t_\t_\t_\t_\t_
3\tchat\t_\tNOUN\t_\t_\t0\troot\t_\tSpaceAfter=No

1\tbad\t_\tX

# sent_id = c
1\toui\t_\tINTJ\t_\t_\t0\troot\t_\t_
"""


def test_words_of_conllu_are_those_with_a_whole_number() -> None:
    first, bad, last = conll.read_conllu(io.BytesIO(CONLLU.encode()))
    assert first.words == ("de", "le", "chat")
    assert first.columns["upos"] == ("ADP", "DET", "NOUN")
    assert first.columns["misc"] == (None, None, "SpaceAfter=No")
    assert bad.error.where == "<stream>:9"
    assert last.id == "c"


@pytest.mark.parametrize(
    "row", ["x\ta\t_\tX\t_\t_\t0\troot\t_\t_", "1\ta\t_\tX\t_\t_\tz\troot\t_\t_", "1 a _ X", "# only = one"]
)
def test_rows_that_are_none_are_named(row: str) -> None:
    (failure,) = conll.read_conllu(io.BytesIO(row.encode()))
    assert isinstance(failure, Failure)
    assert failure.error.where == "<stream>:1"


def test_columns_of_bio() -> None:
    content = b"-DOCSTART- -X- O\n\nNew NNP B-LOC\nYork NNP I-LOC\n\nalone\n\na b\tO\n"
    first, bad, last = conll.read_bio(io.BytesIO(content))
    assert (first.words, first.columns["label"], first.where) == (("New", "York"), ("B-LOC", "I-LOC"), "<stream>:3")
    assert bad.error.where == "<stream>:6"
    assert last.words == ("a b",)
    assert conll.write_bio(FAILURE) == ""
    assert "a.txt:3" in conll.write_conllu(FAILURE)
    with pytest.raises(LatentAlignError, match="one upos"):
        Labelled(words=("a",), columns={"upos": ("X", "Y")})
