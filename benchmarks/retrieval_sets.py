"""The collections that search is measured on, and their indexes."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentalign.index.settings import IndexSettings
from latentalign.index.store import Index
from latentalign.text.documents import Document

CLASSIC = {"Cranfield": "cranfield", "CISI": "cisi", "Vaswani-NPL": "vaswani-npl"}
QUESTIONS = {"SQuAD dev": "squad", "MedQuAD dev": "medquad"}


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Documents, queries, and which documents answer each.

    Args:
        name: of the collection.
        documents: each one passage.
        queries: by name.
        relevant: names of documents by the name of the query, at least one.
    """

    name: str
    documents: list[Document]
    queries: dict[str, str]
    relevant: dict[str, set[str]]


def read_classic(data: Path, folder: str) -> Collection:
    """Return a collection of documents with odd queries; queries without a judgment are left out."""
    root = data / "search" / folder
    rows = list(_rows(root, "docs"))
    texts = {str(row["id"]): _whole(row.get("title") or "", row["text"] or "") for row in rows}
    documents = [Document(id=name, text=text) for name, text in texts.items() if text.strip()]
    there, relevant = {one.id for one in documents}, dict[str, set[str]]()
    with gzip.open(root / "qrels.tsv.gz", "rt", encoding="utf-8") as file:
        for query, document, grade in csv.reader(file, delimiter="\t"):
            if int(grade) > 0 and document in there:
                relevant.setdefault(query, set()).add(document)
    queries = {str(row.get("qid", row.get("id"))): row["text"] for row in _rows(root, "queries")}
    queries = {name: text for name, text in queries.items() if name in relevant}
    return Collection(name=folder, documents=documents, queries=queries, relevant=relevant)


def read_questions(data: Path, name: str) -> Collection:
    """Return questions with the paragraphs (SQuAD) or the answers (MedQuAD) of their development split."""
    if name == "squad":
        rows = list(read_lines(data / "qa" / "squad-dev-html" / "squad11.dev.jsonl.gz"))
        texts = {text: str(number) for number, text in enumerate(dict.fromkeys(row["context"] for row in rows))}
        relevant = {row["id"]: {texts[row["context"]]} for row in rows}
        queries = {row["id"]: row["question"] for row in rows}
    else:
        rows = list(read_lines(data / "medical" / "medquad" / "qa.dev.jsonl.gz"))
        texts = {text[:5000]: name for name, text in {row["qid"]: row["answer"] for row in rows}.items()}
        owners: dict[str, set[str]] = {}
        for row in rows:  # one question may have several answers
            owners.setdefault(row["question"], set()).add(texts[row["answer"][:5000]])
        first = {row["question"]: row["qid"] for row in reversed(rows)}
        queries = {qid: question for question, qid in first.items()}
        relevant = {qid: owners[question] for question, qid in first.items()}
    documents = [Document(id=number, text=text) for text, number in texts.items()]
    return Collection(name=name, documents=documents, queries=queries, relevant=relevant)


def indexed(collection: Collection, cache: Path) -> Index:
    """Return the index of a collection, a document being one passage; it is built once."""
    path = cache / collection.name
    if (path / "manifest.json").is_file():
        return Index.open(path)
    index = Index.create(path, IndexSettings(passage_words=5000))
    index.add(collection.documents)
    index.compact()
    return index


def _whole(title: str, text: str) -> str:
    return text if not title or text.strip().startswith(title.strip()) else f"{title}. {text}"


def _rows(root: Path, name: str) -> Iterator[dict[str, Any]]:
    return read_lines(root / f"{name}.jsonl.gz")


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a compressed file of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)
