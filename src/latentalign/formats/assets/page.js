// The page: which record is shown, what is pointed at, and the controls.

const records = JSON.parse(document.getElementById("records").textContent);
const part = Object.fromEntries([...document.querySelectorAll("[id]")].map((element) => [element.id, element]));
const HINT = "Point at a word to see what it aligns to. With the keyboard: Tab to a text, then the arrow keys.";
const LISTED = 300;
let [shown, texts, matrix, pinned] = [0, null, null, null];

const percent = (mass) => `${Math.round(100 * mass)} %`;
const mean = (list) => (list.length ? list.reduce((sum, value) => sum + value, 0) / list.length : 0);
const short = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
const whole = (side) => side.pieces.join("").trim();
const record = () => records[shown];

// Links at or above the threshold. Below the evidence's own cut, weaker cells of the matrix join them.
function visible() {
  const { links, weaker, cut } = record();
  const least = Number(part.threshold.value);
  const extra = least < cut ? weaker : [];
  return [...links, ...extra].filter((link) => link[2] >= least);
}

function show(index) {
  shown = Math.min(Math.max(index, 0), records.length - 1);
  pinned = null;
  [texts, matrix] = [null, null];
  const failed = Boolean(record().error);
  part.failure.hidden = !failed;
  part.drawing.hidden = failed;
  part.place.textContent = `${shown + 1} of ${records.length}`;
  [part.previous.disabled, part.next.disabled] = [shown === 0, shown === records.length - 1];
  for (const item of part.list.querySelectorAll("button")) {
    item.setAttribute("aria-current", Number(item.dataset.record) === shown);
  }
  if (records.length > 1 && location.protocol !== "about:") history.replaceState(null, "", `#${shown + 1}`);
  part.name.textContent = record().name ?? "";
  if (failed) part.failure.textContent = `This record failed. ${record().error}`;
  else draw();
}

function draw() {
  const { across, links, cut, matrix: given } = record();
  part.threshold.min = Math.min(0.05, cut);
  part.threshold.value = cut;
  texts = new Texts(part.stage, record());
  const units = Object.fromEntries(SIDES.map((side) => [side, texts.words[side].map((word) => short(word.textContent, 24))]));
  matrix = given ? new Matrix(part.matrix, record(), units) : null;
  part.cells.hidden = !given;
  part.stage.dataset.across = across;
  arrange();
  part.table.open = links.length <= 60;
  describe();
}

// Lays everything out for the width there is.
function arrange() {
  if (!texts) return;
  texts.arrange();
  if (matrix) matrix.arrange(part.lower.clientWidth - 44);
  filter();
}

function filter() {
  const links = visible();
  texts.draw(links);
  const { links: own, weaker } = record();
  part.least.textContent = Number(part.threshold.value).toFixed(2);
  part.count.textContent = `${links.length} of ${own.length + weaker.length}`;
  tabulate(links);
  point(pinned);
}

function facts(pairs) {
  return pairs.flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, text)]);
}

function describe() {
  const { family, score, source, target } = record();
  part.facts.replaceChildren(
    ...facts([
      ["Family", family],
      ["Score", score],
      ["Source aligned to nothing", percent(mean(source.null))],
      ["Target aligned to nothing", percent(mean(target.null))],
    ]),
  );
  const size = `${source.null.length} by ${target.null.length}`;
  part.matrix.setAttribute("aria-label", `Expected alignment, ${size} units; every value is in the details of its word.`);
  if (record().matrix) part.scale.textContent = record().matrix.top.toFixed(2);
}

function tabulate(links) {
  const text = (side, unit) => short(texts.words[side][unit].textContent, 120);
  const rows = links.slice(0, 500).map(([i, j, weight]) =>
    make("tr", {}, make("td", { dir: "auto" }, text("source", i)), make("td", { dir: "auto" }, text("target", j)), make("td", {}, weight.toFixed(3))),
  );
  part.rows.replaceChildren(...rows);
  part.more.textContent = links.length > 500 ? `The first 500 of ${links.length} links.` : "";
}

// What is pointed at: null, {side, unit}, or {row, column} of the matrix.
function point(at) {
  if (!texts) return;
  if (at?.side) pointWord(at.side, at.unit);
  else if (at) pointCell(at.row, at.column);
  else {
    texts.mark([], [], () => false);
    matrix?.draw(null, null);
    part.detail.replaceChildren(make("span", { class: "hint" }, HINT));
  }
}

function pointWord(side, unit) {
  const [here, there, other] = side === "source" ? [0, 1, "target"] : [1, 0, "source"];
  const mine = texts.links.filter((link) => link[here] === unit).sort((a, b) => b[2] - a[2]);
  texts.mark([[side, unit]], mine.map((link) => [other, link[there]]), (link) => link[here] === unit);
  matrix?.draw(here === 0 ? unit : null, here === 0 ? null : unit);
  part.detail.replaceChildren(
    make("strong", { dir: "auto" }, short(texts.words[side][unit].textContent, 60)),
    ...mine.slice(0, 6).map((link) => chip(other, link[there], link[2])),
    ...(mine.length > 6 ? [make("span", { class: "hint" }, `and ${mine.length - 6} more`)] : []),
    meter("aligned to nothing", record()[side].null[unit], "chip nothing"),
  );
}

function pointCell(row, column) {
  const sides = [["source", row], ["target", column]].filter(([, unit]) => unit !== null);
  if (sides.length === 1) return pointWord(...sides[0]);
  texts.mark(sides, [], (link) => link[0] === row && link[1] === column);
  matrix.draw(row, column);
  const word = (side, unit) => make("strong", { dir: "auto" }, short(texts.words[side][unit].textContent, 40));
  part.detail.replaceChildren(word("source", row), "–", word("target", column), meter("", matrix.weight(row, column), "chip"));
  return undefined;
}

function meter(text, mass, kind) {
  const bar = make("i", { "aria-hidden": "true" });
  bar.style.setProperty("--mass", Math.min(mass, 1));
  return make("span", { class: kind }, make("span", { dir: "auto" }, text), bar, make("b", {}, mass.toFixed(2)));
}

function chip(side, unit, weight) {
  const button = make("button", { type: "button", class: "plain" }, meter(short(texts.words[side][unit].textContent, 40), weight, "chip"));
  button.addEventListener("click", () => {
    pinned = { side, unit };
    reveal(side, unit);
  });
  return button;
}

function reveal(side, unit) {
  const word = texts.words[side][unit];
  word.scrollIntoView({ block: "nearest" });
  word.focus({ preventScroll: true });
  point({ side, unit });
}

function list() {
  const wanted = part.search.value.toLowerCase();
  const found = records.flatMap((entry, index) => (haystack(entry).includes(wanted) ? [index] : []));
  part.list.replaceChildren(
    ...found.slice(0, LISTED).map((index) => {
      const entry = records[index];
      const title = entry.error ? entry.error : whole(entry.source) || "(empty)";
      const button = make("button", { type: "button", "data-record": index, class: entry.error ? "failed" : "" });
      button.append(make("span", { dir: "auto" }, short(title, 90)), make("small", {}, entry.error ? "failed" : entry.score));
      if (index === shown) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => show(index));
      return make("li", {}, button);
    }),
  );
  part.found.textContent = `${found.length} of ${records.length}` + (found.length > LISTED ? `, the first ${LISTED} listed` : "");
}

function haystack(entry) {
  entry.haystack ??= [entry.name ?? "", entry.error ?? "", entry.source ? `${whole(entry.source)} ${whole(entry.target)}` : ""]
    .join(" ")
    .toLowerCase();
  return entry.haystack;
}

function wordOf(event) {
  const { side, unit } = event.target.closest?.(".word")?.dataset ?? {};
  return side ? { side, unit: Number(unit) } : null;
}

function step(event) {
  const at = wordOf(event);
  if (!at) return;
  const forward = record()[at.side].rtl ? "ArrowLeft" : "ArrowRight";
  const backward = record()[at.side].rtl ? "ArrowRight" : "ArrowLeft";
  const last = texts.words[at.side].length - 1;
  const moves = { [forward]: at.unit + 1, [backward]: at.unit - 1, Home: 0, End: last };
  if (record().across) Object.assign(moves, { ArrowDown: at.unit + 1, ArrowUp: at.unit - 1 });
  if (event.key in moves) {
    event.preventDefault();
    const unit = Math.min(Math.max(moves[event.key], 0), last);
    reveal(at.side, unit);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    toggle(at);
  }
}

function toggle(at) {
  pinned = pinned?.side === at.side && pinned.unit === at.unit ? null : at;
  point(at);
}

// Only one word of each text is in the order of the Tab key.
function rove(at) {
  for (const word of texts.words[at.side]) word.tabIndex = -1;
  texts.words[at.side][at.unit].tabIndex = 0;
}

function listen() {
  part.stage.addEventListener("pointerover", (event) => point(wordOf(event) ?? linkOf(event) ?? pinned));
  part.stage.addEventListener("pointerleave", () => point(pinned));
  part.stage.addEventListener("focusin", (event) => {
    rove(wordOf(event));
    point(wordOf(event));
  });
  part.stage.addEventListener("focusout", () => point(pinned));
  part.stage.addEventListener("keydown", step);
  part.stage.addEventListener("click", (event) => wordOf(event) && toggle(wordOf(event)));
  part.matrix.addEventListener("pointermove", (event) => {
    const [row, column] = matrix.at(event);
    point(row === null && column === null ? pinned : { row, column });
  });
  part.matrix.addEventListener("pointerleave", () => point(pinned));
  part.threshold.addEventListener("input", filter);
  part.search.addEventListener("input", list);
  part.previous.addEventListener("click", () => show(shown - 1));
  part.next.addEventListener("click", () => show(shown + 1));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") point((pinned = null));
  });
  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", arrange);
  new ResizeObserver(() => texts && texts.width !== part.stage.clientWidth && requestAnimationFrame(arrange)).observe(part.stage);
}

function linkOf(event) {
  const [row, column] = event.target.dataset?.link?.split("-").map(Number) ?? [];
  return row === undefined ? null : { row, column };
}

if (records.length) {
  part.browse.hidden = records.length === 1;
  part.steps.hidden = records.length === 1;
  document.body.classList.toggle("several", records.length > 1);
  listen();
  list();
  show((Number.parseInt(location.hash.slice(1), 10) || 1) - 1);
} else {
  part.failure.hidden = false;
  part.failure.textContent = "There are no records.";
}
