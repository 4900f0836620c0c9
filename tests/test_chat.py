"""A bot end to end: five turns with a correction and a follow-up, the fallback, the state, the file, the command."""

import io
import json
import math
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from latentalign.cli.main import main
from latentalign.errors import InputError, UnknownNameError
from latentalign.tasks.chat.bot import Bot
from latentalign.tasks.chat.bot_file import bot_of, read_bot
from latentalign.tasks.chat.conversation import State
from latentalign.tasks.linking.segmentation import Segment, marginals
from latentalign.tasks.slots.labelled_slots import of_bio
from latentalign.tasks.slots.tagger import SlotTagger
from latentalign.tasks.slots.train_slots import SlotsTraining
from latentalign.text.pairs import Failure
from latentalign.training.config import TrainingConfig
from latentalign.training.optimizer import AdamW
from latentalign.training.slots import SlotsConfig
from tests.tiny_models import write

FOLDER = Path(__file__).parent.parent / "examples" / "bots" / "table-booking"


@pytest.fixture(scope="module")
def bot() -> Bot:
    return Bot.load(FOLDER)


def test_five_turns_with_a_correction_and_a_follow_up(bot: Bot) -> None:
    state = State()
    for said, values, asked, corrected in (
        ("Could you book us a table for tomorrow?", {"day": "tomorrow"}, "people", ()),
        ("for two people", {"people": "2"}, "time", ()),
        ("at seven", {"time": "seven"}, None, ()),
        ("no, at eight", {"time": "eight"}, None, ("time",)),
        ("and on Friday?", {"day": "Friday"}, None, ("day",)),
    ):
        before = state.values
        reply, state = bot.reply(said, State.from_fields(json.loads(json.dumps(state.to_fields()))))
        assert (reply.intent, reply.asked, reply.corrected) == ("book a table", asked, corrected)
        assert state.values == before | values == reply.values
        assert all(one.span.of(said) == one.text and 0.5 < one.score <= 1 for one in reply.slots)
        assert reply.classification.evidence.source == said
    assert reply.text == "Booked: 2 people, Friday, eight."
    assert reply.follows
    assert state.turns == 5


def test_what_nothing_explains_has_the_fallback_and_changes_no_value(bot: Bot) -> None:
    for state in (State(), State(intent="book a table", values={"day": "Friday"}, asked="time")):
        reply, after = bot.reply("my laptop battery is dying", state)
        assert reply.abstains
        assert reply.text == bot.content.fallback
        assert "nothing explains it" in reply.reason
        assert (after.values, after.intent, after.asked) == (state.values, state.intent, state.asked)


def test_the_slot_filled_last_is_the_one_that_is_corrected(bot: Bot) -> None:
    known = {"people": "2", "day": "Friday", "time": "eight"}
    for latest, value in (("people", "7"), ("time", "seven")):
        reply, state = bot.reply("no, seven", State(intent="book a table", values=known, latest=latest))
        assert reply.corrected == (latest,)
        assert state.values == known | {latest: value}


def test_a_question_aside_is_answered_and_what_was_asked_is_asked_again(bot: Bot) -> None:
    state = State(intent="book a table", values={"people": "2", "day": "Friday"}, asked="time")
    reply, after = bot.reply("what is on the menu?", state)
    assert (reply.intent, reply.asked, after.intent) == ("menu", "time", "book a table")
    assert reply.text.endswith("At what time?")
    _, gone = bot.reply("cancel my booking", after)
    assert gone == State(turns=2)


def test_a_bad_text_and_a_strange_state(bot: Bot) -> None:
    turns = list(bot.replies(["are you open on Monday", " ", "and on Sunday?"]))
    assert isinstance(turns[1][0], Failure)
    assert turns[1][1] == turns[0][1]
    assert turns[2][1].values == {"day": "Sunday"}
    with pytest.raises(UnknownNameError, match="'day'"):
        bot.reply("hello", State(values={"dya": "Friday"}))
    with pytest.raises(UnknownNameError, match="'intent'"):
        State.from_fields({"intnet": None})
    with pytest.raises(InputError, match="an object"):
        State.from_fields([])  # type: ignore[arg-type]


GOOD = {
    "fallback": "Sorry?",
    "slots": {"day": {"values": ["Monday"], "question": "When?"}},
    "intents": {"come": {"examples": ["I come on {day}"], "required": ["day"], "replies": ["On {day}."]}},
}


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("fallbck",), "x", "'fallback'"),
        (("fallback",), " ", "nothing explains"),
        (("intents",), {}, "a table for each name"),
        (("intents", "come"), "x", "a table"),
        (("intents", "come", "reply"), ["x"], "'replies'"),
        (("intents", "come", "examples"), ["on {dya}"], "'day'"),
        (("intents", "come", "examples"), [], "examples or a description"),
        (("intents", "come", "replies"), [], "at least one reply"),
        (("intents", "come", "required"), [], "required slots alone"),
        (("slots", "day", "question"), "", "a question"),
        (("slots", "day", "pattern"), "(", "a regular expression"),
        (("slots", "day", "phrases"), ["on"], "one {} where"),
        (("corrections",), ["no"], "one {} where"),
    ],
)
def test_each_fault_of_a_file_is_named(place: tuple[str, ...], value: object, message: str) -> None:
    assert bot_of(GOOD).intents["come"].slots == ("day",)
    table = json.loads(json.dumps(GOOD))
    inner = table
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    with pytest.raises((InputError, UnknownNameError), match=r"my/bot\.toml.*") as caught:
        bot_of(table, where="my/bot.toml")
    assert message in str(caught.value)


def test_a_folder_without_a_bot(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"bot\.toml"):
        read_bot(tmp_path)
    assert read_bot(FOLDER).slots["day"].question == "On which day?"


def test_the_marginals_are_those_of_enumeration() -> None:
    scores = {Segment(0, 1, "a"): 0.3, Segment(0, 2, "b"): 1.1, Segment(1, 3, "a"): -0.4, Segment(2, 3, "b"): 2.0}
    weights: dict[tuple[Segment, ...], float] = {}
    for size in range(len(scores) + 1):
        for some in combinations(scores, size):
            if all(one.end <= two.start or two.end <= one.start for one, two in combinations(some, 2)):
                weights[some] = math.exp(sum(scores[one] for one in some))
    for one, share in marginals(3, scores).items():
        wanted = sum(weight for some, weight in weights.items() if one in some) / sum(weights.values())
        assert share == pytest.approx(wanted)


def test_the_command_answers_line_by_line(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def run(*options: str) -> tuple[int, str]:
        lines = b"a table for two tomorrow\n\nat seven\n"
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines)))
        return main(["chat", str(FOLDER), *options]), capsys.readouterr().out

    status, out = run()
    assert status == 3
    assert out.splitlines() == ["At what time?", "", "Booked: 2 people, tomorrow, seven."]
    status, out = run("--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert (status, "error" in rows[1], rows[2]["state"]["values"]["time"]) == (3, True, "seven")
    assert main(["chat", "absent"]) == 1


def taught_tagger(folder: Path) -> SlotTagger:
    """A tagger that has learned from the sentences of three lines; a tiny encoder with random weights."""
    rows = [
        of_bio("a table for two at noon on friday", ["O", "O", "O", "B-people", "O", "B-time", "O", "O"]),
        of_bio("at noon for five", ["O", "B-time", "O", "B-people"]),
        of_bio("thanks a lot", ["O", "O", "O"]),
    ] * 6
    training = TrainingConfig(epochs=12, optimizer=AdamW(learning_rate=2e-2), save_every=1000, evaluate_every=1000)
    return SlotsTraining(model=str(write(folder, "bert")), training=training, slots=SlotsConfig(rows=512)).fit(rows)


def test_a_trained_tagger_fills_the_slots_that_it_knows(tmp_path: Path, monkeypatch, capsys) -> None:
    folder = taught_tagger(tmp_path / "encoder").save(tmp_path / "slots")
    bot = Bot.load(FOLDER, slots=folder)
    reply, state = bot.reply("a table for two at noon on Friday")
    found = {one.slot: (one.value, one.because) for one in reply.slots}
    assert found == {"people": ("2", "learned"), "time": ("noon", "learned"), "day": ("Friday", "value")}
    assert [one.span.of(reply.said) for one in reply.slots] == ["two", "noon", "Friday"]
    assert set(reply.slots[0].like.split()) <= set(reply.said.split())
    assert state.values == {"people": "2", "time": "noon", "day": "Friday"}
    odd, running = "at noon for five", State(intent="book a table", values={"people": "2"})
    classifier = bot.intents.classifier
    never = replace(classifier, calibration=replace(classifier.calibration, null=1e3))
    bot = replace(bot, intents=replace(bot.intents, classifier=never))  # nothing explains any text
    assert replace(bot, finder=bot.finder.finder).reply(odd, running)[0].abstains
    reply, state = bot.reply(odd, running)  # but there is a value of what runs
    assert (reply.intent, reply.follows, state.values) == ("book a table", True, {"people": "5", "time": "noon"})
    assert "has a value of 'time'" in reply.reason
    assert bot.reply(odd)[0].abstains
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a table for two at noon\n")))
    assert main(["chat", str(FOLDER), "--slots", str(folder), "--why"]) == 0
    assert "people = 2" in (out := capsys.readouterr().out)
    assert "learned, for" in out
    named = {**GOOD, "learned": str(folder)}
    with pytest.raises(UnknownNameError, match="knows one of the slots day"):
        Bot.load(named)
