// The two texts of a record, in lines of words or in columns of sentences, with their ribbons and rings.

const SIDES = ["source", "target"];

// Builds an element. Text only ever goes in as text: nothing on this page is parsed as HTML.
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

class Texts {
  constructor(stage, record) {
    this.stage = stage;
    this.record = record;
    this.words = {};
    for (const side of SIDES) {
      this.words[side] = record[side].null.map((mass, unit) => this.#word(side, unit, mass));
      if (this.words[side].length) this.words[side][0].tabIndex = 0;
    }
    this.svg = shape("svg", { class: "ribbons", "aria-hidden": "true" });
    this.paths = [];
  }

  #word(side, unit, mass) {
    const text = this.record[side].pieces[2 * unit + 1].trim() || "␣";
    const attributes = { class: mass >= 0.5 ? "word unaligned" : "word", role: "button", tabindex: -1, dir: "auto" };
    return make("span", { ...attributes, "data-side": side, "data-unit": unit }, text);
  }

  // Places every word for the width the stage has now.
  arrange() {
    const { across } = this.record;
    this.width = this.stage.clientWidth;
    this.stage.className = across ? "stage columns" : "stage rows";
    this.stage.replaceChildren(this.svg, ...(across ? this.#columns() : this.#rows()));
    if (across) this.#stand();
    this.ports = { source: this.#ports("source"), target: this.#ports("target") };
  }

  #rows() {
    const context = document.createElement("canvas").getContext("2d");
    const style = getComputedStyle(this.stage);
    context.font = `${style.fontSize} ${style.fontFamily}`;
    const widths = SIDES.map((side) =>
      this.words[side].map((word, unit) => {
        const gap = this.record[side].pieces[2 * unit + 2];
        const spaces = 5 * (gap.match(/ /g)?.length ?? 0); // word-spacing in the style sheet
        return Math.min(context.measureText(word.textContent + gap).width + spaces + 6, this.width);
      }),
    );
    const lines = alignedLines(...widths, this.record.links, this.width - 8);
    const single = lines.length === 1 ? "band single" : "band";
    return lines.map(([a, b, c, d]) =>
      make("div", { class: single }, this.#line("source", a, b), this.#line("target", c, d)),
    );
  }

  #line(side, start, end) {
    const { pieces, rtl } = this.record[side];
    const line = make("div", { class: `line ${side}`, dir: rtl ? "rtl" : "ltr", role: "group", "aria-label": side });
    const gap = (text) => text && line.append(make("span", { class: "gap" }, text));
    const first = pieces[2 * start] ?? "";
    gap(start === 0 ? first.trimStart() : first.slice(first.split(" ", 1)[0].length).trimStart());
    for (let unit = start; unit < end; unit += 1) {
      const after = pieces[2 * unit + 2];
      line.append(this.words[side][unit]);
      gap(unit + 1 < end || end === this.words[side].length ? after.replace(/\s+/g, " ") : after.split(" ", 1)[0]);
    }
    if (!this.words[side].length && !line.textContent) gap("(empty)");
    return line;
  }

  #columns() {
    return SIDES.map((side) => {
      const { pieces, rtl } = this.record[side];
      const column = make("div", { class: `column ${side}`, dir: rtl ? "rtl" : "ltr", role: "group", "aria-label": side });
      column.append(...this.words[side]);
      if (!this.words[side].length) column.append(make("span", { class: "gap" }, pieces[0].trim() || "(empty)"));
      return column;
    });
  }

  // Stands the blocks of the shorter column beside what they align to.
  #stand() {
    const boxes = SIDES.map((side) => this.words[side].map((word) => this.#box(word)));
    const foot = (list) => (list.length ? list.at(-1).bottom : 0);
    const short = foot(boxes[1]) < foot(boxes[0]) ? 1 : 0;
    const sums = boxes[short].map(() => [1e-9, 0]);
    for (const link of this.record.links) {
      const other = boxes[1 - short][link[1 - short]];
      sums[link[short]][0] += link[2];
      sums[link[short]][1] += (link[2] * (other.top + other.bottom)) / 2;
    }
    const top = boxes[short].length ? boxes[short][0].top : 0;
    let room = Math.max(0, foot(boxes[1 - short]) - foot(boxes[short]));
    let pushed = 0;
    this.words[SIDES[short]].forEach((word, unit) => {
      const box = boxes[short][unit];
      const wanted = sums[unit][1] / sums[unit][0] - (box.bottom - box.top) / 2 - (box.top + pushed);
      const push = sums[unit][1] ? Math.min(Math.max(0, wanted), room) : 0;
      word.style.marginTop = push > 1 && box.top >= top ? `${push}px` : "";
      pushed += push;
      room -= push;
    });
  }

  #box(element) {
    const [box, stage] = [element.getBoundingClientRect(), this.stage.getBoundingClientRect()];
    const [left, top] = [box.left - stage.left, box.top - stage.top];
    return { left, top, right: left + box.width, bottom: top + box.height, width: box.width, height: box.height };
  }

  // Where ribbons leave each word, and where its ring is.
  #ports(side) {
    const source = side === "source";
    return this.words[side].map((word) => {
      const box = this.#box(word);
      const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      if (!this.record.across) {
        const [edge, opposite, ring] = source ? [box.bottom, box.top, box.top - 5] : [box.top, box.bottom, box.bottom + 5];
        return { x, y: edge, extent: box.width, opposite, ring: [x, ring] };
      }
      const [edge, ring] = source ? [box.right + 4, box.left - 9] : [box.left - 4, box.right + 9];
      return { x: edge, y, extent: box.height, opposite: edge, ring: [ring, box.top + 13] };
    });
  }

  // Draws the given links; the others are not there.
  draw(links) {
    this.svg.replaceChildren();
    this.svg.setAttribute("width", this.stage.scrollWidth);
    this.svg.setAttribute("height", this.stage.scrollHeight);
    this.links = links;
    this.paths = drawRibbons(this.svg, this.ports, links, this.record.across);
    for (const side of SIDES) {
      this.ports[side].forEach((port, unit) => drawRing(this.svg, ...port.ring, this.record[side].null[unit]));
    }
  }

  // Marks words and ribbons: `lit` and `near` are lists of [side, unit], `keep` says which links stay.
  mark(lit, near, keep) {
    for (const element of this.marked ?? []) element.classList.remove("lit", "near");
    this.marked = [];
    const add = (element, name) => {
      element.classList.add(name);
      this.marked.push(element);
    };
    this.stage.classList.toggle("marking", lit.length > 0);
    for (const [side, unit] of lit) add(this.words[side][unit], "lit");
    for (const [side, unit] of near) add(this.words[side][unit], "near");
    if (lit.length) this.links.forEach((link, k) => keep(link) && add(this.paths[k], "lit"));
  }
}
