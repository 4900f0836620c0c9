"""How long one utterance takes among many examples, and how many candidates a second are valued.

python -m benchmarks.matching --data DIR [--model FOLDER]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

from benchmarks.report import write_table
from latentalign.models.matcher.candidate import Candidate
from latentalign.models.matcher.memory import Memory, read, units_of, vectors
from latentalign.tasks.classify import Classifier
from latentalign.tasks.labelled_texts import LabelledTexts

SIZES = (150, 1_000, 10_000)


def main() -> None:
    """Measure and write the table; processor time, one thread, the models warm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="what `latentalign train` made for CLINC150")
    options = parser.parse_args()
    torch.set_num_threads(1)
    classifier = Classifier.load(folder=options.model)
    rows = LabelledTexts(file="intent/clinc150/data_full.json.gz", key="val").read(options.data)
    texts = [text for text, _ in rows[::60]]
    table = [utterance(classifier, texts)]
    table += [candidates(classifier, texts, size) for size in SIZES]
    write_table("matching-speed", table, command="python -m benchmarks.matching --data DIR --model FOLDER")


def utterance(classifier: Classifier, texts: list[str]) -> dict[str, str | float]:
    """Return how long one text takes from string to answer with evidence, and its encoding alone."""
    count = len(classifier.memory.units)
    return {
        "what": f"one utterance, {len(classifier.labels)} intents, {count:,} examples, with evidence",
        "ms": milliseconds(classifier.classify, texts),
        "of which encoding": milliseconds(lambda text: read([units_of(text)], classifier.matcher.scorer), texts),
        "cosines alone": "",
    }


def candidates(classifier: Classifier, texts: list[str], size: int) -> dict[str, str | float]:
    """Return how long the values of so many candidates of one text each take, beside the cosines of their vectors."""
    memory = classifier.memory
    chosen = [Candidate(name=str(number), texts=(memory.units[number].text,)) for number in range(size)]
    assert memory.states is not None
    tensors = {"pooled": memory.pooled[:size], "states": memory.states[: memory.bounds[size]]}
    few = Memory.restored(chosen, tensors)
    units = {text: units_of(text) for text in texts}
    known = read(list(units.values()), classifier.matcher.scorer)
    return {
        "what": f"values of {size:,} candidates, the text encoded",
        "ms": milliseconds(lambda text: classifier.matcher.values([units[text]], few, known=known), texts),
        "of which encoding": "",
        "cosines alone": milliseconds(lambda text: vectors([units[text]], known) @ few.pooled.T, texts),
    }


def milliseconds(work: Callable[[str], object], texts: list[str]) -> float:
    """Return the median processor time of a piece of work over some texts, in ms, after three to warm up."""
    for text in texts[:3]:
        work(text)
    found = []
    for text in texts:
        began = time.process_time()
        work(text)
        found.append(1e3 * (time.process_time() - began))
    return median(found)


if __name__ == "__main__":
    main()
