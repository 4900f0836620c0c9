"""``latentalign classify``: texts in, the category that explains each, with evidence, or an abstention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentalign.cli import options
from latentalign.cli import sections as sections_command
from latentalign.cli.options import OnError
from latentalign.cli.output import json_line, opened, progress, settled
from latentalign.cli.texts import names_file, read_texts
from latentalign.errors import InputError

if TYPE_CHECKING:
    from latentalign.tasks.classification.result import Classification
    from latentalign.text.pairs import Failure


def classify(
    texts: Annotated[
        list[str], typer.Argument(help="Texts; or one file, a text a line or JSON lines; or - for stdin.")
    ],
    label: Annotated[
        list[str] | None, typer.Option("--label", "-l", help='A category, as "refund=wants the money back"; repeat it.')
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Categories in a file: TOML or JSON table, or rows of text and label.")
    ] = None,
    model: Annotated[
        Path | None, typer.Option(help="The folder of a trained classifier; default MiniLM as it is.")
    ] = None,
    several: Annotated[
        bool, typer.Option("--several", "--multi-label", help="A text may have several labels, or none.")
    ] = False,
    sections: Annotated[
        bool,
        typer.Option("--sections", help="Texts are documents: the section of each sentence, sections in their order."),
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many categories are ranked.")] = 5,
    column: Annotated[str, typer.Option(help="The key of the text in JSON lines.")] = "text",
    json: options.Json = False,
    output: options.Output = None,
    on_error: options.OnErrorOption = OnError.null,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A setting, as aligned=32 or spelling=true.")] = None,
) -> int:
    """Say which category explains a text, which words carry it, and whether any category does.

    Examples:

      latentalign classify "I want my money back" -l "refund=wants the money back" -l "thanks=says thank you"

      latentalign classify utterances.txt --model checkpoints/classify-clinc150 --json

      latentalign classify abstracts.txt --sections --model checkpoints/sections-csabstruct
    """
    from dataclasses import replace

    chosen, changes = _labels(label or [], labels), _changes(set_ or [], model, sections=sections)
    if not (chosen or model or sections):
        raise InputError(
            wanted="categories, or a trained classifier",
            came="neither",
            where="classify",
            fix='-l "refund=wants the money back" -l "thanks=says thank you", --labels FILE, or --model FOLDER',
        )
    if sections:
        if several or top != 5:
            raise InputError(wanted="no --several and no --top beside --sections", came="one", where="classify")
        given: dict[str, Any] = {"json": json, "output": output, "on_error": on_error.value}
        return sections_command.run(texts, chosen, model=model, changes=changes, column=column, **given)
    from latentalign.tasks.classification.classify import Classifier

    classifier = replace(Classifier.load(chosen or None, folder=model, several=several, **changes), top=top)
    results, failures = settled(classifier.classify_many(read_texts(texts, column)), on_error=on_error.value)
    with opened(output) as out:
        out.writelines(_written(progress(results, "texts"), json=json, alone=not names_file(texts)))
    return 3 if failures else 0


def _labels(label: list[str], labels: Path | None) -> dict[str, Any]:
    from latentalign.tasks.classification.label_file import read_labels

    found: dict[str, Any] = {} if labels is None else dict(read_labels(labels))
    for text in label:
        name, equals, description = text.partition("=")
        if not equals or not name.strip() or not description.strip():
            raise InputError(wanted="name=description", came=repr(text), where="--label")
        found[name.strip()] = description.strip()
    return found


def _changes(overrides: list[str], model: Path | None, *, sections: bool) -> dict[str, Any]:
    from latentalign import config

    changes = config.overrides(overrides)
    if model is not None and set(changes) - (set() if sections else {"spelling"}):
        raise InputError(
            wanted="no --set but spelling beside --model, whose settings are those it was trained with",
            came=" ".join(overrides),
        )
    return changes


def _written(results: Iterable[Classification | Failure], *, json: bool, alone: bool) -> Iterator[str]:
    from latentalign.text.pairs import Failure

    for result in results:
        if json:
            yield json_line(result)
        elif isinstance(result, Failure):
            yield "\n"
        else:
            yield _paragraph(result) if alone else _line(result)


def _line(result: Classification) -> str:
    from latentalign.formats.lines import one_line

    chance = result.ranked[0].probability if result.labels else result.nothing
    return f"{one_line(', '.join(result.labels) or '-')}\t{chance:.3f}\t{one_line(result.text)}\n"


def _paragraph(result: Classification) -> str:
    from latentalign.formats.drawing.glyphs import printable

    rows = [f"{', '.join(result.labels) or 'none of these'}"]
    rows += [f"  {one.probability:.3f}  {one.label}" for one in result.ranked]
    rows += [f"  {result.nothing:.3f}  none of these"]
    links = sorted(zip(result.evidence.pairs(), result.shares, strict=True), key=lambda one: -one[1])
    shown = [f"{source} -> {target} ({share:.2f})" for (source, target, _), share in links if share >= 0.05]
    rows += [
        f"  names: {one.span.of(result.text)} = {', '.join(one.concepts)} ({one.carried:+.2f})" for one in result.named
    ]
    rows += [f"  because: {', '.join(shown) or 'of the whole'}", f"  beside: {result.evidence.target}"]
    return "".join(f"{printable(row)}\n" for row in rows)
