"""Learned weights of words and of the whole beside the values of a matcher."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.errors import InputError
from latentalign.models.features import Featurizer
from latentalign.models.matcher.discriminant import Bags, Discriminant, Vocabulary
from latentalign.models.matcher.memory import read, units_of, vectors
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.labelled_texts import LabelledTexts, fold_of
from latentalign.tasks.classification.train_classifier import ClassifierTraining
from latentalign.training.config import TrainingConfig
from latentalign.training.discriminant import DiscriminantConfig, shares_of
from latentalign.training.optimizer import AdamW
from tests.tiny_models import write

ROWS = [
    (f"{first} {second} it", label)
    for label, some in {"pets": ("cat", "dog", "the cat"), "streets": ("Straße", "Café", "die Straße")}.items()
    for first in some
    for second in ("the", "a", "on", "and")
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture(scope="module")
def classifier(folder: Path) -> Classifier:
    settings = ClassifierTraining(fine_tune=False, discriminant=DiscriminantConfig(ngrams=(3,)))
    return replace(settings, matcher=settings.matcher.with_model(folder)).fit(ROWS)


def test_bags_are_the_formula() -> None:
    texts = [units_of("the cat the cat the"), units_of("a cat"), units_of("dog")]
    vocabulary = Vocabulary.of(texts, (Featurizer(), Featurizer(mode="ngram", sizes=(3,))), least=1)
    found = vocabulary.weights(vocabulary.words(texts[0]))
    names = {number: feature for feature, number in vocabulary.places.items()}
    counts = Counter({"the": 3, "cat": 2})
    documents = {"the": 1, "cat": 2}
    raw = {
        word: (1 + torch.tensor(float(counts[word])).log()) * (1 + torch.tensor(4 / (1 + documents[word])).log())
        for word in counts
    }
    norm = sum(float(one) ** 2 for one in raw.values()) ** 0.5
    words = {names[number][1]: weight for number, weight in found.items() if names[number][0] == 0}
    assert words == pytest.approx({word: float(one) / norm for word, one in raw.items()})
    for rule in (0, 1):
        assert sum(weight**2 for number, weight in found.items() if names[number][0] == rule) == pytest.approx(1.0)
    table = torch.randn(len(vocabulary.places), 2)
    wanted = torch.stack([sum((weight * table[number] for number, weight in found.items()), torch.zeros(2))])
    assert_close(Bags.of(texts[:1], vocabulary).times(table), wanted)
    assert Bags.of([units_of("xyz")], vocabulary).times(table).tolist() == [[0.0, 0.0]]


def test_what_the_words_carry_adds_up(classifier: Classifier) -> None:
    discriminant = classifier.discriminant
    assert isinstance(discriminant, Discriminant)
    text = units_of("the cat sat on the mat")
    known = read([text], classifier.matcher.scorer)
    plain = replace(discriminant, whole=discriminant.whole[:0])
    values = plain.add(torch.zeros(1, 2), [text], known)[0] - discriminant.bias
    for candidate in range(2):
        carried = plain.carried(text, candidate, known)
        assert len(carried) == 6
        assert float(carried.sum()) == pytest.approx(float(values[candidate] - values.mean()), abs=1e-4)


def test_it_learns_what_the_words_say(classifier: Classifier) -> None:
    assert classifier.classify("a dog and a cat").label == "pets"
    result = classifier.classify("Straße Café it")
    assert result.label == "streets"
    assert len(result.carried) == 3
    without = replace(classifier, discriminant=None)
    assert not torch.equal(without.values(["a dog"]), classifier.values(["a dog"]))
    assert classifier.with_labels({"x": "the cat", "y": "a dog"}).discriminant is None


def test_the_fit_is_a_minimum(classifier: Classifier) -> None:
    """The gradient of the objective, written out again, is 0 at the weights that were found."""
    settings, memory = DiscriminantConfig(ngrams=(), steps=300), classifier.memory
    values = torch.zeros(len(memory.units), 2)
    discriminant = settings.fit(memory, values)
    table, whole = discriminant.words.clone().requires_grad_(), discriminant.whole.clone().requires_grad_()
    margins = (2 * torch.nn.functional.one_hot(memory.owner, 2) - 1) * (
        Bags.of(memory.units, discriminant.vocabulary).times(table) + memory.pooled @ whole + discriminant.bias
    )
    loss = (1 - margins).clamp_min(0).square().sum() + 0.5 * ((table**2).sum() + (whole**2).sum())
    for gradient in torch.autograd.grad(loss, [table, whole]):
        assert float(gradient.abs().max()) < 1e-2


def test_a_folder_gives_it_back(classifier: Classifier, tmp_path: Path) -> None:
    again = Classifier.load(folder=classifier.save(tmp_path / "saved"))
    texts = ["the cat", "die Straße"]
    assert_close(again.values(texts), classifier.values(texts), atol=1e-3, rtol=1e-3)
    assert_close(again.discriminant.words, classifier.discriminant.words)


def test_a_split_of_ones_own_is_by_the_name_of_a_text(tmp_path: Path) -> None:
    lines = [json.dumps({"id": f"n{number}", "text": f"t{number}", "label": "x"}) + "\n" for number in range(50)]
    (tmp_path / "a.jsonl").write_text("".join(lines), encoding="utf8")
    parts = [LabelledTexts(file="a.jsonl", only=(fold,)).read(tmp_path) for fold in range(5)]
    assert sorted(text for part in parts for text, _ in part) == sorted(f"t{number}" for number in range(50))
    assert ("t7", "x") in parts[fold_of("n7", folds=5)]
    with pytest.raises(InputError, match="KeyError"):
        LabelledTexts(file="a.jsonl", id="name", only=(0,)).read(tmp_path)
    with pytest.raises(InputError, match="DiscriminantConfig"):
        DiscriminantConfig(words=0.0)


def test_an_encoder_trained_with_its_head_stands_beside_the_words(folder: Path, tmp_path: Path) -> None:
    """Both machines add up as their shares say, the encoder has moved, and a folder gives all of it back."""
    rows = [(f"{text} {number % 7}", label) for number in range(10) for text, label in ROWS]
    training = TrainingConfig.brief(epochs=2, optimizer=AdamW(learning_rate=1e-3))
    settings = ClassifierTraining(
        fine_tune=False,
        held_out=0.5,
        training=training,
        head=True,
        discriminant=DiscriminantConfig(ngrams=(3,)),
    )
    settings = replace(settings, matcher=settings.matcher.with_model(folder))
    made = settings.fit(rows)
    discriminant = made.discriminant
    assert isinstance(discriminant, Discriminant)
    assert discriminant.scale == 0.0
    assert discriminant.whole.abs().max() > 0
    texts = ["a dog and a cat", "Straße Café it"]
    assert [made.classify(text).label for text in texts] == ["pets", "streets"]
    units = [units_of(text) for text in texts]
    wanted = discriminant.of_words(units) + vectors(units, read(units, made.matcher.scorer)) @ discriminant.whole
    assert_close(made.values(texts), wanted)
    before = settings.matcher.build().scorer
    assert not torch.allclose(vectors(units, read(units, before)), vectors(units, read(units, made.matcher.scorer)))
    assert_close(Classifier.load(folder=made.save(tmp_path / "saved")).values(texts), wanted, atol=1e-3, rtol=1e-3)
    assert settings.fit(ROWS).classify(texts[0]).label == "pets"  # fewer than 100 held out: trained twice
    with pytest.raises(InputError, match="five texts of a label"):
        settings.fit([row for number in (0, 12) for row in ROWS[number : number + 4]])
    with pytest.raises(InputError, match="one way to train the encoder"):
        replace(settings, fine_tune=True)


def test_what_knows_nothing_counts_nothing() -> None:
    """Shares are those of the best likelihood: near 0 for noise, and the same for two machines that are the same."""
    told = torch.arange(3).repeat(40)
    sure = torch.nn.functional.one_hot(told, 3).float()
    wrong = torch.roll(sure, 1, dims=0) * (torch.arange(120) % 4 == 0)[:, None] + sure
    noise = torch.randn(120, 3, generator=torch.Generator().manual_seed(0))
    of_words, of_noise = shares_of(wrong, noise, told)
    assert of_noise < 0.1 * of_words
    one, other = shares_of(wrong, wrong, told)
    assert one == pytest.approx(other, rel=1e-3)
