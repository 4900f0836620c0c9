"""What MedQuAD and MEDIC say of some diseases: descriptions of labels, sentence by sentence."""

from __future__ import annotations

from pathlib import Path

from latentalign.formats.json_objects import json_object
from latentalign.formats.lines import read_lines

ANSWERS = ("medical/medquad/qa.train.jsonl.gz", "medical/medquad/qa.dev.jsonl.gz")
CATALOGUE = "kg/medic-ctd-diseases/medic.jsonl.gz"
KINDS = ("information", "symptoms", "considerations", "complications")
OTHER_NAMES = {
    "Typhoid": ["typhoid fever"],
    "Chicken pox": ["chickenpox"],
    "Fungal infection": ["fungal infections", "tinea infections", "athlete's foot", "yeast infections"],
    "Dimorphic Hemorrhoids": ["hemorrhoids"],
    "Arthritis": ["rheumatoid arthritis", "osteoarthritis"],
    "Bronchial Asthma": ["asthma"],
    "Hypertension": ["high blood pressure"],
    "Dengue": ["dengue fever"],
    "gastroesophageal reflux disease": ["gerd", "heartburn"],
    "peptic ulcer disease": ["peptic ulcer", "stomach ulcer", "duodenal ulcer"],
    "allergy": ["hay fever", "food allergy"],
    "drug reaction": ["drug reactions", "drug allergies", "medicines"],
    "urinary tract infection": ["urinary tract infections", "urinary tract infection in adults"],
    "Cervical spondylosis": ["spondylosis"],
}
"""What the two sources call them, where that is something else."""


def descriptions(data: Path, labels: list[str]) -> dict[str, list[str]]:
    """Return the answers and the definitions of each label that has any."""
    wanted: dict[str, str] = {}
    for label in labels:
        for name in (label, *OTHER_NAMES.get(label, ())):
            wanted[name.lower()] = label
    found: dict[str, list[str]] = {}
    for file in ANSWERS:
        for line in read_lines(data / file):
            row = json_object(line)
            if row["qtype"] in KINDS and str(row["focus"]).lower() in wanted:
                parts = [one.strip() for one in str(row["answer"]).split(" - ")]
                found.setdefault(wanted[str(row["focus"]).lower()], []).extend(one for one in parts if len(one) > 8)
    for line in read_lines(data / CATALOGUE):
        row = json_object(line)
        names = {str(row["name"]).lower(), *(str(one).lower() for one in row["synonyms"])}
        for label in dict.fromkeys(wanted[one] for one in sorted(names & wanted.keys())):
            if row["definition"]:
                found.setdefault(label, []).append(str(row["definition"]))
    return found
