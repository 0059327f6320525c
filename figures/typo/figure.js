// 3.5: the mass of one bird is recorded wrongly. The line of the squared loss goes
// after it, that of Huber's loss lets go once the error exceeds delta.
"use strict";

figure("typo", (kit, { cm, kg: y, moved, typed }) => {
  const { write, scale } = kit, { abs, min, max } = Math;
  const order = cm.map((_, i) => i).sort((i, j) => abs(cm[i]) - abs(cm[j]));
  const typo = "light-dark(#c4487f, #ee8fba)"; // of the mistyped bird
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
  const pulls = kit.panel("The slopes of both losses, and each bird under Huber's", 340, 300);
  const X = scale([-4, 4], [34, 330]), Y = scale([0, 14], [258, 24]);
  const E = scale([-10, 6], [40, 330]), P = scale([-3.5, 3.5], [258, 24]);
  const chart = kit.axes(birds, X, Y, ["flipper, cm from the mean", "mass in kg"]);
  const force = kit.axes(pulls, E, P, ["error in kg", "slope; dots: birds under Huber's loss"]);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const which = kit.choice("Mistyped bird", { long: "longest flipper", middle: "middle flipper", short: "shortest flipper" });
  const delta = kit.slider("δ", { min: 0.03, max: 10, value: 1, log: true, unit: " kg" });
  kit.button("Correct the mass", () => { mass = y[special[which.value]]; });
  const shows = {
    squared: kit.number("kg per cm: squared loss", "squared"),
    huber: kit.number("Huber's loss", "huber"),
    truth: kit.number("true masses", "truth"),
  };
  let mass = typed;
  kit.again.push(() => { mass = typed; });
  const handle = kit.handle(birds, "Recorded mass", {
    move: (_, at) => { mass = inside(Y.back(at), Y); },
    nudge: (right, up) => { mass = inside(mass + 0.25 * (right + up), Y); },
  });
  birds.svg.querySelector(".handle").style.fill = typo;

  kit.draw = () => {
    const at = special[which.value], d = delta.value;
    const masses = y.map((m, i) => (i === at ? mass : m));
    const square = best(masses, masses.map(() => 1)), robust = huber(masses, d);
    const truth = best(y, y.map(() => 1));
    const path = ([w, b]) => `M${X(-4)} ${Y(b - 4 * w)}L${X(4)} ${Y(b + 4 * w)}`;
    chart.clear();
    chart.add("path", { class: "arrow closed", "stroke-width": 2, d: path(truth) });
    chart.add("path", { class: "line", d: path(square) });
    chart.add("path", { class: "walk", "stroke-dasharray": "6 4", d: path(robust) });
    masses.forEach((m, i) => {
      if (i !== at) chart.add("circle", { class: "point", cx: X(cm[i]), cy: Y(m), r: 3 });
    });
    chart.add("circle", { cx: X(cm[at]), cy: Y(y[at]), r: 7, style: `fill: none; stroke: ${typo}; stroke-width: 1.5` });
    key(chart);
    handle(X(cm[at]), Y(mass), `${write(mass)} kg`, mass);

    const pull = (e) => max(-d, min(d, e)), found = errors(robust, masses);
    force.clear();
    force.add("path", { class: "walk", "stroke-dasharray": "6 4",
      d: `M${E(-10)} ${P(pull(-10))}L${E(-d)} ${P(-d)}L${E(d)} ${P(d)}L${E(6)} ${P(pull(6))}` });
    force.add("path", { class: "line", d: `M${E(-3.5 / 2)} ${P(-3.5)}L${E(3.5 / 2)} ${P(3.5)}` });
    found.forEach((e, i) => {
      force.add("circle", {
        class: "point", cx: E(inside(e, E)), cy: P(inside(pull(e), P)), r: i === at ? 6 : 3,
        style: i === at ? `fill: ${typo}` : "",
      });
    });
    shows.squared(square[0]);
    shows.huber(robust[0]);
    shows.truth(truth[0]);
    said.textContent = tell(mass - y[at], found[at], d, square, robust, at);
  };

  // Which line is which, at the top left of a panel.
  const key = (layer) => [["line", "", "c0", "squared loss"], ["walk", "6 4", "c1", "Huber's loss"],
    ["arrow closed", "3 4", "name", "line of the true masses"]].forEach(([look, dashes, tone, text], i) => {
    const at = 38 + 18 * i;
    layer.add("path", { class: look, "stroke-dasharray": dashes || "none", "stroke-width": 2, d: `M44 ${at}h26` });
    layer.add("text", { class: tone, x: 76, y: at + 4 }, text);
  });

  const tell = (slip, error, d, square, robust, at) => {
    if (abs(slip) < 0.05) return "All thirty records are correct. Drag the large dot up or down.";
    const [high, low] = [square, robust].map(([w, b]) => w * cm[at] + b);
    const beyond = abs(error) > d;
    return `This bird weighs ${write(y[at], 1)} kg (open circle). The squared loss predicts ${write(high, 1)} kg, Huber's ${write(low, 1)} kg. `
      + (beyond ? "The error exceeds δ: a larger one would not move Huber's line." : "The error is within δ: Huber's line still follows.");
  };
});
