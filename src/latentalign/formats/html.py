"""One page that draws alignments and works offline, and a fragment of it for notebooks."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from functools import cache
from html import escape
from importlib import resources
from string import Template

from latentalign.formats import svg
from latentalign.formats.drawing.glyphs import clipped, printable
from latentalign.formats.drawing.record import as_record
from latentalign.text.pairs import Failure
from latentalign.text.spans import Evidence

SCRIPTS = ("lines.js", "ribbons.js", "texts.js", "matrix.js", "page.js")
ROWS = 200  # links in the table of a fragment

# What could end a script element, or a line of JSON in an old parser, or cannot be encoded as UTF-8.
_UNSAFE = re.compile("[<>&\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def write(evidence: Evidence, *, page: bool = True) -> str:
    """Return a self-contained page for one alignment, or the fragment that a notebook shows.

    Args:
        evidence: what to draw.
        page: False gives a fragment without scripts and identifiers, so several may stand in one document.

    Cost: that of the drawing, and of the matrix for a page.
    """
    return write_page([evidence]) if page else _fragment(evidence)


def write_page(results: Iterable[Evidence | Failure], *, title: str = "Alignment") -> str:
    """Return one page for many results; a reader steps through them, searches them and sees which failed and why.

    The page loads nothing: its content security policy admits only its own script and style, by their hashes.

    Args:
        results: in the order in which they are listed; each is called by its id, if it has one.
        title: the heading.

    >>> from latentalign.testing.examples import passport
    >>> write_page([passport()], title="<b>").count("<h1>&lt;b&gt;</h1>")
    1
    """
    style, script = _asset("page.css"), '"use strict";\n' + "\n".join(map(_asset, SCRIPTS))
    return Template(_asset("page.html")).substitute(
        policy=f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'",
        title=escape(printable(title)),
        style=style,
        script=script,
        records=as_json(list(map(as_record, results))),
    )


def as_json(value: object) -> str:
    r"""Return JSON that may stand in a script element of an HTML page.

    >>> as_json("</script>\u2028")
    '"\\u003c/script\\u003e\\u2028"'
    """
    dense = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", dense)


@cache
def _asset(name: str) -> str:
    return (resources.files("latentalign.formats") / "assets" / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _fragment(evidence: Evidence) -> str:
    """Return the drawing and its links as a table; no scripts, no identifiers."""
    pairs = evidence.pairs()
    rows = "".join(
        f'<tr><td dir="auto">{_cell(source)}</td><td dir="auto">{_cell(target)}</td><td>{weight:.3f}</td></tr>'
        for source, target, weight in pairs[:ROWS]
    )
    more = f"<p>The first {ROWS} of {len(pairs)} links.</p>" if len(pairs) > ROWS else ""
    return (
        f'<div class="latentalign" style="max-height:36em;overflow:auto">{svg.write(evidence)}'
        f"<details><summary>Links as a table</summary><table><thead><tr><th>Source</th><th>Target</th><th>Weight</th>"
        f"</tr></thead><tbody>{rows}</tbody></table>{more}</details></div>"
    )


def _cell(text: str) -> str:
    return escape(printable(clipped(text, length=200)))
