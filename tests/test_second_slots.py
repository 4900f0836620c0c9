"""Slots on utterances of another source: which values count, by hand, and the table of a recipe."""

import json
from pathlib import Path

import pytest

from latentalign.errors import InputError
from latentalign.evaluation.slots.answers import Answer
from latentalign.evaluation.slots.baselines import LookUp
from latentalign.evaluation.slots.second_slots import SecondSlots, SecondUtterances, ServiceDialogues, touching
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.tasks.slots.labelled_slots import LabelledSlots
from latentalign.text.spans import Span
from tests.test_described_slots import data  # noqa: F401 - dialogues with services

FIRST = [AnnotatedText(text="to york at 7pm", slots=((Span(3, 7), "to"), (Span(11, 14), "time")))]


def test_slots_of_both_sets_are_compared_under_the_names_of_the_first(tmp_path: Path) -> None:
    row = {"text": "york tomorrow", "slots": ["B-place", "B-day"]}
    (tmp_path / "other.jsonl").write_text(json.dumps(row) + "\n", encoding="utf8")
    texts = (LabelledSlots(file="other.jsonl"),)
    second = SecondSlots(name="x", slots={"place": "to"}, texts=texts).read(tmp_path, known={"to", "time"})
    assert second.rows == [AnnotatedText(text="york tomorrow", slots=((Span(0, 4), "to"),))]
    assert second.counts == "x: 1 utterances with 1 values of to"
    found = second.row(LookUp.of(FIRST), FIRST)  # it finds both values of the first, of which one is compared
    assert found["F1, first set"] == found["F1, second set"] == found["touching, second set"] == 1.0
    assert found["lost"] == found["lost, touching"] == 0.0
    for wrong, message in (
        (SecondSlots(name="x", slots={"plaice": "to"}, texts=texts), "slots of the second set, got 'plaice'"),
        (SecondSlots(name="x", slots={"place": "too"}, texts=texts), "slots of the first set, got 'too'"),
        (SecondSlots(name="x", slots={}, texts=texts), "1 utterances and 0 slots"),
        (SecondSlots(name="x", slots={"place": "to"}), "0 utterances and 1 slots"),
    ):
        with pytest.raises(InputError, match=message):
            wrong.read(tmp_path, known={"to", "time"})


def test_turns_to_services_are_utterances_with_what_was_asked(data: Path) -> None:  # noqa: F811
    turns = ServiceDialogues(dialogues="dev.jsonl", schema="schema.dev.json", services=("Planes_1",))
    second = SecondSlots(name="x", slots={"airport": "to", "people": "seats"}, turns=(turns,))
    found = second.read(data, known={"to", "seats"})
    assert len(found.rows) == 8 * 4
    assert found.rows[0].slots == ((Span(10, 16), "to"),)
    assert (found.rows[1].asked, found.rows[1].slots) == (("seats",), ((Span(0, 3), "seats"),))
    with pytest.raises(InputError, match="services of the schema, got 'Boats_1'"):
        ServiceDialogues(dialogues="dev.jsonl", schema="schema.dev.json", services=("Boats_1",)).read(data)


def test_a_value_that_two_answers_touch_is_right_once() -> None:
    row = AnnotatedText(text="8 people or so", slots=((Span(0, 8), "people"),))
    some = [Answer(Span(0, 1), "people", 1.0), Answer(Span(2, 8), "people", 1.0), Answer(Span(9, 11), "people", 1.0)]
    assert touching([some[:1]], [row]) == 1.0
    assert touching([some], [row]) == pytest.approx(2 / 4)
    assert touching([[Answer(Span(0, 1), "time", 1.0)]], [row]) == 0.0


def test_what_is_lost_is_the_difference_in_points() -> None:
    second = SecondUtterances(name="x", rows=[AnnotatedText(text="at 8pm", slots=((Span(3, 6), "time"),))])
    found = second.row(LookUp.of(FIRST), FIRST)
    assert (found["F1, first set"], found["F1, second set"]) == (1.0, 0.0)
    assert found["lost"] == 100.0
    assert found["95%"] == "0.000 to 0.000"
