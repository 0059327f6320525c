// 2.4: a map of contour lines, the gradient at a point, and the slope in every
// direction, which is the gradient's length times a cosine.
"use strict";

figure("gradient", (kit, { moments: [xx, x1, xy, y1, yy], start }) => {
  const best = (xy - x1 * y1) / (xx - x1 * x1); // the slope of the best line
  const { write, scale } = kit, { hypot, PI } = Math;
  const inside = (value, { from, to }) => Math.max(from, Math.min(to, value));
  const degrees = (angle) => ((angle * 180 / PI) % 360 + 360) % 360;

  const lands = {
    penguins: { X: [-0.75, 1.75], Y: [2.5, 5], at: start, rate: 0.1, names: ["w", "b"], low: [best, y1 - best * x1],
      f: (w, b) => w * w * xx + b * b + yy + 2 * (w * b * x1 - w * xy - b * y1),
      g: (w, b) => [2 * (w * xx + b * x1 - xy), 2 * (b + w * x1 - y1)],
      levels: Array.from({ length: 16 }, (_, k) => 0.193 + 0.7 * k) },
    saddle: { X: [-2, 2], Y: [-2, 2], at: [1.5, 0.2], rate: 0.1, names: ["x", "y"],
      f: (x, y) => x * x - y * y, g: (x, y) => [2 * x, -2 * y],
      levels: [-3, -2, -1, -0.3, 0, 0.3, 1, 2, 3] },
    valleys: { X: [-2, 2], Y: [-2, 2], at: [0.3, 0.9], rate: 0.05, names: ["x", "y"], low: [-1.301, 0],
      f: (x, y) => x ** 4 - 3 * x * x + x + y * y, g: (x, y) => [4 * x ** 3 - 6 * x + 1, 2 * y],
      levels: [-3, -2, -1, -0.5, 0.08, 1, 2, 4, 7] },
  };

  const map = kit.panel("Contour lines, a point, and its gradient", 340, 340);
  const round = kit.panel("The slope in every direction", 340, 340);
  const box = [[36, 316], [304, 24]]; // square, so that right angles look right
  const A = scale([0, 360], box[0]);
  let name, X, Y, S, w, b, path, rings;
  X = scale(lands.penguins.X, box[0]);
  Y = scale(lands.penguins.Y, box[1]);
  S = scale([-4, 4], box[1]);
  const ground = kit.axes(map, X, Y, ["w", "b"]);
  const dial = kit.axes(round, A, S, ["direction in degrees", "slope"]);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const which = kit.choice("Landscape", { penguins: "loss of the penguins", saddle: "a saddle", valleys: "two valleys" });
  const turn = kit.slider("Direction", { min: 0, max: 360, step: 1, value: 0, digits: 0, unit: "°" });
  kit.button("Turn to the gradient", () => { turn.value = degrees(Math.atan2(...lands[name].g(w, b).reverse())); });
  kit.button("Step downhill", () => {
    const { g, rate } = lands[name], [p, q] = g(w, b);
    path.push([w, b]);
    [w, b] = [inside(w - rate * p, X), inside(b - rate * q, Y)];
  });
  const shows = {
    by_x: kit.number("partial derivative →", "by_x"),
    by_y: kit.number("partial derivative ↑", "by_y"),
    length: kit.number("length of the gradient", "length"),
    slope: kit.number("slope in the direction", "slope"),
    angle: kit.number("angle to the gradient in degrees", "angle", 1),
  };

  // Where the level crosses the edges of a small square, a line is drawn.
  const contour = ({ f }, level, count = 50) => {
    const u = (i) => X.from + i / count * (X.to - X.from), v = (j) => Y.from + j / count * (Y.to - Y.from);
    let d = "";
    for (let i = 0; i < count; i += 1) for (let j = 0; j < count; j += 1) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]].map(([p, q]) => [u(p), v(q), f(u(p), v(q)) - level]);
      const found = corners.flatMap(([p, q, high], k) => {
        const [r, s, low] = corners[(k + 1) % 4], t = high / (high - low);
        return (high > 0) === (low > 0) ? [] : [`${X(p + t * (r - p)).toFixed(1)} ${Y(q + t * (s - q)).toFixed(1)}`];
      });
      for (let k = 0; k + 1 < found.length; k += 2) d += `M${found[k]}L${found[k + 1]}`;
    }
    return d;
  };

  const open = (next) => {
    name = next;
    const land = lands[name];
    X = scale(land.X, box[0]);
    Y = scale(land.Y, box[1]);
    ground.redraw(X, Y, land.names);
    rings = land.levels.map((level) => contour(land, level));
    [w, b] = land.at;
    path = [];
  };
  kit.again.push(() => open("penguins"));
  const put = (x, y) => {
    [w, b, path] = [inside(x, X), inside(y, Y), []];
  };
  const point = kit.handle(map, "The point", {
    wholePanel: true,
    move: (x, y) => put(X.back(x), Y.back(y)),
    nudge: (right, up) => put(w + 0.05 * right, b + 0.05 * up),
  });
  const knob = kit.handle(round, "The direction", {
    move: (x) => { turn.value = inside(A.back(x), A); },
    nudge: (right, up) => { turn.value = inside(turn.value + 5 * (right + up), A); },
  });

  const arrow = (dx, dy, color, width) => {
    const [x, y] = [X(w), Y(b)], size = hypot(dx, dy);
    if (size < 3) return;
    const [u, v] = [dx / size, dy / size], [p, q] = [x + dx, y + dy], head = Math.min(9, size / 2);
    ground.add("path", { fill: "none", stroke: color, "stroke-width": width,
      d: `M${x} ${y}L${p} ${q}M${p - head * (u + v / 2)} ${q - head * (v - u / 2)}L${p} ${q}L${p - head * (u - v / 2)} ${q - head * (v + u / 2)}` });
  };

  kit.draw = () => {
    if (which.value !== name) open(which.value);
    const land = lands[name], [p, q] = land.g(w, b), length = hypot(p, q), flat = length < 0.02;
    const way = turn.value * PI / 180, slope = p * Math.cos(way) + q * Math.sin(way);
    const uphill = degrees(Math.atan2(q, p)), apart = Math.abs((turn.value - uphill + 540) % 360 - 180);

    ground.clear();
    for (const d of rings) ground.add("path", { class: "ring", d });
    if (land.low) {
      const [u, v] = [X(land.low[0]), Y(land.low[1])];
      ground.add("path", { stroke: "var(--c2)", "stroke-width": 1.5, d: `M${u - 4} ${v - 4}l8 8m0 -8l-8 8` });
    }
    ground.add("path", { class: "walk", d: `M${[...path, [w, b]].map(([x, y]) => `${X(x)} ${Y(y)}`).join("L")}` });
    for (const [x, y] of path) ground.add("circle", { class: "trace", cx: X(x), cy: Y(y), r: 2.5 });
    const shown = Math.min(26, 110 / length); // pixels for a slope of one
    arrow(p * shown, 0, "var(--soft)", 1);
    arrow(0, -q * shown, "var(--soft)", 1);
    arrow(55 * Math.cos(way), -55 * Math.sin(way), "var(--c0)", 2);
    arrow(p * shown, -q * shown, "var(--c1)", 2.5);
    point(X(w), Y(b), `${land.names[0]} ${write(w)}, ${land.names[1]} ${write(b)}, height ${write(land.f(w, b))}`, w.toFixed(2));

    const top = [1, 2, 4, 8, 16, 32, 64].find((v) => v > length);
    S = scale([-top, top], box[1]);
    dial.redraw(A, S);
    dial.clear();
    dial.add("path", { class: "zero", d: `M${A(0)} ${S(0)}H${A(360)}` });
    if (!flat) dial.add("path", { stroke: "var(--c1)", "stroke-dasharray": "4 4", d: `M${A(uphill)} ${S(-top)}V${S(top)}` });
    const curve = Array.from({ length: 121 }, (_, i) => `${A(3 * i)} ${S(length * Math.cos((3 * i - uphill) * PI / 180)).toFixed(2)}`);
    dial.add("path", { class: "line", fill: "none", d: `M${curve.join("L")}` });
    knob(A(turn.value), S(slope), `${write(turn.value, 0)} degrees, slope ${write(slope)}`, turn.value.toFixed(0));

    shows.by_x(p);
    shows.by_y(q);
    shows.length(length);
    shows.slope(slope);
    shows.angle(flat ? 0 : apart);
    said.textContent = flat ? "The gradient is zero: to first order the landscape is level here in every direction."
      : `${write(length)} × cos ${write(apart, 0)}° = ${write(slope)}: ${
        apart < 2 ? "straight along the gradient, steeper than any other direction"
          : apart > 178 ? "against the gradient, steepest downhill"
            : Math.abs(apart - 90) < 2 ? "along the contour line, level" : apart < 90 ? "uphill" : "downhill"}.`;
  };
});
