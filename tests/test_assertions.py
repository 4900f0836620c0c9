"""What a text asserts, denies and doubts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentalign.text.assertions import assertion, assertions

SAID = {
    "I have had a high fever for three days and my joints hurt.": "high fever + | joints hurt +",
    "No rash or cough, but possible seizures?": "rash - | cough - | seizures ?",
    "Patient denies chest pain, colic and vomiting; reports fits.": "chest pain - | colic - | vomiting - | fits +",
    "fever, no chills, stiff neck": "fever + | chills - | stiff neck +",
    "no fever, cough or rash": "fever - | cough - | rash -",
    "no fever and a rash on my arms": "fever - | rash on my arms +",
    "no fever. rash": "fever - | rash +",
    "fever? rash": "fever ? | rash +",
    "no fever or cough, but she has a rash": "fever - | cough - | rash +",
    "ataxia and dystonia without seizures": "ataxia + | dystonia + | seizures -",
    "hearing loss is suspected, cataract absent": "hearing loss ? | cataract -",
    "I don't have a headache and I feel dizzy": "headache - | dizzy +",
    "might have a seizure disorder": "seizure disorder ?",
    "not sure if I have a rash": "rash ?",
    "She does not walk": "She does not walk +",  # what cannot be done is a finding
    "A 3-year-old boy presented with a large head and low-set ears": "large head + | low-set ears +",
    "There's no hair on the head": "hair on the head -",
    "I have no fever": "fever -",
    "seizures with or without fever": "seizures + | fever ?",
    "widely spaced eyes (hypertelorism), a small nose": "widely spaced eyes + | hypertelorism + | small nose +",
    "no swelling (oedema), cough or rash": "swelling - | oedema - | cough - | rash -",
    "possible seizures (fits) and fever": "seizures ? | fits ? | fever +",
    "cataract (absent), rash (?)": "cataract - | rash ?",
    "rash(es) and b) fever": "rash(es + | b) fever +",
    "lack of appetite, fever": "lack of appetite + | fever +",
    "headaches since last week": "headaches +",
    "it": "",
    "": "",
}
MARKS = {"present": "+", "absent": "-", "uncertain": "?"}


@pytest.mark.parametrize("said", SAID)
def test_what_is_asserted_denied_and_doubted(said: str) -> None:
    found = [f"{one.span.of(said)} {MARKS[one.state]}" for one in assertions(said)]
    assert " | ".join(found) == SAID[said]


def test_the_name_of_a_finding_denies_nothing() -> None:
    def is_name(phrase: str) -> bool:
        return phrase.casefold() in {"absent speech", "no permanent dentition"}

    said = "Absent speech, no permanent dentition and no fever"
    found = [(one.span.of(said), one.state) for one in assertions(said, is_name=is_name)]
    assert found == [("Absent speech", "present"), ("no permanent dentition", "present"), ("fever", "absent")]
    assert assertion("absent speech").state == "absent"
    assert assertion("absent speech", is_name=is_name).state == "present"


def test_an_item_of_a_list_is_not_split() -> None:
    said = "no loss of weight, appetite and sleep"
    found = assertion(said)
    assert found.span.of(said) == "loss of weight, appetite and sleep"
    assert found.cue.of(said) == "no"
    assert assertion("-") is None


@given(st.text(max_size=60))
def test_spans_are_in_order_and_inside_the_text(said: str) -> None:
    end = 0
    for one in assertions(said):
        assert end <= one.span.start < one.span.end <= len(said)
        end = one.span.end
        assert one.cue is None or one.cue.of(said)
