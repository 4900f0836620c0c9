"""The compact transformer: positions, padding, and sizes that are refused."""

import math

import pytest
import torch

from latentalign.errors import InputError
from latentalign.models.transformer.attention import SelfAttention
from latentalign.models.transformer.config import TransformerConfig
from latentalign.models.transformer.encoder import TransformerEncoder
from latentalign.models.transformer.rotary import angles, turn

SMALL = TransformerConfig(width=8, heads=2, blocks=2, dropout=0.0)


def encoder(config: TransformerConfig = SMALL) -> TransformerEncoder:
    torch.manual_seed(0)
    return TransformerEncoder(size=11, kinds=2, config=config).eval()


def test_attention_is_the_formula() -> None:
    torch.manual_seed(0)
    layer = SelfAttention(TransformerConfig(width=4, heads=1, positions="none")).double()
    states = torch.randn(1, 3, 4, dtype=torch.float64)
    query, key, value = (states @ part.T for part in layer.project.weight.chunk(3))
    mask = torch.tensor([[True, True, False]])
    scores = (query @ key.mT / math.sqrt(4)).masked_fill(~mask, -math.inf)
    wanted = (scores.softmax(dim=-1) @ value) @ layer.out.weight.T
    torch.testing.assert_close(layer(states, mask[:, None, None]), wanted)


def test_turning_keeps_lengths_and_depends_on_the_distance_alone() -> None:
    torch.manual_seed(0)
    one, other = torch.randn(2, 1, 6, dtype=torch.float64)
    cosines, sines = angles(9, 6, like=one)
    turned, against = turn(one.expand(9, 6), cosines, sines), turn(other.expand(9, 6), cosines, sines)
    torch.testing.assert_close(turned.norm(dim=-1), one.norm().expand(9))
    products = turned @ against.mT
    for distance in range(-8, 9):
        torch.testing.assert_close(
            products.diagonal(distance), products.diagonal(distance)[:1].expand(9 - abs(distance))
        )


def test_the_order_of_words_counts_only_with_positions() -> None:
    tokens = torch.tensor([[3, 4, 5, 6]])
    order = torch.tensor([2, 0, 3, 1])
    real = torch.ones_like(tokens).bool()
    for positions, same in (("none", True), ("rotary", False)):
        model = encoder(TransformerConfig(width=8, heads=2, blocks=2, dropout=0.0, positions=positions))
        one, other = model(tokens, real, kind=0)[:, order], model(tokens[:, order], real, kind=0)
        assert torch.allclose(one, other, atol=1e-6) == same


def test_padding_changes_nothing_and_an_empty_text_is_a_number() -> None:
    model = encoder()
    alone = model(torch.tensor([[3, 4]]), torch.tensor([[True, True]]), kind=1)
    tokens = torch.tensor([[3, 4, 9, 9], [9, 9, 9, 9]])
    real = torch.tensor([[True, True, False, False], [False] * 4])
    padded = model(tokens, real, kind=1)
    torch.testing.assert_close(padded[:1, :2], alone)
    assert padded.isfinite().all()
    padded[:1, :2].sum().backward()
    assert all(weight.grad is None or weight.grad.isfinite().all() for weight in model.parameters())


def test_the_two_kinds_of_text_differ() -> None:
    tokens, real = torch.tensor([[3]]), torch.tensor([[True]])
    model = encoder()
    assert not torch.allclose(model(tokens, real, kind=0), model(tokens, real, kind=1))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"width": 8, "heads": 2}, {"width": 6, "heads": 2}),
        ({"heads": 1}, {"heads": 0}),
        ({"blocks": 0}, {"blocks": -1}),
        ({"dropout": 0.0}, {"dropout": 1.0}),
        ({"inner": 1}, {"inner": 0}),
        ({"positions": "none"}, {"positions": "learned"}),
    ],
)
def test_sizes_outside_their_range_are_refused(good, bad) -> None:
    TransformerConfig(**good)
    with pytest.raises(InputError, match=next(reversed(bad)) if "width" not in bad else "width"):
        TransformerConfig(**bad)
