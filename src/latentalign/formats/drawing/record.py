"""One result as the page reads it: pieces of text, weights, and the matrix in one byte a cell."""

from __future__ import annotations

import base64
import math
from typing import Any

from latentalign.formats.drawing.glyphs import is_right_to_left, printable
from latentalign.formats.drawing.pieces import in_columns, pieces
from latentalign.formats.drawing.weights import share
from latentalign.text.pairs import Failure
from latentalign.text.spans import Evidence, Span

LARGEST = 512  # rows and columns of a matrix on the page; a larger one keeps the maximum of each block
WEAKEST = 0.05  # cells of the matrix that the threshold may bring in


def as_record(result: Evidence | Failure) -> dict[str, Any]:
    """Return a result as JSON types.

    ``links`` are the evidence's own. ``weaker`` are the other cells of its matrix, shown only when the reader lowers
    the threshold below ``cut``, the least weight among the links.
    """
    label = None if result.id is None else printable(result.id)
    if isinstance(result, Failure):
        return {"name": label, "error": printable(str(result.error))}
    links = [[i, j, round(share(weight), 4)] for i, j, weight in result.indexed_links()]
    cut = min((weight for _, _, weight in links), default=1.0)
    matrix, weaker = _matrix(result, links)
    return {
        "name": label,
        "family": printable(result.family),
        "score": f"{result.score:.4g}",
        "across": in_columns(result),
        "source": _side(result.source, result.source_spans, result.null_source),
        "target": _side(result.target, result.target_spans, result.null_target),
        "links": links,
        "weaker": weaker,
        "cut": math.floor(round(cut * 100, 2)) / 100,
        "matrix": matrix,
    }


def _side(text: str, spans: tuple[Span, ...], null: tuple[float, ...]) -> dict[str, Any]:
    return {
        "pieces": pieces(text, spans),
        "null": [round(share(mass), 4) for mass in null],
        "rtl": is_right_to_left(text),
    }


def _matrix(evidence: Evidence, links: list[list[Any]]) -> tuple[dict[str, Any] | None, list[list[Any]]]:
    """Return the matrix, made smaller where it is too large, and its cells that are no links and not too weak."""
    import numpy as np

    shape = (len(evidence.source_spans), len(evidence.target_spans))
    if 0 in shape:
        return None, []
    if evidence.matrix:
        cells = np.asarray(evidence.matrix).clip(0.0, 1.0)
    else:
        cells = np.zeros(shape)
        for i, j, weight in links:
            cells[i, j] = weight
    step = [-(-side // LARGEST) for side in shape]
    padded = np.pad(cells, [(0, -side % block) for side, block in zip(shape, step, strict=True)])
    small = padded.reshape(padded.shape[0] // step[0], step[0], -1, step[1]).max(axis=(1, 3))
    top = float(small.max()) or 1.0
    packed = base64.b64encode(np.rint(small / top * 255).astype(np.uint8).tobytes()).decode()
    for i, j, _ in links:
        cells[i, j] = 0.0
    order = np.argsort(-cells, axis=None, kind="stable")[: 4 * sum(shape)]
    return (
        {"rows": small.shape[0], "columns": small.shape[1], "step": step, "top": round(top, 4), "cells": packed},
        [
            [int(i), int(j), round(float(cells[i, j]), 4)]
            for i, j in zip(*np.unravel_index(order, shape), strict=True)
            if cells[i, j] >= WEAKEST
        ],
    )
