"""The matcher: its values against the formula written out, its evidence against the gradient, NULL and calibration."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from latentalign.errors import InputError, ModelError
from latentalign.families import Independent
from latentalign.models.matcher.calibration import OUT, Calibration, conformal_floor
from latentalign.models.matcher.candidate import Candidate, candidates_of, grouped
from latentalign.models.matcher.matcher import Matcher
from latentalign.models.matcher.memory import Memory, read, units_of
from latentalign.models.matcher.reduction import by_candidate
from latentalign.models.matcher.settings import MatcherConfig
from latentalign.models.scorer import PairScorer, ScorerConfig
from latentalign.registry import families
from tests.tiny_models import write

LABELS = {"pets": ["the cat sat", "a dog looked at the cat"], "streets": ["die Straße ist schön"]}
TEXT = "the dog sat on a mat"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bert"), "bert")


@pytest.fixture(scope="module")
def matcher(folder: Path) -> Matcher:
    return MatcherConfig(scorer=ScorerConfig(model=str(folder), device="cpu"), whole_weight=3.0).build()


def test_a_value_is_the_formula_written_out(matcher: Matcher) -> None:
    memory = matcher.remember(candidates_of(LABELS))
    text = units_of(TEXT)
    found = matcher.values([text], memory)[0]
    vector = read([text], matcher.scorer)[text].pooled
    for number, texts in enumerate(LABELS.values()):
        each = []
        for one in map(units_of, texts):
            scores, mask = matcher.scorer.score([text], [one], level="word")
            cosine = torch.cosine_similarity(vector, read([one], matcher.scorer)[one].pooled, dim=0)
            words = 2 * Independent().value(scores, mask)[0] / sum(scores.shape[1:])
            each.append(float(3.0 * cosine + words))
        expected = math.log(sum(map(math.exp, each)) / len(each))
        assert float(found[number]) == pytest.approx(expected, abs=2e-2)  # the memory keeps words in half precision


def test_a_batch_equals_the_loop_over_its_texts_and_the_order_of_candidates_does_not_matter(matcher: Matcher) -> None:
    texts = [units_of(one) for one in (TEXT, "die Katze", "cat")]
    memory = matcher.remember(candidates_of(LABELS))
    batch = matcher.values(texts, memory)
    for row, one in zip(batch, texts, strict=True):
        assert_close(matcher.values([one], memory)[0], row, atol=1e-3, rtol=1e-3)
    turned = matcher.remember(candidates_of(LABELS)[::-1])
    assert_close(matcher.values(texts, turned).flip(1), batch, atol=1e-3, rtol=1e-3)
    assert matcher.values([], memory).shape == (0, 2)


def test_a_memory_is_restored_without_the_encoder_and_only_for_its_own_candidates(matcher: Matcher) -> None:
    memory = matcher.remember(candidates_of(LABELS))
    again = Memory.restored(memory.candidates, memory.tensors)
    assert torch.equal(matcher.values([units_of(TEXT)], again), matcher.values([units_of(TEXT)], memory))
    with pytest.raises(ModelError, match="1 vectors and 2 states, got 3 and"):
        Memory.restored(candidates_of({"pets": "two words"}), memory.tensors)


def test_what_is_not_aligned_gives_no_more_than_the_least_that_was(matcher: Matcher) -> None:
    memory = matcher.remember(candidates_of(LABELS))
    exact = matcher.values([units_of(TEXT)], memory)
    short = replace(matcher, aligned=1).values([units_of(TEXT)], memory)
    best = int(replace(matcher, word_weight=0.0).values([units_of(TEXT)], memory).argmax())
    assert short.shape == exact.shape
    assert short.isfinite().all()
    assert short.argmax() == best


def test_a_text_does_not_explain_itself(matcher: Matcher) -> None:
    memory = matcher.remember(candidates_of(LABELS))
    alone = matcher.remember(candidates_of({"pets": LABELS["pets"][1], "streets": LABELS["streets"]}))
    without = matcher.values([memory.units[0]], memory, without=[0])
    assert_close(without, matcher.values([memory.units[0]], alone), atol=1e-3, rtol=1e-3)
    gone = matcher.values([memory.units[2]], memory, without=[2])
    assert float(gone[0, 1]) < -100  # the only text of its candidate


def test_the_evidence_is_the_gradient_of_the_value(matcher: Matcher) -> None:
    memory = matcher.remember(candidates_of(LABELS))
    found = matcher.explain(units_of(TEXT), memory, 0)
    scores = found.alignment.scores.clone().requires_grad_()
    value = found.whole + matcher.word_weight * 2 * matcher.family.value(scores) / sum(scores.shape)
    assert value.item() == pytest.approx(found.value, abs=1e-4)
    (gradient,) = torch.autograd.grad(value, scores)
    scale = 2 * matcher.word_weight / sum(scores.shape)
    assert_close(gradient, scale * found.alignment.expected)
    assert found.carried.shape == (6,)
    assert memory.owner[found.text] == 0


def test_every_family_gives_values_and_evidence(matcher: Matcher) -> None:
    memory = matcher.remember(candidates_of(LABELS))
    for name in ("independent", "transport", "matching", "monotonic", "markov", "agreement"):
        one = replace(matcher, family=families.load(name)())
        assert one.values([units_of(TEXT)], memory).isfinite().all()
        found = one.explain(units_of(TEXT), memory, 1)
        assert (found.alignment.null_query >= 0).all()
        assert found.alignment.null_key.shape == (len(memory.units[2].spans),)


def test_a_matcher_of_words_alone_needs_no_encoder() -> None:
    scorer = PairScorer.load(ScorerConfig(potentials=[{"name": "lexical", "weight": 4.0}, {"name": "null"}]))
    matcher = Matcher(scorer=scorer, family=Independent())
    memory = matcher.remember(candidates_of(LABELS))
    assert matcher.values([units_of("the cat")], memory).argmax() == 0
    assert matcher.explain(units_of("the cat"), memory, 0).whole == 0.0


def test_values_of_a_candidate_are_reduced_by_the_mean_of_their_exponentials() -> None:
    values = torch.tensor([[1.0, 2.0, 5.0], [200.0, -200.0, 0.0]], dtype=torch.float64, requires_grad=True)
    owner, counts = torch.tensor([0, 0, 1]), torch.tensor([2, 1, 0])
    found = by_candidate(values, owner, counts)
    assert found[0].tolist() == pytest.approx([math.log((math.e + math.e**2) / 2), 5.0, -1e4])
    assert found[1].tolist() == pytest.approx([200 - math.log(2), 0.0, -1e4])
    (gradient,) = torch.autograd.grad(found[:, :2].sum(), values)
    assert_close(gradient.sum(dim=1), torch.full((2,), 2.0, dtype=torch.float64))
    assert torch.autograd.gradcheck(lambda one: by_candidate(one, owner, counts, without=[0, 2])[:, 0], values)


def made_values(count: int = 600) -> tuple[torch.Tensor, torch.Tensor]:
    """Values whose softmax at temperature 2 is how the labels were drawn."""
    generator = torch.Generator().manual_seed(0)
    values = 6 * torch.randn(count, 5, generator=generator)
    labels = torch.multinomial((values / 2).softmax(dim=1), 1, generator=generator)[:, 0]
    return values, labels


def test_the_temperature_that_made_the_labels_is_found() -> None:
    values, labels = made_values()
    found = Calibration.fit(values, labels, torch.ones(5))
    assert found.temperature == pytest.approx(2.0, rel=0.15)
    assert found.prior == 0.0


def test_null_is_fitted_to_a_share_of_the_texts_in_scope_or_to_texts_out_of_scope() -> None:
    values, labels = made_values()
    found = Calibration.fit(values, labels, torch.ones(5), turned_away=0.1)
    nothing = found.probabilities(values, torch.ones(5))[:, -1]
    assert float((nothing > 0.5).float().mean()) == pytest.approx(0.1, abs=0.01)
    outside = torch.randn(100, 5, generator=torch.Generator().manual_seed(1)) - 20
    both = torch.cat([values, outside])
    told = torch.cat([labels, torch.full((100,), OUT)])
    fitted = Calibration.fit(both, told, torch.ones(5))
    nothing = fitted.probabilities(both, torch.ones(5))[:, -1]
    assert float(nothing[:600].mean()) < 0.02
    assert float(nothing[600:].mean()) > 0.98


def test_probabilities_sum_to_1_and_null_is_one_more_candidate_at_the_slope_of_the_temperature() -> None:
    values, counts = torch.tensor([[1.0, 3.0, -2.0]]), torch.tensor([4, 2, 1])
    calibration = Calibration(temperature=2.0, prior=0.5, null=1.5, slope=0.5)
    found = calibration.probabilities(values, counts)
    logits = torch.cat([values + 0.5 * counts.log(), torch.tensor([[1.5]])], dim=1) / 2.0
    assert_close(found, logits.softmax(dim=1))
    assert_close(calibration.each(values), torch.sigmoid((values - 1.5) / 2.0))


def test_a_conformal_set_misses_no_more_than_its_error_rate_on_new_texts() -> None:
    values, labels = made_values(2000)
    half = Calibration.fit(values[:1000], labels[:1000], torch.ones(5), error_rate=0.2)
    chances = half.logits(values[1000:], torch.ones(5)).softmax(dim=1).gather(1, labels[1000:, None])
    assert float((chances >= half.floor).float().mean()) == pytest.approx(0.8, abs=0.04)
    sets = half.possible(half.probabilities(values[1000:], torch.ones(5)))
    assert sets.any(dim=1).all()  # with the most probable one always in, no more are missed
    assert float(sets.gather(1, labels[1000:, None]).float().mean()) >= float((chances >= half.floor).float().mean())
    assert conformal_floor(torch.tensor([0.5]), error_rate=0.1) == 0.0  # one text says nothing about one in ten


def test_candidates_without_words_and_calibrations_without_texts_are_refused() -> None:
    assert [one.name for one in grouped(["x", "y", "z"], ["b", "a", "b"])] == ["b", "a"]
    with pytest.raises(InputError, match="a description or an example"):
        Candidate(name="a", texts=())
    with pytest.raises(InputError, match="a blank text"):
        candidates_of({"a": "  "})
    with pytest.raises(InputError, match="at least one candidate"):
        candidates_of({})
    with pytest.raises(InputError, match="as many labels as texts"):
        grouped(["x"], [])
    with pytest.raises(InputError, match="texts in scope"):
        Calibration.fit(torch.zeros(1, 2), torch.tensor([OUT]), torch.ones(2))
    with pytest.raises(InputError, match="above 0"):
        Calibration(temperature=0.0)
    with pytest.raises(InputError, match="at least 1 text"):
        MatcherConfig(aligned=0, scorer=ScorerConfig(potentials=[{"name": "null"}])).build()
