"""XML that tries to read files, to reach the network, or to grow without bound; each beside its harmless twin."""

import io
import socket
import time
import tracemalloc
from pathlib import Path

import pytest

from latentalign.cli.main import main
from latentalign.errors import InputError
from latentalign.formats import tmx, xliff
from latentalign.formats.elements import parse_fragment
from latentalign.text.pairs import Failure, TextPair

SECRET = "the secret of another file"


def memory(head: str, text: str = "the cat") -> bytes:
    body = f"<tmx version='1.4'><header srclang='en'/><body><tu><tuv xml:lang='en'><seg>{text}</seg></tuv>"
    return f"{head}{body}<tuv xml:lang='fr'><seg>le chat</seg></tuv></tu></body></tmx>".encode()


def document(head: str, text: str = "the cat") -> bytes:
    unit = f"<trans-unit id='1'><source>{text}</source><target>le chat</target></trans-unit>"
    file = f"<file original='a' source-language='en' datatype='plaintext'><body>{unit}</body></file>"
    return f"{head}<xliff version='1.2' xmlns='urn:oasis:names:tc:xliff:document:1.2'>{file}</xliff>".encode()


FORMATS = {"tmx": (tmx.read, memory), "xliff": (xliff.read, document)}


def laughs(levels: int) -> str:
    entities = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, levels))
    return f"<!DOCTYPE x [<!ENTITY e0 'ha'>{entities}]>"


ATTACKS = {
    # name: what stands before the root, the text, and the nearest harmless form of both
    "a billion laughs": (laughs(10), "&e9;", "", "ha"),
    "entities that nothing uses": (laughs(2), "the cat", "<!DOCTYPE x>", "the cat"),
    "a file as an entity": ("<!DOCTYPE x [<!ENTITY f SYSTEM 'file://{secret}'>]>", "&f;", "", "the cat"),
    "a file as a parameter entity": ("<!DOCTYPE x [<!ENTITY % f SYSTEM 'file://{secret}'> %f;]>", "the cat", "", "a"),
    "the network as an entity": ("<!DOCTYPE x [<!ENTITY f SYSTEM 'http://127.0.0.1:{port}/'>]>", "&f;", "", "the cat"),
    "an entity of a DTD that is not read": ("<!DOCTYPE x SYSTEM '{dtd}'>", "&f;", "<!DOCTYPE x SYSTEM '{dtd}'>", "a"),
    "a text of 20 megabytes": ("", "<ph>" + "a" * 20_000_000 + "</ph>", "", "a" * 20_000),
    "20,000 nested elements": ("", "<hi>" * 20_000 + "a" + "</hi>" * 20_000, "", "<hi>" * 100 + "a" + "</hi>" * 100),
    "300 nested elements": ("", "<hi>" * 300 + "a" + "</hi>" * 300, "", "<hi>" * 100 + "a" + "</hi>" * 100),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_and_its_harmless_twin_read(name: str, form: str, tmp_path: Path) -> None:
    read, make = FORMATS[form]
    secret, dtd = tmp_path / "secret.txt", tmp_path / "a.dtd"
    secret.write_text(SECRET, encoding="utf8")
    dtd.write_text(f"<!ENTITY f '{SECRET}'>", encoding="utf8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        places = {"secret": str(secret), "dtd": str(dtd), "port": str(server.getsockname()[1])}
        head, text, harmless_head, harmless = (fill(part, places) for part in ATTACKS[name])
        start = time.process_time()
        told = refusal(read, make(head, text))
        assert time.process_time() - start < 5
        with pytest.raises(TimeoutError):
            server.accept()  # nobody has called
    assert told
    assert SECRET not in told
    assert "<stream>:" in told
    (pair,) = read(io.BytesIO(make(harmless_head, harmless)))
    assert isinstance(pair, TextPair)


def fill(part: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        part = part.replace(f"{{{name}}}", value)
    return part


def refusal(read, content: bytes) -> str:
    """Return why a file is refused, as a whole or in its only record."""
    try:
        (record,) = read(io.BytesIO(content), markup="both")
    except InputError as error:
        return str(error)
    return str(record.error) if isinstance(record, Failure) else ""


def test_an_external_dtd_may_be_named_as_tmx_does() -> None:
    for doctype in ('<!DOCTYPE tmx SYSTEM "tmx14.dtd">', '<!DOCTYPE tmx PUBLIC "-//LISA OSCAR:1998//DTD" "tmx14.dtd">'):
        (pair,) = tmx.read(io.BytesIO(memory(doctype)))
        assert pair.source == "the cat"


def test_memory_stays_small_under_a_billion_laughs() -> None:
    tracemalloc.start()
    refusal(tmx.read, memory(laughs(10), "&e9;"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_markup_that_is_written_is_no_way_in_either() -> None:
    assert tmx.write(TextPair(source="<ph/>a", target="b"), markup=True)
    for markup in ("</fragment><fragment>", "</seg><seg>", "&e;", "<!DOCTYPE x>", "<x:a/>", "<a", "a\0"):
        with pytest.raises(InputError):
            parse_fragment(markup)
        with pytest.raises(InputError):
            tmx.write(TextPair(source=markup, target="b"), markup=True)


def test_the_command_says_so_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, links = (tmp_path / name for name in ("good.tmx", "bad.tmx", "links.txt"))
    good.write_bytes(memory(""))
    bad.write_bytes(memory(laughs(10), "&e9;"))
    links.write_text("0-0 1-1\n", encoding="utf8")
    assert main(["transfer", "markup", str(good), "--links", str(links)]) == 0
    assert main(["transfer", "markup", str(bad), "--links", str(links)]) == 1
    told = capsys.readouterr().err
    assert "bad.tmx:1" in told
    assert len(told.splitlines()) == 1
