"""Sections of documents: scores and what carries them, training against an enumeration, folders, files, the command."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.cli.main import main
from latentalign.errors import InputError, ModelError, UnsupportedError
from latentalign.evaluation.sections.recipe import deletion
from latentalign.families import Chain, Independent, LatentAlignment, Markov, Matching, Monotonic
from latentalign.formats.split_texts import read
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.label_scores import fitted_temperature, null_level, padded, with_null
from latentalign.models.sections import SectionScorer, sentence_states, word_states
from latentalign.tasks.sections.labelled_documents import Labelled, LabelledDocuments
from latentalign.tasks.sections.sectioner import SectionClassifier
from latentalign.tasks.sections.train_sections import SectionsTraining, ordered
from latentalign.testing import Case, oracles, truth
from latentalign.text.pairs import Failure
from latentalign.text.split_texts import SplitText
from latentalign.training.config import TrainingConfig
from latentalign.training.held_out import apart
from latentalign.training.optimizer import AdamW
from latentalign.training.sections import SectionsConfig, SectionsInTraining
from tests.tiny_models import write

# The sentences of both sections have the same words: only the order tells them apart.
ROWS = [
    Labelled(SplitText.of_sentences(["the cat sat", "a dog sat", "the cat sat", "a dog sat"][:count]), labels)
    for count, labels in ((4, ("aim", "aim", "end", "end")), (3, ("aim", "aim", "end")), (2, ("aim", "aim")))
] * 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture
def encoder(folder: Path) -> HuggingFaceEncoder:
    return HuggingFaceEncoder.load(folder, device="cpu")


@pytest.fixture
def scorer(encoder: HuggingFaceEncoder) -> SectionScorer:
    generator = torch.Generator().manual_seed(0)
    return SectionScorer(
        encoder=encoder, vectors=torch.randn(3, 16, generator=generator), bias=torch.randn(3, generator=generator)
    )


def test_a_document_knows_its_sentences_and_their_words() -> None:
    document = SplitText.of_sentences(["It works.", "…", "We show how."])
    assert document.text == "It works. … We show how."
    assert document.strings == ("It works.", "…", "We show how.")
    assert [[one.of(document.text) for one in some] for some in document.words][:2] == [["It", "works", "."], ["…"]]
    assert SplitText.of_text("It works.\nWe show\nhow.").strings == ("It works.", "We show\nhow.")
    for bad in ([], ["a", " "], ["a\ud800"]):
        with pytest.raises(InputError):
            SplitText.of_sentences(bad)


def test_what_the_words_carry_is_the_score_over_the_mean_of_the_sections(scorer: SectionScorer) -> None:
    documents = [SplitText.of_sentences(["the cat sat on it", "dog"]), SplitText.of_sentences(["a naïve dog looked"])]
    scores, mask = scorer.scores(documents)
    assert mask[:, :, 0].tolist() == [[True, True], [True, False]]
    for number, document in enumerate(documents):
        for section in range(3):
            carried = scorer.carried(document, [section] * len(document.sentences))
            assert [len(one) for one in carried] == [len(one) for one in document.words]
            for place, some in enumerate(carried):
                apart_of = scores[number, place] - scorer.bias
                assert sum(some) == pytest.approx(float(apart_of[section] - apart_of.mean()), abs=1e-4)


def test_a_sentence_is_read_with_the_sentences_around_it(encoder: HuggingFaceEncoder) -> None:
    alone, beside = SplitText.of_sentences(["the cat"]), SplitText.of_sentences(["the cat", "a dog looked"])
    first, second = sentence_states([alone, beside], encoder)
    assert not torch.allclose(first[0], second[0], atol=1e-3)
    words = word_states([beside], encoder)[0]
    assert_close(second[1], words[1].mean(dim=0))
    long = SplitText.of_sentences(["the cat sat on the mat", "and a dog looked at it"] * 12)  # more than a window
    assert sentence_states([long], encoder)[0].shape == (24, 16)


@pytest.mark.parametrize("family", [Chain(), Independent(), Monotonic(), Markov()], ids=str)
def test_null_is_allowed_or_not(family) -> None:
    scores = torch.full((1, 3, 2), -50.0)
    without = with_null(family, allowed=False)
    if not isinstance(family, Monotonic):  # one query a key there
        assert_close(without.expected(scores).sum(dim=-1), torch.ones(1, 3))
    assert not bool(with_null(without, allowed=True).best(scores).any())


def test_the_temperature_that_labels_were_drawn_at_is_found() -> None:
    generator = torch.Generator().manual_seed(0)
    family = Chain(steps=((0.5, -0.5), (1.0, 0.0), (-1.0, 1.0)), null=None)
    scores = 2 * torch.randn(2000, 4, 2, generator=generator)
    mask = torch.ones_like(scores, dtype=torch.bool)
    drawn = replace(family, temperature=2.0).sample(scores, mask, generator=generator).int().argmax(dim=-1).tolist()
    assert fitted_temperature(family, scores, mask, drawn) == pytest.approx(2.0, rel=0.1)


def test_null_takes_the_share_that_it_may() -> None:
    scores = torch.randn(50, 4, 3, generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(scores, dtype=torch.bool)
    level = null_level(scores, mask, turned_away=0.1)
    best = Independent().best(scores - level, mask)
    assert float((~best.any(dim=-1)).float().mean()) == pytest.approx(0.1, abs=0.01)


def module_of(folder: Path, labels: list[list[int]], **settings: object) -> SectionsInTraining:
    encoder = HuggingFaceEncoder.load(folder, device="cpu")
    documents = [row.document for row in ROWS[: len(labels)]]
    plain: dict = {"sections": 2, "family": Chain(), "settings": SectionsConfig(dropout=0.0)}
    module = SectionsInTraining(encoder, documents, labels, **{**plain, **settings})
    torch.manual_seed(0)
    for one in (module.vectors, module.bias, module.steps):
        torch.nn.init.normal_(one, std=0.05)
    return module


@pytest.mark.parametrize("trust", [(), ((1.0, 0.9, 0.5, 0.6), (0.7, 0.8, 0.3), (1.0, 0.4))], ids=["certain", "shared"])
def test_the_loss_is_minus_the_expected_log_probability_of_the_labels(folder: Path, trust: tuple) -> None:
    labels = [[0, 0, 1, 1], [0, 0, 1], [0, 0]]
    module = module_of(folder, labels, trust=trust)
    found, figures = module.loss(torch.arange(3))
    scorer, family = module.trained()
    scores, mask = scorer.scores(module.documents)
    case, total = Case(family=family, alignments=oracles.chain(family)), 0.0
    for number, told in enumerate(labels):
        size = len(told)
        true = truth(case, scores[number, :size].double(), mask[number, :size])
        shares = torch.nn.functional.one_hot(torch.tensor(told), 2).double()
        if trust:
            shares = torch.tensor(
                [[c, 1 - c] if k == 0 else [1 - c, c] for k, c in zip(told, trust[number], strict=True)]
            )
        chances = torch.where(true.links, shares.double(), 1.0).prod(dim=2).prod(dim=1)
        assert float(chances.sum()) == pytest.approx(1.0)
        total -= float((chances * true.probabilities.log()).sum())
    assert found.item() == pytest.approx(total / 9, rel=1e-4)
    assert 0 <= figures["right"] <= 1
    found.backward()
    assert module.steps.grad is not None
    assert bool(module.steps.grad.any())


def test_a_family_with_a_structure_of_its_own_takes_labels_as_certain(folder: Path) -> None:
    family = Monotonic(gap_query=None, repeat_query=True, gap_key=-0.5)
    module = module_of(folder, [[0, 0, 1, 1]], family=family, trust=[(0.5,) * 4])
    scores, mask = module.trained()[0].scores(module.documents)
    gold = torch.nn.functional.one_hot(torch.tensor([[0, 0, 1, 1]]), 2).bool()
    wanted = LatentAlignment(family=family, scores=scores, mask=mask).log_prob(gold)
    assert module.loss(torch.arange(1))[0].item() == pytest.approx(-float(wanted) / 4, rel=1e-4)


def test_smoothing_shares_a_label_among_all_sections(folder: Path) -> None:
    module = module_of(folder, [[0, 0, 1, 1]], sections=4, settings=SectionsConfig(smoothing=0.2))
    assert module.gold[0][0].tolist() == pytest.approx([0.85, 0.05, 0.05, 0.05])


def test_what_cannot_be_trained_is_refused(encoder: HuggingFaceEncoder) -> None:
    with pytest.raises(UnsupportedError, match="distribution"):
        SectionsInTraining(encoder, [], [], sections=2, family=Matching(), settings=SectionsConfig())
    with pytest.raises(InputError, match="labels"):
        SectionsInTraining(encoder, [ROWS[0][0]], [[0]], sections=2, family=Chain(), settings=SectionsConfig())
    with pytest.raises(InputError, match="SectionsConfig"):
        SectionsConfig(smoothing=1.0)
    with pytest.raises(InputError, match="two sections"):
        ordered([Labelled(ROWS[0].document, ("a",) * 4)])
    with pytest.raises(InputError, match="two documents"):
        apart(ROWS[:1], share=0.1)


def quick(folder: Path, **settings: object) -> SectionsTraining:
    training = TrainingConfig(epochs=12, optimizer=AdamW(learning_rate=5e-3), save_every=1000, evaluate_every=1000)
    return SectionsTraining(**{"model": str(folder), "window": None, "training": training, **settings})


@pytest.fixture(scope="module")
def classifier(folder: Path) -> SectionClassifier:
    return quick(folder).fit(ROWS)


def test_the_order_is_learned(classifier: SectionClassifier) -> None:
    assert classifier.names == ("aim", "end")
    assert classifier.fitted_on == "1 documents held out"
    result = classifier.classify(ROWS[0][0])
    assert [one.ranked[0].label for one in result.sentences] == ["aim", "aim", "end", "end"]


def test_a_result_holds_together(classifier: SectionClassifier) -> None:
    result = classifier.classify(["the cat sat", "a dog sat", "the cat sat", "a dog sat"])
    assert result.evidence.target == "aim | end"
    assert len(result.labels) == len(result.sentences) == 4
    for one, row in zip(result.sentences, result.evidence.matrix, strict=True):
        assert sum(guess.probability for guess in one.ranked) + one.nothing == pytest.approx(1.0, abs=1e-4)
        assert sorted(row) == pytest.approx(sorted(guess.probability for guess in one.ranked))
        assert len(one.words) == 3
        assert set(one.because) <= {word.span for word in one.words}
        assert 0 <= one.probability <= 1
    fields = json.loads(json.dumps(result.to_fields()))
    assert [one["text"] for one in fields["sentences"]] == ["the cat sat", "a dog sat"] * 2


def test_a_sentence_may_have_no_section(classifier: SectionClassifier) -> None:
    scorer = classifier.scorer
    assert isinstance(scorer, SectionScorer)
    never = replace(classifier, scorer=replace(scorer, bias=scorer.bias - 1e4))
    result = never.classify("the cat sat")
    assert result.labels == (None,)
    assert result.sentences[0].probability == pytest.approx(1.0)


def test_a_bad_document_keeps_its_place(classifier: SectionClassifier) -> None:
    failure = Failure(error=InputError(wanted="a", came="b"))
    results = list(classifier.classify_many(["the cat sat", " ", failure, SplitText.of_text("a dog", id="7")]))
    assert [type(one).__name__ for one in results] == ["Sectioned", "Failure", "Failure", "Sectioned"]
    assert results[3].id == "7"
    with pytest.raises(InputError):
        classifier.classify("")


def test_a_folder_gives_the_same_answers_and_a_changed_file_is_noticed(
    classifier: SectionClassifier, tmp_path: Path
) -> None:
    place = classifier.save(tmp_path / "saved")
    again = SectionClassifier.load(folder=place)
    one, other = (found.align([ROWS[0][0]]).expected for found in (classifier, again))
    assert_close(one, other)
    assert again.names == classifier.names
    with_order = SectionClassifier.load(folder=place, family={"name": "monotonic", "repeat_query": True})
    assert isinstance(with_order.family, Monotonic)
    settings = place / "sections.json"
    settings.write_text(settings.read_text(encoding="utf8").replace("aim", "arm"), encoding="utf8")
    with pytest.raises(ModelError, match=r"sections\.json"):
        SectionClassifier.load(folder=place)
    with pytest.raises(InputError, match="neither"):
        SectionClassifier.load()


def test_described_sections_come_in_their_order(folder: Path) -> None:
    labels = {"pets": "the cat sat", "streets": "die Straße ist schön"}
    found = SectionClassifier.load(labels, scorer={"model": str(folder), "device": "cpu"})
    assert found.classify(["the cat sat", "die Straße ist schön"]).labels == ("pets", "streets")
    result = found.classify(["die Straße ist schön", "the cat sat", "…"])
    assert list(result.labels) == sorted(result.labels)  # never back
    assert [len(one.words) for one in result.sentences] == [4, 3, 1]
    with pytest.raises(UnsupportedError, match="trained"):
        found.save(folder / "x")


def test_the_deletion_test_finds_the_word_that_all_rests_on(
    classifier: SectionClassifier, scorer: SectionScorer
) -> None:
    found = replace(classifier, names=("x", "y", "z"), scorer=scorer, family=Independent())
    documents = [SplitText.of_sentences(["the cat sat on the mat", "a dog"]), SplitText.of_sentences(["x"])]
    result = deletion(found, documents)
    assert len(result.linked) == 1  # a sentence of one word is left out
    assert result.linked[0] > result.random[0]  # the words that are named carry more than any others


@pytest.fixture
def data(tmp_path: Path) -> Path:
    lines = [json.dumps({"sentences": document.strings, "labels": labels}) + "\n" for document, labels, _ in ROWS]
    (tmp_path / "train.jsonl").write_text("".join(lines), encoding="utf8")
    (tmp_path / "test.jsonl").write_text("".join(lines[:3]), encoding="utf8")
    (tmp_path / "bad.jsonl").write_text('{"sentences": ["a"], "labels": []}\n', encoding="utf8")
    return tmp_path


SETTINGS = '[settings]\nmodel = "{}"\nwindow = 40\n[settings.training]\nepochs = 1\n'


def test_train_and_classify_by_command(data: Path, folder: Path, capsys) -> None:
    recipe = data / "recipe.toml"
    text = 'trainer = "sections"\ndocuments = { file = "train.jsonl" }\n' + SETTINGS.format(folder)
    recipe.write_text(text, encoding="utf8")
    model = str(data / "out")
    assert main(["train", str(recipe), "--data", str(data), "-o", model]) == 0
    capsys.readouterr()
    texts = data / "in.txt"
    texts.write_bytes(b"the cat sat. A dog sat.\n\nthe mat\n")
    assert main(["classify", str(texts), "--sections", "--model", model]) == 0
    blocks = capsys.readouterr().out.split("\n\n")
    assert [[line.split("\t")[2] for line in block.strip().splitlines()] for block in blocks] == [
        ["the cat sat.", "A dog sat."],
        ["the mat"],
    ]
    lines = data / "in.jsonl"
    lines.write_text('{"id": 1, "sentences": ["the cat", "a dog"]}\n{"id": 2}\n{"text": "the mat"}\n', encoding="utf8")
    assert main(["classify", str(lines), "--sections", "--model", model, "--json"]) == 3
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row.get("id"), "error" in row) for row in rows] == [("1", False), ("2", True), (None, False)]
    assert main(["classify", "x", "--sections", "--model", model, "-l", "a=b"]) == 1
    assert "leave --label" in capsys.readouterr().err


def test_a_recipe_measures_with_and_without_the_order(data: Path, folder: Path, capsys) -> None:
    recipe = data / "recipe.toml"
    text = 'evaluation = "sections"\ntrain = { file = "train.jsonl" }\ntest = { file = "test.jsonl" }\nseeds = [0, 1]\n'
    recipe.write_text(text + f'deletions = 2\nmodels = "{data}/models"\n' + SETTINGS.format(folder), encoding="utf8")
    assert main(["evaluate", str(recipe), "--data", str(data), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["system"] for row in rows] == [
        "TF-IDF + SVM, single sentences",
        "ours, chain",
        "ours, chain, the order left out",
        "ours, independent",
    ]
    names = sorted(path.name for path in (data / "models").iterdir())
    assert [name.rpartition("-")[0] for name in names] == ["chain-0", "chain-1", "independent-0", "independent-1"]
    assert main(["evaluate", str(recipe), "--data", str(data), "--json"]) == 0
    again = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["Brier"] for row in again] == pytest.approx([row["Brier"] for row in rows], abs=1e-3)
    assert all(list(row) == list(rows[0]) for row in rows)
    assert all(0 <= row["accuracy"] <= 1 for row in rows)
    assert all(isinstance(row[key], float) for row in rows for key in ("risk area", "typos", "word order"))
    assert [row["each seed"] == "–" for row in rows] == [True, False, False, False]


def test_files_that_hold_no_documents_are_refused(data: Path) -> None:
    for name, message in (("bad.jsonl", "a label a sentence"), ("absent.jsonl", "a file that can be read")):
        with pytest.raises(InputError, match=message):
            LabelledDocuments(file=name).read(data)
    with pytest.raises(InputError, match="sentences under 'text'"):
        LabelledDocuments(file="train.jsonl", sentences="text").read(data)
    assert len(LabelledDocuments(file="train.jsonl", most=4).read(data)) == 4
    bad = data / "latin.txt"
    bad.write_bytes(b"the cat.\n\n\xe9\n\nthe dog.\n")
    assert [type(one).__name__ for one in read(str(bad))] == ["SplitText", "Failure", "SplitText"]


def test_padding_keeps_the_scores() -> None:
    scores, mask = padded([torch.ones(2, 3), 2 * torch.ones(1, 3)])
    assert scores[mask].tolist() == [1.0] * 6 + [2.0] * 3
