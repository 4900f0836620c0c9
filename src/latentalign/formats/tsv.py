"""Tab-separated values: pairs with or without a header, and results, one a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from latentalign.errors import InputError
from latentalign.formats import pharaoh
from latentalign.formats.lines import Line, Source, one_line, read_lines
from latentalign.formats.policy import attempt
from latentalign.registry import nearest
from latentalign.text.pairs import Failure, TextPair
from latentalign.text.spans import Evidence

COLUMNS = ("id", "source", "target", "score", "links")


def read(
    source: Source, *, columns: tuple[str, str] | None = None, tokenized: bool = False
) -> Iterator[TextPair | Failure]:
    r"""Yield one pair a row, or a failure in its place.

    The first line is a header if it names the column ``source`` or ``target``, and then it names both; a column ``id``
    names the records, others are ignored. Without a header there are exactly two columns. There is no quoting and no
    escaping: a quote mark or a backslash is a part of the text.

    Args:
        source: a path, ``-`` or an open binary stream.
        columns: names of the source and the target column in the header, which then has to be there.
        tokenized: the words are what stands between whitespace.

    Yields:
        a pair, or a failure for a row that has not as many fields as the header, is blank on a side or is not UTF-8.

    Raises:
        InputError: the header lacks a column. A source that cannot be read or is empty.

    >>> import io
    >>> rows = b"id\tsource\ttarget\n7\tthe cat\tle chat\n"
    >>> [(pair.id, pair.source, pair.target) for pair in read(io.BytesIO(rows))]
    [('7', 'the cat', 'le chat')]
    """
    header: list[str] | None = None

    def parse(line: Line) -> TextPair:
        fields, names = line.text.split("\t"), header or ["source", "target"]
        if len(fields) != len(names):
            raise _wrong_width(line, len(fields), header)
        row = dict(zip(names, fields, strict=True))
        left, right = columns or ("source", "target")
        make = TextPair.from_tokens if tokenized else TextPair
        pair = make(source=row[left], target=row[right], id=row.get("id") or None, where=line.where)
        return pair.check_not_blank()

    for line in read_lines(source):
        if line.number == 1 and (header := _header(line, columns)):
            continue
        yield attempt(parse, line)


def write(record: Evidence | TextPair | Failure, *, header: bool = False) -> str:
    r"""Return a result as one row: id, source, target, score, links as ``i-j:weight``; a pair has no last two.

    A failure is a row that is empty but for its id. A tab or line break inside a text becomes a space.

    Args:
        record: the result, pair or failure.
        header: put the line of column names before the row, as the first row of a file needs.

    >>> write(TextPair(source="the cat", target="le chat", id="7"))
    '7\tthe cat\tle chat\t\t'
    """
    texts = ("", "") if isinstance(record, Failure) else (record.source, record.target)
    fields = [record.id or "", *texts, "", ""]
    if isinstance(record, Evidence):
        fields[3:] = [repr(record.score), pharaoh.write(record, probabilities=True)]
    row = "\t".join(map(one_line, fields))
    return "\t".join(COLUMNS) + "\n" + row if header else row


def _header(line: Line, columns: tuple[str, str] | None) -> list[str] | None:
    """Return the column names if the line is a header.

    Raises:
        InputError: it lacks a column.
    """
    names = [name.strip() for name in line.raw.decode("utf-8", "replace").split("\t")]
    if not columns and not {"source", "target"} & set(names):
        return None
    for wanted in columns or ("source", "target"):
        if wanted not in names:
            raise InputError(
                wanted=f"a column {wanted!r} in the header",
                came=repr(names),
                where=line.where,
                fix=nearest(wanted, names),
            )
    return names


def _wrong_width(line: Line, width: int, header: Sequence[str] | None) -> InputError:
    if header is None:
        wanted = "two columns, or a header with the columns 'source' and 'target'"
    else:
        wanted = f"{len(header)} columns as in the header"
    return InputError(wanted=wanted, came=f"{width}", where=line.where, fix="columns are separated by one TAB")
