// 5.3: two inputs, two ReLUs, one output. Step values forward and derivatives
// back, and change any of the twelve numbers that the loss depends on.
"use strict";

figure("backpropagation", (kit, { values }) => {
  const { write } = kit;
  // Where things stand, from left to right or, where that is too wide, from top
  // to bottom: nodes, and in [x, y] what is known of a value or a weight.
  const layouts = {
    wide: {
      size: [640, 310],
      nodes: { x1: [36, 76], x2: [36, 236], z1: [210, 76], z2: [210, 236], h1: [330, 76], h2: [330, 236], o: [465, 156], L: [600, 156] },
      numbers: { x1: [36, 30], x2: [36, 276], z1: [210, 30], z2: [210, 276], h1: [330, 30], h2: [330, 276], o: [465, 196], L: [600, 196] },
      weights: {
        w11: [105, 76], w12: [82, 123], w21: [82, 189], w22: [105, 236], c1: [160, 30], c2: [160, 276],
        v1: [400, 116], v2: [400, 196], c: [465, 106], y: [600, 106],
      },
      gates: [[270, 66], [270, 256]],
    },
    tall: {
      size: [340, 520],
      nodes: { x1: [80, 40], x2: [260, 40], z1: [80, 190], z2: [260, 190], h1: [80, 290], h2: [260, 290], o: [170, 390], L: [170, 480] },
      numbers: { x1: [30, 36], x2: [310, 36], z1: [30, 186], z2: [310, 186], h1: [30, 286], h2: [310, 286], o: [222, 386], L: [222, 476] },
      weights: {
        w11: [80, 112], w12: [138, 84], w21: [202, 84], w22: [260, 112], c1: [130, 190], c2: [210, 190],
        v1: [122, 338], v2: [218, 338], c: [118, 392], y: [118, 482],
      },
      gates: [[110, 244], [230, 244]],
    },
  };
  const words = {
    x1: "x₁", x2: "x₂", z1: "z₁", z2: "z₂", h1: "h₁", h2: "h₂", o: "o", L: "L", w11: "w₁₁", w12: "w₁₂",
    w21: "w₂₁", w22: "w₂₂", v1: "v₁", v2: "v₂", c1: "c₁", c2: "c₂", c: "c", y: "y",
  };

  const forward = (v) => {
    const z1 = v.x1 * v.w11 + v.x2 * v.w21 + v.c1, z2 = v.x1 * v.w12 + v.x2 * v.w22 + v.c2;
    const h1 = Math.max(z1, 0), h2 = Math.max(z2, 0), o = h1 * v.v1 + h2 * v.v2 + v.c;
    return { ...v, z1, z2, h1, h2, o, L: (o - v.y) ** 2 / 2 };
  };
  const backward = (v) => {
    const o = v.o - v.y, h1 = o * v.v1, h2 = o * v.v2;
    const z1 = h1 * (v.z1 > 0), z2 = h2 * (v.z2 > 0);
    return {
      L: 1, o, y: -o, v1: o * v.h1, v2: o * v.h2, c: o, h1, h2, z1, z2, c1: z1, c2: z2,
      w11: z1 * v.x1, w12: z2 * v.x1, w21: z1 * v.x2, w22: z2 * v.x2,
      x1: z1 * v.w11 + z2 * v.w12, x2: z1 * v.w21 + z2 * v.w22,
    };
  };

  const arrows = [["x1", "z1"], ["x1", "z2"], ["x2", "z1"], ["x2", "z2"], ["z1", "h1"], ["z2", "h2"], ["h1", "o"], ["h2", "o"], ["o", "L"]];

  // What one step back multiplies: shown in words below the graph.
  const told = [
    () => "Forward and backward are complete. Change a number, or step through.",
    (v) => `The inputs are ${write(v.x1, 1)} and ${write(v.x2, 1)}.`,
    (v) => `z₁ = ${write(v.x1, 1)}·${paren(v.w11)} + ${write(v.x2, 1)}·${paren(v.w21)} + ${paren(v.c1)} = ${write(v.z1)}, and z₂ likewise.`,
    (v) => `ReLU keeps what is positive: h₁ = ${write(v.h1)}, h₂ = ${write(v.h2)}.`,
    (v) => `o = ${write(v.h1)}·${paren(v.v1)} + ${write(v.h2)}·${paren(v.v2)} + ${paren(v.c)} = ${write(v.o)}.`,
    (v) => `L = (${write(v.o)} − ${paren(v.y)})² / 2 = ${write(v.L)}. Now back.`,
    (v, d) => `∂L/∂o = o − y = ${write(d.o)}.`,
    (v, d) => `∂L/∂h₁ = ${write(d.o)}·v₁ = ${write(d.h1)}; ∂L/∂v₁ = ${write(d.o)}·h₁ = ${write(d.v1)}.`,
    (v, d) => `A ReLU passes a derivative on where it is open (z > 0): ∂L/∂z₁ = ${write(d.z1)}, ∂L/∂z₂ = ${write(d.z2)}.`,
    (v, d) => `∂L/∂w₂₁ = ${write(d.z1)}·x₂ = ${write(d.w21)}. An input adds up two paths: ∂L/∂x₁ = ${write(d.x1)}.`,
  ];
  const paren = (value) => (value < 0 ? `(${write(value, 1)})` : write(value, 1));
  // In which step a value and a derivative appear.
  const valueAt = { x1: 1, x2: 1, z1: 2, z2: 2, h1: 3, h2: 3, o: 4, L: 5 };
  const slopeAt = { L: 5, o: 6, y: 6, v1: 7, v2: 7, c: 7, h1: 7, h2: 7, z1: 8, z2: 8, c1: 9, c2: 9, w11: 9, w12: 9, w21: 9, w22: 9, x1: 9, x2: 9 };

  const panel = kit.panel("The computational graph of the network: values forward, derivatives back", 640, 310);
  const drawing = panel.layer();
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const chosen = kit.choice("Number", Object.fromEntries(
    ["w11", "w12", "w21", "w22", "c1", "c2", "v1", "v2", "c", "x1", "x2", "y"].map((key) => [key, words[key]])), "w11");
  const size = kit.slider("Value", { min: -5, max: 5, step: 0.1, value: values.w11, digits: 1 });
  let now = { ...values }, stage = 0;
  chosen.addEventListener("change", () => { size.value = now[chosen.value]; kit.changed(); });
  size.input.addEventListener("input", () => { now[chosen.value] = size.value; kit.changed(); });
  const back = kit.button("Back", () => { stage = Math.max(1, stage - 1); });
  const on = kit.button("Step", () => { stage = stage ? (stage + 1) % told.length : 1; });
  kit.button("Show all", () => { stage = 0; });
  kit.button("Close the upper ReLU", () => { now.c1 = -1 - (now.x1 * now.w11 + now.x2 * now.w21); size.value = now[chosen.value]; });
  kit.again.push(() => { now = { ...values }; stage = 0; });
  const loss = kit.number("loss", "loss", 2);

  const text = (x, y, words, attributes) => drawing.add("text", { x, y, "text-anchor": "middle", ...attributes }, words);

  kit.draw = () => {
    const v = forward(now), d = backward(v), shown = stage || told.length;
    const { size: [width, height], nodes, numbers, weights, gates } = layouts[kit.narrow ? "tall" : "wide"];
    panel.resize(width, height);
    drawing.clear();
    const number = (x, y, key) => {
      if (!(key in valueAt) || shown >= valueAt[key])
        text(x, y, write(v[key]), { class: "value", "data-shows": key, "data-value": v[key] });
      if (shown >= slopeAt[key])
        text(x, y + 15, write(d[key]), { class: "slope", "data-shows": `d${key}`, "data-value": d[key] });
    };
    for (const [a, b] of arrows) {
      const [p, q] = [nodes[a], nodes[b]], length = Math.hypot(q[0] - p[0], q[1] - p[1]);
      const dx = (q[0] - p[0]) / length * 24, dy = (q[1] - p[1]) / length * 24;
      const closed = a[0] === "z" && v[a] <= 0;
      drawing.add("path", { class: closed ? "arrow closed" : "arrow", d: `M${p[0] + dx} ${p[1] + dy}L${q[0] - dx} ${q[1] - dy}` });
    }
    for (const [key, [x, y]] of Object.entries(weights)) {
      drawing.add("rect", { class: key === chosen.value ? "label chosen" : "label", x: x - 21, y: y - 24, width: 42, height: 46, rx: 4 });
      text(x, y - 11, words[key], { class: "symbol small" });
      number(x, y + 3, key);
    }
    for (const [key, [x, y]] of Object.entries(nodes)) {
      drawing.add("circle", { class: "node", cx: x, cy: y, r: 20 });
      text(x, y + 5, words[key], { class: "symbol" });
      number(...numbers[key], key);
    }
    gates.forEach(([x, y], j) => text(x, y, v[`z${j + 1}`] > 0 ? "open" : "closed", { class: "name" }));
    said.textContent = told[stage](v, d);
    loss(v.L);
    back.disabled = stage < 2;
    on.textContent = stage ? "Step" : "Step through";
  };
});
