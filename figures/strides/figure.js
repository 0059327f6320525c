// 2.1: one storage, read with a shape, strides and an offset. Step through the
// elements of a tensor and see where each of them lies.
"use strict";

figure("strides", (kit, { index }) => {
  const { element, write } = kit;
  kit.controls.classList.add("aligned");
  const tensors = {
    "X": [[4, 4], [4, 1], 0],
    "X.T": [[4, 4], [1, 4], 0],
    "X[1:3]": [[2, 4], [4, 1], 4],
    "X[1:, 1:]": [[3, 3], [4, 1], 5],
    "X[:, ::2]": [[4, 2], [4, 2], 0],
    "X[::2]": [[2, 4], [8, 1], 0],
    "X[:, :1].expand(4, 4)": [[4, 4], [4, 0], 0],
    "X.reshape(2, 8)": [[2, 8], [8, 1], 0],
  };
  const FIRST = "X.T", SIZE = 16, CELL = 36, LEFT = 26, TOP = 24, BOX = 21;

  const grid = kit.panel("The tensor", 340, 176), layer = grid.layer();
  const strip = kit.panel("The storage", 340, 150), marks = strip.layer();
  const said = element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const choice = kit.choice("Tensor", Object.fromEntries(Object.keys(tensors).map((key) => [key, key])), FIRST);
  const whole = (name, value, max) => kit.slider(name, { min: 0, max, step: 1, value, digits: 0 });
  const [, [down, right], start] = tensors[FIRST];
  const offset = whole("Offset", start, SIZE - 1);
  const strides = [whole("Stride of axis 0", down, 8), whole("Stride of axis 1", right, 8)];

  let name = FIRST, at = index, path = [];
  const shape = () => tensors[name][0];
  const position = ([i, j]) => offset.value + i * strides[0].value + j * strides[1].value;
  const all = () => {
    const [rows, columns] = shape();
    return Array.from({ length: rows * columns }, (_, k) => [Math.floor(k / columns), k % columns]);
  };
  const outside = () => all().some((place) => position(place) >= SIZE);
  const put = (i, j) => {
    clearTimeout(kit.timer);
    const [rows, columns] = shape();
    at = [Math.max(0, Math.min(rows - 1, i)), Math.max(0, Math.min(columns - 1, j))];
    path = [];
  };
  kit.again.push(() => {
    name = FIRST;
    put(...index);
  });

  // Go on to the next element, row after row; return whether one is left.
  const step = () => {
    const columns = shape()[1], places = all();
    const next = path.length ? at[0] * columns + at[1] + 1 : 0;
    if (next >= places.length) return false;
    at = places[next];
    path.push(position(at));
    return next + 1 < places.length;
  };
  const stop = () => { if (path.length === all().length) path = []; };
  kit.button("Next element", () => { clearTimeout(kit.timer); stop(); step(); });
  kit.button("Walk", () => { path = []; kit.play(step, 350); });
  const shows = {
    element: kit.number("element", "element", 0),
    down: kit.number("one row down", "down", 0),
    right: kit.number("one column to the right", "right", 0),
  };

  const ring = kit.handle(grid, "Element of the tensor", {
    wholePanel: true,
    move: (x, y) => put(Math.floor((y - TOP) / CELL), Math.floor((x - LEFT) / CELL)),
    nudge: (right, up) => put(at[0] - up, at[1] + right),
  });
  const dot = grid.svg.querySelector(".handle");
  dot.setAttribute("r", 14);
  dot.style.cssText = "fill: transparent; stroke: var(--warm)";

  const drawGrid = () => {
    const [rows, columns] = shape();
    layer.clear();
    for (let i = 0; i < rows; i += 1)
      layer.add("text", { class: "name", x: LEFT - 12, y: TOP + i * CELL + 22, "text-anchor": "middle" }, i);
    for (let j = 0; j < columns; j += 1)
      layer.add("text", { class: "name", x: LEFT + j * CELL + 17, y: TOP - 8, "text-anchor": "middle" }, j);
    for (const [i, j] of all()) {
      const p = position([i, j]), x = LEFT + j * CELL, y = TOP + i * CELL;
      layer.add("rect", { class: p === position(at) ? "square" : "node", x, y, width: CELL - 2, height: CELL - 2 });
      layer.add("text", { x: x + CELL / 2 - 1, y: y + 22, "text-anchor": "middle" }, p < SIZE ? p : "?");
    }
    const [i, j] = at;
    ring(LEFT + j * CELL + CELL / 2 - 1, TOP + i * CELL + CELL / 2 - 1, `row ${i}, column ${j}, position ${position(at)}`, position(at));
  };

  const drawStrip = () => {
    marks.clear();
    const middle = (p) => 2 + p * BOX + BOX / 2, floor = 104, read = new Set(all().map(position));
    path.forEach((p, k) => {
      if (!k || p >= SIZE || path[k - 1] >= SIZE) return;
      const [from, to] = [middle(path[k - 1]), middle(p)], high = Math.min(90, 14 + Math.abs(to - from) / 3);
      const d = from === to ? `M${from - 4} ${floor}q4 -22 8 0` : `M${from} ${floor}Q${(from + to) / 2} ${floor - 2 * high} ${to} ${floor}`;
      marks.add("path", { class: k === path.length - 1 ? "walk" : "arrow", d });
    });
    for (let p = 0; p < SIZE; p += 1) {
      marks.add("rect", {
        class: p === position(at) ? "square" : "node", x: 2 + p * BOX, y: floor, width: BOX, height: BOX,
        style: read.has(p) ? "" : "stroke-dasharray: 2 3",
      });
      marks.add("text", { x: middle(p), y: floor + 15, "text-anchor": "middle", style: read.has(p) ? "" : "fill: var(--soft)" }, p);
    }
    marks.add("text", { class: "name", x: 2, y: floor + 40 }, "one storage of sixteen numbers");
  };

  const tell = () => {
    const [i, j] = at, [s, t] = strides.map((slider) => slider.value), o = offset.value;
    const formula = `${o} + ${i}·${s} + ${j}·${t} = ${position(at)}`;
    if (outside()) return `Row ${i}, column ${j}: position ${formula}. Some positions lie beyond the storage, so PyTorch would refuse.`;
    if (path.length < 2) return `Row ${i}, column ${j}: position ${formula}.`;
    const jumps = path.slice(1).map((p, k) => p - path[k]), kinds = [...new Set(jumps)];
    const sign = (n) => (n > 0 ? "+" : "") + write(n, 0);
    if (path.length < all().length) return `Position ${formula}. The last step was ${sign(jumps.at(-1))}.`;
    if (kinds.length === 1) return `Every step was ${sign(kinds[0])}: one stride describes the whole walk, so view(${path.length}) works.`;
    return `The steps were ${kinds.map(sign).join(" and ")}: no single stride describes the walk, so view(${path.length}) fails and reshape copies.`;
  };

  let set = "";
  kit.draw = () => {
    if (choice.value !== name) {
      name = choice.value;
      const [, [down, right], start] = tensors[name];
      [offset.value, strides[0].value, strides[1].value] = [start, down, right];
      put(0, 0);
    }
    const settings = [name, offset.value, ...strides.map((slider) => slider.value)].join();
    if (path.length && settings !== set) put(...at);
    set = settings;
    drawGrid();
    drawStrip();
    said.textContent = tell();
    const p = position(at);
    shows.element(p < SIZE ? p : "none");
    shows.down(strides[0].value);
    shows.right(strides[1].value);
  };
});
