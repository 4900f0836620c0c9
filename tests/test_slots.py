"""Slots of utterances: features, the tagger in training and out of a folder, its probabilities, and its evaluation."""

import json
import math
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from latentalign.cli.main import main
from latentalign.errors import InputError, ModelError
from latentalign.evaluation.moved_spans import around_values, perturbed_slots
from latentalign.evaluation.perturbations import Perturbations
from latentalign.evaluation.slots.baselines import LookUp, WordByWord
from latentalign.evaluation.slots.deletion import deletion
from latentalign.families import Chain, LatentAlignment
from latentalign.metrics.span_f1 import SpanCounts, span_f1
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.matcher.memory import units_of
from latentalign.models.slots import SlotScorer, Utterance, lexical_scores
from latentalign.tasks.slots.annotated_text import AnnotatedText
from latentalign.tasks.slots.labelled_slots import LabelledSlots, of_bio
from latentalign.tasks.slots.slot_columns import beginnings, columns_of, labels_of
from latentalign.tasks.slots.tagger import SlotTagger
from latentalign.tasks.slots.train_slots import SlotsTraining
from latentalign.text.labels import LabelSpan
from latentalign.text.pairs import Failure
from latentalign.text.spans import Span
from latentalign.text.word_features import word_features
from latentalign.training.config import TrainingConfig
from latentalign.training.optimizer import AdamW
from latentalign.training.slots import SlotsConfig, SlotsInTraining
from tests.tiny_models import write

# what is a city depends on the word before; what goes on depends on the chain
ROWS = [
    of_bio("from new york to boston", ["O", "B-from", "I-from", "O", "B-to"]),
    of_bio("to boston from new york", ["O", "B-to", "O", "B-from", "I-from"]),
    of_bio("the cat sat", ["O", "O", "O"]),
    of_bio("to new york", ["O", "B-to", "I-to"]),
] * 6
COLUMNS = ("O", "B-a", "I-a", "B-b")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture(scope="module")
def tagger(folder: Path) -> SlotTagger:
    return quick(folder).fit(ROWS)


@pytest.fixture
def random_tagger(folder: Path) -> SlotTagger:
    generator = torch.Generator().manual_seed(0)
    scorer = SlotScorer(
        encoder=HuggingFaceEncoder.load(folder, device="cpu"),
        vectors=0.3 * torch.randn(4, 48, generator=generator),
        lexical=0.3 * torch.randn(32, 4, generator=generator),
        bias=torch.randn(4, generator=generator),
    )
    steps = tuple(map(tuple, torch.randn(5, 4, generator=generator).tolist()))
    return SlotTagger(columns=COLUMNS, scorer=scorer, family=Chain(steps=steps, null=None, temperature=0.8))


def quick(folder: Path, **settings: object) -> SlotsTraining:
    training = TrainingConfig(epochs=12, optimizer=AdamW(learning_rate=2e-2), save_every=1000, evaluate_every=1000)
    slots = SlotsConfig(rows=512, lexical_dropout=0.0)
    return SlotsTraining(**{"model": str(folder), "training": training, "slots": slots, **settings})


def test_columns_and_labels_of_utterances() -> None:
    words = [units_of(row.text).spans for row in ROWS]
    columns = columns_of(ROWS, words)
    assert columns == ("O", "B-from", "I-from", "B-to", "I-to")
    assert beginnings(columns) == [None, None, 1, None, 3]
    assert labels_of(ROWS[0], words[0]) == ("O", "B-from", "I-from", "O", "B-to")
    inside = AnnotatedText(text="at 7.30pm", slots=((Span(3, 7), "time"), (Span(5, 9), "late")))
    assert labels_of(inside, [Span(0, 2), Span(3, 9)]) == ("O", "B-time")  # of two that meet, the first
    with pytest.raises(InputError, match="a value"):
        columns_of(ROWS[2:3], words[2:3])


@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=5))
def test_a_feature_speaks_of_words_that_are_there(words: list[str]) -> None:
    for place, features in enumerate(word_features(words)):
        assert len({one.name for one in features}) == len(features)
        assert all(0 <= place + step < len(words) for one in features for step in one.about)


def test_case_is_one_feature_of_a_word() -> None:
    small, large = ({one.name for one in word_features(words)[1]} for words in (["at", "noon"], ["AT", "NOON"]))
    assert small ^ large == {"case lower", "case upper"}


def test_dropped_features_keep_the_mean() -> None:
    table = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    numbers = [(0, 1, 1), (), (7,)]
    wanted = torch.stack([table[0] + 2 * table[1], torch.zeros(3), table[7]])
    assert_close(lexical_scores(numbers, table), wanted)
    torch.manual_seed(0)
    drawn = torch.stack([lexical_scores(numbers, table, drop=0.5) for _ in range(4000)]).mean(dim=0)
    assert_close(drawn, wanted, atol=0.15, rtol=0.1)


def test_what_the_words_carry_is_the_score_over_none(random_tagger: SlotTagger) -> None:
    utterance = Utterance(units_of("the cat sat on the mat"))
    (inputs,) = random_tagger.scorer.inputs([utterance])
    scores = random_tagger.scorer.of_inputs(inputs)
    carried = random_tagger.carried(inputs, LabelSpan(1, 3, "a"))
    apart = scores[:, 1:3] - scores[:, :1] - (random_tagger.scorer.bias[1:3] - random_tagger.scorer.bias[0])
    edges = sum(
        float(random_tagger.scorer.lexical[row, column] - random_tagger.scorer.lexical[row, 0])
        for place, column in ((1, 1), (2, 2))
        for row, about in zip(inputs.numbers[place], inputs.about[place], strict=True)
        if not about
    )
    assert sum(carried) == pytest.approx(float(apart[1, 0] + apart[2, 1]) - edges, abs=1e-4)
    assert len(carried) == 6


def test_the_probability_of_a_value_is_that_of_enumeration(random_tagger: SlotTagger) -> None:
    alignment = random_tagger.align([Utterance(units_of("the cat sat on")), Utterance(units_of("a dog"))])
    spans = [(0, LabelSpan(1, 3, "a")), (0, LabelSpan(3, 4, "b")), (1, LabelSpan(0, 1, "a"))]
    found = random_tagger.probabilities(alignment, spans)
    for (number, one), chance in zip(spans, found, strict=True):
        size = int(alignment.mask[number, :, 0].sum())
        total = wanted = 0.0
        for path in product(range(4), repeat=size):
            links = torch.nn.functional.one_hot(torch.tensor(path), 4).bool()
            weight = math.exp(float(random_tagger.family.score(links, alignment.scores[number, :size])) / 0.8)
            total += weight
            wanted += weight * (
                (one.start, one.end, one.label)
                in [tuple(some) for some in random_tagger.spans(path) if path[some.start] % 2 == 1]
            )
        assert chance == pytest.approx(wanted / total, rel=1e-3)
    assert random_tagger.probabilities(alignment, []) == []


def test_the_loss_is_minus_the_log_probability_of_the_columns(folder: Path) -> None:
    training = quick(folder)
    read = training.read(ROWS[:2])
    module = SlotsInTraining(
        read.inputs, [[0, 1, 2, 0, 3], [0, 3, 0, 1, 2]], begun=beginnings(COLUMNS), family=Chain(null=None),
        settings=SlotsConfig(rows=512, dropout=0.0, lexical_dropout=0.0),
    )  # fmt: skip
    torch.manual_seed(0)
    for one in module.parameters():
        torch.nn.init.normal_(one, std=0.1)
    scorer, family = module.trained(read.encoder)
    total = 0.0
    for inputs, labels in zip(module.inputs, module.labels, strict=True):
        scores = scorer.of_inputs(inputs)
        alignment = LatentAlignment(family=family, scores=scores, mask=torch.ones_like(scores, dtype=torch.bool))
        total -= float(alignment.log_prob(torch.nn.functional.one_hot(torch.tensor(labels), 4).bool()))
    assert module.loss(torch.arange(2))[0].item() == pytest.approx(total / 10, rel=1e-4)
    with pytest.raises(InputError, match="labels"):
        SlotsInTraining(read.inputs, [[0]], begun=[None], family=Chain(), settings=SlotsConfig())
    with pytest.raises(InputError, match="SlotsConfig"):
        SlotsConfig(dropout=1.0)


def test_an_inside_never_comes_first(folder: Path) -> None:
    read = quick(folder).read(ROWS[:1])
    module = SlotsInTraining(
        read.inputs, [[0] * 5], begun=beginnings(COLUMNS), family=Chain(null=None), settings=SlotsConfig(rows=4)
    )
    _, family = module.trained(read.encoder)
    scores = torch.tensor([[0.0, 0.0, 5.0, 0.0], [0.0, 0.0, 5.0, 0.0]])
    assert family.best(scores).int().argmax(dim=-1).tolist() == [1, 2]


def test_the_slots_are_learned(tagger: SlotTagger) -> None:
    assert tagger.slots == ("from", "to")
    result = tagger.tag("to boston from new york")
    assert [(one.slot, one.text) for one in result.slots] == [("to", "boston"), ("from", "new york")]
    assert all(0.5 < one.probability <= 1 for one in result.slots)
    assert [one.span.of(result.text) for one in result.slots] == [one.text for one in result.slots]
    assert not tagger.tag("the cat sat").slots


def test_a_result_holds_together(tagger: SlotTagger) -> None:
    result = tagger.tag("from new york to boston")
    for row, nothing in zip(result.evidence.matrix, result.evidence.null_source, strict=True):
        assert sum(row) + nothing <= 1 + 1e-4
    for one in result.slots:
        assert set(one.because) <= {word.span for word in one.words}
        assert len(one.words) == 5
    fields = json.loads(json.dumps(result.to_fields()))
    assert [one["slot"] for one in fields["slots"]] == ["from", "to"]


def test_a_bad_text_keeps_its_place_and_asked_counts(tagger: SlotTagger) -> None:
    failure = Failure(error=InputError(wanted="a", came="b"))
    results = list(tagger.tag_many(["the cat", " ", failure, "to boston"], asked=[(), (), (), ("to",)]))
    assert [type(one).__name__ for one in results] == ["TaggedUtterance", "Failure", "Failure", "TaggedUtterance"]
    plain, asked = (tagger.scorer.inputs([Utterance(units_of("boston"), some)])[0] for some in ((), ("to",)))
    assert len(asked.numbers[0]) == len(plain.numbers[0]) + 1
    with pytest.raises(InputError):
        tagger.tag("")


def test_a_folder_gives_the_same_answers_and_a_changed_file_is_noticed(tagger: SlotTagger, tmp_path: Path) -> None:
    place = tagger.save(tmp_path / "saved")
    again = SlotTagger.load(place)
    utterances = [Utterance(units_of("to boston from new york"))]
    assert_close(again.align(utterances).expected, tagger.align(utterances).expected)
    assert (again.columns, again.fitted_on) == (tagger.columns, "1 utterances held out")
    settings = place / "slots.json"
    settings.write_text(settings.read_text(encoding="utf8").replace("from", "form"), encoding="utf8")
    with pytest.raises(ModelError, match=r"slots\.json"):
        SlotTagger.load(place)
    with pytest.raises(ModelError, match="tagger of slots"):
        SlotTagger.load(tmp_path / "absent")


def test_too_little_to_learn_from(folder: Path) -> None:
    for rows, message in ((ROWS[:1], "two utterances"), ([ROWS[2]] * 3, "a value")):
        with pytest.raises(InputError, match=message):
            quick(folder).fit(rows)
    with pytest.raises(InputError, match="held_out"):
        SlotsTraining(held_out=1.0)


def test_spans_are_counted_as_conlleval_counts_them() -> None:
    # by hand: right are (0, 2, a) of the first text and (1, 2, b) of the second; 4 given, 5 gold
    given = [[(0, 2, "a"), (3, 4, "b")], [(1, 2, "b"), (3, 5, "a")], []]
    gold = [[(0, 2, "a"), (3, 4, "a")], [(1, 2, "b"), (3, 4, "a")], [(0, 1, "a")]]
    counts = SpanCounts.of(given, gold)
    assert (counts.right, counts.predicted, counts.gold) == (2, 4, 5)
    assert (counts.precision, counts.recall) == (0.5, 0.4)
    assert counts.f1 == span_f1(given, gold) == pytest.approx(2 * 0.5 * 0.4 / 0.9)
    assert span_f1([[]], [[]]) == 1.0
    with pytest.raises(InputError, match="texts"):
        span_f1([[]], [])


def test_the_longest_known_value_is_looked_up() -> None:
    found = LookUp.of(ROWS).find([AnnotatedText(text="From New York, the boston")])
    assert [(one.span, one.slot) for one in found[0]] == [(Span(5, 13), "from"), (Span(19, 25), "to")]
    assert found[0][0].probability == pytest.approx(2 / 3)  # the city they came from in two of three


def test_a_logistic_regression_learns_words(folder: Path) -> None:
    read = quick(folder).read(ROWS)
    found = WordByWord.of(read, rows=512, seed=0).find(ROWS[:1])
    assert [(one.slot, one.span.of(ROWS[0].text)) for one in found[0]] == [("from", "new york"), ("to", "boston")]


@pytest.mark.parametrize("name", ["typos", "casing", "punctuation"])
def test_values_move_with_their_words(name: str) -> None:
    row = AnnotatedText(text="a table at 7:30pm, for Mr. Jones", slots=((Span(11, 17), "time"), (Span(23, 32), "name")))
    for seed in range(20):
        (found,) = perturbed_slots([row], Perturbations.of((name,), Path()), name, seed=seed)
        texts = [span.of(found.text) for span, _ in found.slots]
        assert [label for _, label in found.slots] == ["time", "name"]
        assert len(texts[0].split()) == 1
        assert len(texts[1].split()) == 2


def test_words_around_values_change_places_and_values_stay_whole() -> None:
    row = AnnotatedText(
        text="a table at 7:30 pm, for Mr. Jones", slots=((Span(11, 18), "time"), (Span(24, 33), "name"))
    )
    texts = set()
    for seed in range(20):
        (found,) = perturbed_slots([row], Perturbations.of(("word order",), Path()), "word order", seed=seed)
        assert {name: span.of(found.text) for span, name in found.slots} == {"time": "7:30 pm", "name": "Mr. Jones"}
        assert sorted(found.text.replace(",", "").split()) == sorted(row.text.replace(",", "").split())
        texts.add(found.text)
    assert len(texts) > 3


def test_a_text_whose_value_would_be_lost_stays_as_it_was() -> None:
    row = AnnotatedText(text="it is 7pm", slots=((Span(6, 9), "time"),))
    assert around_values(row, lambda text, _: text[:-1], Random(0)) == row


def test_synonyms_are_put_around_values_only(tmp_path: Path) -> None:
    (tmp_path / "index.sense").write_text("buy%2:40:00:: 1 1 9\npurchase%2:40:00:: 1 1 9\n", encoding="utf8")
    ways = Perturbations.of((), tmp_path, synonyms="index.sense")
    row = AnnotatedText(text="buy Best Buy shares", slots=((Span(4, 12), "name"),))
    (found,) = perturbed_slots([row], ways, "synonyms")
    assert found.text == "purchase Best Buy shares"
    assert found.slots == ((Span(9, 17), "name"),)


def test_the_deletion_test_removes_words_around_a_value(tagger: SlotTagger) -> None:
    found = deletion(tagger, [*ROWS[:4], AnnotatedText(text="boston")])
    assert len(found.linked) == len(found.random) == 2  # no value in the third, too little around the others
    assert not deletion(replace(tagger), ROWS[2:3]).linked


@pytest.fixture
def data(tmp_path: Path) -> Path:
    lines = [json.dumps({"text": row.text, "slots": labels_of(row, units_of(row.text).spans)}) + "\n" for row in ROWS]
    (tmp_path / "train.jsonl").write_text("".join(lines), encoding="utf8")
    (tmp_path / "test.jsonl").write_text("".join(lines[:4]), encoding="utf8")
    spans = [
        {
            "userInput": {"text": "2 at 7pm"},
            "context": {"requestedSlots": ["people"]},
            "labels": [
                {"slot": "people", "valueSpan": {"endIndex": 1}},
                {"slot": "time", "valueSpan": {"startIndex": 5, "endIndex": 8}},
            ],
        },
        {"userInput": {"text": "hello"}},
    ]
    (tmp_path / "spans.json").write_text(json.dumps(spans), encoding="utf8")
    return tmp_path


def test_files_of_both_forms_are_read(data: Path) -> None:
    first, second = LabelledSlots(file="spans.json").read(data)
    assert first == AnnotatedText(
        text="2 at 7pm", slots=((Span(0, 1), "people"), (Span(5, 8), "time")), asked=("people",)
    )
    assert second == AnnotatedText(text="hello")
    assert LabelledSlots(file="spans.json", asked=False).read(data)[0].asked == ()
    assert LabelledSlots(file="train.jsonl").read(data) == ROWS
    folds = [LabelledSlots(file="train.jsonl", only=(fold,)).read(data) for fold in range(5)]
    assert sum(map(len, folds)) == len(ROWS)
    assert len(LabelledSlots(file="train.jsonl", most=4).read(data)) == 4
    (data / "bad.jsonl").write_text('{"text": "a b", "slots": ["O"]}\n', encoding="utf8")
    for name in ("bad.jsonl", "absent.jsonl"):
        with pytest.raises(InputError, match=name):
            LabelledSlots(file=name).read(data)


SETTINGS = '[settings]\nmodel = "{}"\nslots = {{ rows = 512 }}\n[settings.training]\nepochs = 1\n'


def test_train_and_evaluate_by_command(data: Path, folder: Path, capsys) -> None:
    recipe = data / "recipe.toml"
    recipe.write_text('trainer = "slots"\nutterances = { file = "train.jsonl" }\n' + SETTINGS.format(folder), "utf8")
    assert main(["train", str(recipe), "--data", str(data), "-o", str(data / "out")]) == 0
    assert SlotTagger.load(data / "out").slots == ("from", "to")
    text = 'evaluation = "slots"\ntrain = { file = "train.jsonl" }\ntest = { file = "test.jsonl" }\nseeds = [0, 1]\n'
    second = '[[second]]\nname = "again"\nslots = { to = "to" }\ntexts = [{ file = "train.jsonl" }]\n'
    recipe.write_text(text + "deletions = 2\n" + SETTINGS.format(folder) + second, "utf8")
    capsys.readouterr()
    pictures = ["--pictures", str(data / "pictures")]
    assert main(["evaluate", str(recipe), "--data", str(data), "--json", *pictures]) == 0
    assert "risk-coverage-ours-independent.svg" in [one.name for one in (data / "pictures").iterdir()]
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    rows, further = [[row for row in found if ("second set" in row) is here] for here in (False, True)]
    assert (
        [row["system"] for row in further]
        == [row["system"] for row in rows]
        == [
            "look-up of values",
            "logistic regression, word by word",
            "ours, chain",
            "ours, independent",
        ]
    )
    assert all(list(row) == list(rows[0]) for row in rows)
    assert all(0 <= row["F1"] <= 1 for row in rows)
    assert len(rows[2]["each seed"].split(", ")) == 2
