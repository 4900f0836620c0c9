"""Disease profiles from files: CSV, TSV, JSON lines, or an annotation table beside an ontology."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from latentalign.errors import InputError
from latentalign.formats.catalogue.concept import Concept
from latentalign.formats.catalogue.reading import load_catalogue
from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import read_lines
from latentalign.models.matcher.profile import Feature, Profile
from latentalign.tasks.diagnosis.frequencies import frequency

NAMES, IDS = ("disease", "disease_name", "profile", "name", "label"), ("id", "disease_id", "database_id")
LISTS, ONES = ("symptoms", "phenotypes", "features", "findings"), ("symptom", "phenotype", "feature", "finding")
Row = Mapping[str, Any]


def read_profiles(path: Path | str, *, terms: Path | str | None = None) -> tuple[Profile, ...]:
    """Return the profiles in a file, in the order of their first line.

    - JSON lines: an object a disease, with its name under ``disease`` (or ``name``, ``label``) and ``symptoms``:
      strings, pairs of a name and a frequency, or objects with ``name``, ``frequency``, ``synonyms`` and ``id``.
    - CSV and TSV with a header: a row a finding (``disease``, ``symptom``, perhaps ``frequency``), or a row a disease
      (``disease``, ``symptoms`` with semicolons between them).
    - An annotation table of the Human Phenotype Ontology (``phenotype.hpoa``), whose findings are ids of ``terms``.

    All may have ``prevalence`` and ``id``. Findings of frequency 0 are left out, and diseases that have no other.

    Args:
        path: plain or gzipped.
        terms: an ontology, in OBO, OWL or any form of ``read_catalogue``; ids are then read as its concepts, whose
            synonyms are known.

    Raises:
        InputError: a file that cannot be read, or a line of it that is no such row.
    """
    place = Path(path)
    ontology = _ontology(terms)
    gathered: dict[str, dict[str, Any]] = {}
    ids: dict[str, str] = {}
    for where, row in _rows(place):
        try:
            _gather(gathered, ids, row, ontology)
        except InputError as error:
            raise InputError(wanted=error.wanted, came=error.came, where=where, fix=error.fix) from error
    found = [_profile(one) for one in gathered.values() if any(some.frequency != 0 for some in one["features"])]
    if not found:
        raise InputError(wanted="at least one disease", came="none", where=str(place))
    return tuple(found)


def _profile(one: Mapping[str, Any]) -> Profile:
    had = tuple(some for some in one["features"] if some.frequency != 0)
    return Profile(name=one["name"], id=one["id"], features=had, prevalence=one["prevalence"])


def _rows(path: Path) -> Iterator[tuple[str, Row]]:
    lines = read_lines(path, may_be_empty=True)
    suffix = Path(path.name.removesuffix(".gz")).suffix
    if suffix in (".jsonl", ".json", ".ndjson"):
        yield from ((line.where, json_object(line)) for line in lines if line.raw.strip())
        return
    rows = [line for line in lines if not line.raw.startswith(b"#")]
    table = csv.DictReader((f"{line.text}\n" for line in rows), delimiter="," if suffix == ".csv" else "\t")
    try:
        for row in table:
            yield rows[table.line_num - 1].where, row
    except csv.Error as error:
        raise InputError(wanted="a table", came=str(error), where=f"{path}:{table.line_num}") from error


def _gather(
    gathered: dict[str, dict[str, Any]], ids: dict[str, str], row: Row, ontology: Mapping[str, Concept]
) -> None:
    """Add a row to the disease that it is of; ``ids`` has the id that was last seen beside each name."""
    if row.get("qualifier") == "NOT" or (row.get("aspect") or "P") != "P":
        return  # what a disease does not have, and inheritance, onset and course, are no findings
    name, key = _text(row, NAMES), _text(row, IDS)
    if name is None:
        raise InputError(wanted=f"a name under one of {', '.join(NAMES)}", came=_keys(row))
    if key is not None and not ids.get(name) and name in gathered:
        gathered[key] = {**gathered.pop(name), "id": key}  # the rows before gave no id
    key = ids[name] = key or ids.get(name, "")
    one = gathered.setdefault(key or name, {"name": name, "id": key or None, "features": [], "prevalence": None})
    given = next((row[field] for field in LISTS if row.get(field)), None)
    if given is not None:
        if not isinstance(given, str | list):
            raise InputError(wanted="a list of findings, or a string of them", came=type(given).__name__)
        items = given.split(";") if isinstance(given, str) else given
        one["features"] += [_feature(item, ontology) for item in items if not isinstance(item, str) or item.strip()]
    elif symptom := _text(row, ("hpo_id", *ONES)):
        if row.get("hpo_id") and not ontology:
            raise InputError(wanted="the ontology whose ids these are", came=symptom, fix="--terms hp.obo")
        one["features"].append(_feature((symptom, row.get("frequency")), ontology))
    else:
        raise InputError(wanted=f"findings under one of {', '.join((*LISTS, *ONES))}", came=_keys(row))
    if row.get("prevalence") not in (None, ""):
        one["prevalence"] = frequency(row["prevalence"])


def _feature(item: Any, ontology: Mapping[str, Concept]) -> Feature:
    table = item
    if isinstance(item, str):
        table = {"name": item}
    elif isinstance(item, Sequence) and 1 <= len(item) <= 2:
        table = {"name": item[0], "frequency": item[1] if len(item) == 2 else None}
    if not isinstance(table, Mapping) or not isinstance(table.get("name"), str):
        raise InputError(wanted="a finding: a string, [name, frequency], or an object", came=repr(item)[:60])
    name = table["name"].strip()
    term = ontology.get(str(table.get("id") or name)) or ontology.get(name.casefold())
    synonyms = table.get("synonyms") or ()
    if not isinstance(synonyms, list | tuple) or not all(isinstance(one, str) for one in synonyms):
        raise InputError(wanted="a list of synonyms", came=repr(synonyms)[:60])
    known = dict.fromkeys(synonyms)
    if term is not None:
        known |= dict.fromkeys(term.names)
        name = term.label if name in (term.id, *term.alternatives) else name
    return Feature(
        name=name,
        frequency=frequency(table.get("frequency")),
        synonyms=tuple(one for one in known if one.strip() and one.casefold() != name.casefold()),
        id=_text(table, ("id",)) or (term.id if term is not None else None),
    )


def _ontology(path: Path | str | None) -> dict[str, Concept]:
    """Return the concepts by id, by other ids, and by folded names and synonyms."""
    if path is None:
        return {}
    concepts = load_catalogue(str(path))
    found: dict[str, Concept] = {}
    for one in concepts:
        found |= dict.fromkeys([one.id, *one.alternatives], one)
    for one in concepts:
        found.setdefault(one.label.casefold(), one)
    for one in concepts:
        for text in one.synonyms:
            found.setdefault(text.casefold(), one)
    return found


def _text(row: Row, keys: Iterable[str]) -> str | None:
    key, found = next(((key, row[key]) for key in keys if row.get(key) not in (None, "")), ("", ""))
    if not isinstance(found, str | int):
        raise InputError(wanted=f"a string under {key!r}", came=type(found).__name__)
    return str(found).strip() or None


def _keys(row: Row) -> str:
    return ", ".join(str(key) for key in row) or "an empty row"
