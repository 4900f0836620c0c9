"""The order of the items: pure, complete, bounded, different each epoch, and in constant memory."""

import itertools
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentalign.errors import InputError
from latentalign.training.corpus import Items
from latentalign.training.order import Batch, Batching, Order, Position
from latentalign.training.packed import PackedCorpus, pack
from latentalign.training.permutation import Permutation

quick = settings(deadline=None, max_examples=60)


def measured(sizes: list[int]) -> Items[int]:
    return Items(items=sizes, measure=lambda size: size)


orders = st.builds(
    lambda sizes, tokens, items, pool, seed: Order(
        corpus=measured(sizes), batching=Batching(tokens=tokens, items=items, pool=pool), seed=seed
    ),
    st.lists(st.integers(1, 30), min_size=1, max_size=60),
    st.integers(1, 80),
    st.integers(1, 9),
    st.integers(1, 70),
    st.integers(0, 2**64),
)


def epoch_of(order: Order, epoch: int, *, count: int = 1) -> list[Batch]:
    """All batches of an epoch, asked for in groups."""
    found: list[Batch] = []
    position = Position(epoch=epoch)
    while position.epoch == epoch:
        batches, position = order.group(position, count)
        found += batches
    assert position == Position(epoch=epoch + 1)
    return found


@quick
@given(orders, st.integers(0, 3), st.integers(1, 5))
def test_an_epoch_has_every_item_once(order: Order, epoch: int, count: int) -> None:
    batches = epoch_of(order, epoch, count=count)
    assert sorted(item for batch in batches for item in batch.items) == list(range(len(order.corpus)))


@quick
@given(orders)
def test_a_batch_is_bounded(order: Order) -> None:
    for batch in epoch_of(order, 0):
        padded = len(batch.items) * max(order.corpus.size(item) for item in batch.items)
        assert 1 <= len(batch.items) <= order.batching.items
        assert padded <= order.batching.tokens or len(batch.items) == 1


@quick
@given(orders, st.integers(1, 4), st.data())
def test_the_order_is_a_function_of_the_position(order: Order, count: int, data: st.DataObject) -> None:
    """Asked from any batch on, by an object that was never asked before, it goes on in the same way."""
    batches = epoch_of(order, 2)
    start = data.draw(st.integers(0, len(batches) - 1))
    fresh = Order(corpus=order.corpus, batching=order.batching, seed=order.seed)
    group, after = fresh.group(batches[start].position, count)
    assert group == batches[start : start + count]
    positions = [*(batch.position for batch in batches), Position(epoch=3)]
    assert after == positions[min(start + count, len(batches))]
    assert fresh.chance(batches[start].position) == order.chance(batches[start].position)


@quick
@given(orders, st.integers(1, 4), st.integers(1, 4))
def test_processes_share_an_epoch_without_gap_or_repeat(order: Order, processes: int, count: int) -> None:
    """As ``Updater`` deals a group out: every process takes each n-th batch of it."""
    position, seen = Position(), []
    while position.epoch == 0:
        group, position = order.group(position, count * processes)
        seen += [item for rank in range(processes) for batch in group[rank::processes] for item in batch.items]
    assert sorted(seen) == list(range(len(order.corpus)))


def test_epochs_and_seeds_have_orders_of_their_own() -> None:
    def items(seed: int, epoch: int) -> list[int]:
        order = Order(corpus=measured([1] * 100), batching=Batching(items=10, pool=20), seed=seed)
        return [item for batch in epoch_of(order, epoch) for item in batch.items]

    found = [items(seed, epoch) for seed, epoch in itertools.product(range(3), range(3))]
    assert len({tuple(order) for order in found}) == 9
    assert items(1, 1) == found[4]


def test_a_batch_has_items_of_like_size_and_the_batches_are_mixed() -> None:
    sizes = [1 + k % 10 for k in range(400)]
    order = Order(corpus=measured(sizes), batching=Batching(items=10, pool=400), seed=0)
    batches = epoch_of(order, 0)
    assert all(
        max(sizes[item] for item in batch.items) - min(sizes[item] for item in batch.items) <= 1 for batch in batches
    )
    firsts = [sizes[batch.items[0]] for batch in batches]
    assert firsts != sorted(firsts)


def test_items_of_one_size_meet_others_each_epoch() -> None:
    """In a corpus smaller than the pool, too: who is in a batch changes, not only when it comes."""
    order = Order(corpus=measured([1] * 40), batching=Batching(items=4), seed=0)
    batches = [{frozenset(batch.items) for batch in epoch_of(order, epoch)} for epoch in range(2)]
    assert not batches[0] & batches[1]


def test_the_chance_of_batches_differs() -> None:
    order = Order(corpus=measured([1] * 50), batching=Batching(items=1, pool=10), seed=0)
    other = Order(corpus=measured([1] * 50), batching=Batching(items=1, pool=10), seed=1)
    positions = [batch.position for epoch in range(3) for batch in epoch_of(order, epoch)]
    found = [chosen.chance(position) for chosen in (order, other) for position in positions]
    assert len(set(found)) == len(found) == 300
    assert all(0 <= chance < 2**63 for chance in found)


@pytest.mark.parametrize("wrong", [{"tokens": 0}, {"items": 0}, {"pool": -1}])
def test_a_batch_has_room(wrong: dict[str, int]) -> None:
    assert Batching(**dict.fromkeys(wrong, 1))
    with pytest.raises(InputError, match=rf"Batching\.{next(iter(wrong))}.*at least 1"):
        Batching(**wrong)


def test_seeds_are_not_negative() -> None:
    with pytest.raises(InputError, match="seed of at least 0"):
        Order(corpus=measured([1]), batching=Batching(), seed=-1)


# The permutation under it --------------------------------------------------------------------------------------------
@quick
@given(st.integers(1, 3000), st.tuples(st.integers(0, 2**70), st.integers(0, 100)))
def test_a_permutation_maps_one_to_one(size: int, key: tuple[int, int]) -> None:
    permutation = Permutation(size=size, key=key)
    everything = permutation(np.arange(size))
    assert sorted(everything.tolist()) == list(range(size))
    some = np.arange(size)[:: max(1, size // 7)]
    assert permutation(some).tolist() == everything[some].tolist()
    assert permutation(np.arange(0)).tolist() == []


def test_large_corpora_are_permuted_where_they_are_asked() -> None:
    size = 10**15 + 7
    found = Permutation(size=size, key=(3,))(np.arange(size - 1000, size))
    assert len(set(found.tolist())) == 1000
    assert found.min() >= 0 and found.max() < size
    assert np.ptp(found) > size / 2


@pytest.mark.parametrize("size", [2, 3, 5, 50])
def test_every_item_comes_to_every_place_about_equally_often(size: int) -> None:
    """Within five standard errors over 2000 keys; so does every pair of first and second item, for small sizes."""
    keys = 2000
    orders = np.stack([Permutation(size=size, key=(key,))(np.arange(size)) for key in range(keys)])
    chance = 1 / size
    error = (keys * chance * (1 - chance)) ** 0.5
    for place in {0, 1, size // 2, size - 1}:
        counts = np.bincount(orders[:, place], minlength=size)
        assert np.abs(counts - keys * chance).max() < 5 * error
    if size <= 5:
        pairs = Counter(map(tuple, orders[:, :2].tolist()))
        chance = 1 / (size * (size - 1))
        error = (keys * chance * (1 - chance)) ** 0.5
        assert all(abs(pairs[pair] - keys * chance) < 5 * error for pair in itertools.permutations(range(size), 2))


# Memory --------------------------------------------------------------------------------------------------------------
def peak_of_an_epoch(corpus: PackedCorpus) -> int:
    """Bytes allocated at most while every item of an epoch is read in its order."""
    order = Order(corpus=corpus, batching=Batching(tokens=2000, pool=300), seed=0)
    tracemalloc.start()
    count = 0
    position = Position()
    while position.epoch == 0:
        (batch,), position = order.group(position, 1)
        count += sum(len(corpus[item]) > 0 for item in batch.items)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == len(corpus)
    return peak


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    """Eight thousand items more in the same memory, to pack and to read; two bytes an item would be seen."""
    peaks = {}
    for count in (4_000, 12_000):
        items = (([number % 7] * (1 + number % 20), [1, 2]) for number in range(count))
        tracemalloc.start()
        corpus = pack(tmp_path / str(count), items, kinds=("int32", "uint8"))
        packing = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        peaks[count] = (packing, peak_of_an_epoch(corpus))
    for small, large in zip(peaks[4_000], peaks[12_000], strict=True):
        assert large < small + 16_000
