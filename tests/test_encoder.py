"""Encoders: the states of transformers, word by word, for texts of any length, on five architectures."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from strategies import texts as any_text
from tiny_models import KINDS, LAYERS, units, write
from torch.testing import assert_close

from latentalign.errors import InputError, LatentAlignError, ModelError
from latentalign.models.bert import Bert
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.models.units import Encoded, Units
from latentalign.text.segment import segment
from latentalign.text.spans import Span
from latentalign.text.words import words

Folder = Callable[[str], Path]
HARD = "The naïve 👩‍👩‍👧 cat sat im Café."
TEXTS = ["The cat sat.", HARD, "", "a", "Die Straße, the mat 👍🏽", "the cat on the mat " * 9, " . "]
LONG = "the cat sat on 12 mats im Café " * 60


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    made: dict[str, Path] = {}

    def get(kind: str) -> Path:
        if kind not in made:
            made[kind] = write(tmp_path_factory.mktemp(kind), kind)
        return made[kind]

    return get


def load(path: Path, **changes: object) -> HuggingFaceEncoder:
    return HuggingFaceEncoder.load(path, device="cpu", **changes)


def by_transformers(path: Path, text: str, layer: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the states of words and of the text, piece by piece, from the untouched model."""
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(path, use_safetensors=True).eval()
    model = model.get_encoder() if model.config.is_encoder_decoder else model
    inputs = AutoTokenizer.from_pretrained(path)(text, return_tensors="pt", return_offsets_mapping=True)
    offsets = inputs.pop("offset_mapping")[0].tolist()
    with torch.no_grad():
        read = model(inputs["input_ids"], attention_mask=inputs["attention_mask"], output_hidden_states=True)
    states = read.hidden_states[layer][0]
    rows = [
        [row for row, (begin, stop) in enumerate(offsets) if begin < stop and begin < end and stop > start]
        for start, end in words(text)
    ]
    return torch.stack([states[row].mean(dim=0) for row in rows]), states.mean(dim=0)


def equal(left: list[Encoded], right: list[Encoded]) -> None:
    for one, other in zip(left, right, strict=True):
        assert_close(one.states, other.states, atol=2e-5, rtol=1e-4)
        assert_close(one.pooled, other.pooled, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("layer", [0, 1, -2, -1])
@pytest.mark.parametrize("kind", KINDS)
def test_states_are_those_of_transformers_at_every_layer(folder: Folder, kind: str, layer: int) -> None:
    states, pooled = by_transformers(folder(kind), HARD, layer)
    (found,) = load(folder(kind), layer=layer, pooled_layer=layer).encode([units(HARD)])
    assert_close(found.states, states, atol=1e-5, rtol=1e-4)
    assert_close(found.pooled, pooled, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"albert"}))
def test_layers_above_the_wanted_one_are_dropped(folder: Folder, kind: str) -> None:
    def layers(encoder: HuggingFaceEncoder) -> int:
        return next(len(module) for module in encoder.model.modules() if isinstance(module, torch.nn.ModuleList))

    assert layers(load(folder(kind))) == LAYERS
    assert layers(load(folder(kind), layer=1)) == LAYERS
    assert layers(load(folder(kind), layer=1, pooled_layer=2)) == 2


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"albert"}))
def test_layers_above_the_wanted_one_are_not_run(folder: Folder, kind: str) -> None:
    encoder = load(folder(kind), layer=1, pooled_layer=2)
    above = next(module for module in encoder.model.modules() if isinstance(module, torch.nn.ModuleList))[1]
    ran: list[bool] = []
    above.register_forward_pre_hook(lambda *_: ran.append(True))
    (states,) = encoder.encode([units(HARD)], pooled=False)
    assert not ran
    (both,) = encoder.encode([units(HARD)])
    assert ran
    assert_close(states.states, both.states)


def test_the_vector_of_a_text_may_come_from_another_layer(folder: Folder) -> None:
    for kind in ("bert", "roberta", "albert"):
        (found,) = load(folder(kind), layer=1).encode([units(HARD)])
        assert_close(found.states, by_transformers(folder(kind), HARD, 1)[0], atol=1e-5, rtol=1e-4)
        assert_close(found.pooled, by_transformers(folder(kind), HARD, LAYERS)[1], atol=1e-5, rtol=1e-4)


def test_bert_is_read_by_our_own_code_and_the_others_are_not(folder: Folder) -> None:
    assert isinstance(load(folder("bert")).model, Bert)
    assert not isinstance(load(folder("roberta")).model, Bert)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_equals_the_loop_over_its_texts(folder: Folder, kind: str) -> None:
    encoder = load(folder(kind))
    alone = [encoder.encode([units(text)])[0] for text in TEXTS]
    for tokens in (1, 64, 10_000):
        equal(replace(encoder, batch_tokens=tokens).encode([units(text) for text in TEXTS]), alone)


def test_windows_change_nothing_where_a_piece_needs_no_context(folder: Folder) -> None:
    """The embedding of T5 knows no positions: any windows must give the states of one window."""
    encoder = load(folder("t5"), layer=0, pooled_layer=0, window=4000)
    whole = encoder.encode([units(LONG)])
    for window, overlap in ((2, 0), (9, None), (9, 7), (64, 1)):
        equal(replace(encoder, window=window, overlap=overlap).encode([units(LONG)]), whole)


def test_a_text_that_fits_is_the_same_in_any_window(folder: Folder) -> None:
    encoder = load(folder("bert"))
    pieces = encoder.tokenizer.split([HARD]).counts[0] + encoder.tokenizer.special
    whole = encoder.encode([units(HARD)])
    equal(replace(encoder, window=pieces).encode([units(HARD)]), whole)
    smaller = replace(encoder, window=pieces - 1).encode([units(HARD)])
    assert (smaller[0].states - whole[0].states).abs().max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_no_word_of_a_long_text_is_lost(folder: Folder, kind: str) -> None:
    (found,) = load(folder(kind)).encode([units(LONG)])
    assert found.states.isfinite().all()
    assert (found.states.norm(dim=-1) > 0).all()
    assert len(found.states) == len(words(LONG))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(any_text)
def test_any_text_gives_finite_states_at_both_levels(folder: Folder, text: str) -> None:
    encoder = load(folder("roberta"))
    for level in ("word", "sentence"):
        one = Units(text=text, spans=segment(text, level=level))
        (found,) = encoder.encode([one], level=level)
        assert found.states.shape == (len(one.spans), 16)
        assert found.states.isfinite().all()
        assert found.pooled.isfinite().all()
        assert (found.states.norm(dim=-1) > 0).all()  # a piece of bytes belongs to every character


def test_spans_may_stand_in_any_order_overlap_and_hold_nothing(folder: Folder) -> None:
    encoder = load(folder("bert"))
    cat, sat, both, blank = Span(4, 7), Span(8, 11), Span(4, 11), Span(3, 4)
    (found,) = encoder.encode([Units(text="The cat sat", spans=(both, sat, blank, cat))])
    (parts,) = encoder.encode([Units(text="The cat sat", spans=(cat, sat))])
    pieces = [len(encoder.tokenizer.split([word]).ids) for word in ("cat", "sat")]
    weights = torch.tensor(pieces) / sum(pieces)
    assert_close(found.states[[3, 1]], parts.states)
    assert_close(found.states[0], weights @ parts.states)
    assert_close(found.states[2], torch.zeros(16))


def test_a_sentence_is_read_as_a_text_of_its_own_and_once(folder: Folder) -> None:
    encoder = load(folder("bert"))
    seen: list[int] = []
    encoder.model.hidden = lambda ids, *rest, **named: (
        seen.append(len(ids)) or Bert.hidden(encoder.model, ids, *rest, **named)
    )
    text = "The cat sat. A dog! The cat sat."
    one = Units(text=text, spans=segment(text, level="sentence"))
    (found,) = encoder.encode([one], level="sentence")
    assert sum(seen) == 2
    vectors = [encoder.encode([units(string)])[0].pooled for string in one.strings]
    assert_close(found.states, torch.stack(vectors))
    assert_close(found.pooled, torch.stack(vectors).mean(dim=0))


def test_the_same_text_is_read_once(folder: Folder) -> None:
    encoder = load(folder("bert"))
    seen: list[int] = []
    encoder.model.hidden = lambda ids, *rest, **named: (
        seen.append(len(ids)) or Bert.hidden(encoder.model, ids, *rest, **named)
    )
    found = encoder.encode([units("the cat"), Units(text="the cat", spans=(Span(0, 7),)), units("the cat")])
    assert sum(seen) == 1
    equal([found[0]], [found[2]])
    assert found[1].states.shape == (1, 16)


def test_only_what_is_wanted_is_returned(folder: Folder) -> None:
    encoder = load(folder("bert"))
    (states,), (pooled,) = (encoder.encode([units("a")], states=one, pooled=not one) for one in (True, False))
    assert states.pooled is None
    assert states.states is not None
    assert pooled.states is None
    assert pooled.pooled is not None
    assert encoder.encode([]) == []


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_gradients_reach_the_model_unless_it_is_frozen(folder: Folder, kind: str) -> None:
    training = load(folder(kind), frozen=False, window=12)
    (found,) = training.encode([units(HARD)])
    (found.states.square().sum() + found.pooled.square().sum()).backward()
    gradients = [parameter.grad for parameter in training.model.parameters() if parameter.grad is not None]
    assert sum(float(gradient.abs().sum()) > 0 for gradient in gradients) > 20
    assert all(gradient.isfinite().all() for gradient in gradients)

    (still,) = load(folder(kind), window=12).encode([units(HARD)])
    assert not still.states.requires_grad
    weight = torch.ones(16, requires_grad=True)
    (still.states * weight).sum().backward()  # states of a frozen model can stand in a graph
    assert weight.grad is not None


def test_the_first_token_can_stand_for_the_text(folder: Folder) -> None:
    from transformers import AutoModel, AutoTokenizer

    inputs = AutoTokenizer.from_pretrained(folder("roberta"))(HARD, return_tensors="pt")
    with torch.no_grad():
        first = AutoModel.from_pretrained(folder("roberta")).eval()(**inputs).last_hidden_state[0, 0]
    (found,) = load(folder("roberta"), pooling="cls").encode([units(HARD)])
    assert_close(found.pooled, first, atol=1e-5, rtol=1e-4)
    with pytest.raises(ModelError, match="a special token first"):
        load(folder("t5"), pooling="cls")


def test_half_precision_gives_float32_states_nearby(folder: Folder) -> None:
    (exact,), (half,) = (
        load(folder("bert"), dtype=dtype).encode([units(HARD)]) for dtype in (torch.float32, torch.bfloat16)
    )
    assert half.states.dtype is torch.float32
    assert 0 < (half.states - exact.states).abs().max() < 0.1


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ({"layer": LAYERS}, {"layer": LAYERS + 1}, f"a layer from 0 .* to {LAYERS}"),
        ({"layer": -LAYERS - 1}, {"layer": -LAYERS - 2}, "a layer from 0"),
        ({"pooled_layer": 0}, {"pooled_layer": 9}, "pooled_layer"),
        ({"window": 3}, {"window": 2}, "a window of more than 2 tokens"),
        ({"window": 12, "overlap": 9}, {"window": 12, "overlap": 10}, "an overlap from 0 to 9"),
        ({"overlap": 0}, {"overlap": -1}, "an overlap from 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(folder: Folder, good: dict, bad: dict, message: str) -> None:
    assert load(folder("bert"), **good).encode([units("the cat")])
    with pytest.raises(LatentAlignError, match=message):
        load(folder("bert"), **bad)


def test_a_lone_surrogate_is_an_input_error(folder: Folder) -> None:
    with pytest.raises(InputError, match="lone surrogates"):
        load(folder("bert")).encode([Units(text="a" + chr(0xD83D), spans=(Span(0, 1),))])
