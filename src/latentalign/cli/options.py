"""The options that several commands share, each with one meaning."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class InputForm(StrEnum):
    """How pairs are read."""

    auto = "auto"
    parallel = "parallel"
    tsv = "tsv"
    jsonl = "jsonl"
    tmx = "tmx"
    xliff = "xliff"


class OnError(StrEnum):
    """What becomes of a record that cannot be used."""

    fail = "fail"
    skip = "skip"
    null = "null"


Source = Annotated[str, typer.Argument(help="A text, a file with one text a line, or - for pairs on stdin.")]
Target = Annotated[str | None, typer.Argument(help="Its translation, text or file; left out for a file of pairs.")]
Model = Annotated[str | None, typer.Option(help="Encoder by name or folder; default MiniLM (English).")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, cuda:1; default the GPU if there is one.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Pairs scored together.")]
Setting = Annotated[
    list[str] | None, typer.Option("--set", help="A setting of the aligner, as family.temperature=0.5.")
]
Links = Annotated[Path | None, typer.Option(help="Take the links from a Pharaoh file, one line a pair; no model.")]
Base = Annotated[int, typer.Option(min=0, max=1, help="The file of links counts words from 0 or from 1.")]
PairForm = Annotated[InputForm, typer.Option("--input-format", help="How pairs are read; auto goes by the file name.")]
Tokenized = Annotated[bool, typer.Option("--tokenized", help="Words are what stands between spaces.")]
OnErrorOption = Annotated[
    OnError, typer.Option("--on-error", help="A bad record: stop, leave it out, or an empty one.")
]
SourceLanguage = Annotated[str | None, typer.Option(help="Language tag of the source in TMX and XLIFF.")]
TargetLanguage = Annotated[str | None, typer.Option(help="Language tag of the target in TMX and XLIFF.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, with the evidence.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write here instead of stdout.")]
