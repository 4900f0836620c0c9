// Breaking two aligned texts into lines together, as formats/drawing/lines.py does with estimated widths.

function lineEnds(widths, limit) {
  const ends = [];
  let room = limit;
  widths.forEach((wide, index) => {
    if (wide > room && index > (ends.at(-1) ?? 0)) {
      ends.push(index);
      room = limit;
    }
    room -= wide;
  });
  return [...ends, widths.length];
}

// As few lines as lineEnds gives, about equally long.
function evenEnds(widths, limit) {
  let best = lineEnds(widths, limit);
  const count = best.length;
  let [low, high] = [0, limit];
  for (let step = 0; step < 8 && count > 1; step += 1) {
    const middle = (low + high) / 2;
    const ends = lineEnds(widths, middle);
    if (ends.length > count) low = middle;
    else [best, high] = [ends, middle];
  }
  return best;
}

// Of the breaks that fit, the one that cuts the least weight; among equals, the one in proportion.
function followingEnds(widths, linked, leading, limit) {
  const rest = lineEnds([...widths].reverse(), limit).map((end) => widths.length - end);
  const ends = [];
  let start = 0;
  for (let line = 0; line < leading.length - 1; line += 1) {
    const earliest = Math.max(start, rest[leading.length - 2 - line] ?? 0);
    const even = (leading[line] / Math.max(leading.at(-1), 1)) * widths.length;
    let [cost, used, best, bestCost] = [0, 0, earliest, Infinity];
    for (let end = start; end <= widths.length; end += 1) {
      if (end > start) {
        used += widths[end - 1];
        if (used > limit && end > start + 1) break;
        for (const [unit, weight] of linked[end - 1]) cost += unit < leading[line] ? -weight : weight;
      }
      const price = cost + 1e-3 * Math.abs(end - even);
      if (end >= earliest && price < bestCost) [best, bestCost] = [end, price];
    }
    ends.push(best);
    start = best;
  }
  return [...ends, widths.length];
}

// Returns [[source start, source end, target start, target end], ...].
function alignedLines(source, target, links, limit) {
  const total = (widths) => widths.reduce((sum, wide) => sum + wide, 0);
  const needed = [source, target].map((widths) => lineEnds(widths, limit).length);
  const sourceLeads = needed[0] > needed[1] || (needed[0] === needed[1] && total(source) >= total(target));
  const [leader, follower] = sourceLeads ? [source, target] : [target, source];
  const linked = follower.map(() => []);
  for (const [i, j, weight] of links) linked[sourceLeads ? j : i].push([sourceLeads ? i : j, weight]);
  const ends = evenEnds(leader, limit);
  const following = followingEnds(follower, linked, ends, limit);
  const [a, b] = sourceLeads ? [ends, following] : [following, ends];
  return a.map((end, line) => [a[line - 1] ?? 0, end, b[line - 1] ?? 0, b[line]]);
}
