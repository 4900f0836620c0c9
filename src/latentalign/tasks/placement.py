"""Where the tags of a source text stand in its translation: the rule, on a tree of tags and an expected alignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from latentalign.tasks.intervals import Interval, column_totals, group, place_groups, shares
from latentalign.tasks.pair_aligner import Masses
from latentalign.text.markup import Tag
from latentalign.text.spans import Span

REACH = 30  # neighbours further away weigh less than 1e-9


def place_tags(tags: Sequence[Tag], units: Sequence[Span], rows: Masses, columns: int) -> list[Interval]:
    """Return the stretch of target units for each tag; for a tag with nothing inside, start and end are the same.

    From the outside inwards, within the stretch of the pair around (the whole target at the top):

    1. A pair around all words of the pair around it takes the whole stretch.
    2. The other pairs with words take disjoint stretches, see `place_groups`: each the one contiguous stretch with the
       largest expected mass from its words less that from other words. Their order may differ from the source, since
       that of the words may. A discontinuous translation gives the better part, or all with what is between if that
       is worth it; a tag is never doubled.
    3. A tag without words (``<br/>``, ``<b></b>``), and a pair for which no mass is left, stands at one point between
       units, not inside another pair of its level, where it crosses the least mass: the words before it in the source
       want to be before it, those after it behind it, the nearest counting 1, the next 1/2, and so on. Among equal
       points: the first if it follows a word without a space or nothing is before it, the last if it precedes one
       or nothing is behind it. With no mass at all: in proportion to the source.

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
    tree = _Tree(units=units, rows=rows, totals=column_totals(rows, columns))
    for index, tag in enumerate(tags):
        tree.words.append(shares(units, tag.start, tag.end))
        tree.children.setdefault(tag.parent, []).append(index)
    tree.place(tags, None, dict.fromkeys(range(len(units)), 1.0), Interval(0, columns, 1.0))
    return [tree.placed[index] for index in range(len(tags))]


@dataclass(kw_only=True)
class _Tree:
    """Tags with their words and children, and the stretches that are known."""

    units: Sequence[Span]
    rows: Masses
    totals: list[float]
    words: list[dict[int, float]] = field(default_factory=list)
    children: dict[int | None, list[int]] = field(default_factory=dict)
    placed: dict[int, Interval] = field(default_factory=dict)

    def place(self, tags: Sequence[Tag], parent: int | None, words: Mapping[int, float], bounds: Interval) -> None:
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

    def _place_stretches(self, members: Sequence[int], words: Mapping[int, float], bounds: Interval) -> None:
        if bounds.start == bounds.end:
            return
        with_words = [index for index in members if self.words[index]]
        groups = {index: group(self.rows, self.words[index], self.totals) for index in with_words}
        whole = [index for index in with_words if self.words[index] == words]
        if whole:
            start, end, confidence = bounds
            self.placed[whole[0]] = Interval(start, end, confidence)
            return
        found = place_groups(list(groups.values()), bounds.start, bounds.end)
        self.placed.update({index: place for index, place in zip(groups, found, strict=True) if place})

    def _point(self, tag: Tag, words: Mapping[int, float], allowed: Sequence[int]) -> Interval:
        """Return the point for a tag without words, or without mass for them."""
        before = min(words, default=sum(unit.start < tag.start for unit in self.units))
        behind = max(words, default=before - 1) + 1
        left = self._neighbours(range(before - 1, max(-1, before - 1 - REACH), -1))
        right = self._neighbours(range(behind, min(len(self.units), behind + REACH)))
        total = sum(left) + sum(right)
        if not total:
            share = before / max(1, len(self.units))
            point = allowed[round(share * (len(allowed) - 1))]
            return Interval(point, point, 0.0)
        costs = _crossing(left, right)
        least = min(costs[point] for point in allowed)
        best = [point for point in allowed if costs[point] <= least + 1e-9]
        point = best[-1] if behind == len(self.units) or (before and self._leans_right(tag, before)) else best[0]
        return Interval(point, point, 0.0 if words else 1.0 - costs[point] / total)

    def _neighbours(self, order: range) -> list[float]:
        """Return the target mass of source units, each counting half of the one before it."""
        mass = [0.0] * len(self.totals)
        for distance, index in enumerate(order):
            for column, weight in self.rows[index].items():
                mass[column] += weight * 0.5**distance
        return mass

    def _leans_right(self, tag: Tag, before: int) -> bool:
        """Return whether a tag stands at the next word and apart from the one before."""
        touches_next = before < len(self.units) and self.units[before].start <= tag.end
        return touches_next and self.units[before - 1].end < tag.start


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
