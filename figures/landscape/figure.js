// 3.1: a line is a point of the landscape. Drag either, or let gradient descent
// walk, with a learning rate of your own and with the input raw or scaled.
"use strict";

figure("landscape", (kit, { loads, lengths }) => {
  const { write, scale } = kit;
  const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const inside = (value, { from, to }) => Math.max(from, Math.min(to, value));
  const center = mean(loads);
  const deviation = Math.sqrt(mean(loads.map((x) => (x - center) ** 2)));

  // What the line sees of a load, and the map that belongs to it. One unit of
  // w' is as long as one of b', so that a round bowl looks round.
  const inputs = {
    raw: { shown: (x) => x, W: [-1, 6], B: [-1, 9], names: ["slope w", "bias b"] },
    scaled: { shown: (x) => (x - center) / deviation, W: [-5.7, 10.2], B: [-1, 12], names: ["slope w′", "bias b′"] },
  };

  const lines = kit.panel("The springs, a line, and some of its squared errors", 340, 300);
  const map = kit.panel("The loss of every line, as a map over slope and bias", 340, 300);
  const X = scale([-0.2, 4.6], [34, 330]), Y = scale([-1, 15], [262, 20]);
  const chart = kit.axes(lines, X, Y, ["load in kg", "length in cm"]);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const input = kit.choice("Input", { raw: "raw load", scaled: "scaled load" });
  const rate = kit.slider("Learning rate", { min: 0.01, max: 2.5, value: 0.1, log: true, digits: 3 });
  kit.button("One step", () => step());
  kit.button("Walk", () => {
    let left = 60;
    kit.play(() => step() && (left -= 1) > 0, 50);
  });
  const shows = {
    loss: kit.number("loss", "loss"),
    lowest: kit.number("lowest", "lowest"),
    limit: kit.number("largest stable rate", "limit"),
    ratio: kit.number("ratio of the curvatures", "ratio", 1),
    steps: kit.number("steps", "steps", 0),
  };

  let w, b, path, name, land, W, B, ground, moveHandle;
  const put = (slope, bias) => {
    clearTimeout(kit.timer);
    [w, b, path] = [slope, bias, []];
  };
  kit.again.push(() => put(0, 0));

  // The loss is quadratic: its Hessian is [[a, m], [m, 1]].
  const survey = (z) => {
    const a = mean(z.map((x) => x * x)), m = mean(z), height = mean(lengths);
    const slope = (mean(z.map((x, i) => x * lengths[i])) - m * height) / (a - m * m);
    const half = (a + 1) / 2, root = Math.sqrt((a - 1) ** 2 / 4 + m * m);
    return { z, a, m, w: slope, b: height - slope * m, large: half + root, small: half - root };
  };
  const loss = (w, b) => mean(land.z.map((x, i) => (w * x + b - lengths[i]) ** 2 / 2));

  // Return whether it makes sense to go on.
  const step = () => {
    if (Math.abs(w) + Math.abs(b) > 1e6) return false;
    path.push([w, b]);
    const errors = land.z.map((x, i) => w * x + b - lengths[i]);
    w -= rate.value * mean(errors.map((e, i) => e * land.z[i]));
    b -= rate.value * mean(errors);
    return true;
  };

  // A handle at each end of the line; the other end stays where it is.
  const ends = [0, 4.4];
  const lengthAt = (load) => w * inputs[name].shown(load) + b;
  const pull = (k, length) => {
    const at = ends.map(lengthAt);
    at[k] = inside(length, Y);
    const [p, q] = ends.map(inputs[name].shown), slope = (at[1] - at[0]) / (q - p);
    put(slope, at[0] - slope * p);
  };
  const endHandles = ends.map((load, k) => kit.handle(lines, `Length on the line at ${load} kg`, {
    move: (x, y) => pull(k, Y.back(y)),
    nudge: (right, up) => pull(k, lengthAt(load) + 0.2 * (right + up)),
  }));

  const open = () => {
    name = input.value;
    const { shown, names } = inputs[name];
    land = survey(loads.map(shown));
    W = scale(inputs[name].W, [34, 330]);
    B = scale(inputs[name].B, [262, 20]);
    if (!ground) {
      ground = kit.axes(map, W, B, names);
      moveHandle = kit.handle(map, "Slope and bias of the line", {
        wholePanel: true,
        move: (x, y) => put(inside(W.back(x), W), inside(B.back(y), B)),
        nudge: (right, up) => put(w + 0.1 * right, b + 0.1 * up),
      });
    }
    ground.redraw(W, B, names);
    put(0, 0);
  };

  // What a step does at this rate, and what the walk has come to.
  const tell = (now, lowest) => {
    const { large, small } = land, r = rate.value, limit = 2 / large;
    const steep = Math.abs(1 - r * large), percent = (share) => `${write(100 * share, 1)} %`;
    const above = `${write(r, 3)} is above the limit ${write(limit, 3)}: every step overshoots further and lands ${write(steep)} times as far away, on the other side`;
    const below = `${write(r, 3)} is below the limit ${write(limit, 3)}`;
    let text = `${below}: no step overshoots, but along the flat floor of the valley each one takes away only ${percent(r * small)} of the distance.`;
    if (r > limit) text = `${above} of the ${large > 2 * small ? "valley" : "bowl"}.`;
    else if (large < 1.001 * small)
      text = steep < 0.005 ? `${below}: from anywhere, a single step leads to the bottom.`
        : `${below}: in a round bowl every step leaves ${percent(steep)} of the distance${r * large > 1 ? ", on the other side" : ""}.`;
    else if (r * large > 1)
      text = `${below}: each step overshoots, but leaves ${percent(steep)} of the distance to the floor of the valley.`;
    const lost = path.length && (w !== inside(w, W) || b !== inside(b, B));
    if (lost) text += " The walk has left the map.";
    else if (now < lowest + 1e-4) text += " The bottom is reached.";
    return text;
  };

  const drawLine = () => {
    chart.clear();
    loads.forEach((x, i) => {
      const at = Y(inside(lengthAt(x), { from: -40, to: 60 })), side = Math.abs(at - Y(lengths[i]));
      if (i % 20 === 0)  // a square for each point would hide the others
        chart.add("rect", { class: "square", x: X(x), y: Math.min(at, Y(lengths[i])), width: side, height: side });
    });
    loads.forEach((x, i) => chart.add("circle", { class: "point", cx: X(x), cy: Y(lengths[i]), r: 2.6 }));
    const line = [X.from, X.to].map((x) => `${X(x)} ${Y(inside(lengthAt(x), { from: -1e4, to: 1e4 }))}`);
    chart.add("path", { class: "line", d: `M${line.join("L")}` });
    ends.forEach((load, k) => {
      const at = lengthAt(load);
      endHandles[k](X(load), Y(inside(at, Y)), `${write(at, 1)} cm`, inside(at, Y).toFixed(1));
    });
  };

  const drawMap = () => {
    const { a, m } = land;
    ground.clear();
    for (const height of [0.05, 0.14, 0.38, 1, 2.8, 7.7, 21]) {  // above the lowest
      const ring = Array.from({ length: 73 }, (_, i) => {
        const turn = i / 36 * Math.PI, u = Math.sqrt(2 * height / (a - m * m)) * Math.cos(turn);
        return `${W(land.w + u)} ${B(land.b + Math.sqrt(2 * height) * Math.sin(turn) - m * u)}`;
      });
      ground.add("path", { class: "ring", d: `M${ring.join("L")}Z` });
    }
    ground.add("circle", { class: "best", cx: W(land.w), cy: B(land.b), r: 5 });
    const steps = [...path, [w, b]].map(([w, b]) => [W(w), B(b)].map((v) => inside(v, { from: -1e5, to: 1e5 })));
    ground.add("path", { class: "walk", d: `M${steps.map((at) => at.join(" ")).join("L")}` });
    for (const [cx, cy] of steps.slice(0, -1)) ground.add("circle", { class: "trace", cx, cy, r: 2 });
  };

  kit.draw = () => {
    if (input.value !== name) open();
    drawLine();
    drawMap();
    const now = loss(w, b), lowest = loss(land.w, land.b);
    moveHandle(W(inside(w, W)), B(inside(b, B)), `w ${write(w)}, b ${write(b)}, loss ${write(now, 3)}`, inside(w, W).toFixed(2));
    said.textContent = tell(now, lowest);
    shows.loss(now);
    shows.lowest(lowest);
    shows.limit(2 / land.large);
    shows.ratio(land.large / land.small);
    shows.steps(path.length);
  };
});
