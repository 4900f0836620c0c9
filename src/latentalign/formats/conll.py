"""Labelled sentences: CoNLL-U, and columns with BIO labels in the last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from latentalign.errors import InputError
from latentalign.formats.lines import Line, Source, one_line, read_lines
from latentalign.formats.policy import attempt
from latentalign.registry import require
from latentalign.text.labels import Labelled
from latentalign.text.pairs import Failure

COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")


def read_conllu(source: Source) -> Iterator[Labelled | Failure]:
    r"""Yield one sentence a block, or a failure in its place.

    The words are those with a whole number; multiword tokens (``1-2``) and empty nodes (``1.1``) are left out. Every
    column but id and form is there under its name, ``_`` as None. ``# sent_id`` names the sentence.

    Raises:
        InputError: a source that cannot be read or is empty. The package conllu, extra ``[conllu]``, is missing.

    References:
        Universal Dependencies, CoNLL-U format.

    >>> import io
    >>> rows = b"# sent_id = s1\n1\tthe\t_\tDET\t_\t_\t2\tdet\t_\t_\n2\tcat\t_\tNOUN\t_\t_\t0\troot\t_\t_\n"
    >>> sentence = next(read_conllu(io.BytesIO(rows)))
    >>> sentence.id, sentence.words, sentence.columns["upos"]
    ('s1', ('the', 'cat'), ('DET', 'NOUN'))
    """
    return (attempt(_conllu, block) for block in _blocks(source))


def read_bio(source: Source) -> Iterator[Labelled | Failure]:
    r"""Yield one sentence a block: a word in the first column of a line, its BIO label in the last.

    Columns are separated by TAB if the line has one, else by spaces. A block that begins with ``-DOCSTART-`` is left
    out.

    Raises:
        InputError: a source that cannot be read or is empty.

    >>> import io
    >>> sentence = next(read_bio(io.BytesIO(b"New\tB-LOC\nYork\tI-LOC\nsleeps\tO\n")))
    >>> sentence.columns["label"]
    ('B-LOC', 'I-LOC', 'O')
    """
    blocks = (block for block in _blocks(source) if not block[0].raw.startswith(b"-DOCSTART-"))
    return (attempt(_bio, block) for block in blocks)


def write_conllu(record: Labelled | Failure) -> str:
    """Return a sentence as CoNLL-U rows, without the blank line after it; a failure is a comment.

    >>> print(write_conllu(Labelled(words=("le",), columns={"upos": ("DET",)}, id="s1")))
    # sent_id = s1
    1	le	_	DET	_	_	_	_	_	_
    """
    if isinstance(record, Failure):
        return f"# error = {one_line(str(record.error))}"
    rows = [f"# sent_id = {one_line(record.id)}"] if record.id is not None else []
    for index, word in enumerate(record.words):
        cells = (_cell(record.columns, name, index) for name in COLUMNS[2:])
        rows.append("\t".join([str(index + 1), one_line(word), *cells]))
    return "\n".join(rows)


def write_bio(record: Labelled | Failure, *, column: str = "label") -> str:
    """Return a sentence as two columns, word and label, without the blank line after it; a failure is nothing.

    >>> print(write_bio(Labelled(words=("New", "York"), columns={"label": ("B-LOC", "I-LOC")})))
    New	B-LOC
    York	I-LOC
    """
    if isinstance(record, Failure):
        return ""
    labels = record.columns[column]
    return "\n".join(f"{one_line(word)}\t{label or 'O'}" for word, label in zip(record.words, labels, strict=True))


def _blocks(source: Source) -> Iterator[list[Line]]:
    """Yield the lines between blank ones."""
    block: list[Line] = []
    for line in read_lines(source):
        if line.raw.strip():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _conllu(block: list[Line]) -> Labelled:
    conllu = require("conllu", extra="conllu")
    where = block[0].where
    rows = [(line, line.text.split("\t")) for line in block if not line.text.startswith("#")]
    for line, cells in rows:
        if len(cells) != len(COLUMNS) or not all(cells):
            raise InputError(
                wanted=f"{len(COLUMNS)} columns with a TAB between",
                came=f"{sum(map(bool, cells))}",
                where=line.where,
                fix="write '_' where there is nothing",
            )
    try:
        (parsed,) = conllu.parse("\n".join(line.text for line in block) + "\n\n")
        tokens = [(token, cells) for token, (_, cells) in zip(parsed, rows, strict=True)]
    except (conllu.exceptions.ParseException, ValueError, IndexError) as error:
        raise InputError(wanted="CoNLL-U", came=str(error) or "a broken block", where=where) from None
    kept = [(token["form"], cells) for token, cells in tokens if isinstance(token["id"], int)]
    columns = {
        name: tuple(None if cells[number] == "_" else cells[number] for _, cells in kept)
        for number, name in enumerate(COLUMNS)
        if number > 1
    }
    name = parsed.metadata.get("sent_id")
    return Labelled(words=tuple(form for form, _ in kept), columns=columns, id=name, where=where)


def _bio(block: list[Line]) -> Labelled:
    words, labels = [], []
    for line in block:
        text = line.text
        cells = text.split("\t") if "\t" in text else text.split()
        if len(cells) < 2 or not cells[0].strip():
            raise InputError(wanted="a word and its label", came=repr(text[:40]), where=line.where)
        words.append(cells[0])
        labels.append(cells[-1])
    return Labelled(words=tuple(words), columns={"label": tuple(labels)}, where=block[0].where)


def _cell(columns: Mapping[str, tuple[str | None, ...]], name: str, index: int) -> str:
    value = columns[name][index] if name in columns else None
    return one_line(value) if value else "_"
