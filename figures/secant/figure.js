// 2.4: a secant turns into the tangent as its step shrinks, and the curve looks
// straight under a microscope; unless it has a kink, or its digits run out.
"use strict";

figure("secant", (kit, { loss: [c, b, a], step }) => {
  const { write, scale } = kit, { fround, abs, sign } = Math;
  const inside = (value, from, to) => Math.max(from, Math.min(to, value));

  // Each function is computed with the rounding `r` after every operation.
  const functions = {
    loss: { f: (w, r) => r(r(r(r(r(a) * w) + r(b)) * w) + r(c)), slope: (w) => 2 * a * w + b,
      X: [-0.5, 1.5], Y: [-0.1, 2], at: 0, names: ["w", "loss"] },
    cube: { f: (x, r) => r(r(x * x) * x), slope: (x) => 3 * x * x,
      X: [-1.6, 1.6], Y: [-4, 4], at: 1, names: ["x", "x³"] },
    exp: { f: (x, r) => r(Math.exp(x)), slope: Math.exp,
      X: [-2, 2], Y: [-0.5, 7.5], at: 1, names: ["x", "exp x"] },
    wave: { f: (x, r) => r(Math.sin(x)), slope: Math.cos,
      X: [-4, 4], Y: [-1.5, 1.5], at: 0, names: ["x", "sin x"] },
    abs: { f: (x) => abs(x), slope: (x) => (x ? sign(x) : NaN),
      X: [-1.5, 1.5], Y: [-0.5, 1.5], at: 0, names: ["x", "|x|"] },
  };

  const whole = kit.panel("A curve with a secant and its tangent", 340, 300);
  const lens = kit.panel("The surroundings of the point, magnified", 340, 300);
  const box = [[40, 330], [258, 24]];
  const S = scale([-1.2, 1.2], box[0]);
  let X = scale(functions.loss.X, box[0]), Y = scale(functions.loss.Y, box[1]);
  let T = scale([-4, 4], box[1]);
  const chart = kit.axes(whole, X, Y, ["w", "loss"]);
  const near = kit.axes(lens, S, T, ["distance, in steps h", "change / h"]);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const which = kit.choice("Function", {
    loss: "loss of the penguins", cube: "x³", exp: "exp x", wave: "sin x", abs: "|x|" });
  const size = kit.slider("Step h", { min: 1e-8, max: 1, value: step, log: true });
  const side = kit.choice("Side", { 1: "to the right", "-1": "to the left" });
  const digits = kit.choice("Numbers", { double: "float64", single: "float32" });
  const shows = {
    secant: kit.number("slope of the secant", "secant", 4),
    tangent: kit.number("slope of the tangent", "tangent", 4),
    gap: kit.number("difference", "gap", 4),
  };

  let name, at;
  const open = (next) => {
    name = next;
    const { X: x, Y: y, at: start, names } = functions[name];
    X = scale(x, box[0]);
    Y = scale(y, box[1]);
    chart.redraw(X, Y, names);
    at = start;
  };
  kit.again.push(() => open("loss"));
  const put = (x) => {
    at = inside(x, X.from, X.to);
    if (abs(at) < 0.02 * X.to) at = 0; // zero is hard to hit, and has the kink
  };
  const stretch = (other) => {
    if (other !== at) side.value = sign(other - at);
    size.value = inside(abs(other - at), 1e-8, 1);
  };
  const first = kit.handle(whole, "The point", {
    move: (x) => put(X.back(x)),
    nudge: (right, up) => put(at + 0.05 * (right + up)),
  });
  const second = kit.handle(whole, "The second point", {
    move: (x) => stretch(X.back(x)),
    nudge: (right, up) => stretch(at + side.value * size.value + 0.05 * (right + up)),
  });

  const path = (points) => `M${points.map(([x, y]) => `${x.toFixed(1)} ${inside(y, -900, 1200).toFixed(1)}`).join("L")}`;
  const range = (count, from, to) => Array.from({ length: count }, (_, i) => from + i / (count - 1) * (to - from));

  kit.draw = () => {
    if (which.value !== name) open(which.value);
    const { f, slope } = functions[name], round = digits.value === "single" ? fround : (v) => v;
    const h = side.value * size.value, x = round(at), other = round(x + round(h));
    const y = f(x, round), change = round(f(other, round) - y);
    const secant = round(change / round(h)), tangent = slope(at);
    const height = f(at, Number), kink = Number.isNaN(tangent);

    chart.clear();
    const line = (k, style) => chart.add("path", { ...style,
      d: path([X.from, X.to].map((v) => [X(v), Y(height + k * (v - at))])) });
    chart.add("path", { class: "line", fill: "none", d: path(range(161, X.from, X.to).map((v) => [X(v), Y(f(v, Number))])) });
    if (!kink) line(tangent, { class: "tangent", stroke: "var(--c2)", "stroke-width": 1.5 });
    line(secant, { class: "walk", "stroke-dasharray": "6 4" });

    // Heights under the microscope are changes, in steps.
    const reach = 1.3 * Math.max(1, abs(secant), kink ? 1 : abs(tangent));
    T = scale([-reach, reach], box[1]);
    near.redraw(S, T);
    near.clear();
    const seen = range(401, -1.2, 1.2).map((t) => [S(t), T((f(round(at + t * abs(h)), round) - y) / abs(h))]);
    if (!kink) near.add("path", { stroke: "var(--c2)", "stroke-width": 1.5, d: path([-1.2, 1.2].map((t) => [S(t), T(tangent * t)])) });
    near.add("path", { class: "walk", "stroke-dasharray": "6 4", d: path([-1.2, 1.2].map((t) => [S(t), T(secant * t)])) });
    near.add("path", { class: "line", fill: "none", d: path(seen) });
    near.add("circle", { class: "best", cx: S(0), cy: T(0), r: 5 });
    near.add("circle", { class: "trace", cx: S(sign(h)), cy: T(secant * sign(h)), r: 5 });

    second(X(inside(at + h, X.from, X.to)), Y(inside(f(at + h, Number), Y.from, Y.to)), `${names()[0]} = ${write(at + h, 3)}`, at + h);
    first(X(at), Y(inside(height, Y.from, Y.to)), `${names()[0]} = ${write(at)}`, at);
    shows.secant(secant);
    shows.tangent(kink ? "none" : tangent);
    shows.gap(kink ? "none" : secant - tangent);
    said.textContent = tell(h, other === x, secant, tangent, kink);
  };

  const names = () => functions[name].names;
  const tell = (h, lost, secant, tangent, kink) => {
    if (lost) return "The step is lost in rounding: both points are the same number, and the quotient is zero.";
    if (kink) return `To the ${h > 0 ? "right" : "left"} the slope is ${write(secant, 0)}, to the other side ${write(-secant, 0)}, however small the step. A kink has no tangent.`;
    const off = abs(secant - tangent), share = off / Math.max(1, abs(tangent));
    if (digits.value === "single" && size.value < 1e-4 && share > 1e-4)
      return "The steps of the staircase are the last digits of float32. They spoil the slope.";
    if (share > 0.05) return `Secant and tangent differ by ${write(off)}. Make the step smaller.`;
    return `Over this short step the curve is almost its tangent: the slopes differ by ${write(off, 4)}.`;
  };
});
