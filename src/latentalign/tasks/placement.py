"""Where the tags of a source text stand in its translation: the rule, on a tree of tags and an expected alignment."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field

from latentalign.tasks.intervals import Interval, Target, group, place_groups, target_mass, touched
from latentalign.tasks.pair_aligner import Masses
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
    3. A tag without words (``<br/>``, ``<b></b>``), and a pair for which no mass is left, stands at one point between
       units, not inside another pair of its level, where it crosses the least mass: the words before it in the source
       want to be before it, those after it behind it. A tag leans to the next word if it stands at it and apart from
       the one before, else to the word before. On the side it leans to the nearest word counts 1, the next 1/2, then
       1/4; on the other side half as much. Among equal points it is the last if nothing is behind the tag in the
       source or it leans to the next word, else the first. With no mass at all: in proportion to the source.

    Args:
        tags: in the order in which they open, as `parse_markup` gives them.
        units: source units.
        rows: expected alignment.
        columns: number of target units.

    Returns:
        one interval a tag; its confidence is `agreement` for a stretch, the share of mass not crossed for a tag
        without words, 0 for a pair with words but no mass.

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
        stretches = [self.placed[index] for index in members if index in self.placed]
        allowed = _points(bounds, stretches)
        for index in members:
            if index not in self.placed:
                self.placed[index] = self._point(tags[index], self.words[index], allowed)
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

    def _point(self, tag: Tag, words: range, allowed: Sequence[int]) -> Interval:
        """Return the point for a tag without words, or without mass for them."""
        before = min(words, default=bisect.bisect_left(self.units, (tag.start,)))
        behind = max(words, default=before - 1) + 1
        leans_right = before < len(self.units) and self._leans_right(tag, before)
        left = self._neighbours(range(before - 1, max(-1, before - 1 - REACH), -1), 0.5 if leans_right else 1.0)
        right = self._neighbours(range(behind, min(len(self.units), behind + REACH)), 1.0 if leans_right else 0.5)
        total = sum(left) + sum(right)
        if not total:
            share = before / max(1, len(self.units))
            point = allowed[round(share * (len(allowed) - 1))]
            return Interval(point, point, 0.0)
        costs = _crossing(left, right)
        least = min(costs[point] for point in allowed)
        best = [point for point in allowed if costs[point] <= least + 1e-9]
        point = best[-1] if behind == len(self.units) or (before and leans_right) else best[0]
        return Interval(point, point, 0.0 if words else min(1.0, max(0.0, 1.0 - costs[point] / total)))

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


def _points(bounds: Interval, stretches: Sequence[Interval]) -> list[int]:
    """Return the points between units within bounds that are inside none of the stretches."""
    inside = {point for stretch in stretches for point in range(stretch.start + 1, stretch.end)}
    return [point for point in range(bounds.start, bounds.end + 1) if point not in inside]


def _crossing(left: Sequence[float], right: Sequence[float]) -> list[float]:
    """Return for each point the mass on its wrong side: of words before it that lies behind it, and the reverse."""
    cost = sum(left)
    costs = [cost]
    for before, behind in zip(left, right, strict=True):
        cost += behind - before
        costs.append(cost)
    return costs
