"""A recipe for a statistical aligner: which texts, which settings, which gold for its probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from latentalign import registry
from latentalign.errors import InputError
from latentalign.formats import jsonl
from latentalign.models.statistical.calibration import Calibration
from latentalign.models.statistical.settings import StatisticalConfig
from latentalign.tasks.alignment.statistical_aligner import StatisticalAligner
from latentalign.text.pairs import Failure, TextPair

if TYPE_CHECKING:
    from latentalign.training.em import Pass


@dataclass(frozen=True, kw_only=True)
class ParallelText:
    """Files of pairs in the data folder.

    Args:
        reader: an entry of the registry of readers: ``tsv``, ``parallel``, ``jsonl``.
        files: what the reader takes, one file or two; plain or gzipped.
        columns: the keys or column names of the two texts, where they are not ``source`` and ``target``.
        tokenized: the words are what stands between whitespace.
        flip: source and target change places.
    """

    reader: str
    files: tuple[str, ...]
    columns: tuple[str, str] | None = None
    tokenized: bool = False
    flip: bool = False

    def read(self, data: Path) -> Iterator[TextPair | Failure]:
        """Yield the pairs below a data folder."""
        read = registry.readers.load(self.reader)
        named = {} if self.columns is None else {"columns": self.columns}
        for pair in read(*(str(data / name) for name in self.files), tokenized=self.tokenized, **named):
            yield _flipped(pair) if self.flip and isinstance(pair, TextPair) else pair


@dataclass(frozen=True, kw_only=True)
class Gold:
    """JSON lines of pairs with the links that people accept.

    Args:
        file: in the data folder.
        columns: the keys of the two lists of words.
        links: the keys of the links, as [source, target] from 0.
    """

    file: str
    columns: tuple[str, str] = ("src", "tgt")
    links: tuple[str, ...] = ("sure", "possible")


@dataclass(frozen=True, kw_only=True)
class AlignerRecipe:
    """Train a statistical aligner.

    Args:
        texts: what it counts.
        settings: of the model.
        gold: what its probabilities are fitted to; None takes ``calibration``.
        calibration: a curve that was fitted before.
        threads: of the training; the result does not depend on it.
        memory: whether the folder keeps what each training pair has put into the tables.
    """

    texts: tuple[ParallelText, ...]
    settings: StatisticalConfig = field(default_factory=StatisticalConfig)
    gold: Gold | None = None
    calibration: Calibration = field(default_factory=Calibration)
    threads: int = 2
    memory: bool = True

    def run(self, data: Path, output: Path, *, report: Callable[[Pass], None] | None = None) -> StatisticalAligner:
        """Train, fit the probabilities, write the folder, and return the aligner."""
        from dataclasses import replace

        pairs = (pair for text in self.texts for pair in text.read(data) if isinstance(pair, TextPair))
        aligner = StatisticalAligner.train(pairs, self.settings, threads=self.threads, report=report)
        threshold = aligner.threshold if self.settings.threshold is not None else self.calibration.at(aligner.threshold)
        model = replace(aligner.model, calibration=self.calibration)
        aligner = replace(aligner, model=model, threshold=threshold)
        if self.gold is not None:
            aligner = aligner.calibrate(*read_gold(data, self.gold), fitted_on=self.gold.file)
        aligner.save(output, memory=self.memory)
        return aligner


def read_gold(data: Path, gold: Gold) -> tuple[list[TextPair], list[list[tuple[int, int]]]]:
    """Return the pairs of a gold file and their links.

    Raises:
        InputError: the file cannot be read, or a line of it is no pair with links.
    """
    import json

    from latentalign.formats.lines import read_lines

    path = str(data / gold.file)
    pairs = []
    for pair in jsonl.read(path, columns=gold.columns):
        if isinstance(pair, Failure):
            raise pair.error
        pairs.append(pair)
    links = []
    for line in read_lines(path):
        row = json.loads(line.text)
        try:
            links.append([(int(i), int(j)) for key in gold.links for i, j in row[key]])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(wanted=f"links in {', '.join(gold.links)}", came=repr(error), where=path) from error
    return pairs, links


def _flipped(pair: TextPair) -> TextPair:
    return TextPair(
        source=pair.target,
        target=pair.source,
        source_spans=pair.target_spans,
        target_spans=pair.source_spans,
        id=pair.id,
        where=pair.where,
    )
