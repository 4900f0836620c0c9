"""``latentalign diagnose``: symptoms in, ranked disease profiles with evidence, or an abstention. No medical advice."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentalign.cli import options
from latentalign.cli.options import OnError
from latentalign.cli.output import json_line, opened, progress, settled
from latentalign.cli.texts import names_file

if TYPE_CHECKING:
    from latentalign.tasks.diagnosis.case import Case
    from latentalign.tasks.diagnosis.result import Diagnosis, Explained, RankedProfile
    from latentalign.text.pairs import Failure


def diagnose(
    symptoms: Annotated[
        list[str],
        typer.Argument(help="A free text; or several symptoms of one patient; or one file, a patient a line; or -."),
    ],
    profiles: Annotated[
        Path, typer.Option("--profiles", "-p", help="Diseases with findings: CSV, TSV, JSON lines or phenotype.hpoa.")
    ],
    terms: Annotated[
        Path | None, typer.Option(help="An ontology (OBO, OWL, ...): names for ids, and synonyms of findings.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many diseases are ranked.")] = 5,
    missing: Annotated[int, typer.Option(min=0, help="How many missing findings of each are shown.")] = 3,
    cache: Annotated[
        Path | None, typer.Option(help="Where vectors of phrases are kept; default latentalign in the user's cache.")
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Keep no vectors of phrases.")] = False,
    json: options.Json = False,
    output: options.Output = None,
    on_error: options.OnErrorOption = OnError.null,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the diagnoser, as prior_temperature=2.")
    ] = None,
) -> int:
    """Rank disease profiles for symptoms, and say what each explains. Decision support, not medical advice.

    Examples:

      latentalign diagnose "high fever and a stiff neck, but no rash" --profiles diseases.csv

      latentalign diagnose "seizures" "no fever" --profiles phenotype.hpoa --terms hp.obo --json
    """
    from latentalign import config
    from latentalign.tasks.diagnosis.diagnose import Diagnoser

    changes = config.overrides(set_ or [])
    kept = None if no_cache else cache or _user_cache()
    diagnoser = Diagnoser.load(profiles, terms=terms, cache=kept, top=top, **changes)
    results, failures = settled(diagnoser.diagnose_many(_cases(symptoms)), on_error=on_error.value)
    with opened(output) as out:
        out.writelines(_written(progress(results, "patients"), json=json, missing=missing))
    return 3 if failures else 0


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "latentalign"


def _cases(given: list[str]) -> Iterator[Case | Failure]:
    """Yield the one patient of the arguments, or those of a file."""
    from latentalign.formats.policy import attempt
    from latentalign.tasks.diagnosis.case import Case
    from latentalign.tasks.diagnosis.case_file import read_cases

    if names_file(given):
        return read_cases(given[0])
    return iter([attempt(Case.of, given[0] if len(given) == 1 else given)])


def _written(results: Iterable[Diagnosis | Failure], *, json: bool, missing: int) -> Iterator[str]:
    from latentalign.formats.drawing.glyphs import printable
    from latentalign.text.pairs import Failure

    for result in results:
        if json:
            yield json_line(result)
        elif isinstance(result, Failure):
            yield "\n"
        else:
            yield "".join(f"{printable(row)}\n" for row in _paragraph(result, missing))


def _paragraph(result: Diagnosis, missing: int) -> Iterator[str]:
    yield f"{result.label or 'none of these'} ({result.note})"
    for one in result.ranked:
        yield f"  {one.probability:.3f}  {one.name}"
        yield from _reasons(one, missing)
    yield f"  {result.nothing:.3f}  none of these"


def _reasons(one: RankedProfile, missing: int) -> Iterator[str]:
    if one.explained:
        yield f"         explains: {', '.join(map(_link, one.explained))}"
    if one.unexplained:
        yield f"         does not explain: {', '.join(some.text for some in one.unexplained)}"
    if one.contradicted:
        yield f"         denied: {', '.join(map(_link, one.contradicted))}"
    if one.missing and missing:
        more = len(one.missing) - missing
        shown = [some.name for some in one.missing[:missing]]
        yield f"         expected, not mentioned: {', '.join(shown)}{f' and {more} more' if more > 0 else ''}"


def _link(one: Explained) -> str:
    doubt = "?" if one.symptom.state == "uncertain" else ""
    same = one.symptom.text.casefold() == one.finding.name.casefold()
    return f"{one.symptom.text}{doubt}" + ("" if same else f" -> {one.finding.name}") + f" ({one.gain:+.1f})"
