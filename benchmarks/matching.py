"""How long one utterance takes, how many candidates a second are valued, and what calibration mends.

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
from latentalign.metrics.brier import brier
from latentalign.metrics.calibration_error import calibration_error
from latentalign.models.matcher.calibration import Calibration
from latentalign.models.matcher.candidate import Candidate
from latentalign.models.matcher.memory import Memory, read, units_of, vectors
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.labelled_texts import LabelledTexts
from latentalign.tasks.classification.train_classifier import ClassifierTraining

SIZES = (150, 1_000, 10_000)


def main() -> None:
    """Measure and write the table; processor time, one thread, the models warm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, help="what `latentalign train` made for CLINC150; for the speed alone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    command = "python -m benchmarks.matching --data DIR"
    write_table("matching-calibration", calibrations(options.data), command=command)
    if options.model is None:
        print("speed: left out, it needs --model FOLDER")
        return
    classifier = Classifier.load(folder=options.model)
    rows = LabelledTexts(file="intent/clinc150/data_full.json.gz", key="val").read(options.data)
    texts = [text for text, _ in rows[::60]]
    table = [utterance(classifier, texts)]
    with torch.backends.mkldnn.flags(enabled=False):  # the encoder asks torch's own linear layers then
        plain = utterance(classifier, texts)
    table.append({**plain, "what": "the same, by the linear layers of torch"})
    table += [candidates(classifier, texts, size) for size in SIZES]
    write_table("matching-speed", table, command="python -m benchmarks.matching --data DIR --model FOLDER")


def calibrations(data: Path) -> list[dict[str, str | float]]:
    """Return what the probabilities are worth as they come, by a temperature, and by a rising function on top of it.

    HWU64, ten examples a label, the default encoder as it is; fitted on every second text of the development split,
    measured on the others.
    """
    examples = LabelledTexts(file="intent/hwu64/train.jsonl.gz", label="intent", per_label=10).read(data)
    rows = LabelledTexts(file="intent/hwu64/valid.jsonl.gz", label="intent").read(data)
    made = ClassifierTraining(fine_tune=False).fit(examples)
    values = made.values([text for text, _ in rows])
    told = torch.tensor([made.labels.index(label) for _, label in rows])
    counts = made.memory.counts
    fitted = {
        "as they come": Calibration(),
        "temperature": Calibration.fit(values[::2], told[::2], counts),
        "temperature and rising function": Calibration.fit(values[::2], told[::2], counts, isotonic=True),
    }
    return [
        {"probabilities": name, **_worth(one.shares(values[1::2], counts), told[1::2].tolist())}
        for name, one in fitted.items()
    ]


def _worth(shares: torch.Tensor, told: list[int]) -> dict[str, float]:
    right = [one == other for one, other in zip(shares.argmax(dim=1).tolist(), told, strict=True)]
    return {
        "accuracy": sum(right) / len(right),
        "ECE": calibration_error(shares.amax(dim=1).clamp(0, 1).tolist(), right),
        "Brier": brier(shares.tolist(), told),
    }


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
