// 3.3: simulated birds judge two programs; chance shrinks, a bug stays.
"use strict";

figure("flocks", (kit, { birds, slopes, n, noise, spread }) => {
  const { write, scale } = kit, TRUTH = 50, FLOCKS = 200;
  const one = kit.panel("One data set, with the lines of both programs", 340, 250);
  const many = kit.panel("The slopes that both programs find in two hundred data sets", 340, 250);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);
  kit.controls.classList.add("aligned");
  const size = kit.slider("Birds", { min: 10, max: 3163, value: n, log: true, digits: 0 });
  const sigma = kit.slider("Noise", { min: 0, max: 600, step: 10, value: noise, digits: 0, unit: " g" });
  const width = kit.slider("Spread of flippers", { min: 8, max: 25, step: 1, value: spread, digits: 0, unit: " mm" });
  let round = 0;
  kit.again.push(() => { round = 0; });
  kit.button("New data sets", () => { round += 1; });
  const shows = {
    mean_A: kit.number("A: mean", "mean_A", 2),
    spread_A: kit.number("A: standard deviation", "spread_A", 2),
    mean_B: kit.number("B: mean", "mean_B", 2),
    spread_B: kit.number("B: standard deviation", "spread_B", 2),
  };

  // Normal numbers from a small generator with a seed (mulberry32, Box-Muller):
  // the same seed for all settings, so that a slider changes what it says only.
  const normal = (seed) => {
    const uniform = () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
    };
    return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  };
  const fit = (x, y) => {
    const mean = (v) => v.reduce((a, b) => a + b) / v.length;
    const [mx, my] = [mean(x), mean(y)];
    let xx = 0, xy = 0, yy = 0;
    x.forEach((value, i) => {
      const [p, q] = [value - mx, y[i] - my];
      xx += p * p; xy += p * q; yy += q * q;
    });
    return [xy / xx, yy / xy, mx, my];
  };
  const simulate = (n, noise, spread) => {
    const draw = normal(1 + 7919 * round), found = [[], []];
    let first;
    for (let k = 0; k < FLOCKS; k++) {
      const x = [], y = [];
      for (let i = 0; i < n; i++) {
        x.push(200 + spread * draw());
        y.push(TRUTH * x[i] - 5800 + noise * draw());
      }
      const [a, b] = fit(x, y);
      first ??= [x, y];
      found[0].push(a);
      found[1].push(b);
    }
    return { first, found };
  };

  const box = [[44, 330], [208, 26]], LOW = 30, HIGH = 110, STEP = 1;
  let known = "", drawn, flock, piles;
  kit.draw = () => {
    const now = [Math.round(size.value), sigma.value, width.value], [n1, noise1, spread1] = now;
    if (known !== `${now} ${round}`) {
      known = `${now} ${round}`;
      const shipped = `${now} ${round}` === `${[n, noise, spread]} 0`;
      drawn = shipped ? { first: birds, found: slopes } : simulate(...now);
    }
    const { first: [x, y], found } = drawn, [a, b, mx, my] = fit(x, y);

    const reach = 3.3 * spread1, rise = 3.3 * Math.hypot(TRUTH * spread1, noise1);
    const X = scale([200 - reach, 200 + reach], box[0]);
    const Y = scale([(4200 - rise) / 1000, (4200 + rise) / 1000], box[1]);
    const labels = ["flipper in mm", "mass in kg"];
    flock ??= kit.axes(one, X, Y, labels);
    flock.redraw(X, Y, labels);
    flock.clear();
    x.slice(0, 400).forEach((value, i) => flock.add("circle", {
      cx: X(value).toFixed(1), cy: Y(y[i] / 1000).toFixed(1), r: 2, style: "fill: var(--c0); fill-opacity: 0.5",
    }));
    [[a, "c1", ""], [b, "c2", "7 4"]].forEach(([slope, color, dashes]) => {
      const at = (u) => `${X(u).toFixed(1)} ${Y((my + slope * (u - mx)) / 1000).toFixed(1)}`;
      flock.add("path", {
        d: `M${at(X.from)}L${at(X.to)}`,
        style: `fill: none; stroke: var(--${color}); stroke-width: 2.5; stroke-dasharray: ${dashes || "none"}`,
      });
    });
    flock.add("text", { x: 52, y: 40, class: "c1" }, "— A");
    flock.add("text", { x: 52, y: 58, class: "c2" }, "- - B");

    const bins = Math.round((HIGH - LOW) / STEP);
    const counts = found.map((values) => {
      const bars = Array(bins).fill(0);
      for (const v of values) {
        const k = Math.floor((v - LOW) / STEP + 1e-9);  // 50, but for rounding
        if (k >= 0 && k < bins) bars[k] += 1;
      }
      return bars;
    });
    const U = scale([LOW, HIGH], box[0]), V = scale([0, 1.2 * Math.max(...counts.flat(), 1)], box[1]);
    const names = ["slope in g per mm", "data sets"];
    piles ??= kit.axes(many, U, V, names);
    piles.redraw(U, V, names);
    piles.clear();
    counts.forEach((bars, program) => bars.forEach((count, k) => {
      const left = LOW + k * STEP;
      if (count) piles.add("rect", {
        x: U(left) + 0.4, width: U(left + STEP) - U(left) - 0.8, y: V(count), height: V(0) - V(count),
        style: `fill: var(--c${program + 1}); fill-opacity: 0.6`,
      });
    }));
    counts.forEach((bars, program) => {
      const top = Math.max(...bars), k = bars.indexOf(top);
      if (top) piles.add("text", {
        class: `c${program + 1}`, x: U(LOW + (k + 1) * STEP) + 6, y: V((0.92 - 0.14 * program) * top),
      }, "AB"[program]);
    });
    piles.add("path", { class: "zero", d: `M${U(TRUTH)} ${V(0)}V${V(V.to)}`, style: "stroke-width: 2" });
    piles.add("text", { x: U(TRUTH) - 6, y: 40, "text-anchor": "end" }, "truth");
    ["A", "B"].forEach((name, program) => {
      const middle = found[program].reduce((s, v) => s + v) / FLOCKS;
      const deviation = Math.sqrt(found[program].reduce((s, v) => s + (v - middle) ** 2, 0) / (FLOCKS - 1));
      shows[`mean_${name}`](middle);
      shows[`spread_${name}`](deviation < 1e-9 ? 0 : deviation);  // rounding errors
    });
    const beyond = found.flat().filter((v) => v < LOW || v >= HIGH).length;
    said.textContent = `The formula gives A a standard error of ${write(noise1, 0)} / (${write(spread1, 0)} · √${n1}) = ${write(noise1 / spread1 / Math.sqrt(n1), 2)} g per mm.`
      + (beyond ? ` ${beyond} slopes lie outside the picture.` : "");
  };
});
