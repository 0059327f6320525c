// 3.7: two weights, the ellipses of their loss, and the ball that a penalty
// allows. A slider for lambda; the penalty is that of ridge or of the lasso.
"use strict";

figure("decay", (kit, { X, y, X_new, y_new }) => {
  const { write, scale } = kit;
  const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const bias = mean(y);
  const [p, q] = [0, 1].map((k) => mean(X.map((x) => x[k] * x[k])));  // curvatures
  const r = mean(X.map((x) => x[0] * x[1]));
  const [f, g] = [0, 1].map((k) => mean(X.map((x, i) => x[k] * (y[i] - bias))));

  const ridge = (v) => {
    const a = p + v, d = q + v, size = a * d - r * r;
    return [(d * f - r * g) / size, (a * g - r * f) / size];
  };
  const best = ridge(0);
  const soft = (z, v) => Math.sign(z) * Math.max(Math.abs(z) - v, 0);
  const lasso = (v) => {  // one weight at a time, until neither moves
    let [a, c] = best;
    for (let i = 0; i < 200; i++) {
      a = soft(f - r * c, v) / p;
      c = soft(g - r * a, v) / q;
    }
    return [a, c];
  };
  const error = (X, y, [a, c]) =>
    1000 * Math.sqrt(mean(X.map((x, i) => (x[0] * a + x[1] * c + bias - y[i]) ** 2)));
  const rise = ([a, c]) => {  // of the loss above its lowest
    const u = a - best[0], v = c - best[1];
    return (p * u * u + 2 * r * u * v + q * v * v) / 2;
  };

  const plane = kit.panel("The plane of two weights: ellipses of equal loss, and the ball of allowed weights", 340, 350);
  const charts = kit.panel("Weights and errors along lambda", 340, 350);
  const A = scale([-1.2, 1.2], [40, 330]), C = scale([-0.9, 1.5], [314, 24]);
  const ground = kit.axes(plane, A, C, ["weight of bill length", "weight of flipper length"]);
  const L = scale([-3, 2], [40, 330]);  // powers of ten
  const W = scale([-0.4, 1.4], [140, 24]), E = scale([400, 950], [314, 198]);
  const upper = kit.axes(charts, L, W, ["", "the two weights"]);
  const lower = kit.axes(charts, L, E, ["log₁₀ λ", "error in g"]);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const rate = kit.slider("λ", { min: 0.001, max: 100, value: 0.1, log: true, digits: 3 });
  const penalty = kit.choice("Penalty", { l2: "ℓ₂: half the sum of squares", l1: "ℓ₁: sum of absolute values" });
  const shows = {
    bill: kit.number("bill", "bill"),
    flipper: kit.number("flipper", "flipper"),
    norm: kit.number("norm", "norm"),
    seen: kit.number("training error in g", "seen", 1),
    unseen: kit.number("error on new birds in g", "unseen", 1),
  };

  const powers = Array.from({ length: 101 }, (_, i) => -3 + i / 20);
  const line = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`;
  const curve = (values, Y) => line(powers.map((v, i) => [L(v), Y(values[i])]));

  // The ellipse on which the loss is so much above its lowest.
  const ring = (height) => line(Array.from({ length: 91 }, (_, i) => {
    const turn = i / 45 * Math.PI;
    const u = Math.sqrt(2 * height / (p - r * r / q)) * Math.cos(turn);
    return [A(best[0] + u), C(best[1] + Math.sqrt(2 * height / q) * Math.sin(turn) - r * u / q)];
  }));

  const drawPlane = (w, path, isRidge) => {
    ground.clear();
    const [x, z] = [A(0), C(0)];
    ground.add("path", { class: "zero", d: `M${x} ${C(C.from)}V${C(C.to)}M${A(A.from)} ${z}H${A(A.to)}` });
    const t = isRidge ? Math.hypot(...w) : Math.abs(w[0]) + Math.abs(w[1]);
    const [wide, high] = [A(t) - x, z - C(t)];
    const shape = { class: "c0", "fill-opacity": 0.2 };
    if (isRidge) ground.add("ellipse", { ...shape, cx: x, cy: z, rx: wide, ry: high });
    else ground.add("path", { ...shape, d: `M${x - wide} ${z}L${x} ${z - high}L${x + wide} ${z}L${x} ${z + high}Z` });
    for (const height of [0.003, 0.04, 0.12]) ground.add("path", { class: "ring", d: ring(height) });
    ground.add("path", { class: "walk", d: ring(rise(w)) });
    ground.add("path", { class: "walk closed", d: line(path.map(([a, c]) => [A(a), C(c)])) });
    ground.add("circle", { class: "best", cx: A(best[0]), cy: C(best[1]), r: 5 });
    ground.add("circle", { class: "trace", cx: A(w[0]), cy: C(w[1]), r: 6 });
    // Words with a rim in the color of the paper, so that lines do not cross them.
    const rim = { style: "paint-order: stroke; stroke: var(--paper); stroke-width: 4px" };
    ground.add("text", { ...rim, class: "c2", x: A(best[0]) - 10, y: C(best[1]) - 8, "text-anchor": "end" }, "least squares");
    ground.add("text", { ...rim, class: "c1", x: A(w[0]) + 10, y: C(w[1]) + 16 }, `λ = ${write(rate.value, rate.value < 1 ? 3 : 1)}`);
    ground.add("text", { ...rim, class: "c0", x, y: C(-0.72), "text-anchor": "middle" }, `${isRidge ? "ball of radius" : "diamond of size"} ${write(t)}`);
  };

  const drawCharts = (w, path, errors) => {
    upper.clear();
    lower.clear();
    const now = L(Math.log10(rate.value));
    const mark = (chart, Y, value, k) => chart.add("circle", { class: `c${k}`, cx: now, cy: Y(value), r: 4.5 });
    upper.add("path", { class: "zero", d: `M${L(-3)} ${W(0)}H${L(2)}` });
    path[0].forEach((_, k) => {
      upper.add("path", { fill: "none", stroke: `var(--c${2 * k})`, "stroke-width": 2, d: curve(path.map((v) => v[k]), W) });
      upper.add("text", { class: `c${2 * k}`, x: L(-2.9), y: W(path[0][k]) - 6 }, ["bill", "flipper"][k]);
    });
    const names = ["training", "new birds"];
    errors.forEach((values, k) => {
      const dash = k ? { "stroke-dasharray": "6 3" } : {};
      lower.add("path", { ...dash, fill: "none", stroke: `var(--c${2 * k})`, "stroke-width": 2, d: curve(values, E) });
      lower.add("text", { class: `c${2 * k}`, x: L(-2.9), y: E(values[0]) - 6 }, names[k]);
    });
    for (const [chart, Y] of [[upper, W], [lower, E]])
      chart.add("path", { class: "zero", "stroke-dasharray": "3 3", d: `M${now} ${Y(Y.from)}V${Y(Y.to)}` });
    w.forEach((value, k) => mark(upper, W, value, 2 * k));
    [[X, y], [X_new, y_new]].forEach((part, k) => mark(lower, E, error(...part, w), 2 * k));
  };

  const tell = ([bill, flipper], lowest) => {
    const isZero = (v) => Math.abs(v) < 1e-9;
    const place = `The error on new birds is lowest at λ = ${write(lowest, 2)}.`;
    if (isZero(bill) && isZero(flipper)) return "Both weights are exactly zero: every bird gets the mean mass.";
    if (isZero(bill)) return `The corner of the diamond touches the ellipse: the weight of bill length is exactly zero. ${place}`;
    const sign = bill < 0 ? "The weight of bill length is negative: with the same flipper, a longer bill predicts a lighter bird."
      : "Both weights are positive.";
    return `${sign} ${place}`;
  };

  kit.draw = () => {
    const isRidge = penalty.value === "l2", solve = isRidge ? ridge : lasso;
    const w = solve(rate.value), path = powers.map((v) => solve(10 ** v));
    const errors = [[X, y], [X_new, y_new]].map((part) => path.map((v) => error(...part, v)));
    drawPlane(w, path, isRidge);
    drawCharts(w, path, errors);
    said.textContent = tell(w, 10 ** powers[errors[1].indexOf(Math.min(...errors[1]))]);
    shows.bill(w[0]);
    shows.flipper(w[1]);
    shows.norm(Math.hypot(...w));
    shows.seen(error(X, y, w));
    shows.unseen(error(X_new, y_new, w));
  };
});
