// 3.5: one bird is recorded with a wrong mass. The line of the squared loss goes
// after it, that of Huber's loss lets go once the error exceeds delta.
"use strict";

figure("typo", (kit, { cm, kg: y, moved, typed }) => {
  const { write, scale } = kit, { abs, min, max } = Math;
  const order = cm.map((_, i) => i).sort((i, j) => abs(cm[i]) - abs(cm[j]));
  const special = { long: moved, short: cm.indexOf(min(...cm)), middle: order[0] };
  const inside = (value, { from, to }) => max(from, min(to, value));

  // The best line under weights, and Huber's by weighing again and again: an
  // error beyond delta counts less, so that its pull stays delta.
  const best = (masses, weights) => {
    let n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    weights.forEach((v, i) => {
      n += v;
      sx += v * cm[i];
      sy += v * masses[i];
      sxx += v * cm[i] * cm[i];
      sxy += v * cm[i] * masses[i];
    });
    const w = (n * sxy - sx * sy) / (n * sxx - sx * sx);
    return [w, (sy - w * sx) / n];
  };
  const errors = ([w, b], masses) => masses.map((m, i) => w * cm[i] + b - m);
  const huber = (masses, delta) => {
    let line = best(masses, masses.map(() => 1));
    for (let i = 0; i < 500; i++) {
      const next = best(masses, errors(line, masses).map((e) => min(1, delta / max(abs(e), 1e-9))));
      const step = abs(next[0] - line[0]) + abs(next[1] - line[1]);
      line = next;
      if (step < 1e-9) break;
    }
    return line;
  };

  const birds = kit.panel("Thirty birds and two lines", 340, 300);
  const pulls = kit.panel("How hard each bird pulls at Huber's line", 340, 300);
  const X = scale([-4, 4], [34, 330]), Y = scale([0, 14], [258, 24]);
  const E = scale([-10, 6], [40, 330]), P = scale([-3.5, 3.5], [258, 24]);
  const chart = kit.axes(birds, X, Y, ["flipper, cm from the mean", "mass in kg"]);
  const force = kit.axes(pulls, E, P, ["error in kg", "pull on the prediction"]);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const which = kit.choice("Mistyped bird", { long: "longest flipper", middle: "middle flipper", short: "shortest flipper" });
  const delta = kit.slider("δ", { min: 0.03, max: 10, value: 1, log: true, unit: " kg" });
  kit.button("True mass", () => { mass = y[special[which.value]]; });
  const shows = {
    squared: kit.number("kg per cm, squared loss", "squared"),
    huber: kit.number("kg per cm, Huber", "huber"),
  };
  let mass = typed;
  kit.again.push(() => { mass = typed; });
  const handle = kit.handle(birds, "Recorded mass", {
    move: (_, at) => { mass = inside(Y.back(at), Y); },
    nudge: (right, up) => { mass = inside(mass + 0.25 * (right + up), Y); },
  });

  kit.draw = () => {
    const at = special[which.value], d = delta.value;
    const masses = y.map((m, i) => (i === at ? mass : m));
    const square = best(masses, masses.map(() => 1)), robust = huber(masses, d);
    const path = ([w, b]) => `M${X(-4)} ${Y(b - 4 * w)}L${X(4)} ${Y(b + 4 * w)}`;
    chart.clear();
    chart.add("path", { class: "line", d: path(square) });
    chart.add("path", { class: "walk", "stroke-dasharray": "6 4", d: path(robust) });
    masses.forEach((m, i) => {
      if (i !== at) chart.add("circle", { class: "point", cx: X(cm[i]), cy: Y(m), r: 3 });
    });
    handle(X(cm[at]), Y(mass), `${write(mass)} kg`, mass);

    const pull = (e) => max(-d, min(d, e)), found = errors(robust, masses);
    force.clear();
    force.add("path", { class: "walk", "stroke-dasharray": "6 4",
      d: `M${E(-10)} ${P(pull(-10))}L${E(-d)} ${P(-d)}L${E(d)} ${P(d)}L${E(6)} ${P(pull(6))}` });
    force.add("path", { class: "line", d: `M${E(-3.5 / 2)} ${P(-3.5)}L${E(3.5 / 2)} ${P(3.5)}` });
    found.forEach((e, i) => {
      force.add("circle", { class: i === at ? "trace" : "point", cx: E(inside(e, E)), cy: P(inside(pull(e), P)), r: i === at ? 6 : 3 });
    });
    shows.squared(square[0]);
    shows.huber(robust[0]);
    said.textContent = tell(mass - y[at], found[at], d, square, robust, at);
  };

  const tell = (slip, error, d, square, robust, at) => {
    if (abs(slip) < 0.05) return "All thirty records are true. Drag the large dot up or down.";
    const [high, low] = [square, robust].map(([w, b]) => w * cm[at] + b);
    const beyond = abs(error) > d;
    return `For this flipper the squared loss predicts ${write(high, 1)} kg, Huber ${write(low, 1)} kg. `
      + (beyond ? "Huber has let go: a larger slip would change nothing." : "The error is within δ, so Huber follows like the square.");
  };
});
