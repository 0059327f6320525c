// 3.6: a polynomial on some of the penguins, its errors on them and on the
// others, and what becomes of it when others are caught or the scale errs.
"use strict";

figure("degree", (kit, { flippers, grams, n, degree }) => {
  const { write, scale } = kit;
  const MOST = 9, total = flippers.length;
  const xs = flippers.map((mm) => (mm - 200) / 32), masses = grams.map((g) => g / 1000);

  const birds = kit.panel("The birds, the fitted curve, and the curves of earlier samples", 340, 300);
  const errors = kit.panel("Training and validation error of all degrees", 340, 300);
  const X = scale([170, 232], [34, 330]), Y = scale([1.5, 7.5], [262, 24]);
  const chart = kit.axes(birds, X, Y, ["flipper in mm", "mass in kg"]);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const power = kit.slider("Degree", { min: 0, max: MOST, step: 1, value: degree, digits: 0 });
  const size = kit.slider("Birds", { min: 10, max: 160, step: 1, value: n, digits: 0 });
  const noise = kit.slider("Noise", { min: 0, max: 0.6, step: 0.05, value: 0, digits: 2, unit: " kg" });
  let order, slips, round, past, setting;
  const others = () => {
    past = [...past.slice(-39), curve(models()[Math.round(power.value)])];
    round += 1;
    [order, slips] = [shuffled(round), errorsOfScale(round)];
  };
  kit.button("Another sample", others);
  kit.button("Thirty samples", () => {
    let left = 30;
    kit.play(() => {
      others();
      return (left -= 1) > 0;
    }, 80);
  });
  kit.again.push(() => {
    [round, past] = [0, []];
    [order, slips] = [xs.map((_, i) => i), errorsOfScale(0)];
  });
  const shows = {
    train: kit.number("training error", "train", 3),
    val: kit.number("validation error", "val", 3),
    best: kit.number("lowest validation error at degree", "best", 0),
  };

  // A small generator of random numbers (mulberry32): the same seed, the same sample.
  const randomNumbers = (state) => () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  // Standard normal numbers, by the method of Box and Muller.
  const errorsOfScale = (seed) => {
    const random = randomNumbers(104729 * seed + 1);
    return xs.map(() => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
  };
  const weighed = () => masses.map((mass, i) => mass + noise.value * slips[i]);
  const shuffled = (seed) => {
    const random = randomNumbers(7919 * seed);
    const found = xs.map((_, i) => i);
    for (let i = found.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [found[i], found[j]] = [found[j], found[i]];
    }
    return found;
  };

  // Least squares for all degrees at once. The basis is made to be orthogonal on
  // the birds for training, each polynomial as x times the one before minus what
  // it shares with all earlier ones; so no equations need solving, and a further
  // degree changes no earlier coefficient.
  const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);
  const models = () => {
    const chosen = order.slice(0, Math.round(size.value));
    const ys = weighed(), x = chosen.map((i) => xs[i]), y = chosen.map((i) => ys[i]);
    const basis = [], steps = [], weights = [];
    let next = x.map(() => 1);
    for (let d = 0; d <= MOST; d++) {
      const shared = basis.map(() => 0);
      for (const _ of [0, 1]) basis.forEach((q, k) => {  // twice, for the digits
        const part = dot(q, next);
        shared[k] += part;
        next = next.map((v, i) => v - part * q[i]);
      });
      const length = Math.sqrt(dot(next, next));
      if (length < 1e-9) break;  // no more degrees than different lengths
      basis.push(next.map((v) => v / length));
      steps.push({ shared, length });
      weights.push(dot(basis[d], y));
      next = basis[d].map((v, i) => v * x[i]);
    }
    const at = (x, last) => {
      const q = [];
      let value = 0;
      for (let d = 0; d <= Math.min(last, steps.length - 1); d++) {
        const { shared, length } = steps[d];
        q.push(((d ? x * q[d - 1] : 1) - dot(shared, q)) / length);
        value += weights[d] * q[d];
      }
      return value;
    };
    return Array.from({ length: MOST + 1 }, (_, d) => (x) => at(x, d));
  };
  const error = (model, chosen, ys) => chosen.reduce((sum, i) => sum + (model(xs[i]) - ys[i]) ** 2, 0) / chosen.length;
  const curve = (model) => {
    const points = Array.from({ length: 125 }, (_, i) => {
      const mm = 170 + i / 2, y = Math.max(-50, Math.min(60, model((mm - 200) / 32)));
      return `${X(mm).toFixed(1)} ${Y(y).toFixed(1)}`;
    });
    return `M${points.join("L")}`;
  };

  // The axes of the errors: powers of ten, from 0.001 to 10,000 kg².
  const D = scale([0, MOST], [52, 326]), E = scale([-3, 4], [262, 24]);
  const height = (e) => E(Math.max(-3, Math.min(4, Math.log10(e))));
  const frame = errors.layer(), layer = errors.layer();
  ["0.001", "0.01", "0.1", "1", "10", "100", "1000", "10000"].forEach((text, i) => {
    frame.add("path", { class: "grid", d: `M46 ${E(i - 3)}H332` });
    frame.add("text", { x: 40, y: E(i - 3) + 4, "text-anchor": "end" }, text);
  });
  for (let d = 0; d <= MOST; d++) frame.add("text", { x: D(d), y: 278, "text-anchor": "middle" }, d);
  frame.add("text", { class: "name", x: 332, y: 294, "text-anchor": "end" }, "degree");
  frame.add("text", { class: "name", x: 6, y: 14 }, "error in kg²");
  frame.add("text", { class: "c1", x: 200, y: 14, "text-anchor": "end" }, "● training");
  frame.add("text", { class: "c0", x: 332, y: 14, "text-anchor": "end" }, "■ validation");

  kit.draw = () => {
    const d = Math.round(power.value), count = Math.round(size.value);
    const now = `${d} ${count} ${noise.value}`, ys = weighed();
    if (setting !== now) past = [];  // of another kind of model
    setting = now;
    const fits = models(), seen = order.slice(0, count), unseen = order.slice(count);
    const train = fits.map((f) => error(f, seen, ys)), val = fits.map((f) => error(f, unseen, ys));

    chart.clear();
    for (const i of unseen) chart.add("circle", { class: "c0", cx: X(flippers[i]), cy: Y(ys[i]), r: 2, opacity: 0.45 });
    for (const path of past) chart.add("path", { d: path, style: "fill: none; stroke: var(--soft); stroke-opacity: 0.45" });
    for (const i of seen) chart.add("circle", { class: "c1", cx: X(flippers[i]), cy: Y(ys[i]), r: count > 60 ? 2.6 : 4 });
    chart.add("path", { d: curve(fits[d]), style: "fill: none; stroke: var(--c2); stroke-width: 2.5" });

    layer.clear();
    layer.add("path", { d: `M${D(d)} 24V262`, style: "stroke: var(--c2); stroke-width: 8; stroke-opacity: 0.25" });
    for (const [list, kind] of [[train, "c1"], [val, "c0"]]) {
      layer.add("path", { d: `M${list.map((e, k) => `${D(k)} ${height(e)}`).join("L")}`, style: `fill: none; stroke: var(--${kind}); stroke-width: 2` });
      list.forEach((e, k) => {
        if (kind === "c1") layer.add("circle", { class: kind, cx: D(k), cy: height(e), r: 4 });
        else layer.add("rect", { class: kind, x: D(k) - 4, y: height(e) - 4, width: 8, height: 8 });
      });
    }

    const best = val.indexOf(Math.min(...val)), floor = noise.value ** 2;
    layer.add("circle", { cx: D(best), cy: height(val[best]), r: 10, style: "fill: none; stroke: var(--c0); stroke-width: 2" });
    if (floor) {
      const y = height(floor);
      layer.add("path", { d: `M46 ${y}H332`, style: "stroke: var(--soft); stroke-width: 2; stroke-dasharray: 2 4" });
      layer.add("text", { x: 50, y: y + 16 }, "variance of the scale");
    }
    shows.train(train[d]);
    shows.val(val[d]);
    shows.best(best);
    const one = past.length === 1 ? "curve of an earlier sample" : `curves of ${past.length} earlier samples`;
    const fit = train[d] < 1e-9 ? `On ${count} birds, degree ${d} has no training error.`
      : `On ${count} birds, the validation error of degree ${d} is ${write(val[d] / train[d], 1)} times its training error.`;
    said.textContent = `${fit} The ring marks the lowest validation error: degree ${best}, with ${write(val[best], 3)}.`
      + (past.length ? ` Gray: the ${one}.` : "");
  };
});
