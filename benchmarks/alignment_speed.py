"""Pairs of new text a second: the packaged model beside fast_align, simalign and awesome-align, one thread each.

    python -m benchmarks.alignment_speed --data DIR --peers-python PYTHON [--pairs 2000]

The text is the last part of Multi30k, which no model here was trained on. fast_align has been trained on the first
5,000 captions; the two that need an encoder get one of MiniLM's size (simalign MiniLM itself, awesome-align random
weights of that shape), which says nothing of their error rates. A peer that cannot be imported is left out with the
reason: simalign and awesome-align in this environment, systran-align in the other one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.alignment_sets import multi30k
from benchmarks.report import write_table

OURS = """
import json, sys, time, torch
torch.set_num_threads(1)
from latentalign.tasks.alignment.statistical_aligner import StatisticalAligner
from latentalign.text.pairs import TextPair
aligner = StatisticalAligner.load("en-fr")
rows = [line.rstrip("\\n").split("\\t") for line in open(sys.argv[1], encoding="utf-8")]
pairs = [TextPair.from_words(source.split(), target.split()) for source, target in rows]
list(aligner.align_many(pairs[:2]))
start = time.process_time()
for _ in aligner.align_many(pairs):
    pass
print(json.dumps(time.process_time() - start))
"""
FAST_ALIGN = """
import json, sys, tempfile, time, systran_align
lines = [line.rstrip("\\n").replace("\\t", " ||| ") for line in open(sys.argv[2], encoding="utf-8")]
with tempfile.TemporaryDirectory() as folder:
    with open(folder + "/text", "w", encoding="utf-8") as file:
        file.write("\\n".join(lines) + "\\n")
    systran_align.generate_alignment_probabilities(
        folder + "/text", folder + "/f", folder + "/r", favor_diagonal=True, variational_bayes=True
    )
    aligner = systran_align.Aligner(folder + "/f", folder + "/r")
rows = [line.rstrip("\\n").split("\\t") for line in open(sys.argv[1], encoding="utf-8")]
pairs = [(source.split(), target.split()) for source, target in rows]
start = time.process_time()
for source, target in pairs:
    aligner.align(source, target)
print(json.dumps(time.process_time() - start))
"""
SIMALIGN = """
import json, sys, time, torch
torch.set_num_threads(1)
from simalign import SentenceAligner
from latentalign.models.checkpoints import resolve
aligner = SentenceAligner(
    model=str(resolve(None).path), token_type="bpe", matching_methods="a", device="cpu", layer=6
)
rows = [line.rstrip("\\n").split("\\t") for line in open(sys.argv[1], encoding="utf-8")]
aligner.get_word_aligns(*rows[0])
start = time.process_time()
for source, target in rows:
    aligner.get_word_aligns(source, target)
print(json.dumps(time.process_time() - start))
"""
AWESOME_ALIGN = """
import argparse, json, sys, tempfile, time, torch
torch.set_num_threads(1)
from awesome_align.configuration_bert import BertConfig
from awesome_align.modeling import BertForMaskedLM
from awesome_align.run_align import word_align
from awesome_align.tokenization_bert import BertTokenizer
from latentalign.models.checkpoints import resolve
folder = resolve(None).path
shape = json.loads((folder / "config.json").read_text())
names = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
model = BertForMaskedLM(BertConfig(**{name: shape[name] for name in names}))
tokenizer = BertTokenizer(str(folder / "vocab.txt"), do_lower_case=True)
with tempfile.TemporaryDirectory() as out:
    with open(sys.argv[1], encoding="utf-8") as rows, open(out + "/in", "w", encoding="utf-8") as file:
        file.writelines(row.replace("\\t", " ||| ") for row in rows)
    options = argparse.Namespace(
        data_file=out + "/in", output_file=out + "/out", batch_size=32, num_workers=0, device="cpu", align_layer=5,
        extraction="softmax", softmax_threshold=0.001, output_prob_file=None, output_word_file=None,
    )
    start = time.process_time()
    word_align(options, model, tokenizer)
print(json.dumps(time.process_time() - start))
"""


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--peers-python", help="a Python in which systran-align is installed")
    options = parser.parse_args()
    text = multi30k(options.data, "en", "fr")
    with tempfile.TemporaryDirectory() as folder:
        new, known = (Path(folder) / name for name in ("new.tsv", "known.tsv"))
        for path, pairs in ((new, text[-options.pairs :]), (known, text[:5000])):
            path.write_text("".join(f"{' '.join(s)}\t{' '.join(t)}\n" for s, t in pairs), encoding="utf-8")
        here, there = sys.executable, options.peers_python
        jobs = [
            ("latentalign, en-fr", here, OURS),
            ("fast_align", there, FAST_ALIGN),
            ("simalign, inter, MiniLM", here, SIMALIGN),
            ("awesome-align, random encoder of MiniLM's size", here, AWESOME_ALIGN),
        ]
        seconds = {name: timed(name, [python, "-c", program, new, known]) for name, python, program in jobs if python}
    rows: list[dict[str, Any]] = [
        {
            "system": name,
            "pairs": options.pairs,
            "CPU s": round(taken, 2),
            "pairs a CPU s": round(options.pairs / taken),
        }
        for name, taken in seconds.items()
        if taken
    ]
    command = f"python -m benchmarks.alignment_speed --data DIR --pairs {options.pairs} --peers-python PYTHON"
    write_table("alignment-speed", rows, command=command)


def timed(name: str, command: list[Any]) -> float | None:
    """Return the CPU seconds that a program prints, or None, with the reason, if what it needs is not there."""
    run = subprocess.run([str(part) for part in command], capture_output=True, check=False, text=True)
    if run.returncode:
        print(f"{name} is left out: {run.stderr.strip().splitlines()[-1]}")
        return None
    return float(run.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
