// The expected alignment on a canvas: a row for each source unit, a column for each target unit, NULL apart.

const [CELL, LABELLED, TALLEST, STRIP] = [26, 13, 620, 8];

class Matrix {
  constructor(canvas, record, units) {
    this.canvas = canvas;
    this.record = record;
    this.units = units;
    this.rows = record.source.null.length;
    this.columns = record.target.null.length;
    this.cells = Uint8Array.from(atob(record.matrix.cells), (char) => char.charCodeAt(0));
  }

  // The weight of a cell; where the matrix was made smaller, the largest of the cells that were put together.
  weight(i, j) {
    const { columns, step, top } = this.record.matrix;
    return (this.cells[Math.floor(i / step[0]) * columns + Math.floor(j / step[1])] / 255) * top;
  }

  // Chooses the size of the cells for the width there is, and draws.
  arrange(width) {
    const context = this.canvas.getContext("2d");
    context.font = this.#font();
    const longest = (words) => Math.min(150, Math.max(0, ...words.map((word) => context.measureText(word).width)));
    const fits = (labels, slant) => {
      const cell = [Math.min(CELL, (width - labels - slant - STRIP) / (this.columns + 1)), Math.min(CELL, TALLEST / (this.rows + 1))];
      const least = Math.min(...cell);
      return 3 * least > Math.max(...cell) ? [least, least] : cell;
    };
    this.labels = [0, 0];
    this.slant = 0;
    this.cell = fits(4, 4);
    if (this.rows <= 60 && this.columns <= 60) {
      const [left, above] = [longest(this.units.source), longest(this.units.target)];
      const cell = fits(left + 10, above * 0.72);
      if (Math.min(...cell) >= LABELLED) [this.labels, this.slant, this.cell] = [[left + 10, above * 0.72 + 12], above * 0.72, cell];
    }
    this.size = [this.columns * this.cell[0], this.rows * this.cell[1]];
    this.strip = [Math.max(this.cell[0], 6), Math.max(this.cell[1], 6)];
    const whole = [0, 1].map((axis) => this.labels[axis] + this.size[axis] + STRIP + this.strip[axis] + 2 + (axis ? 0 : this.slant));
    const dense = window.devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = whole.map((side) => Math.round(side * dense));
    [this.canvas.style.width, this.canvas.style.height] = whole.map((side) => `${side}px`);
    this.dense = dense;
    this.picture = this.#picture();
    this.draw(null, null);
  }

  #font() {
    return `12px ${getComputedStyle(this.canvas).fontFamily}`;
  }

  #colour(name) {
    return getComputedStyle(this.canvas).getPropertyValue(`--${name}`).trim();
  }

  // One pixel a cell, or, where cells are smaller than pixels, the largest cell of each pixel.
  #picture() {
    const { rows, columns } = this.record.matrix;
    const high = Math.max(1, Math.min(rows, Math.floor(this.size[1] * this.dense)));
    const wide = Math.max(1, Math.min(columns, Math.floor(this.size[0] * this.dense)));
    const picture = make("canvas", { width: wide, height: high });
    const context = picture.getContext("2d");
    const image = context.createImageData(wide, high);
    const [red, green, blue] = this.#colour("link").match(/[0-9a-f]{2}/gi).map((part) => parseInt(part, 16));
    for (let pixel = 0; pixel < image.data.length; pixel += 4) image.data.set([red, green, blue, 0], pixel);
    for (let i = 0; i < rows; i += 1) {
      const row = Math.floor((i * high) / rows) * wide;
      for (let j = 0; j < columns; j += 1) {
        const at = 4 * (row + Math.floor((j * wide) / columns)) + 3;
        const shade = 255 * (this.cells[i * columns + j] / 255) ** 0.75;
        if (shade > image.data[at]) image.data[at] = shade;
      }
    }
    context.putImageData(image, 0, 0);
    return picture;
  }

  // Draws the matrix with a row and a column marked, either of them null.
  draw(row, column) {
    const context = this.canvas.getContext("2d");
    const [left, top] = this.labels;
    context.setTransform(this.dense, 0, 0, this.dense, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.fillStyle = this.#colour("field");
    context.fillRect(left, top, ...this.size);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.picture, left, top, ...this.size);
    if (Math.min(...this.cell) >= LABELLED) this.#grid(context);
    this.#strips(context);
    if (left) this.#names(context, row, column);
    this.#frame(context, row, column);
  }

  #grid(context) {
    const [left, top] = this.labels;
    context.fillStyle = this.#colour("card");
    for (let i = 1; i < this.rows; i += 1) context.fillRect(left, top + i * this.cell[1] - 0.5, this.size[0], 1);
    for (let j = 1; j < this.columns; j += 1) context.fillRect(left + j * this.cell[0] - 0.5, top, 1, this.size[1]);
  }

  // NULL: a column on the right for the source, a row below for the target.
  #strips(context) {
    const { source, target } = this.record;
    const [right, below] = [this.labels[0] + this.size[0] + STRIP, this.labels[1] + this.size[1] + STRIP];
    const gap = Math.min(...this.cell) >= LABELLED ? 1 : 0;
    const [field, ink] = [this.#colour("field"), this.#colour("mute")];
    const box = (mass, ...place) => {
      context.fillStyle = field;
      context.fillRect(...place);
      context.globalAlpha = Math.min(Math.max(mass, 0), 1) ** 0.75;
      context.fillStyle = ink;
      context.fillRect(...place);
      context.globalAlpha = 1;
    };
    source.null.forEach((mass, i) => box(mass, right, this.labels[1] + i * this.cell[1], this.strip[0] - gap, this.cell[1] - gap));
    target.null.forEach((mass, j) => box(mass, this.labels[0] + j * this.cell[0], below, this.cell[0] - gap, this.strip[1] - gap));
  }

  #names(context, row, column) {
    const [left, top] = this.labels;
    context.font = this.#font();
    context.textBaseline = "middle";
    const name = (text, strong, align) => {
      context.fillStyle = this.#colour(strong ? "ink" : "mute");
      context.textAlign = align;
      context.fillText(text, 0, 0, 150);
    };
    [...this.units.source, "NULL"].forEach((text, i) => {
      const y = top + (i + 0.5) * this.cell[1] + (i === this.rows ? STRIP : 0);
      context.setTransform(this.dense, 0, 0, this.dense, this.dense * (left - 8), this.dense * y);
      name(text, i === row, "right");
    });
    const tilt = this.dense * Math.SQRT1_2;
    [...this.units.target, "NULL"].forEach((text, j) => {
      const x = left + (j + 0.5) * this.cell[0] + (j === this.columns ? STRIP : 0);
      context.setTransform(tilt, -tilt, tilt, tilt, this.dense * x, this.dense * (top - 7));
      name(text, j === column, "left");
    });
    context.setTransform(this.dense, 0, 0, this.dense, 0, 0);
  }

  #frame(context, row, column) {
    const [left, top] = this.labels;
    context.strokeStyle = this.#colour("ink");
    context.lineWidth = 1;
    const right = this.size[0] + STRIP + this.strip[0];
    const below = this.size[1] + STRIP + this.strip[1];
    if (row !== null) context.strokeRect(left + 0.5, top + row * this.cell[1] - 0.5, right - 1, Math.max(this.cell[1], 2));
    if (column !== null) context.strokeRect(left + column * this.cell[0] - 0.5, top + 0.5, Math.max(this.cell[0], 2), below - 1);
  }

  // The [row, column] under a pointer event; either is null on the strips, both are outside.
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = (event.clientX - box.left - this.labels[0]) / this.cell[0];
    const y = (event.clientY - box.top - this.labels[1]) / this.cell[1];
    const [j, i] = [Math.floor(x), Math.floor(y)];
    return [i >= 0 && i < this.rows && x >= 0 ? i : null, j >= 0 && j < this.columns && y >= 0 ? j : null];
  }
}
