"""``latentalign view``: alignments written by ``align --json`` as one page that works offline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentalign.cli.options import OnError
from latentalign.cli.output import opened, settled


def view(
    file: Annotated[str, typer.Argument(help="Output of `latentalign align --json`, or - for stdin.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The page; default FILE.html.")] = None,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    on_error: Annotated[OnError, typer.Option(help="A broken line: stop, leave it out, or show it.")] = OnError.fail,
) -> int:
    """Write one self-contained HTML page with the alignments of a file, and print where it is."""
    from latentalign.formats.html import write_page
    from latentalign.formats.jsonl import read_evidence

    page = output or (Path("alignments.html") if file == "-" else Path(file).with_suffix(".html"))
    records, failures = settled(read_evidence(file), on_error=on_error.value)
    text = write_page(list(records))
    with opened(page) as out:
        out.write(text)
    if str(page) != "-":
        typer.echo(page)
        if browser:
            import webbrowser

            webbrowser.open(page.resolve().as_uri())
    return 3 if failures else 0
