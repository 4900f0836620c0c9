"""A linear map of the frozen states that a corpus teaches without labels: does it help on its own queries?

python -m benchmarks.adapted_projection --data DIR [--cache DIR]

The map $x + A x$ begins at the identity and learns, by cross-entropy over a batch of values of words and wholes, to
tell the rest of a document by its title. A tenth of the pairs is held out.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.report import write_table
from benchmarks.retrieval_sets import CLASSIC, Collection, indexed, read_classic
from latentalign.index.joining import joined
from latentalign.index.query import Query
from latentalign.index.segment import Segment
from latentalign.index.settings import IndexSettings
from latentalign.index.store import Index
from latentalign.index.vectors import Array, normalized
from latentalign.metrics.ranking import average_precision, ndcg
from latentalign.tasks.retrieval.search import Searcher

BATCH, TEMPERATURE = 24, 0.05
Side = tuple[Tensor, Tensor]
"""(word, feature) states of a text and the (feature,) vector of the whole."""


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, help="a folder that keeps indexes between runs")
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    collection = read_classic(options.data, CLASSIC["Cranfield"])
    with tempfile.TemporaryDirectory() as folder:
        index = indexed(collection, options.cache or Path(folder))
        (segment,) = index.snapshot().segments
        queries = {name: Query.of(text, index.settings, index.scorer) for name, text in collection.queries.items()}
        pairs = titled(segment, index)
        held, taught = pairs[::10], [one for place, one in enumerate(pairs) if place % 10]
        rows = [row("none", np.eye(segment.states.shape[1], dtype=np.float32), held, segment, queries, collection)]
        for rate in (1e-4, 1e-3, 3e-3):
            found = learned(taught, rate=rate, epochs=options.epochs)
            name = f"learned, rate {rate:g}"
            rows.append(row(name, found, held, segment, queries, collection))
            print(rows[-1], flush=True)
    write_table("adapted-projection", rows, command="python -m benchmarks.adapted_projection --data DIR")


def titled(segment: Segment, index: Index) -> list[tuple[Side, Side]]:
    """Return each title with the rest of its document; states are those of the document as a whole."""
    found = []
    for number in range(len(segment.passages)):
        text = segment.document(number).text
        end = text.find(" . ")
        begin, stop = segment.bounds[number : number + 2].tolist()
        inside = (segment.word_spans(number)[:, 1] <= end).sum()
        if 3 <= inside <= (stop - begin) // 2:
            title = Query.of(text[:end], index.settings, index.scorer)
            body = torch.from_numpy(np.asarray(segment.states[begin + inside : stop], dtype=np.float32))
            whole = F.normalize(body.mean(dim=0), dim=0)
            found.append(((torch.from_numpy(title.states), torch.from_numpy(title.vector)), (body, whole)))
    return found


def learned(pairs: Sequence[tuple[Side, Side]], *, rate: float, epochs: int) -> Array:
    """Return the map, as a matrix that states are multiplied with."""
    features = pairs[0][0][0].shape[1]
    addition = torch.zeros(features, features, requires_grad=True)
    optimizer = torch.optim.AdamW([addition], lr=rate, weight_decay=0.1)
    generator = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        for some in torch.randperm(len(pairs), generator=generator).split(BATCH):
            chosen = [pairs[place] for place in some.tolist()]
            values = scores(chosen, torch.eye(features) + addition)
            loss = F.cross_entropy(values, torch.arange(len(chosen)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return (torch.eye(features) + addition).detach().numpy()


def scores(pairs: Sequence[tuple[Side, Side]], turned: Tensor) -> Tensor:
    """Return (title, body) the mean of the best cosines of the words, plus the cosine of the wholes, over T."""
    bodies = [F.normalize(body @ turned, dim=-1) for _, (body, _) in pairs]
    padded = torch.nn.utils.rnn.pad_sequence(bodies, batch_first=True)
    wholes = F.normalize(torch.stack([whole for _, (_, whole) in pairs]) @ turned, dim=-1)
    rows = []
    for (states, vector), _ in pairs:
        words = F.normalize(states @ turned, dim=-1) @ padded.flatten(0, 1).T
        best = words.view(len(states), len(pairs), -1).amax(dim=-1).mean(dim=0)
        rows.append((best + wholes @ F.normalize(vector @ turned, dim=-1)) / TEMPERATURE)
    return torch.stack(rows)


def row(
    name: str,
    turned: Array,
    held: Sequence[tuple[Side, Side]],
    segment: Segment,
    queries: dict[str, Query],
    collection: Collection,
) -> dict[str, Any]:
    """Return the figures of a map."""
    with torch.inference_mode():
        values = scores(held, torch.from_numpy(turned))
        right = (values.argmax(dim=1) == torch.arange(len(held))).float().mean()
        loss = F.cross_entropy(values, torch.arange(len(held)))
    content = joined([segment])
    states = normalized(np.asarray(segment.states, dtype=np.float32) @ turned).astype(np.float16)
    vectors = normalized(np.asarray(segment.vectors, dtype=np.float32) @ turned)
    made = replace(content, states=[(states, np.ones(len(states), dtype=np.bool_))], vectors=vectors)
    with tempfile.TemporaryDirectory() as folder:
        index = Index.create(Path(folder) / "i", IndexSettings())
        index.add_content(made)
        ranker = Searcher.load(index.path).ranker
        orders = {}
        for one, query in queries.items():
            moved = replace(query, states=normalized(query.states @ turned), vector=normalized(query.vector @ turned))
            orders[one] = ranker.rank(moved, allowed=ranker.corpus.live, exact=True).passages.tolist()
    pairs = [([segment.ids[place] for place in order], collection.relevant[one]) for one, order in orders.items()]
    return {
        "map": name,
        "held-out titles, R@1": round(float(right), 4),
        "held-out titles, loss": round(float(loss), 4),
        "nDCG@10": mean(ndcg(order, one) for order, one in pairs),
        "MAP": mean(average_precision(order, one) for order, one in pairs),
    }


if __name__ == "__main__":
    main()
