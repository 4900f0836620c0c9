"""Slots that are only described: the scorer they compile to, training, services, dialogues, and their evaluation."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.cli.main import main
from latentalign.errors import InputError, ModelError
from latentalign.evaluation.perturbations import PERTURBATIONS, Perturbations
from latentalign.evaluation.services.changed_goals import changed
from latentalign.evaluation.services.goals import by_service, goal_row, goals
from latentalign.models.described_slots import DescribedSlots, description_vectors, shapes, steps_of
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.matcher.memory import units_of
from latentalign.models.slots import Utterance, word_inputs
from latentalign.tasks.chat.bot import Bot
from latentalign.tasks.chat.service_bot import bot_table, value_of
from latentalign.tasks.slots.described_slots import DescribedSlotTagger, load_tagger
from latentalign.tasks.slots.dialogues import Dialogue, Service, read_dialogues, read_services
from latentalign.tasks.slots.service_utterances import service_utterances, values_of
from latentalign.tasks.slots.train_described_slots import DescribedSlotsTraining
from latentalign.text.spans import Span
from latentalign.training.config import TrainingConfig
from latentalign.training.described_slots import Described, DescribedSlotsConfig, DescribedSlotsInTraining
from latentalign.training.optimizer import AdamW
from tests.tiny_models import write


def service(name: str, slot: str) -> dict:
    return {
        "service_name": name,
        "description": "a service",
        "slots": [
            {"name": slot, "description": "where to", "is_categorical": False, "possible_values": []},
            {"name": "people", "description": "how many", "is_categorical": True, "possible_values": ["1", "2"]},
            {"name": "price", "description": "what it costs", "is_categorical": False, "possible_values": []},
        ],
        "intents": [
            {
                "name": "BookSeat",
                "description": "Book a seat",
                "is_transactional": True,
                "required_slots": [slot],
                "optional_slots": {"people": "1"},
                "result_slots": [],
            },
            {
                "name": "FindPrice",
                "description": "Find what it costs",
                "is_transactional": False,
                "required_slots": [slot],
                "optional_slots": {},
                "result_slots": [],
            },
        ],
    }


def dialogue(name: str, slot: str) -> dict:
    def turn(speaker: str, text: str, **frame: object) -> dict:
        plain = {"service": name, "slots": [], "actions": [], **frame}
        return {"speaker": speaker, "utterance": text, "frames": [plain]}

    first, second = {slot: ["Boston"]}, {slot: ["Boston"], "people": ["2"]}
    return {
        "id": "1",
        "services": [name],
        "turns": [
            turn("USER", "a seat to Boston", slots=[[slot, 10, 16]], intent="BookSeat", state=first,
                 actions=[["INFORM", slot, ["Boston"]], ["INFORM_INTENT", "intent", ["BookSeat"]]]),
            turn("SYSTEM", "how many?", actions=[["REQUEST", "people", []]]),
            turn("USER", "two please", intent="BookSeat", state=second, actions=[["INFORM", "people", ["2"]]]),
            turn("SYSTEM", "to York then?", actions=[["CONFIRM", slot, ["York"]], ["CONFIRM", "price", ["9"]]]),
            turn("USER", "yes", intent="BookSeat", state={**second, slot: ["York"]}, actions=[["AFFIRM", "", []]]),
            turn("USER", "thanks", intent="NONE", state={**second, slot: ["York"]}),
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for split, names in (("train", [("Trains_1", "city"), ("Buses_1", "town")]), ("dev", [("Planes_1", "airport")])):
        schema, rows = [service(*one) for one in names], [dialogue(*one) for one in names]
        (tmp_path / f"schema.{split}.json").write_text(json.dumps(schema), encoding="utf8")
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows * 8), encoding="utf8")
    return tmp_path


def read(data: Path, split: str) -> tuple[dict[str, Service], list[Dialogue]]:
    return read_services(data / f"schema.{split}.json"), read_dialogues(data / f"{split}.jsonl")


def quick(folder: Path, **settings: object) -> DescribedSlotsTraining:
    training = TrainingConfig(epochs=20, optimizer=AdamW(learning_rate=1e-2), save_every=1000, evaluate_every=1000)
    slots = DescribedSlotsConfig(rows=256, rank=4, lexical_dropout=0.0)
    return DescribedSlotsTraining(**{"model": str(folder), "training": training, "slots": slots, **settings})


def test_steps_go_inside_a_slot_only_from_itself() -> None:
    kinds = torch.arange(12.0).reshape(4, 3)
    table = steps_of(kinds, 2)  # columns: none, B-a, I-a, B-b, I-b
    assert table.shape == (6, 5)
    assert table[0].tolist() == [0.0, 1.0, -20.0, 1.0, -20.0]
    assert table[2].tolist() == [6.0, 7.0, 8.0, 7.0, -20.0]  # after the beginning of a
    assert table[5].tolist() == [9.0, 10.0, -20.0, 10.0, 11.0]  # after the inside of b


def test_a_scorer_of_given_slots_is_what_was_trained(folder: Path) -> None:
    encoder = HuggingFaceEncoder.load(folder, device="cpu")
    generator = torch.Generator().manual_seed(0)
    names = ["city", "people"]
    vectors = description_vectors(names, ["where to", "how many"], encoder)
    assert_close(vectors.norm(dim=1), torch.ones(2))
    module = DescribedSlotsInTraining([], vectors, DescribedSlotsConfig(rows=4096, rank=3))
    for one in module.parameters():
        one.data = 0.3 * torch.randn(one.shape, generator=generator)
    units = units_of("a seat to Boston")
    (inputs,) = word_inputs([Utterance(units)], encoder, rows=4096)
    row = Described(inputs=inputs, slots=(0, 1), asked=(1,), labels=(0, 0, 0, 1))
    (wanted,) = module.eval()._scores([row])
    model = DescribedSlots(encoder=encoder, tensors=module.trained())
    scorer = model.scorer(names, vectors)
    (asked,) = scorer.inputs([Utterance(units, ("people",))])
    assert_close(scorer.of_inputs(asked), wanted, atol=1e-4, rtol=1e-4)
    assert model.family(2).temperature == 1.0
    assert set(module.trained()) == {*shapes(features=16, rows=1, rank=1), "temperature"}


def test_padding_with_columns_that_others_have_keeps_the_loss(folder: Path) -> None:
    encoder = HuggingFaceEncoder.load(folder, device="cpu")
    vectors = description_vectors(["a", "b", "c"], ["x", "y", "z"], encoder)
    units = [units_of("a seat to Boston"), units_of("two")]
    inputs = word_inputs([Utterance(one) for one in units], encoder, rows=64)
    rows = [
        Described(inputs=inputs[0], slots=(0,), asked=(), labels=(0, 0, 0, 1)),
        Described(inputs=inputs[1], slots=(0, 1, 2), asked=(2,), labels=(5,)),
    ]
    module = DescribedSlotsInTraining(rows, vectors, DescribedSlotsConfig(rows=64, rank=3)).eval()
    for one in module.parameters():
        one.data = 0.3 * torch.randn(one.shape, generator=torch.Generator().manual_seed(1))
    alone = [module.loss(torch.tensor([number]))[0].item() for number in (0, 1)]
    both = module.loss(torch.tensor([0, 1]))[0].item()
    assert both == pytest.approx((4 * alone[0] + alone[1]) / 5, rel=1e-5)


def test_services_and_what_is_said_to_them(data: Path) -> None:
    services, dialogues = read(data, "train")
    assert list(services["Trains_1"].asked) == ["city", "people"]  # nobody is asked for the price
    assert services["Trains_1"].slots["people"].told == "how many (1, 2)"
    some = next(service_utterances(dialogues, services))
    assert [one.annotated.text for one in some] == ["a seat to Boston", "two please", "yes", "thanks"]
    assert some[0].annotated.slots == ((Span(10, 16), "city"),)
    assert some[1].annotated.slots == ((Span(0, 3), "people"),)  # by another way to say the value
    assert [one.annotated.asked for one in some] == [(), ("people",), (), ()]
    assert [one.offered for one in some] == [{}, {}, {"city": "York"}, {"city": "York"}]
    assert [one.first for one in some] == [True, False, False, False]
    assert not list(service_utterances(dialogues, {"Planes_1": services["Trains_1"]}))
    assert values_of("twofold", some[1].frame, services["Trains_1"]) == ()
    for name in ("absent.json", "train.jsonl"):
        with pytest.raises(InputError, match=name):
            read_services(data / name)
    with pytest.raises(InputError, match=r"schema.train.json:1: wanted a JSON object, got list"):
        read_dialogues(data / "schema.train.json")
    (data / "other.jsonl").write_text('{"id": 1}\n', encoding="utf8")
    with pytest.raises(InputError, match="dialogues with turns"):
        read_dialogues(data / "other.jsonl")


def test_goals_are_carried_replaced_and_agreed_to(data: Path) -> None:
    services, dialogues = read(data, "train")
    (said,) = by_service(next(service_utterances(dialogues, services)))
    told = [[{"city": "Boston"}, {"people": "2"}, {}, {"city": "Rome"}]]
    alone = goals([said], told, carried=False)
    assert alone == told
    carried = goals([said], told)[0]
    assert carried == [
        {"city": "Boston"}, {"city": "Boston", "people": "2"}, {"city": "Boston", "people": "2"},
        {"city": "Rome", "people": "2"},
    ]  # fmt: skip
    agreed = goals([said], told, agrees=[False, False, True, False])[0]
    assert agreed[2:] == [{"city": "York", "people": "2"}, {"city": "Rome", "people": "2"}]
    for one, states in zip(said[:3], agreed, strict=False):
        assert {name: [value] for name, value in states.items()} == {k: list(v) for k, v in one.frame.state.items()}


def test_slots_of_other_services_are_learned_and_kept_in_a_folder(data: Path, folder: Path, tmp_path: Path) -> None:
    services, dialogues = read(data, "train")
    utterances = [one for some in service_utterances(dialogues, services) for one in some]
    made = quick(folder).fit(utterances, services)
    slots = {"city": "where to", "people": "how many (1, 2)"}
    result = made.tagger(slots).tag("a seat to Boston")
    assert [(one.slot, one.text) for one in result.slots] == [("city", "Boston")]
    place = made.save(tmp_path / "saved")
    again = load_tagger(place, slots)
    utterance = [Utterance(units_of("two to Boston"), ("people",))]
    assert_close(again.align(utterance).expected, made.tagger(slots).align(utterance).expected)
    assert again.slots == ("city", "people")
    with pytest.raises(InputError, match="description"):
        made.tagger({})
    with pytest.raises(ModelError, match="tagger of slots"):
        load_tagger(data, slots)
    with pytest.raises(ModelError, match="described"):
        DescribedSlotTagger.load(data)
    for bad, rows in ((quick(folder), utterances[:1]), (replace(quick(folder), most=2), [])):
        with pytest.raises(InputError, match="two utterances"):
            bad.fit(rows, services)
    with pytest.raises(InputError, match="most"):
        quick(folder, most=1)
    with pytest.raises(InputError, match="DescribedSlotsConfig"):
        DescribedSlotsConfig(rank=0)


def test_a_row_counts_goals_and_intents(data: Path) -> None:
    services, dialogues = read(data, "train")
    (said,) = by_service(next(service_utterances(dialogues, services)))
    told = [[{"city": "boston"}, {"people": "2"}, {"city": "Rome"}, {}]]
    states = [[{"city": "boston"}, {"city": "boston", "people": "2"}, {"city": "Rome", "people": "2"}, {}]]
    intents = [["BookSeat", None, "BookSeat", "FindPrice"]]  # the last turn wants nothing
    row = goal_row("x", [said], told, states, services, intents=intents)
    assert row["told F1"] == pytest.approx(2 * 2 / (3 + 2))  # three found, two told, two of them the same
    assert row["goal"] == 2 / 4
    assert row["average"] == (1 + 1 + 1 / 2 + 0) / 4
    assert row["intent"] == 2 / 3
    assert goal_row("x", [said], told, states, services)["intent"] == "–"


def test_a_service_is_a_bot(data: Path) -> None:
    services, _ = read(data, "train")
    bot = Bot.load(bot_table(services["Trains_1"]))
    assert bot.content.intents["BookSeat"].slots == ("city", "people")
    slot = services["Trains_1"].slots["people"]
    assert [value_of(slot, one) for one in ("two", "2", "2 people", "nine")] == ["2", "2", "2", "nine"]


def test_recipes_train_and_measure(data: Path, folder: Path, capsys) -> None:
    recipe = data / "recipe.toml"
    settings = f'[settings]\nmodel = "{folder}"\nslots = {{ rows = 256, rank = 4 }}\n[settings.training]\nepochs = 1\n'
    text = 'trainer = "described-slots"\ndialogues = "train.jsonl"\nschema = "schema.train.json"\n'
    recipe.write_text(text + settings, encoding="utf8")
    assert main(["train", str(recipe), "--data", str(data), "-o", str(data / "out")]) == 0
    files = 'train_schema = "schema.train.json"\ntest_schema = "schema.dev.json"\ntest = "dev.jsonl"\n'
    states = 'evaluation = "service-states"\ntrain = "train.jsonl"\nbot_dialogues = 2\ndialogues = 4\n'
    recipe.write_text(states + files + settings, encoding="utf8")
    capsys.readouterr()
    assert main(["evaluate", str(recipe), "--data", str(data), "--json"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    rows, further = [[row for row in found if ("perturbation" in row) is here] for here in (False, True)]
    assert len(rows) == 10
    assert {row["perturbation"] for row in further} == set(PERTURBATIONS)
    assert all(row["lost, goal"] == 0 for row in further if row["perturbation"] == "punctuation")  # there is none
    assert all(0 <= row[key] <= 1 for row in rows for key in ("told F1", "goal", "average"))
    assert ["bot" in row["system"] for row in rows] == [isinstance(row["intent"], float) for row in rows]
    assert main(["evaluate", str(recipe), "--data", str(data)]) == 0
    note = next(line for line in capsys.readouterr().out.splitlines() if "by slot" in line)
    assert [one.split()[:2] for one in note.partition("told: ")[2].split("; ")] == [
        ["Planes_1", "airport"],
        ["Planes_1", "people"],
    ]
    (data / "other.jsonl").write_text('{"text": "to York", "label": "BookSeat"}\n' * 2, encoding="utf8")
    second = '[[second]]\nname = "x"\ntexts = { file = "other.jsonl" }\noutside = { file = "other.jsonl" }\n'
    recipe.write_text('evaluation = "service-intents"\nbot_dialogues = 2\n' + files + second, encoding="utf8")
    assert main(["evaluate", str(recipe), "--data", str(data), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    further = [row for row in rows if "second set" in row]
    assert [row["system"] for row in further] == [row["system"] for row in rows if row not in further][1:4]
    assert all(row["accuracy, second set"] == 1.0 and row["AUROC"] == 0.5 for row in further)  # one intent, the same
    assert [row["lost"] for row in further] == [round(100 * row["says what is wanted"] - 100, 2) for row in rows[1:4]]
    command = ["evaluate", str(recipe), "--data", str(data), "--set", 'second=[{name="x",texts={file="other.jsonl"},']
    assert main([*command[:-1], command[-1] + 'descriptions={Seat="a seat"}}]']) == 1
    assert "descriptions of intents of the texts, got 'Seat'" in capsys.readouterr().err
    assert [row["system"] for row in rows][:4] == ["majority", "TF-IDF cosine", "MiniLM cosine", "ours, descriptions"]
    assert rows[0]["all turns"] == 1.0  # one intent is all they want
    assert rows[0]["typos"] == rows[0]["Brier"] == "–"
    assert all(isinstance(rows[3][key], float) for key in ("ECE", "Brier", "risk area", "typos", "word order"))
    assert rows[3]["AUROC"] == "–"  # no other service whose users could be strangers


def test_the_words_around_values_are_perturbed_in_every_turn(data: Path) -> None:
    known, dialogues = read(data, "dev")
    said = [some for one in service_utterances(dialogues[:2], known) for some in by_service(one)]
    found = changed(said, Perturbations.of(("casing",), Path()), "casing")
    assert [one.annotated.text.lower() for some in found for one in some] == [
        one.annotated.text.lower() for some in said for one in some
    ]
    for some in found:
        assert some[0].annotated.text in ("A SEAT TO Boston", "A Seat To Boston")
        assert [span.of(some[0].annotated.text) for span, _ in some[0].annotated.slots] == ["Boston"]
