"""Tables between markers in docs/results.md, each with the command, the date and the machine that made it.

A benchmark owns one section, which begins with ``<!-- name:begin -->`` and ends with ``<!-- name:end -->``; running it
again replaces what stands between the two and nothing else.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent.parent / "docs" / "results.md"


def write_table(name: str, rows: Sequence[Mapping[str, Any]], *, command: str, page: Path = RESULTS) -> None:
    """Print a table and write it into its section of a page.

    Args:
        name: of the section, as in its markers.
        rows: one mapping a row, all with the same keys; these are the columns.
        command: what a reader types to get the table again.
        page: the Markdown file.

    Raises:
        LookupError: the page has no such section.
    """
    text = table(rows)
    print(text)
    write_section(name, text, command=command, page=page)


def write_section(name: str, text: str, *, command: str, page: Path = RESULTS) -> None:
    """Write Markdown into a section of a page, with the command, the date and the machine below it.

    Raises:
        LookupError: the page has no such section.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    old = page.read_text(encoding="utf8")
    if old.count(begin) != 1 or old.count(end) != 1:
        raise LookupError(f"{page} wants the two lines\n{begin}\n{end}\nonce each, where the table is to stand")
    note = f"`{command}`, {datetime.datetime.now(datetime.UTC).date()}, {machine()}."
    before, _, rest = old.partition(begin)
    after = rest.partition(end)[2]
    page.write_text(f"{before}{begin}\n{text.strip()}\n\n{note}\n{end}{after}", encoding="utf8")


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as a Markdown table.

    >>> print(table([{"system": "a", "pairs/s": 1234.5, "error": 0.0}, {"system": "b", "pairs/s": 8.0, "error": None}]))
    | system | pairs/s | error |
    |---|---|---|
    | a | 1,234 | 0 |
    | b | 8 | – |
    """
    columns = list(rows[0])
    lines = [columns, *([cell(row[column]) for column in columns] for row in rows)]
    shown = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([shown[0], "|" + "---|" * len(columns), *shown[1:]])


def cell(value: Any) -> str:
    """Return a value as it stands in a table; None is a dash.

    >>> cell(2.5e-13), cell(0.12345), cell(12345.6), cell(True), cell(None)
    ('2.5e-13', '0.1235', '12,346', 'yes', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if not isinstance(value, float):
        return str(value).replace("|", "\\|")
    if value and not 1e-3 <= abs(value) < 1e9:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def machine() -> str:
    """Return what the figures were measured on: processor, cores, system, Python and torch; no names of hosts."""
    import torch

    cpuinfo = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text(encoding="utf8")) if cpuinfo.is_file() else None
    model = found[1].strip() if found else platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ""
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    return f"{model} ({cores} cores){gpu}, {platform.system()}, {versions}"
