// 2.1: two shapes are aligned at the right and stretched, or fail; each cell of
// the sum shows its two sources.
"use strict";

figure("broadcasting", (kit, given) => {
  const { element } = kit;
  const LONGEST = [3, 5, 5], CELL = 26, ROW = 24, TOP = 40;
  const padded = (shape) => [...Array(3 - shape.length).fill(0), ...shape];
  const written = (lengths) => {
    const shape = lengths.filter(Boolean);
    return `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  };

  const examples = {
    start: ["a column and a row", given.a, given.b],
    channels: ["a picture and its channels", [2, 4, 3], [3]],
    columns: ["a picture and its columns", [2, 4, 3], [4, 1]],
    failing: ["a failure", [3, 2], [3]],
    bias: ["rows and a bias", [4, 3], [3]],
    trap: ["predictions and targets: a trap", [5, 1], [5]],
  };
  const names = Object.fromEntries(Object.entries(examples).map(([key, [words]]) => [key, words]));
  const example = kit.choice("Example", { ...names, own: "your own" }, "start");
  const shapes = { a: [], b: [] };
  let cursor = [0, 1, 1], chosen = "";
  kit.again.push(() => { chosen = ""; });

  // A stepper for each axis; an axis can be missing only if all on its left are.
  const step = (name, axis, by) => {
    const shape = shapes[name];
    const least = axis && shape[axis - 1] ? 1 : 0;
    shape[axis] = Math.max(least, Math.min(LONGEST[axis], shape[axis] + by));
    for (let right = axis + 1; right < 3; right += 1)
      if (shape[axis]) shape[right] = Math.max(1, shape[right]);
    chosen = example.value = "own";
  };
  const table = element("div", {
    style: "flex: 1 0 100%; display: grid; grid-template-columns: 2.4rem repeat(3, minmax(0, 6rem)); gap: 0.3rem 0.2rem; align-items: center; justify-content: center; text-align: center; font-variant-numeric: tabular-nums",
  });
  const soft = "color: var(--soft); font-size: 0.85rem; line-height: 1.2";
  table.append(element("span"), ...[-3, -2, -1].map((axis) => element("span", { style: soft }, `axis ${kit.write(axis, 0)}`)));
  const shown = { a: [], b: [], sum: [], reason: [] };
  for (const name of ["a", "b"]) {
    table.append(element("em", {}, name));
    for (const axis of [0, 1, 2]) {
      const value = element("span", { style: "min-width: 1.3rem" });
      const buttons = [-1, 1].map((by) => {
        const button = kit.button(by < 0 ? "−" : "+", () => step(name, axis, by));
        button.setAttribute("aria-label", `${by < 0 ? "Shorten" : "Lengthen"} axis ${axis - 3} of ${name}`);
        button.style.cssText = "padding: 0; margin: 0; min-width: 0; width: 1.7rem; height: 1.7rem";
        return button;
      });
      table.append(element("span", { style: "display: flex; justify-content: center; align-items: center" }, buttons[0], value, buttons[1]));
      shown[name].push(value);
    }
  }
  for (const name of ["sum", "reason"]) {
    table.append(element("em", {}, name === "sum" ? "a + b" : ""));
    for (const axis of [0, 1, 2]) {
      const value = element("span", name === "sum" ? {} : { style: soft });
      shown[name][axis] = value;
      table.append(value);
    }
  }
  kit.controls.append(table);

  const panels = ["a", "b", "a + b"].map((title) => {
    const panel = kit.panel(title, 132, 130);
    panel.svg.style.flexBasis = "5rem"; // three in a row, also on a phone
    return { panel, title, layer: panel.layer() };
  });
  const said = element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);
  kit.stage.style.alignItems = "start";
  const elements = kit.number("elements of the result", "elements", 0);
  const total = kit.number("their sum", "total", 0);

  let sizes = [1, 1, 1], fails = -1;
  const strideOf = (shape) => {
    const lengths = shape.map((n) => n || 1);
    return [lengths[1] * lengths[2], lengths[2], 1].map((s, axis) => (lengths[axis] > 1 ? s : 0));
  };
  const source = (shape, index) => {
    const strides = strideOf(shape);
    return index.reduce((sum, i, axis) => sum + i * strides[axis], 0);
  };
  const place = ([block, row, column]) => [column * CELL + 1, TOP + (block * (sizes[1] + 0.5) + row) * ROW];

  const last = panels[2].panel;
  const go = (row, column) => {
    const rows = sizes[0] * sizes[1], at = Math.max(0, Math.min(rows - 1, row));
    cursor = [Math.floor(at / sizes[1]), at % sizes[1], Math.max(0, Math.min(sizes[2] - 1, column))];
  };
  const moveRing = kit.handle(last, "Element of the result", {
    wholePanel: true,
    move: (x, y) => {
      const down = (y - TOP) / ROW, block = Math.max(0, Math.min(sizes[0] - 1, Math.floor(down / (sizes[1] + 0.5))));
      const row = Math.max(0, Math.min(sizes[1] - 1, Math.floor(down - block * (sizes[1] + 0.5))));
      go(block * sizes[1] + row, Math.floor(x / CELL));
    },
    nudge: (right, up) => go(cursor[0] * sizes[1] + cursor[1] - up, cursor[2] + right),
  });
  const ring = last.svg.querySelector(".handle");
  ring.setAttribute("r", 11);
  ring.style.cssText = "fill: transparent; stroke: var(--warm)";

  // Draw the cells of a panel; a dotted one is not stored but read again.
  const drawPanel = ({ panel, title, layer }, shape, extent, value, colors) => {
    panel.resize(132, TOP + (extent[0] * (extent[1] + 0.5)) * ROW);
    layer.clear();
    layer.add("text", { class: "name", x: 1, y: 13, style: "font-size: 15.4px" }, title);
    layer.add("text", { x: 1, y: 31, style: "font-size: 15.4px" }, shape ? written(shape) : "error");
    if (!shape) return;
    for (let block = 0; block < extent[0]; block += 1)
      for (let row = 0; row < extent[1]; row += 1)
        for (let column = 0; column < extent[2]; column += 1) {
          const index = [block, row, column], [x, y] = place(index);
          const stored = index.every((i, axis) => i < (shape[axis] || 1));
          const used = colors(index);
          layer.add("rect", {
            x, y, width: CELL - 2, height: ROW - 2,
            style: `fill: ${used[0] || "transparent"}; fill-opacity: 0.35; stroke: ${used[1]}; stroke-width: ${used[0] ? 2 : 1}${stored ? "" : "; stroke-dasharray: 2 3"}`,
          });
          layer.add("text", { x: x + CELL / 2 - 1, y: y + 16, "text-anchor": "middle", style: `font-size: ${value(index) > 99 ? 12 : 15.4}px` }, value(index));
        }
  };

  kit.draw = () => {
    if (example.value !== chosen && example.value !== "own") {
      [, shapes.a, shapes.b] = examples[example.value].map((part) => (Array.isArray(part) ? padded(part) : part));
      cursor = [0, 1, 1];
    }
    chosen = example.value;
    const { a, b } = shapes;
    fails = -1;
    [0, 1, 2].forEach((axis) => {
      const [m, n] = [a[axis], b[axis]], misfit = m > 1 && n > 1 && m !== n;
      if (misfit) fails = axis; // PyTorch names the last one
      shown.a[axis].textContent = m || "·";
      shown.b[axis].textContent = n || "·";
      shown.sum[axis].textContent = misfit ? "error" : Math.max(m, n) || "·";
      const name = m < n ? "a" : "b", missing = name === "a" ? !m : !n;
      shown.reason[axis].textContent = misfit ? `${m} is not ${n}, and neither is 1`
        : m === n ? (m ? "equal" : "") : missing ? `missing in ${name}: counts as 1${Math.max(m, n) > 1 ? ", stretched" : ""}` : `${name} is stretched`;
    });
    sizes = [0, 1, 2].map((axis) => Math.max(a[axis], b[axis], 1));
    ring.style.display = fails < 0 ? "" : "none";
    if (fails >= 0) {
      const extents = [a, b].map((shape) => shape.map((n) => n || 1));
      [a, b].forEach((shape, k) => {
        sizes = extents[k];
        drawPanel(panels[k], shape, extents[k], (index) => source(shape, index), () => ["", `var(--c${k})`]);
      });
      drawPanel(panels[2], null, [1, 1, 1]);
      const axes = Math.max(...[a, b].map((shape) => shape.filter(Boolean).length));
      said.textContent = `PyTorch says: The size of tensor a (${a[fails]}) must match the size of tensor b (${b[fails]}) at non-singleton dimension ${fails - 3 + axes}.`;
      elements("none");
      total("none");
      return;
    }
    cursor = cursor.map((i, axis) => Math.min(i, sizes[axis] - 1));
    const value = { a: (index) => source(a, index), b: (index) => source(b, index) };
    const shares = (name, index) => value[name](index) === value[name](cursor);
    ["a", "b"].forEach((name, k) => drawPanel(panels[k], shapes[name], sizes, value[name],
      (index) => [shares(name, index) && `var(--c${k})`, `var(--c${k})`]));
    const sum = a.map((n, axis) => Math.max(n, b[axis]));
    const add = (index) => value.a(index) + value.b(index);
    drawPanel(panels[2], sum, sizes, add,
      (index) => {
        const [first, second] = [shares("a", index), shares("b", index)];
        const color = first && second ? "var(--c2)" : first ? "var(--c0)" : second ? "var(--c1)" : "";
        return [color, color || "var(--soft)"];
      });
    const [x, y] = place(cursor), number = sizes[0] * sizes[1] * sizes[2];
    const uses = (name) => number / shapes[name].reduce((product, n) => product * (n || 1), 1);
    const times = (n) => (n === 1 ? "once" : n === 2 ? "twice" : `${n} times`);
    moveRing(x + CELL / 2 - 1, y + ROW / 2 - 1, `${value.a(cursor)} plus ${value.b(cursor)}`, add(cursor));
    said.textContent = `${value.a(cursor)} + ${value.b(cursor)} = ${add(cursor)}. This element of a is used ${times(uses("a"))}, that of b ${times(uses("b"))}.`;
    elements(number);
    let all = 0;
    for (let block = 0; block < sizes[0]; block += 1)
      for (let row = 0; row < sizes[1]; row += 1)
        for (let column = 0; column < sizes[2]; column += 1) all += add([block, row, column]);
    total(all);
  };
});
