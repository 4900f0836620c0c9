"""A bot end to end: five turns with a correction and a follow-up, the fallback, the state, the file, the command."""

import io
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path

import pytest

from latentalign.cli.main import main
from latentalign.config import read_toml
from latentalign.errors import InputError, UnknownNameError
from latentalign.models.matcher.memory import units_of
from latentalign.models.matcher.respelling import Respelled
from latentalign.tasks.chat.bot import Bot
from latentalign.tasks.chat.bot_file import SlotConfig, bot_of, read_bot
from latentalign.tasks.chat.conversation import State
from latentalign.tasks.chat.learned_slots import LearnedSlots
from latentalign.tasks.chat.mistyped import value_as_said
from latentalign.tasks.chat.slot_filling import SlotValue
from latentalign.tasks.linking.segmentation import Segment, marginals
from latentalign.tasks.slots.labelled_slots import of_bio
from latentalign.tasks.slots.tagged_slots import FoundSlot, TaggedUtterance
from latentalign.tasks.slots.tagger import SlotTagger
from latentalign.tasks.slots.train_slots import SlotsTraining
from latentalign.text.pairs import Failure
from latentalign.text.spans import Span
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
        ("Could you book us a table for tomorrow?", {"day": "tomorrow"}, ("people",), ()),
        ("for two people", {"people": "2"}, ("time",), ()),
        ("at seven", {"time": "seven"}, (), ()),
        ("no, at eight", {"time": "eight"}, (), ("time",)),
        ("and on Friday?", {"day": "Friday"}, (), ("day",)),
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


def test_what_is_mistyped_is_read_as_what_the_bot_knows_and_shown_as_it_was(bot: Bot) -> None:
    (first, _), (second, _), (third, state) = bot.replies(
        ["I wnat a tabel for two", "tomorow at sevn", "my name is Brendon Smyth"]
    )
    assert first.intent == "book a table"
    assert first.classification.text == first.classification.evidence.source == "I wnat a tabel for two"
    assert {one.slot: (one.value, one.text, tuple(one.span)) for one in second.slots} == {
        "day": ("tomorrow", "tomorow", (0, 7)),
        "time": ("seven", "sevn", (11, 15)),
    }
    assert [(one.slot, one.value) for one in third.slots] == [("name", "Brendon Smyth")]  # nobody has listed names
    assert state.values == {"people": "2", "day": "tomorrow", "time": "seven", "name": "Brendon Smyth"}
    assert first.classification.evidence.source_spans[3] == Span(9, 14)
    plain = replace(bot, mistyped=replace(bot.mistyped, spelling=None))
    assert plain.reply("tomorow at sevn")[0].slots == ()


def test_a_name_near_a_listed_example_is_kept_as_it_was_typed(bot: Bot) -> None:
    reply, state = bot.reply("a table under the name Smiht")  # the file has Smith as an example
    assert bot.mistyped.read(units_of("Smiht")).read.text == "Smith"
    assert state.values["name"] == "Smiht"
    assert [one.text for one in reply.slots if one.slot == "name"] == ["Smiht"]


def test_a_code_that_a_pattern_takes_is_kept_as_it_was_typed() -> None:
    slot = SlotConfig(question="Which code?", pattern="[a-z]{5}")
    both = Respelled(said=units_of("code abcdf"), read=units_of("code abcde"))
    found = SlotValue(
        slot="code", value="abcde", span=Span(5, 10), text="abcde", score=0.9, like="code abcde", because="pattern"
    )
    assert value_as_said(found, both, slot).value == "abcdf"
    other = Respelled(said=units_of("code abcd1"), read=units_of("code abcde"))  # no such code
    assert value_as_said(found, other, slot).value == "abcde"


def test_what_nothing_explains_has_the_fallback_and_changes_no_value(bot: Bot) -> None:
    for state in (State(), State(intent="book a table", values={"day": "Friday"}, asked=("time",))):
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
    state = State(intent="book a table", values={"people": "2", "day": "Friday"}, asked=("time",))
    reply, after = bot.reply("what is on the menu?", state)
    assert (reply.intent, reply.asked, after.intent) == ("menu", ("time",), "book a table")
    assert reply.text.endswith("At what time?")
    _, gone = bot.reply("cancel my booking", after)
    assert gone == State(turns=2)


def test_values_told_aside_stay_and_answer_what_was_asked(bot: Bot) -> None:
    state = State(intent="book a table", values={"people": "2", "day": "Friday"}, asked=("time",))
    reply, after = bot.reply("what is on the menu at eight?", state)
    assert (reply.intent, after.intent, after.asked) == ("menu", "book a table", ())
    assert after.values == state.values | {"time": "eight"}
    assert reply.text.endswith("Booked: 2 people, Friday, eight.")
    both, other = {"day": "Monday", "time": "seven"}, State(intent="opening hours")
    reply, after = bot.reply("book a table for two", replace(other, values=both))
    assert (after.values, reply.asked) == (both | {"people": "2"}, ())  # told while it was about opening hours


@pytest.mark.parametrize("said", ["no, Saturday", "on Saturday, not Friday", "not on Friday, Saturday please"])
def test_what_is_denied_is_not_the_value(bot: Bot, said: str) -> None:
    state = State(intent="book a table", values={"people": "2", "day": "Friday", "time": "eight"}, latest="day")
    assert bot.reply(said, state)[1].values == state.values | {"day": "Saturday"}


@pytest.mark.parametrize(
    ("said", "told", "agreed"),
    [
        ("yes", {"time": "seven"}, ("time",)),
        ("Sure, that works for me.", {"time": "seven"}, ("time",)),
        ("great, thanks", {"time": "seven"}, ("time",)),  # and not only thanks
        ("sure, and for three people", {"people": "3", "time": "seven"}, ("time",)),
        ("yes, but at nine", {"time": "nine"}, ()),
        ("no, thanks", {}, ()),
        ("what is on the menu?", {}, ()),
    ],
)
def test_an_offer_is_taken_if_it_is_agreed_to(bot: Bot, said: str, told: dict[str, str], agreed: tuple) -> None:
    state = State(intent="book a table", values={"people": "2", "day": "Friday"}, asked=("time",))
    reply, after = bot.reply(said, replace(state, offered={"time": "seven"}))
    assert (after.values, reply.agreed) == (state.values | told, agreed)
    assert after.asked == (() if "time" in told else ("time",))
    assert after.offered == reply.offered == {}  # an offer is that of one reply
    assert ("agrees to what was offered for 'time'" in reply.reason) == bool(agreed)
    assert bot.reply(said, state)[0].agreed == ()  # there is nothing to agree to


def test_a_program_may_ask_for_more_than_one_slot(bot: Bot) -> None:
    state = State(intent="book a table", values={"day": "Friday"}, asked=("people", "time"), offered={"time": "seven"})
    reply, after = bot.reply("yes", State.from_fields(json.loads(json.dumps(state.to_fields()))))
    assert (reply.agreed, reply.intent, after.asked) == (("time",), "book a table", ("people",))
    for said, told in (("three", {"people": "3"}), ("at noon", {"time": "noon"})):
        assert bot.reply(said, replace(state, offered={}))[1].values == state.values | told


def test_a_question_makes_an_offer_until_it_is_answered() -> None:
    table = json.loads(json.dumps(GOOD))
    table["slots"]["day"] = {"values": {"1": ["Monday"], "2": ["Tuesday"]}, "question": "When? Is Monday fine?"}
    table["slots"]["day"]["offer"] = "Monday"
    bot = Bot.load(table)
    reply, state = bot.reply("I come")
    assert (reply.text, reply.offered, state.offered) == ("When? Is Monday fine?", {"day": "Monday"}, {"day": "Monday"})
    assert State.from_fields(json.loads(json.dumps(state.to_fields()))) == state
    for said, value in (("that sounds good", "1"), ("Tuesday", "2")):
        reply, after = bot.reply(said, state)
        assert (reply.text, after.values, after.offered) == (f"On {value}.", {"day": value}, {})
    with pytest.raises(UnknownNameError, match="'day'"):
        bot.reply("yes", State(offered={"dya": "Monday"}))


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
        (("slots", "day", "offer"), "Monday", "names the offer 'Monday'"),
        (("slots", "day", "offer"), "When", "a value of the slot"),
        (("corrections",), ["no"], "one {} where"),
        (("agreements",), [], "at least one text"),
        (("no_agreements",), [" "], "words"),
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


@dataclass(frozen=True)
class GivenTagger:
    """A tagger that knows some slots, and finds given words to be values of them wherever they stand."""

    given: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    slots: tuple[str, ...] = ("people", "time", "day", "window")

    def tag(self, text: str, *, asked: Sequence[str] = ()) -> TaggedUtterance:
        """Return an utterance with its values."""
        found = [(text.find(words), words, slot, chance) for words, (slot, chance) in self.given.items()]
        return TaggedUtterance(
            text=text,
            slots=tuple(
                FoundSlot(slot=slot, span=Span(at, at + len(words)), text=words, probability=chance, words=())
                for at, words, slot, chance in sorted(found)
                if at >= 0
            ),
            evidence=None,  # type: ignore[arg-type]
        )


def tagged_by(bot: Bot, tagger: GivenTagger) -> Bot:
    """A bot whose values such a tagger finds."""
    return replace(bot, finder=LearnedSlots(tagger=tagger, finder=bot.finder))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("running", "words", "slot", "chance", "wanted"),
    [
        (None, "Gudrun at 8", "time", 0.95, "book a table"),  # no other intent has it
        (None, "Gudrun at 8", "time", 0.8, None),
        ("menu", "Gudrun at 8", "time", 0.95, "book a table"),  # what runs has not
        ("menu", "Gudrun at 8", "time", 0.8, None),
        ("book a table", "Gudrun at 8", "time", 0.2, "book a table"),  # what runs has
        (None, "Gudrun at 8", "window", 0.95, None),  # nothing has
    ],
)
def test_a_value_says_what_is_wanted_where_nothing_else_does(
    bot: Bot, running: str | None, words: str, slot: str, chance: float, wanted: str | None
) -> None:
    never = replace(bot.intents.classifier.calibration, null=1e3)  # nothing explains any text
    intents = replace(bot.intents, classifier=replace(bot.intents.classifier, calibration=never))
    bot = tagged_by(replace(bot, intents=intents), GivenTagger({words: (slot, chance)}))
    reply, after = bot.reply(f"my laptop {words}", State(intent=running))
    assert (reply.intent, after.intent) == (wanted, wanted or running)
    assert reply.follows == (running is not None and running == wanted)
    assert f"a value of {slot!r}" in reply.reason or wanted is None
    assert after.values == ({} if slot == "window" else {slot: words})  # kept, whatever is wanted


@pytest.mark.parametrize(
    ("asked", "said", "told"),
    [
        ("window", "yes, please", {"window": "True"}),
        ("window", "no", {"window": "False"}),
        ("time", "I don't care", {"time": "any"}),
        ("people", "seven", {"people": "7"}),
        ("time", "seven", {"time": "seven"}),
        ("time", "as late as you can", {}),
    ],
)
def test_what_was_asked_for_may_be_answered_in_a_listed_way(asked: str, said: str, told: dict[str, str]) -> None:
    table = read_toml(FOLDER / "bot.toml")
    table["slots"]["window"] = {"values": {"True": ["yes"], "False": ["no"]}, "question": "By the window?"}
    table["slots"]["time"]["values"] = {"any": ["I don't care"], "seven": []}
    table["intents"]["book a table"]["required"] += ["window"]
    bot = tagged_by(Bot.load(table), GivenTagger())
    state = State(intent="book a table", values={"day": "Friday"}, asked=(asked,))
    assert bot.reply(said, state)[1].values == state.values | told
    assert asked not in bot.reply(said, replace(state, asked=()))[1].values  # to no question, it is the tagger's


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
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a table for two at noon\n")))
    assert main(["chat", str(FOLDER), "--slots", str(folder), "--why"]) == 0
    assert "people = 2" in (out := capsys.readouterr().out)
    assert "learned, for" in out
    named = {**GOOD, "learned": str(folder)}
    with pytest.raises(UnknownNameError, match="knows one of the slots day"):
        Bot.load(named)
