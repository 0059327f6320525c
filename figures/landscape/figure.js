// 3.1: a line is a point of the landscape. Drag it, or let gradient descent
// walk, with a learning rate of your own and with the input raw or scaled.
"use strict";

figure("landscape", (kit, { loads, lengths }) => {
  const { write, scale } = kit, n = loads.length;
  const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const center = mean(loads);
  const deviation = Math.sqrt(mean(loads.map((x) => (x - center) ** 2)));
  const inputs = { raw: (x) => x, scaled: (x) => (x - center) / deviation };

  const lines = kit.panel("The springs, a line, and its squared errors", 340, 300);
  const map = kit.panel("The loss of every line, as a map over slope and bias", 340, 300);
  const X = scale([-0.2, 4.6], [34, 330]), Y = scale([2, 14], [262, 20]);
  const line = kit.axes(lines, X, Y, ["load in kg", "length in cm"]);
  let W, B, land;
  const frames = { raw: [[-1, 6], [-1, 9]], scaled: [[-2, 7], [3, 13]] };
  const names = { raw: ["slope w", "bias b"], scaled: ["slope w'", "bias b'"] };

  const input = kit.choice("Input", { raw: "raw load", scaled: "scaled load" });
  const rate = kit.slider("Learning rate", { min: 0.01, max: 2.5, value: 0.1, log: true, digits: 3 });
  kit.button("One step", () => step(1));
  kit.button("Walk", () => {
    let left = 60;
    kit.play(() => (step(1), (left -= 1) > 0 && Math.abs(w) + Math.abs(b) < 1e6), 50);
  });
  const loss = kit.number("loss", "loss");
  const best = kit.number("lowest", "lowest");
  const limit = kit.number("largest stable rate", "limit");
  const ratio = kit.number("ratio of the curvatures", "ratio", 1);
  const steps = kit.number("steps", "steps", 0);

  let w, b, path, frame = "";
  const restart = () => { w = 0; b = 0; path = []; };
  kit.again.push(restart);

  // The loss is quadratic: its Hessian [[a, m], [m, 1]] and its lowest point.
  const land_of = (z) => {
    const a = mean(z.map((x) => x * x)), m = mean(z), my = mean(lengths);
    const slope = (mean(z.map((x, i) => x * lengths[i])) - m * my) / (a - m * m);
    const half = (a + 1) / 2, root = Math.sqrt((a - 1) ** 2 / 4 + m * m);
    return { z, a, m, w: slope, b: my - slope * m, large: half + root, small: half - root };
  };
  const loss_of = (w, b) => mean(land.z.map((x, i) => (w * x + b - lengths[i]) ** 2 / 2));
  const step = (count) => {
    for (let i = 0; i < count; i++) {
      path.push([w, b]);
      const errors = land.z.map((x, i) => w * x + b - lengths[i]);
      w -= rate.value * mean(errors.map((e, i) => e * land.z[i]));
      b -= rate.value * mean(errors);
    }
  };

  let ground, moveHandle;
  const prepare = () => {
    const name = input.value;
    if (name === frame) return;
    frame = name;
    land = land_of(loads.map(inputs[name]));
    W = scale(frames[name][0], [34, 330]);
    B = scale(frames[name][1], [262, 20]);
    if (!ground) {
      ground = kit.axes(map, W, B, names.raw);
      moveHandle = kit.handle(map, "Slope and bias of the line", {
        wholePanel: true,
        move: (x, y) => { w = W.back(x); b = B.back(y); path = []; },
        nudge: (right, up) => { w += 0.1 * right; b += 0.1 * up; path = []; },
      });
    }
    ground.redraw(W, B);
    restart();
  };

  kit.draw = () => {
    prepare();
    line.clear();
    ground.clear();
    loads.forEach((x, i) => {
      const at = w * land.z[i] + b;
      if (i % 10 === 0) {
        const side = Math.min(400, Math.abs(Y(at) - Y(lengths[i])));
        line.add("rect", { class: "square", x: X(x), y: Math.min(Y(at), Y(lengths[i])), width: side, height: side });
      }
      line.add("circle", { class: "point", cx: X(x), cy: Y(lengths[i]), r: 2.6 });
    });
    const ends = [X.from, X.to].map((x) => `${X(x)} ${Y(w * inputs[frame](x) + b)}`);
    line.add("path", { class: "line", d: `M${ends.join("L")}` });

    const { a, m, w: bestW, b: bestB } = land, lowest = loss_of(bestW, bestB);
    for (const height of [0.05, 0.14, 0.38, 1, 2.8, 7.7, 21]) {  // above the lowest
      const ring = Array.from({ length: 73 }, (_, i) => {
        const turn = i / 36 * Math.PI, u = Math.sqrt(2 * height / (a - m * m)) * Math.cos(turn);
        return `${W(bestW + u)} ${B(bestB + Math.sqrt(2 * height) * Math.sin(turn) - m * u)}`;
      });
      ground.add("path", { class: "ring", d: `M${ring.join("L")}Z` });
    }
    const shown = (v) => Math.max(-1e5, Math.min(1e5, v));
    const walk = [...path, [w, b]].map(([w, b]) => `${shown(W(w))} ${shown(B(b))}`);
    ground.add("path", { class: "walk", d: `M${walk.join("L")}` });
    for (const [w, b] of path) ground.add("circle", { class: "trace", cx: shown(W(w)), cy: shown(B(b)), r: 2 });
    ground.add("circle", { class: "best", cx: W(bestW), cy: B(bestB), r: 4 });
    const inside = (v, low, high) => Math.max(low, Math.min(high, v));
    moveHandle(inside(W(w), 34, 330), inside(B(b), 20, 262), `w ${write(w)}, b ${write(b)}, loss ${write(loss_of(w, b), 3)}`, w);

    loss(loss_of(w, b));
    best(lowest);
    limit(2 / land.large);
    ratio(land.large / land.small);
    steps(path.length);
  };
});
