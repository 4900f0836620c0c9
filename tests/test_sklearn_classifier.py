"""The estimator: the contract of scikit-learn where it applies to texts, a grid search, and other processes."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_is_fitted

from latentalign import registry
from latentalign.errors import InputError, MissingExtraError
from latentalign.tasks.classification.sklearn_classifier import TextClassifier
from tests.tiny_models import write

TEXTS = ["the cat sat", "a dog", "the dog and the cat", "die Straße", "im Café", "schön ist die Straße"] * 2
CLASSES = [7, 7, 7, 3, 3, 3] * 2


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write(tmp_path_factory.mktemp("bert"), "bert"))


@pytest.fixture(scope="module")
def fitted(model: str):
    return TextClassifier(model=model).fit(TEXTS, CLASSES)


def test_it_predicts_classes_of_the_kind_it_was_given(fitted) -> None:
    assert is_classifier(fitted)
    assert fitted.classes_.tolist() == [3, 7]
    assert fitted.predict(["the cat sat", "im Café"]).tolist() == [7, 3]
    assert fitted.score(TEXTS, CLASSES) == 1.0


def test_probabilities_and_decisions_agree(fitted) -> None:
    chances, decisions = fitted.predict_proba(TEXTS), fitted.decision_function(TEXTS)
    assert chances.sum(axis=1) == pytest.approx(np.ones(len(TEXTS)))
    assert decisions.shape == (len(TEXTS),)
    assert ((decisions > 0) == (chances[:, 1] > 0.5)).all()


def test_three_classes_have_a_column_each_in_order(model: str) -> None:
    three = TextClassifier(model=model).fit(TEXTS, ["b", "a", "a", "c", "c", "b"] * 2)
    assert three.classes_.tolist() == ["a", "b", "c"]
    assert three.decision_function(["a dog"]).argmax() == 0
    assert three.predict_proba(["im Café"]).shape == (1, 3)


def test_it_is_cloned_searched_and_put_into_a_pipeline(model: str) -> None:
    estimator = TextClassifier(model=model)
    assert clone(estimator).get_params() == estimator.get_params()
    search = GridSearchCV(estimator, {"word_weight": [0.0, 1.0], "family": ["independent", "transport"]}, cv=2)
    search.fit(TEXTS, CLASSES)
    assert search.best_score_ > 0.5
    assert set(search.best_params_) == {"word_weight", "family"}
    lower = make_pipeline(FunctionTransformer(lambda texts: [one.lower() for one in texts]), estimator)
    assert cross_val_score(lower, TEXTS, CLASSES, cv=2).shape == (2,)


def test_it_goes_to_another_process_and_back(fitted) -> None:
    again = pickle.loads(pickle.dumps(fitted))
    assert type(again) is TextClassifier
    assert again.predict_proba(TEXTS) == pytest.approx(fitted.predict_proba(TEXTS))


def test_fine_tuning_is_a_parameter(model: str) -> None:
    trained = TextClassifier(model=model, fine_tune=True, epochs=1, learning_rate=1e-3, random_state=3)
    assert trained.fit(TEXTS, CLASSES).predict(["the cat sat"]).tolist() == [7]


def test_what_it_cannot_take_is_refused(fitted, model: str) -> None:
    with pytest.raises(NotFittedError):
        check_is_fitted(TextClassifier(model=model))
    with pytest.raises(InputError, match="a sequence of strings, got one string"):
        fitted.predict("the cat")
    with pytest.raises(InputError, match="got int"):
        fitted.predict([1])
    with pytest.raises(InputError, match="as many classes"):
        TextClassifier(model=model).fit(["a"], [])
    with pytest.raises(MissingExtraError, match=r"latentalign\[sklearn\]"):
        registry.require("sklearn.absent", extra="sklearn")
