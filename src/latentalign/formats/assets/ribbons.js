// The ribbons between two texts that the browser has laid out, as formats/drawing/ribbons.py draws them.

const SVG = "http://www.w3.org/2000/svg";
const [WIDEST, THINNEST, RING, SEEN] = [26, 1.2, 3.5, 0.15];

// Middle and half width of each link on the edges of one side; `along` is the axis of the edge.
function slots(here, there, links, end, along) {
  const order = links.map((_, k) => k);
  order.sort((p, q) => links[p][end] - links[q][end] || there[links[p][1 - end]][along] - there[links[q][1 - end]][along]);
  const mass = new Map();
  for (const link of links) mass.set(link[end], (mass.get(link[end]) ?? 0) + link[2]);
  const found = [];
  let [last, cursor] = [-1, 0];
  for (const k of order) {
    const unit = links[k][end];
    const scale = Math.min(0.9 * here[unit].extent, WIDEST) / Math.max(1, mass.get(unit));
    if (unit !== last) [last, cursor] = [unit, here[unit][along] - (mass.get(unit) * scale) / 2];
    const wide = links[k][2] * scale;
    found[k] = [cursor + wide / 2, Math.max(wide, THINNEST) / 2];
    cursor += wide;
  }
  return found;
}

function outline(from, to, [a, half], [b, wide], across) {
  let [edge, other] = across ? [from.x, to.x] : [from.y, to.y];
  if (other < edge) [edge, other] = [from.opposite, to.opposite]; // to a line before
  const bend = (other - edge) / 2;
  const at = (along, off) => (across ? `${off.toFixed(1)} ${along.toFixed(1)}` : `${along.toFixed(1)} ${off.toFixed(1)}`);
  return (
    `M${at(a - half, edge)} C${at(a - half, edge + bend)} ${at(b - wide, other - bend)} ${at(b - wide, other)} ` +
    `L${at(b + wide, other)} C${at(b + wide, other - bend)} ${at(a + half, edge + bend)} ${at(a + half, edge)}Z`
  );
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Draws links [source, target, weight] as paths in `svg`, the weakest first, and returns them in the order given.
function drawRibbons(svg, ports, links, across) {
  const along = across ? "y" : "x";
  const starts = slots(ports.source, ports.target, links, 0, along);
  const ends = slots(ports.target, ports.source, links, 1, along);
  const paths = links.map(([i, j, weight], k) =>
    shape("path", {
      d: outline(ports.source[i], ports.target[j], starts[k], ends[k], across),
      "fill-opacity": (0.14 + 0.5 * weight).toFixed(2),
      "data-link": `${i}-${j}`,
    }),
  );
  svg.append(...links.map((_, k) => k).sort((p, q) => links[p][2] - links[q][2]).map((k) => paths[k]));
  return paths;
}

// A ring whose bold part is the mass that aligns to nothing.
function drawRing(svg, x, y, mass) {
  if (mass < SEEN) return;
  const around = 2 * Math.PI * RING;
  const place = { cx: x.toFixed(1), cy: y.toFixed(1), r: RING, class: "ring" };
  const dash = `${(Math.min(mass, 1) * around).toFixed(1)} ${around.toFixed(1)}`;
  svg.append(
    shape("circle", { ...place, "stroke-opacity": 0.3 }),
    shape("circle", { ...place, "stroke-dasharray": dash, transform: `rotate(-90 ${place.cx} ${place.cy})` }),
  );
}
