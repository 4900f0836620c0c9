"""What the laws do not ask of the hidden Markov alignment: long texts, expected jumps, what is refused."""

import dataclasses
import itertools
import math

import pytest
import torch

from latentalign.errors import InputError
from latentalign.families.markov import Markov
from latentalign.families.packing import pack
from latentalign.testing import Case, oracles, truth
from latentalign.testing.items import scores_and_masks

JUMP = (-1.0, 0.2, 0.7, 0.0, -0.4)
FAMILIES = [
    Markov(jump=JUMP),
    Markov(jump=JUMP, null=False, end="jump"),
    Markov(jump=JUMP, start="uniform", end="jump", null_log_odds=0.3),
]


@pytest.mark.parametrize("family", [*FAMILIES, Markov()], ids=str)
def test_the_steps_are_chances(family: Markov) -> None:
    """With no evidence at all, the value is the log of a sum of chances: 0."""
    scores = torch.zeros(1, 40, 60)
    mask = torch.ones_like(scores, dtype=torch.bool)
    mask[:, 33:], mask[:, :, 51:] = False, False
    free = dataclasses.replace(family, end="any")
    torch.testing.assert_close(free.value(scores, mask), torch.zeros(1), rtol=0, atol=1e-6)
    assert bool(dataclasses.replace(family, end="jump").value(scores, mask) < 0)


def counted(family: Markov, scores: torch.Tensor, mask: torch.Tensor) -> tuple[list[float], list[float]]:
    """Count the jumps of every enumerated alignment, as seen and as the table offers them."""
    true = truth(Case(family=family, alignments=oracles.markov(family)), scores, mask)
    rows, columns = oracles.live(mask)
    reach = len(family.jump) // 2
    seen, offered = [0.0] * len(family.jump), [0.0] * len(family.jump)

    def jump(chance: float, last: int, key: int, places: int) -> None:
        if last == -1 and family.start == "uniform":
            return
        bins = [min(max(place - last, -reach), reach) + reach for place in range(places)]
        total = sum(math.exp(family.jump[number]) for number in bins)
        seen[min(max(key - last, -reach), reach) + reach] += chance
        for number in bins:
            offered[number] += chance * math.exp(family.jump[number]) / total

    for chance, links in zip(true.probabilities.tolist(), true.links, strict=True):
        last = -1
        for row in rows:
            taken = [columns.index(column) for column in links[row].nonzero().flatten().tolist()]
            for key in taken:
                jump(chance, last, key, len(columns))
                last = key
        if family.end == "jump" and rows:
            jump(chance, last, len(columns), len(columns) + 1)
    return seen, offered


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_jump_counts_are_those_of_the_enumeration(family: Markov) -> None:
    for scores, mask in scores_and_masks(scales=(1.0,), shapes=((1, 1), (2, 4), (4, 3))):
        seen, offered = family.jump_counts(scores, mask)
        wanted = [counted(family, *item) for item in zip(scores, mask, strict=True)]
        torch.testing.assert_close(seen, torch.tensor([pair[0] for pair in wanted], dtype=torch.float64))
        torch.testing.assert_close(offered, torch.tensor([pair[1] for pair in wanted], dtype=torch.float64))


def test_jump_counts_of_nothing() -> None:
    seen, offered = Markov(jump=JUMP).jump_counts(torch.zeros(2, 0, 3))
    assert seen.shape == offered.shape == (2, 5)
    assert not bool(seen.any() | offered.any())


@pytest.mark.parametrize("family", FAMILIES, ids=str)
def test_reestimated_jumps_never_lower_the_value(family: Markov) -> None:
    generator = torch.Generator().manual_seed(0)
    scores = 3 * torch.randn(8, 9, 7, generator=generator, dtype=torch.float64)
    scores += 4 * torch.eye(9, dtype=torch.float64)[:, :7]
    values = []
    for _ in range(6):
        values.append(float(family.value(scores).sum()))
        seen, offered = (counts.sum(dim=0) for counts in family.jump_counts(scores))
        better = torch.tensor(family.jump) + ((seen + 0.1) / (offered + 0.1)).log()
        family = dataclasses.replace(family, jump=tuple(better.tolist()))
    assert all(later > earlier - 1e-9 for earlier, later in itertools.pairwise(values)), values
    assert values[-1] > values[0] + 0.1


def test_matrix_products_are_the_sums_in_log_space() -> None:
    """The fast form against the plain one, on scores so far apart that half of the exponentials underflow."""
    generator = torch.Generator().manual_seed(0)
    scores = 1000 * torch.randn(3, 20, 30, generator=generator, dtype=torch.float64)
    family = Markov(end="jump")
    trellis = family._trellis(pack(scores, torch.ones_like(scores, dtype=torch.bool)), 1.0)
    plain = dataclasses.replace(trellis, narrow=False)
    assert trellis.narrow
    torch.testing.assert_close(trellis.log_partition(), plain.log_partition(), rtol=1e-12, atol=0)
    torch.testing.assert_close(trellis.mass(), plain.mass(), rtol=1e-9, atol=1e-12)


def test_long_texts_in_single_precision() -> None:
    generator = torch.Generator().manual_seed(0)
    scores = 20 * torch.randn(1, 300, 250, generator=generator)
    family = Markov(null=False)
    mass = family.expected(scores)
    torch.testing.assert_close(mass.sum(dim=-1), torch.ones(1, 300))
    torch.testing.assert_close(mass.double(), family.expected(scores.double()), rtol=1e-6, atol=1e-6)


def test_nothing_waits_for_the_cpu() -> None:
    """On the meta device a value that Python looks at, or a tensor of another device, is an error."""
    scores = torch.zeros(2, 4, 3, device="meta")
    for family in FAMILIES:
        results = [family.value(scores), family.expected(scores), family.best(scores), family.entropy(scores)]
        results += [family.sample(scores), *family.jump_counts(scores), family.score(scores > 0, scores)]
        assert {result.device.type for result in results} == {"meta"}


@pytest.mark.parametrize(
    ("valid", "invalid"),
    [
        ({"temperature": 1e-3}, {"temperature": 0.0}),
        ({"jump": (0.0,)}, {"jump": ()}),
        ({"jump": (0.0, 1.0, 0.0)}, {"jump": (0.0, 1.0)}),
        ({"jump": (0.0, -1e3, 0.0)}, {"jump": (0.0, -math.inf, 0.0)}),
        ({"null_log_odds": -1e3}, {"null_log_odds": -math.inf}),
        ({"start": "uniform"}, {"start": "jumps"}),
        ({"end": "jump"}, {"end": "uniform"}),
    ],
)
def test_what_is_refused(valid: dict, invalid: dict) -> None:
    assert bool(Markov(**valid).value(torch.ones(2, 2)).isfinite())
    with pytest.raises(InputError, match="Markov"):
        Markov(**invalid)
