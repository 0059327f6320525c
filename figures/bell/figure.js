// 2.6: means of n draws pile up; the normal distribution is predicted for them.
"use strict";

figure("bell", (kit, { flippers, n, means }) => {
  const { write, scale } = kit;
  const tail = Array(9).fill(0).concat(1);
  // Draws either come from a list, all with the same chance, whose values are
  // whole numbers, or from a density that is given by its distribution function.
  const sources = {
    flippers: { name: "flipper of a penguin (mm)", list: flippers, range: [169.5, 233.5] },
    die: { name: "roll of a die", list: [1, 2, 3, 4, 5, 6], range: [0.5, 6.5] },
    rare: { name: "1 with probability 0.1, else 0", list: tail, range: [-0.5, 1.5] },
    wait: { name: "waiting time (exponential)", draw: (u) => -Math.log(1 - u), below: (x) => 1 - Math.exp(-Math.max(x, 0)), mean: 1, sd: 1, range: [0, 6] },
    wild: { name: "Cauchy: no mean at all", draw: (u) => Math.tan(Math.PI * (u - 0.5)), below: (x) => 0.5 + Math.atan(x) / Math.PI, mean: 0, sd: Infinity, range: [-12, 12] },
  };
  for (const source of Object.values(sources)) {
    const { list } = source;
    if (!list) continue;
    source.draw = (u) => list[Math.floor(u * list.length)];
    source.mean = list.reduce((a, b) => a + b) / list.length;
    source.sd = Math.sqrt(list.reduce((sum, v) => sum + (v - source.mean) ** 2, 0) / list.length);
  }

  const one = kit.panel("The distribution of one draw", 340, 250);
  const many = kit.panel("A thousand means, and the predicted normal distribution", 340, 250);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);
  const from = kit.choice("Draws", Object.fromEntries(Object.entries(sources).map(([key, { name }]) => [key, name])));
  const size = kit.slider("Mean of n =", { min: 1, max: 100, step: 1, value: n, digits: 0 });
  const view = kit.choice("Axis", { same: "as for one draw", near: "close to the bell" });
  let round = 0, piled = 1000;
  kit.again.push(() => { round = 0; piled = 1000; });
  kit.button("Draw again", () => { round += 1; piled = 1000; });
  kit.button("Pile up", () => {
    piled = 0;
    kit.play(() => (piled += 10) < 1000, 40);
  });
  const shows = {
    predicted: kit.number("standard error, predicted", "predicted"),
    measured: kit.number("standard deviation of the means", "measured"),
    within: kit.number("share within two standard errors", "within"),
  };

  // A small generator of random numbers with a seed (mulberry32), so that the
  // same settings show the same picture.
  const generator = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };

  let drawn = {};
  const draw = (key, source, n) => {
    const name = `${key} ${n} ${round}`;
    if (drawn.name !== name) {
      const random = generator(7919 * round + 101 * n + key.length), found = [];
      for (let i = 0; i < 1000; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += source.draw(random());
        found.push(sum / n);
      }
      drawn = { name, found };
    }
    return drawn.found;
  };

  // Bars of a thousand means. Means of whole numbers lie 1/n apart, so that the
  // bars must be a multiple of that wide, or some would hold more places.
  const count = (values, [low, high], width, start) => {
    const bars = Array(Math.ceil((high - start) / width)).fill(0);
    for (const value of values) {
      const k = Math.floor((value - start) / width + 1e-9);
      if (value >= low && k >= 0 && k < bars.length) bars[k] += 1;
    }
    return bars.map((number, k) => [start + k * width, number / (values.length * width)]);
  };
  const bars = (plot, heights, width, X, Y, kind) => heights.forEach(([x, height]) => {
    if (height) plot.add("rect", {
      x: X(x) + 0.5, width: Math.max(X(x + width) - X(x) - 1, 0.8), y: Y(height), height: Y(0) - Y(height),
      style: `fill: var(--${kind}); fill-opacity: 0.55`,
    });
  });

  const box = [[44, 330], [208, 26]];
  let topChart, bottomChart;
  kit.draw = () => {
    const key = from.value, source = sources[key], n = Math.round(size.value);
    const shipped = key === "flippers" && n === means.n && round === 0;
    const all = shipped ? means.values : draw(key, source, n);
    const error = source.sd / Math.sqrt(n), [low, high] = source.range;

    const X = scale(source.range, box[0]), step = source.list ? 1 : (high - low) / 48;
    const first = source.list
      ? count(source.list, source.range, step * (key === "flippers" ? 2 : 1), low)
      : Array.from({ length: 48 }, (_, k) => [low + k * step, (source.below(low + (k + 1) * step) - source.below(low + k * step)) / step]);
    const highest = Math.max(...first.map(([, h]) => h));
    const density = key === "flippers" ? "density per mm" : "density";

    let window = source.range;
    if (view.value === "near" && error < Infinity) window = [source.mean - 4 * error, source.mean + 4 * error];
    const rough = (window[1] - window[0]) / 40;
    const width = source.list ? Math.max(1, Math.round(rough * n)) / n : rough;
    let start = window[0];  // with lists, half a place below a possible mean
    if (source.list) start = Math.floor(start * n) / n - 0.5 / n;
    const heights = count(all.slice(0, piled), window, width, start).map(([x, h]) => [x, h * piled / 1000]);
    const bell = (x) => Math.exp(-(((x - source.mean) / error) ** 2) / 2) / (error * Math.sqrt(2 * Math.PI));
    const full = Math.max(...count(all, window, width, start).map(([, h]) => h), error < Infinity ? bell(source.mean) : 0);

    // Where both panels have the same horizontal axis, they have the same
    // vertical one, so that equal areas look equal.
    const common = window === source.range ? Math.max(highest, full) : 0;
    const Y1 = scale([0, 1.1 * (common || highest)], box[1]);
    topChart ??= kit.axes(one, X, Y1, ["one draw", density]);
    topChart.redraw(X, Y1, ["one draw", density]);
    topChart.clear();
    bars(topChart, first, key === "flippers" ? 2 : step, X, Y1, "c2");

    const X2 = scale(window, box[0]), Y2 = scale([0, 1.1 * (common || full)], box[1]);
    const words = [n === 1 ? "means of 1 draw" : `means of ${n} draws`, density];
    bottomChart ??= kit.axes(many, X2, Y2, words);
    bottomChart.redraw(X2, Y2, words);
    bottomChart.clear();
    bars(bottomChart, heights, width, X2, Y2, "c0");
    if (error < Infinity) {
      const curve = Array.from({ length: 201 }, (_, i) => window[0] + (window[1] - window[0]) * i / 200)
        .map((x) => `${X2(x).toFixed(1)} ${Y2(bell(x)).toFixed(1)}`);
      bottomChart.add("path", { d: `M${curve.join("L")}`, style: "fill: none; stroke: var(--c1); stroke-width: 2.5" });
    }

    const middle = all.reduce((a, b) => a + b) / 1000;
    const spread = Math.sqrt(all.reduce((sum, v) => sum + (v - middle) ** 2, 0) / 999);
    shows.predicted(error < Infinity ? error : "does not exist");
    shows.measured(spread);
    shows.within(error < Infinity ? all.filter((v) => Math.abs(v - source.mean) < 2 * error).length / 1000 : "does not exist");

    const beyond = all.filter((v) => v < low || v > high).length;
    said.textContent = error < Infinity
      ? `${write(source.sd, 2)} / √${n} = ${write(error, 3)} is predicted, ${write(spread, 3)} is measured.`
      : `However many draws a mean has, it scatters like a single draw: ${beyond} of the 1,000 means lie outside the picture.`;
  };
});
