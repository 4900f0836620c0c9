"""Where the tags of a source text stand in its translation: the rule, on a tree of tags and an expected alignment."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field

from latentalign.tasks.alignment.pair_aligner import Masses
from latentalign.tasks.transfer.intervals import MARGIN, Interval, Target, group, place_groups, target_mass, touched
from latentalign.text.markup import Tag
from latentalign.text.spans import Span

REACH = 30  # neighbours further away weigh less than 1e-9


def place_tags(tags: Sequence[Tag], units: Sequence[Span], rows: Masses, columns: int) -> list[Interval]:
    """Return the stretch of target units for each tag; for a tag with nothing inside, start and end are the same.

    From the outside inwards, within the stretch of the pair around (the whole target at the top):

    1. A pair around all words of the pair around it takes the whole stretch.
       A word that a tag is inside of counts as inside the tag.
    2. The other pairs with words take disjoint stretches, see `place_groups`: each the one contiguous stretch with the
       largest expected mass from its words less that from other words. Their order may differ from the source, since
       that of the words may. A discontinuous translation gives the better part, or all with what is between if that
       is worth it; a tag is never doubled.
    3. A tag without words (``<br/>``, ``<b></b>``), and a pair for which no mass is left, stands at a point between
       units, not inside another pair of its level, where it crosses the least mass: the words before it in the source
       want to be before it, those after it behind it. A tag leans to the next word if it stands at it and apart from
       the one before, else to the word before. On the side it leans to the nearest word counts 1, the next 1/2, then
       1/4; on the other side half as much. Among equal points it is the last if nothing is behind the tag in the
       source or it leans to the next word, else the first. With no mass at all: in proportion to the source.
    4. A pair with words for which no mass is left takes the units at that point which nothing near it is aligned to
       (moving over them costs at most 0.1), if they are free and at most twice as many as its words; else it is empty.

    Args:
        tags: in the order in which they open, as `parse_markup` gives them.
        units: source units.
        rows: expected alignment.
        columns: number of target units.

    Returns:
        one interval a tag; its confidence is `agreement` for a stretch, the share of mass not crossed for a tag
        without words, 0 for a pair with words but no mass (rule 4).

    Cost: tags x (source units + target units) at worst.
    """
    tree = _Tree(units=units, rows=rows, target=target_mass(rows, columns))
    for index, tag in enumerate(tags):
        tree.words.append(touched(units, tag.start, tag.end))
        tree.children.setdefault(tag.parent, []).append(index)
    tree.place(tags, None, range(len(units)), Interval(0, columns, 1.0))
    return [tree.placed[index] for index in range(len(tags))]


@dataclass(kw_only=True)
class _Tree:
    """Tags with their words and children, and the stretches that are known."""

    units: Sequence[Span]
    rows: Masses
    target: Target
    words: list[range] = field(default_factory=list)
    children: dict[int | None, list[int]] = field(default_factory=dict)
    placed: dict[int, Interval] = field(default_factory=dict)

    def place(self, tags: Sequence[Tag], parent: int | None, words: range, bounds: Interval) -> None:
        """Place the tags inside one pair, and what is inside them."""
        members = self.children.get(parent, [])
        self._place_stretches(members, words, bounds)
        free = _Free(bounds)
        for index in members:
            if index in self.placed:
                free.take(self.placed[index])
        for index in members:
            if index not in self.placed:
                self.placed[index] = self._between(tags[index], self.words[index], free)
                free.take(self.placed[index])
        for index in members:
            if index in self.children:
                self.place(tags, index, self.words[index], self.placed[index])

    def _place_stretches(self, members: Sequence[int], words: range, bounds: Interval) -> None:
        if bounds.start == bounds.end:
            return
        with_words = [index for index in members if self.words[index]]
        groups = {index: group(self.rows, self.words[index]) for index in with_words}
        whole = [index for index in with_words if self.words[index] == words]
        if whole:
            start, end, confidence = bounds
            self.placed[whole[0]] = Interval(start, end, confidence)
            return
        found = place_groups(list(groups.values()), self.target, bounds.start, bounds.end)
        self.placed.update({index: place for index, place in zip(groups, found, strict=True) if place})

    def _between(self, tag: Tag, words: range, free: _Free) -> Interval:
        """Return the point for a tag without words; the units that lie there for a pair without mass."""
        before = min(words, default=bisect.bisect_left(self.units, (tag.start,)))
        behind = max(words, default=before - 1) + 1
        leans_right = before < len(self.units) and self._leans_right(tag, before)
        left = self._neighbours(range(before - 1, max(-1, before - 1 - REACH), -1), 0.5 if leans_right else 1.0)
        right = self._neighbours(range(behind, min(len(self.units), behind + REACH)), 1.0 if leans_right else 0.5)
        total = sum(left) + sum(right)
        if not total:
            share = before / max(1, len(self.units))
            point = free.points[round(share * (len(free.points) - 1))]
            return Interval(point, point, 0.0)
        costs = _crossing(left, right)
        least = min(costs[point] for point in free.points)
        best = [point for point in free.points if costs[point] <= least + 1e-9]
        point = best[-1] if behind == len(self.units) or (before and leans_right) else best[0]
        if words:
            near = {point for point in free.points if costs[point] <= least + MARGIN}
            return free.run(point, near, longest=2 * len(words))
        return Interval(point, point, min(1.0, max(0.0, 1.0 - costs[point] / total)))

    def _neighbours(self, order: range, first: float) -> list[float]:
        """Return the target mass of source units, the first counting ``first``, each other half of the one before."""
        mass = [0.0] * (len(self.target.before) - 1)
        for distance, index in enumerate(order):
            for column, weight in self.rows[index].items():
                mass[column] += weight * first * 0.5**distance
        return mass

    def _leans_right(self, tag: Tag, before: int) -> bool:
        """Return whether a tag stands at the next word and apart from the one before."""
        apart = not before or self.units[before - 1].end < tag.start
        return apart and self.units[before].start <= tag.end


class _Free:
    """The points between units, and the units, that no pair of a level has taken yet."""

    def __init__(self, bounds: Interval) -> None:
        self.points = list(range(bounds.start, bounds.end + 1))
        self.units = set(range(bounds.start, bounds.end))

    def take(self, stretch: Interval) -> None:
        """Take the units of a stretch, and the points inside it."""
        if stretch.start < stretch.end:
            self.units -= set(range(stretch.start, stretch.end))
            inside = range(stretch.start + 1, stretch.end)
            self.points = [point for point in self.points if point not in inside]

    def run(self, point: int, near: set[int], *, longest: int) -> Interval:
        """Return the free units around a point whose ends are all near, if they are not too many, else the point."""
        start = end = point
        while start - 1 in near and start - 1 in self.units:
            start -= 1
        while end + 1 in near and end in self.units:
            end += 1
        return Interval(start, end, 0.0) if end - start <= longest else Interval(point, point, 0.0)


def _crossing(left: Sequence[float], right: Sequence[float]) -> list[float]:
    """Return for each point the mass on its wrong side: of words before it that lies behind it, and the reverse."""
    cost = sum(left)
    costs = [cost]
    for before, behind in zip(left, right, strict=True):
        cost += behind - before
        costs.append(cost)
    return costs
