"""Links as RDF: in a file, in a store on disk, at an endpoint; each is read back by a SPARQL query."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from latentalign.cli.main import main
from latentalign.cli.rdf_output import prefixes_of
from latentalign.errors import InputError
from latentalign.formats import rdf
from latentalign.formats.rdf import iri_of
from latentalign.tasks.linking.link_rdf import LinkGraph
from latentalign.tasks.linking.result import LinkedMention, LinkedText, Meaning
from latentalign.text.spans import Span
from tests.test_link import settings, write_catalogue

oxigraph = pytest.importorskip("pyoxigraph", reason="the extra kg is not installed")

QUERY = """
PREFIX oa: <http://www.w3.org/ns/oa#> PREFIX prov: <http://www.w3.org/ns/prov#>
SELECT ?text ?start ?end ?exact ?concept WHERE {
  ?annotation a oa:Annotation ; oa:hasBody ?concept ; oa:hasTarget ?target ; prov:wasAttributedTo ?agent .
  ?agent a prov:SoftwareAgent .
  ?target oa:hasSource ?text ; oa:hasSelector ?position, ?quote .
  ?position a oa:TextPositionSelector ; oa:start ?start ; oa:end ?end .
  ?quote a oa:TextQuoteSelector ; oa:exact ?exact .
} ORDER BY ?start
"""
TEXT = "a 😀 flu or\tworse"
RESULT = LinkedText(
    text=TEXT,
    id="p 1",
    mentions=tuple(
        LinkedMention(
            span=Span(start, end),
            text=TEXT[start:end],
            concept=concept,
            ranked=(Meaning(concept="MESH:1", label='the "flu"\n', name="flu", probability=0.75, value=1.0),),
            nothing=0.25,
            found=1.0,
            form=TEXT[start:end],
            evidence=None,
            parts={},
            carried=(),
        )
        for start, end, concept in ((4, 7, "MESH:1"), (11, 16, None))
    ),
)
GRAPH = LinkGraph(prefixes={"MESH": "http://mesh.example/"}, texts="http://texts.example/")
ROW = ("http://texts.example/p%201", "4", "7", "flu", "http://mesh.example/1")


def rows(store: oxigraph.Store) -> list[tuple[str, ...]]:
    return [tuple(one.value for one in solution) for solution in store.query(QUERY)]


@pytest.mark.parametrize(("ending", "form"), rdf.FORMATS.items())
def test_a_file_is_read_back(tmp_path: Path, ending: str, form: str) -> None:
    path = tmp_path / f"links{ending}"
    rdf.write_file(GRAPH.quads([RESULT]), path)
    store = oxigraph.Store()
    store.load(path=str(path), format=getattr(oxigraph.RdfFormat, form))
    assert rows(store) == [ROW]


def test_a_store_on_disk_is_read_back_and_nothing_is_doubled(tmp_path: Path) -> None:
    for _ in range(2):
        rdf.write_store(GRAPH.quads([RESULT]), tmp_path / "store")
    assert rows(oxigraph.Store.read_only(str(tmp_path / "store"))) == [ROW]
    (tmp_path / "file").write_text("no store")
    with pytest.raises(InputError, match="store"):
        rdf.write_store(GRAPH.quads([RESULT]), tmp_path / "file")


@pytest.fixture
def endpoint() -> Iterator[tuple[str, oxigraph.Store]]:
    """A SPARQL 1.1 update endpoint on this machine, and the store behind it."""
    store = oxigraph.Store()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            good = self.headers["Content-Type"] == "application/sparql-update" and self.path == "/update"
            if good:
                store.update(body)
            self.send_response(204 if good else 400)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/update", store
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_endpoint_gets_the_links(endpoint: tuple[str, oxigraph.Store]) -> None:
    url, store = endpoint
    rdf.write_endpoint(GRAPH.quads([RESULT]), url)
    assert rows(store) == [ROW]


@pytest.mark.parametrize("path", ["elsewhere", "ftp"])
def test_an_endpoint_that_refuses_is_an_error(endpoint: tuple[str, oxigraph.Store], path: str) -> None:
    url = endpoint[0].replace("update", path) if path != "ftp" else "ftp://127.0.0.1/update"
    with pytest.raises(InputError, match="endpoint"):
        rdf.write_endpoint(GRAPH.quads([RESULT]), url)


def test_an_injected_iri_stays_a_name() -> None:
    evil = "http://x/> . <a:b> <c:d> <e:f"
    found = iri_of(evil, prefixes={}, base="urn:x:")
    assert ">" not in found
    assert " " not in found
    assert ">" not in iri_of("M:a> <b", prefixes={"M": "http://m/"}, base="urn:x:")


@pytest.mark.parametrize("given", ["MESH", "=http://x/", "MESH=x"])
def test_a_prefix_of_another_form_is_refused(given: str) -> None:
    with pytest.raises(InputError, match="--prefix"):
        prefixes_of([given])


def test_an_ending_that_is_no_rdf_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.ttl"):
        rdf.write_file([], tmp_path / "links.txt")


def test_the_command_writes_a_store_that_a_query_reads_back(tmp_path: Path) -> None:
    records = tmp_path / "records.jsonl"
    records.write_text('{"id": "p", "text": "a flu", "mentions": [[2, 5]]}\n')
    options = [
        "--store",
        str(tmp_path / "graph"),
        "--base",
        "http://t/",
        "--prefix",
        "D=http://d/",
        "-o",
        str(tmp_path / "o"),
    ]
    catalogue = str(write_catalogue(tmp_path))
    assert main(["link", str(records), "-c", catalogue, "--mentions", *options, *settings()]) == 0
    assert rows(oxigraph.Store.read_only(str(tmp_path / "graph"))) == [("http://t/p", "2", "5", "flu", "http://d/1")]
    assert (tmp_path / "o").read_text().startswith("p\t2\t5\tflu\tD:1\tinfluenza\t")
