"""A drawing of one alignment for a README or a paper: words, ribbons, and rings on what aligns to nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Literal

from latentalign.errors import InputError
from latentalign.formats.drawing import columns, rows
from latentalign.formats.drawing.glyphs import advance, clipped, printable
from latentalign.formats.drawing.layout import Layout, Side
from latentalign.formats.drawing.pieces import in_columns, pieces
from latentalign.formats.drawing.ribbons import Ribbon, ribbons
from latentalign.formats.drawing.weights import share
from latentalign.text.spans import Evidence

LIGHT = {"card": "#ffffff", "line": "#d9dde3", "ink": "#1b2027", "mute": "#687280", "link": "#0072b2"}
DARK = {"card": "#14181d", "line": "#363d47", "ink": "#e7eaee", "mute": "#9aa4b1", "link": "#56b4e9"}
MARGIN, LEGEND, RADIUS = 24.0, 34.0, 3.5
SEEN = 0.15  # the least NULL mass that gets a ring


def write(
    evidence: Evidence,
    *,
    threshold: float = 0.0,
    width: int = 880,
    theme: Literal["auto", "light", "dark"] = "auto",
    background: bool = True,
) -> str:
    """Return a self-contained SVG drawing of the links.

    The width of a ribbon at each end is the weight as a share of that unit's mass, its opacity grows with the weight.
    A ring at the outer side of a unit is filled by the mass that aligns to nothing; a unit that aligns to nothing by a
    half or more is faded. Words stand in lines, sentences in two columns.

    Args:
        evidence: what to draw.
        threshold: links below this weight are left out, in [0, 1].
        width: the widest the drawing may become, in pixels; at least 240.
        theme: ``auto`` follows the reader's colour scheme.
        background: False leaves out the card, for a page whose background fits the theme.

    Raises:
        InputError: the width is too small, or the theme is unknown.

    Cost: linear in units and links; about 1 ms for 40 words.

    >>> from latentalign.testing.examples import passport
    >>> write(passport())[:39]
    '<svg xmlns="http://www.w3.org/2000/svg"'
    """
    if width < 240:
        raise InputError(wanted="at least 240 pixels", came=repr(width), where="width")
    if theme not in ("auto", "light", "dark"):
        raise InputError(wanted="auto, light or dark", came=repr(theme), where="theme")
    links = [(i, j, mass) for i, j, weight in evidence.indexed_links() if (mass := share(weight)) >= threshold]
    layout = (columns if in_columns(evidence) else rows).arrange(
        pieces(evidence.source, evidence.source_spans),
        pieces(evidence.target, evidence.target_spans),
        links,
        limit=width - 2 * MARGIN,
    )
    legend = _legend(evidence, len(links))
    wide = max(layout.width, advance(legend, size=12.0) + 130.0) + 2 * MARGIN
    high = layout.height + 2 * MARGIN + LEGEND
    colours = DARK if theme == "dark" else LIGHT
    body = [
        *_card(wide, high, colours, background=background),
        f'<g transform="translate({(wide - layout.width) / 2:.1f} {MARGIN:.1f})">',
        *_ribbons(ribbons(layout, links), evidence, colours),
        *_side(layout.source, evidence.null_source, layout, colours),
        *_side(layout.target, evidence.null_target, layout, colours),
        "</g>",
        *_footer(legend, wide, high, colours),
    ]
    style = _dark_style() if theme == "auto" else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" width="{wide:.0f}" '
        f'height="{high:.0f}" role="img" aria-label="{_safe(_summary(evidence, len(links)))}" '
        f'font-family="Helvetica, Arial, sans-serif">{style}{"".join(body)}</svg>\n'
    )


def _safe(text: str) -> str:
    return escape(printable(text), quote=True)


def _dark_style() -> str:
    """Return the dark colours as a style that only this library's classes match; it is the same in every drawing."""
    fills = "".join(f".la-{name}{{fill:{colour}}}" for name, colour in DARK.items() if name != "line")
    rules = f"{fills}.la-card,.la-edge{{stroke:{DARK['line']}}}.la-ring{{stroke:{DARK['mute']}}}"
    return f"<style>@media(prefers-color-scheme:dark){{{rules}}}</style>"


def _card(wide: float, high: float, colours: dict[str, str], *, background: bool) -> Iterator[str]:
    if background:
        yield (
            f'<rect class="la-card" x=".5" y=".5" width="{wide - 1:.0f}" height="{high - 1:.0f}" rx="6" '
            f'fill="{colours["card"]}" stroke="{colours["line"]}"/>'
        )


def _ribbons(found: Sequence[Ribbon], evidence: Evidence, colours: dict[str, str]) -> Iterator[str]:
    """Draw the ribbons, the weakest first, each with its words and weight as a title."""
    yield f'<g class="la-link" fill="{colours["link"]}">'
    for ribbon in sorted(found, key=lambda ribbon: ribbon.weight):
        source = clipped(evidence.source_spans[ribbon.source].of(evidence.source), length=80)
        target = clipped(evidence.target_spans[ribbon.target].of(evidence.target), length=80)
        yield (
            f'<path d="{ribbon.path}" fill-opacity="{0.14 + 0.5 * ribbon.weight:.2f}">'
            f"<title>{_safe(source)} – {_safe(target)}: {ribbon.weight:.2f}</title></path>"
        )
    yield "</g>"


def _side(side: Side, null: Sequence[float], layout: Layout, colours: dict[str, str]) -> Iterator[str]:
    """Draw the words of one text and the rings of those that align to nothing."""
    size = columns.SIZE if layout.across else rows.SIZE
    direction = ' direction="rtl"' if side.right_to_left else ""
    yield f'<g font-size="{size}"{direction}>'
    for x, y, text, anchor, unit in side.labels:
        faded = unit < 0 or share(null[unit]) >= 0.5
        name = "mute" if faded else "ink"
        middle = ' text-anchor="middle"' if anchor == "middle" else ""
        yield f'<text class="la-{name}" x="{x:.1f}" y="{y:.1f}"{middle} fill="{colours[name]}">{escape(text)}</text>'
    if layout.across:
        yield from _edges(side, colours)
    yield f'</g><g class="la-ring" fill="none" stroke="{colours["mute"]}" stroke-width="1.6">'
    for port, mass in zip(side.ports, null, strict=True):
        yield from _ring(port.ring_x, port.ring_y, share(mass))
    yield "</g>"


def _edges(side: Side, colours: dict[str, str]) -> Iterator[str]:
    """Draw a line beside each sentence, as long as the sentence is high."""
    for port in side.ports:
        top = port.y - port.extent / 2
        yield f'<path class="la-edge" d="M{port.x:.1f} {top:.1f}v{port.extent:.1f}" stroke="{colours["line"]}"/>'


def _ring(x: float, y: float, mass: float) -> Iterator[str]:
    """Draw a ring whose bold part is the mass, clockwise from the top; nothing where there is hardly any."""
    if mass >= SEEN:
        around = 2 * math.pi * RADIUS
        place = f'cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}"'
        yield f'<circle {place} stroke-opacity=".3"/>'
        yield (
            f'<circle {place} stroke-dasharray="{mass * around:.1f} {around:.1f}" '
            f'transform="rotate(-90 {x:.1f} {y:.1f})"><title>aligned to nothing: {mass:.2f}</title></circle>'
        )


def _legend(evidence: Evidence, count: int) -> str:
    return f"{evidence.family} · score {evidence.score:.4g} · {count} link{'s' * (count != 1)}"


def _summary(evidence: Evidence, count: int) -> str:
    source, target = (clipped(text, length=200) for text in (evidence.source, evidence.target))
    return f"Alignment of “{source}” and “{target}”: {_legend(evidence, count)}"


def _footer(legend: str, wide: float, high: float, colours: dict[str, str]) -> Iterator[str]:
    """Draw the line that says how the drawing came about and what a ring means."""
    y = high - 20
    note = "aligned to nothing"
    start = wide - MARGIN - advance(note, size=12.0)
    yield f'<g class="la-mute" fill="{colours["mute"]}" font-size="12">'
    yield f'<text x="{MARGIN:.0f}" y="{y:.1f}">{_safe(legend)}</text>'
    yield f'<text x="{start:.1f}" y="{y:.1f}">{note}</text></g>'
    yield f'<g class="la-ring" fill="none" stroke="{colours["mute"]}" stroke-width="1.6">'
    yield f'<circle cx="{start - 10:.1f}" cy="{y - 4:.1f}" r="{RADIUS}"/></g>'
