"""Names of a catalogue in texts: found, counted with what stands above them, saved, and shown."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from torch.testing import assert_close

from latentalign.errors import InputError
from latentalign.evaluation.baselines import TfidfSvm
from latentalign.evaluation.classification.recipe import ClassificationRecipe
from latentalign.formats.catalogue.catalogue_file import CatalogueFile
from latentalign.formats.catalogue.concept import Concept
from latentalign.models.features import Featurizer
from latentalign.models.matcher.concept_names import ConceptNames
from latentalign.models.matcher.discriminant import CONCEPT_LENGTH, Vocabulary
from latentalign.models.matcher.memory import units_of
from latentalign.tasks.classification.classifier_recipe import ClassifierRecipe, with_catalogue
from latentalign.tasks.classification.classify import Classifier
from latentalign.tasks.classification.labelled_texts import LabelledTexts
from latentalign.tasks.classification.train_classifier import ClassifierTraining
from latentalign.training.discriminant import DiscriminantConfig
from tests.tiny_models import write

CATALOGUE = (
    Concept(id="animal", label="Animals"),
    Concept(id="pet", label="Pets", parents=("animal",)),
    Concept(id="tabby", label="Tabby cat", synonyms=("cat, grey", "tom"), parents=("pet",)),
    Concept(id="way", label="Thoroughfare"),
    Concept(id="alley", label="Alley of houses", synonyms=("Hirschsprung's alley",), parents=("way",)),
)


def found(text: str, catalogue: tuple[Concept, ...] = CATALOGUE) -> list[tuple[str, tuple[str, ...]]]:
    units = units_of(text)
    names = ConceptNames.of(catalogue)
    return [
        (text[units.spans[start].start : units.spans[end - 1].end], concepts)
        for start, end, concepts in names.stretches(units.strings)
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Tabby cats!", [("Tabby cats", ("tabby",))]),
        ("the grey cat", [("grey cat", ("tabby",))]),
        ("houses of an alley", [("houses of an alley", ("alley",))]),
        ("Hirschsprung’s alley, thoroughfares", [("Hirschsprung’s alley", ("alley",)), ("thoroughfares", ("way",))]),
        ("a tabby-cat", [("tabby-cat", ("tabby",))]),
        ("tabby, cat; tabby. cat", []),
        ("Tom", []),
        ("", []),
    ],
)
def test_names_are_found_whatever_their_endings_and_order(text: str, wanted: list[tuple[str, tuple[str, ...]]]) -> None:
    if text:
        assert found(text) == wanted
    assert ConceptNames.of(CATALOGUE).stretches([]) == []


def test_the_longest_name_counts_and_one_name_may_be_of_several() -> None:
    more = (*CATALOGUE, Concept(id="grey", label="grey"), Concept(id="breed", label="tabby cats"))
    assert found("a tabby cat in grey", more) == [("tabby cat", ("tabby", "breed")), ("grey", ("grey",))]


def test_each_word_of_a_name_has_what_stands_above() -> None:
    names = ConceptNames.of(CATALOGUE)
    assert names.of_words(["a", "tabby", "-", "cat"]) == [
        (),
        ("tabby", "pet", "animal"),
        (),
        ("tabby", "pet", "animal"),
    ]
    circle = ConceptNames(names={}, parents={"a": ("b",), "b": ("a",)})
    assert circle.with_above("a") == ("a", "b")
    assert names.with_above("unknown") == ("unknown",)


def test_the_bag_of_concepts_is_shorter_than_those_of_words() -> None:
    texts = [units_of("a tabby cat"), units_of("an alley of houses"), units_of("nothing else")]
    vocabulary = Vocabulary.of(texts, (Featurizer(),), least=1, concepts=ConceptNames.of(CATALOGUE))
    names = {number: feature for feature, number in vocabulary.places.items()}
    assert {one for rule, one in names.values() if rule == 1} == {"tabby", "pet", "animal", "alley", "way"}
    weights = vocabulary.weights(vocabulary.words(texts[0]))
    for rule, length in ((0, 1.0), (1, CONCEPT_LENGTH)):
        squares = sum(weight**2 for number, weight in weights.items() if names[number][0] == rule)
        assert squares == pytest.approx(length**2)
    bare = vocabulary.weights(vocabulary.words(texts[2]))
    assert {names[number] for number in bare} == {(0, "nothing"), (0, "else")}


ROWS = [
    (f"{first} {second}", label)
    for label, some in {"pets": ("the kitten", "a spaniel"), "streets": ("die Straße", "the Café")}.items()
    for first in some
    for second in ("on it", "and a", "it on", "the and")
]
KINDS = (
    Concept(id="pet", label="Pets"),
    Concept(id="cat", label="kittens", parents=("pet",)),
    Concept(id="dog", label="spaniels", parents=("pet",)),
    Concept(id="hound", label="greyhound", synonyms=("whippet",), parents=("pet",)),
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ClassifierTraining:
    made = ClassifierTraining(fine_tune=False, discriminant=DiscriminantConfig(ngrams=()))
    return replace(made, matcher=made.matcher.with_model(write(tmp_path_factory.mktemp("bert"), "bert")))


def test_a_kind_speaks_for_words_that_training_has_not_seen(settings: ClassifierTraining, tmp_path: Path) -> None:
    """Training names kittens and spaniels alone; a whippet is a pet as well, and a folder still knows it."""
    made, alone = replace(settings, concepts=KINDS).fit(ROWS), settings.fit(ROWS)
    text = "whippet"
    gain = made.values([text]) - alone.values([text])
    assert float(gain[0, 0] - gain[0, 1]) > 0.1
    result = made.classify("the whippet on it")
    (named,) = result.named
    assert (named.span.of(result.text), named.concepts) == ("whippet", ("hound",))
    assert named.carried == pytest.approx(result.carried[1])
    assert result.to_fields()["named"] == [{"span": [4, 11], "concepts": ["hound"], "carried": named.carried}]
    assert alone.classify("the whippet on it").named == ()
    again = Classifier.load(folder=made.save(tmp_path / "saved"))
    assert_close(again.values([text]), made.values([text]), atol=1e-3, rtol=1e-3)
    assert again.classify("the whippet on it").named[0].concepts == ("hound",)


def test_a_recipe_reads_the_catalogue(settings: ClassifierTraining, tmp_path: Path) -> None:
    (tmp_path / "kinds.csv").write_text("id,name,parents\npet,Pets,\nhound,whippet,pet\n", encoding="utf-8")
    (tmp_path / "rows.csv").write_text(
        "text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS), encoding="utf-8"
    )
    recipe = ClassifierRecipe(
        texts=LabelledTexts(file="rows.csv"), catalogue=CatalogueFile(file="kinds.csv"), settings=settings
    )
    made = recipe.run(tmp_path, tmp_path / "made")
    assert [one.concepts for one in made.classify("a whippet").named] == [("hound",)]
    with pytest.raises(InputError, match="set discriminant"):
        with_catalogue(replace(settings, discriminant=None), CatalogueFile(file="kinds.csv"), tmp_path)


def test_the_evaluation_puts_the_linear_machine_with_concepts_and_ours_without_beside(
    settings: ClassifierTraining, tmp_path: Path
) -> None:
    (tmp_path / "kinds.csv").write_text("id,name,parents\npet,Pets,\ndog,spaniel,pet\n", encoding="utf-8")
    lines = [json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS]
    (tmp_path / "rows.jsonl").write_text("".join(lines), encoding="utf-8")
    recipe = ClassificationRecipe(
        train=LabelledTexts(file="rows.jsonl"),
        test=LabelledTexts(file="rows.jsonl"),
        catalogue=CatalogueFile(file="kinds.csv"),
        settings=settings,
        perturbations=(),
        deletions=0,
        heads=(),
    )
    wanted = ["TF-IDF + SVM", "TF-IDF + SVM, with concepts", "ours, without concepts", "ours"]
    assert [row["system"] for row in recipe.measure(tmp_path).rows] == wanted
    assert [row["system"] for row in replace(recipe, left_out=False).measure(tmp_path).rows] == [*wanted[:2], "ours"]
    machine = TfidfSvm(names=ConceptNames.of(KINDS))
    machine.fit(["the kitten", "a spaniel", "die Straße", "the Café"], [0, 0, 1, 1])
    alone = TfidfSvm()
    alone.fit(["the kitten", "a spaniel", "die Straße", "the Café"], [0, 0, 1, 1])
    margins = [one.values(["whippet"])[0] for one in (machine, alone)]
    assert margins[0][0] - margins[0][1] > margins[1][0] - margins[1][1]
