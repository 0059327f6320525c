// 3.1: a line is a point of the landscape. Drag either, or let gradient descent
// walk. Subtract from the flipper and divide it: the valley turns, then rounds.
"use strict";

figure("landscape", (kit, { few, birds, mean, std }) => {
  const { write, scale } = kit;
  const average = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const inside = (value, { from, to }) => Math.max(Math.min(from, to), Math.min(Math.max(from, to), value));

  // Which birds, what is subtracted from their flippers, and what divides them.
  const choices = {
    few: [few, 180, 10], raw: [birds, 0, 1], divided: [birds, 0, std],
    centered: [birds, mean, 1], both: [birds, mean, std],
  };

  const lines = kit.panel("Birds, a line, and its squared errors", 340, 300);
  const map = kit.panel("The loss of every line, as a map over weight and bias", 340, 300);
  const X = scale([168, 234], [34, 330]), Y = scale([0, 7], [262, 20]);
  const chart = kit.axes(lines, X, Y, ["flipper in mm", "mass in kg"]);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const choice = kit.choice("Start from", {
    few: "four birds, cm beyond 18", raw: "all birds, raw mm", divided: "all birds, divided only",
    centered: "all birds, centered only", both: "all birds, centered and divided",
  });
  const subtract = kit.slider("Subtract", { min: 0, max: 220, step: 1, value: 180, digits: 1, unit: " mm" });
  const divide = kit.slider("Divide by", { min: 1, max: 1000, value: 10, log: true, digits: 1, unit: " mm" });
  const rate = kit.slider("Learning rate", { min: 1e-5, max: 2.5, value: 0.4, log: true, digits: 3 });
  kit.button("One step", () => step());
  kit.button("Walk", () => {
    let left = 100;
    kit.play(() => step() && !arrived() && (left -= 1) > 0, 50);
  });
  kit.button("1,000 steps", () => {
    clearTimeout(kit.timer);
    for (let i = 0; i < 1000 && step(); i += 1);
  });
  const shows = {
    loss: kit.number("loss", "loss", 4),
    lowest: kit.number("lowest loss", "lowest", 4),
    limit: kit.number("largest stable rate", "limit"),
    ratio: kit.number("condition number", "ratio", 1),
    steps: kit.number("steps", "steps", 0),
  };

  let w = 0, b = 0, path = [], count = 0, tried, land, key, W, B;
  const put = (weight, bias) => {
    clearTimeout(kit.timer);
    [w, b, path, count] = [weight, bias, [], 0];
  };
  let chosen;
  kit.again.push(() => { chosen = null; put(0, 0); });

  // The loss is quadratic: its Hessian is [[a, m], [m, 1]].
  const survey = ([flippers, masses]) => {
    const z = flippers.map((x) => (x - subtract.value) / divide.value);
    const m = average(z), d = average(masses), spread = average(z.map((v) => (v - m) ** 2));
    const a = spread + m * m, weight = average(z.map((v, i) => (v - m) * (masses[i] - d))) / spread;
    const half = (a + 1) / 2, large = half + Math.sqrt((a - 1) ** 2 / 4 + m * m);
    const rest = masses.map((y, i) => weight * (z[i] - m) + d - y);
    const lowest = average(rest.map((e) => e * e)) / 2;
    return { flippers, masses, z, a, m, spread, w: weight, b: d - weight * m, large, small: spread / large, lowest };
  };
  // What the loss gains over the lowest one, by the distance from the bottom.
  const gain = (u, v) => (land.a * u * u + 2 * land.m * u * v + v * v) / 2;
  const arrived = () => gain(w - land.w, b - land.b) < 5e-5;

  // Return whether it makes sense to go on.
  const step = () => {
    if (Math.abs(w) + Math.abs(b) > 1e6) return false;
    if (path.length < 400) path.push([w, b]);
    const u = w - land.w, v = b - land.b;
    w -= rate.value * (land.a * u + land.m * v);
    b -= rate.value * (land.m * u + v);
    return (count += 1);
  };

  // A handle at each end of the line; the other end stays where it is.
  const ends = [172, 230];
  const shown = (flipper) => (flipper - subtract.value) / divide.value;
  const massAt = (flipper) => w * shown(flipper) + b;
  const pull = (k, mass) => {
    const at = ends.map(massAt);
    at[k] = inside(mass, Y);
    const [p, q] = ends.map(shown), weight = (at[1] - at[0]) / (q - p);
    put(weight, at[0] - weight * p);
  };
  const endHandles = ends.map((flipper, k) => kit.handle(lines, `Mass on the line at ${flipper} mm`, {
    move: (x, y) => pull(k, Y.back(y)),
    nudge: (right, up) => pull(k, massAt(flipper) + 0.1 * (right + up)),
  }));

  // The bottom in the middle, the start on the map, and one unit of w as long
  // as one of b: only so is the way against the gradient at right angles to
  // the contour lines.
  const open = () => {
    const fresh = choice.value !== chosen;
    if (fresh) {
      chosen = choice.value;
      [subtract.value, divide.value] = choices[chosen].slice(1);
    }
    land = survey(choices[chosen][0]);
    // With all birds, half the largest stable rate, as in the next figure.
    if (fresh) rate.value = chosen === "few" ? 0.4 : 1 / land.large;
    // With another rate, the walk begins anew where it began.
    if (rate.value !== tried && path.length) put(...path[0]);
    tried = rate.value;
    const next = `${chosen} ${subtract.value} ${divide.value}`;
    if (next === key) return;
    key = next;
    const high = Math.max(1.25 * Math.abs(land.b), Math.abs(land.w), 1.5), wide = high * 296 / 242;
    W = scale([land.w - wide, land.w + wide], [34, 330]);
    B = scale([land.b - high, land.b + high], [262, 20]);
    ground.redraw(W, B);
    put(0, 0);
  };
  const one = scale([0, 1], [34, 330]);
  const ground = kit.axes(map, one, scale([0, 1], [262, 20]), ["weight w", "bias b"]);
  const moveHandle = kit.handle(map, "Weight and bias of the line", {
    wholePanel: true,
    move: (x, y) => put(inside(W.back(x), W), inside(B.back(y), B)),
    nudge: (right, up) => put(w + (W.to - W.from) / 80 * right, b + (B.to - B.from) / 80 * up),
  });

  // What a step does at this rate, and what the walk has come to.
  const tell = () => {
    const { large, small } = land, r = rate.value, limit = 2 / large;
    const steep = Math.abs(1 - r * large), percent = (share) => `${write(100 * share, 1)} %`;
    const below = `${write(r, 3)} is below the limit ${write(limit, 3)}`;
    let text = `${below}: no step overshoots, but along the flat floor of the valley each one takes away only ${percent(r * small)} of the distance.`;
    if (r > limit) text = `${write(r, 3)} is above the limit ${write(limit, 3)}: every step overshoots further and lands ${write(steep, 1)} times as far away, on the other side.`;
    else if (large < 1.01 * small)
      text = steep < 0.005 ? `${below}: from anywhere, a single step leads to the bottom.`
        : `${below}: in a round bowl every step leaves ${percent(steep)} of the distance${r * large > 1 ? ", on the other side" : ""}.`;
    else if (r * large > 1)
      text = `${below}: each step overshoots, but leaves ${percent(steep)} of the distance to the floor, and along the floor it takes away ${percent(r * small)}.`;
    const lost = path.length && (w !== inside(w, W) || b !== inside(b, B));
    if (lost) text += " The walk has left the map.";
    else if (arrived()) text += " The bottom is reached.";
    return text;
  };

  const drawLine = () => {
    chart.clear();
    const { flippers, masses } = land;
    flippers.forEach((x, i) => {
      if (i % Math.ceil(flippers.length / 6)) return;  // a square for each would hide the others
      const at = Y(inside(massAt(x), { from: -40, to: 60 })), side = Math.abs(at - Y(masses[i]));
      chart.add("rect", { class: "square", x: X(x), y: Math.min(at, Y(masses[i])), width: side, height: side });
    });
    flippers.forEach((x, i) => chart.add("circle", { class: "point", cx: X(x), cy: Y(masses[i]), r: flippers.length > 9 ? 1.8 : 4 }));
    const line = [X.from, X.to].map((x) => `${X(x)} ${Y(inside(massAt(x), { from: -1e4, to: 1e4 }))}`);
    chart.add("path", { class: "line", d: `M${line.join("L")}` });
    ends.forEach((flipper, k) => {
      const at = massAt(flipper);
      endHandles[k](X(flipper), Y(inside(at, Y)), `${write(at, 1)} kg`, inside(at, Y).toFixed(1));
    });
  };

  const drawMap = () => {
    ground.clear();
    const { m, spread } = land;
    for (const height of [0.02, 0.1, 0.3, 0.8, 2, 4.5, 9]) {  // above the lowest
      const ring = Array.from({ length: 145 }, (_, i) => {
        const turn = i / 72 * Math.PI, u = Math.sqrt(2 * height / spread) * Math.cos(turn);
        return `${W(land.w + u).toFixed(2)} ${B(land.b + Math.sqrt(2 * height) * Math.sin(turn) - m * u).toFixed(2)}`;
      });
      ground.add("path", { class: "ring", d: `M${ring.join("L")}Z` });
    }
    const star = Array.from({ length: 10 }, (_, i) => {
      const out = i % 2 ? 3.5 : 9, turn = i / 5 * Math.PI;
      return `${W(land.w) + out * Math.sin(turn)} ${B(land.b) - out * Math.cos(turn)}`;
    });
    ground.add("path", { class: "best", d: `M${star.join("L")}Z` });
    const steps = [...path, [w, b]].map(([w, b]) => [W(w), B(b)].map((v) => inside(v, { from: -1e5, to: 1e5 })));
    ground.add("path", { class: "walk", d: `M${steps.map((at) => at.join(" ")).join("L")}` });
    for (const [cx, cy] of steps.slice(0, Math.min(80, steps.length - 1)))
      ground.add("circle", { class: "trace", cx, cy, r: 2 });
  };

  kit.draw = () => {
    open();
    drawLine();
    drawMap();
    const now = land.lowest + gain(w - land.w, b - land.b);
    moveHandle(W(inside(w, W)), B(inside(b, B)), `w ${write(w)}, b ${write(b)}, loss ${write(now, 3)}`, inside(w, W).toFixed(2));
    said.textContent = tell();
    shows.loss(now);
    shows.lowest(land.lowest);
    shows.limit(2 / land.large);
    shows.ratio(land.large / land.small);
    shows.steps(count);
  };
});
