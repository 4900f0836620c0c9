"""Start-up, throughput and memory of ``latentalign align``, beside simalign with the same weights.

    python -m benchmarks.speed --data DIR

Every figure is of a whole process. Throughput runs both systems one after the other on the same pairs, with the same
number of threads and the same MiniLM weights; ``inter`` is simalign's fastest method, ``mai`` its default.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.report import write_table

SIMALIGN = """
import json, sys, time, torch
torch.set_num_threads(int(sys.argv[1]))
from simalign import SentenceAligner
aligner = SentenceAligner(model=sys.argv[2], token_type="word", matching_methods=sys.argv[3], device="cpu", layer=6)
pairs = [line.rstrip("\\n").split("\\t") for line in open(sys.argv[4], encoding="utf-8")]
aligner.get_word_aligns(*pairs[0])
start = time.perf_counter()
for source, target in pairs:
    aligner.get_word_aligns(source, target)
print(json.dumps(len(pairs) / (time.perf_counter() - start)))
"""
OURS = """
import json, sys, time, torch
torch.set_num_threads(int(sys.argv[1]))
from latentalign import Aligner
from latentalign.formats.parallel import read
aligner = Aligner.load(**json.loads(sys.argv[3]))
pairs = list(read(sys.argv[2], tokenized=True))
list(aligner.align_many(pairs[:1]))
start = time.perf_counter()
for _ in aligner.align_many(pairs):
    pass
print(json.dumps(len(pairs) / (time.perf_counter() - start)))
"""


def main() -> None:
    """Measure and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", choices=("start", "pairs", "memory"), help="one of the tables")
    options = parser.parse_args()
    command = f"python -m benchmarks.speed --data DIR --pairs {options.pairs} --threads {options.threads}"
    with tempfile.TemporaryDirectory() as folder:
        if options.only in (None, "start"):
            write_table("speed-start", start_up(), command=command)
        if options.only in (None, "pairs"):
            write_table("speed-pairs", throughput(options, Path(folder)), command=command)
        if options.only in (None, "memory"):
            write_table("speed-memory", memory(options, Path(folder)), command=command)


def start_up() -> list[dict[str, Any]]:
    """Return the wall time of ``--help`` and of one pair from a cold start, the median of five runs."""
    program = [sys.executable, "-m", "latentalign"]
    one = [*program, "align", "Where can I renew my travel document?", "Passports are renewed at the city office."]
    return [
        {"command": name, "median s": median(wall(arguments) for _ in range(5)), "asked": asked}
        for name, arguments, asked in (
            ("latentalign --help", [*program, "--help"], "under 0.4"),
            ("latentalign align, one pair", one, "under 6"),
        )
    ]


def throughput(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Return pairs per second of both systems, model loaded and one pair aligned before the clock starts."""
    from latentalign.models.checkpoints import resolve

    model, threads = str(resolve(None).path), str(options.threads)
    file = folder / "pairs.tsv"
    write_pairs(file, itertools.islice(short_pairs(options.data), options.pairs))
    words = sum(len(line.split()) for line in file.read_text(encoding="utf-8").splitlines())
    runs: dict[str, list[str]] = {
        "simalign 0.4, inter": ["-c", SIMALIGN, threads, model, "a", str(file)],
        "latentalign, agreement of softmax": ["-c", OURS, threads, str(file), json.dumps({"family": AGREEMENT})],
        "latentalign, default": ["-c", OURS, threads, str(file), "{}"],
        "simalign 0.4, mai (its default)": ["-c", SIMALIGN, threads, model, "mai", str(file)],
    }
    speed = {name: float(run_json([sys.executable, *arguments])) for name, arguments in runs.items()}
    base = speed["simalign 0.4, inter"]
    return [
        {"system": name, "pairs": options.pairs, "words a pair": words / options.pairs, "pairs/s": x, "ratio": x / base}
        for name, x in speed.items()
    ]


AGREEMENT = {
    "name": "agreement",
    "forward": {"name": "independent"},
    "backward": {"name": "independent"},
}


def memory(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Return the peak memory of the command line on streams of 10k and 100k pairs and on two long texts."""
    rows = []
    for name, model in (("MiniLM", []), ("en-fr", ["--model", "en-fr"])):
        for count in (10_000, 100_000):
            file = folder / f"{count}.tsv"
            write_pairs(file, itertools.islice(itertools.cycle(list(tiny_pairs(options.data))), count))
            used = peak(["align", str(file), *model], folder)
            rows.append({"input": f"{count:,} short pairs, streamed, {name}", "peak MB": used})
    for side in ("a", "b"):
        (folder / f"{side}.txt").write_text(long_text(options.data, words=20_000, skip=side == "b"), encoding="utf-8")
    program = (
        "from pathlib import Path; import sys; from latentalign import Aligner;"
        "evidence = Aligner.load(level='sentence').align(*(Path(name).read_text() for name in sys.argv[1:]));"
        "assert evidence.links"
    )
    arguments = [sys.executable, "-c", program, str(folder / "a.txt"), str(folder / "b.txt")]
    rows.append({"input": "two texts of 20,000 words, sentences", "peak MB": peak_of(arguments, folder)})
    return rows


def short_pairs(data: Path) -> Iterator[tuple[str, str]]:
    """Yield the pairs of the similarity sets, tokenised at spaces."""
    for path in sorted((data / "academic" / "semeval-sts").glob("*.tsv.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                sides = [" ".join(text.split()) for text in line.rstrip("\n").split("\t")[1:3]]
                if len(sides) == 2 and all(sides):
                    yield sides[0], sides[1]


def tiny_pairs(data: Path) -> Iterator[tuple[str, str]]:
    """Yield short translated sentences."""
    with gzip.open(data / "translation" / "tatoeba-en-fr" / "train.tsv.gz", "rt", encoding="utf-8") as file:
        for line in itertools.islice(file, 20_000):
            source, target = line.rstrip("\n").split("\t")[:2]
            yield source, target


def long_text(data: Path, *, words: int, skip: bool) -> str:
    """Return the abstracts of papers one after the other, up to a number of words."""
    found: list[str] = []
    with gzip.open(data / "summarization" / "scitldr-a" / "train.jsonl.gz", "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            found += " ".join(row["source"][1:] if skip else row["source"]).split()
            if len(found) >= words:
                break
    return " ".join(found[:words])


def write_pairs(file: Path, pairs: Iterator[tuple[str, str]]) -> None:
    """Write pairs as tab-separated lines."""
    file.write_text("".join(f"{source}\t{target}\n" for source, target in pairs), encoding="utf-8")


def wall(arguments: list[str]) -> float:
    """Return the wall seconds of one process."""
    start = time.perf_counter()
    subprocess.run(arguments, check=True, capture_output=True)
    return time.perf_counter() - start


def median(values: Iterator[float]) -> float:
    """Return the median."""
    found = sorted(values)
    return found[len(found) // 2]


def run_json(arguments: list[str]) -> Any:
    """Return the JSON on the last line that a process prints."""
    done = subprocess.run(arguments, check=True, capture_output=True, text=True, env=offline())
    return json.loads(done.stdout.splitlines()[-1])


def peak(arguments: list[str], folder: Path) -> float:
    """Return the peak resident megabytes of one command."""
    return peak_of([sys.executable, "-m", "latentalign", *arguments], folder)


def peak_of(arguments: list[str], folder: Path) -> float:
    """Return the peak resident megabytes of one process, by way of a child that reports on its own child."""
    program = (
        "import resource, subprocess, sys;"
        "subprocess.run(sys.argv[2:], check=True, stdout=open(sys.argv[1], 'w'));"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    return float(run_json([sys.executable, "-c", program, str(folder / "out"), *arguments]))


def offline() -> dict[str, str]:
    """Return the environment with the hub switched off."""
    return {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}


if __name__ == "__main__":
    main()
