// 2.2: holes are punched into one column, by a mechanism and a share of one's
// choice, and repaired; what does the repair do to the line?
"use strict";

figure("holes", (kit, { bill, flipper, dice }) => {
  const { write, scale } = kit, n = bill.length;
  const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const median = (values) => [...values].sort((a, b) => a - b)[(values.length - 1) >> 1];  // PyTorch's: the lower one
  const squares = (values) => {
    const center = mean(values);
    return values.reduce((sum, v) => sum + (v - center) ** 2, 0);
  };
  const deviation = (values) => Math.sqrt(squares(values) / (values.length - 1));
  const standard = (values) => {
    const center = mean(values), spread = deviation(values);
    return values.map((v) => (v - center) / spread);
  };
  const fit = (x, y) => {
    const center = mean(x), slope = x.reduce((sum, v, i) => sum + (v - center) * y[i], 0) / squares(x);
    return { slope, at: (v) => mean(y) + slope * (v - center) };
  };
  const pick = (values, rows) => rows.map((i) => values[i]);

  const thread = { fill: "none", stroke: "var(--soft)", "stroke-width": 0.4 };
  const cross = { fill: "none", stroke: "var(--soft)", "stroke-width": 1 };
  const stroke = (color) => ({ fill: "none", stroke: color, "stroke-width": 2.5 });

  const causes = { chance: bill.map(() => 0), bill: standard(bill), flipper: standard(flipper) };
  const truth = fit(bill, flipper);

  const panel = kit.panel("Flipper length against bill length, with the true line and that of the repaired table", 350, 300);
  const X = scale([31, 61], [34, 342]), Y = scale([170, 234], [262, 20]);
  const plot = kit.axes(panel, X, Y, ["bill length in mm", "flipper length in mm"]);
  // The key stands where no bird is.
  const marks = {
    known: ["circle", { class: "c0", cx: 50, cy: 32, r: 2.5 }],
    lost: ["path", { ...cross, d: "M47 45l6 6m0-6l-6 6" }],
    filled: ["rect", { class: "c1", x: 48, y: 62, width: 4, height: 4 }],
    true: ["path", { ...stroke("var(--c2)"), "stroke-dasharray": "7 5", d: "M41 80h19" }],
    repaired: ["path", { ...stroke("var(--c1)"), d: "M41 96h19" }],
  };
  Object.entries(marks).forEach(([name, [shape, style]], i) => {
    panel.add(shape, style);
    panel.add("text", { x: 66, y: 36 + 16 * i }, name);
  });
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const mechanism = kit.choice("Flippers are lost", {
    chance: "by chance (MCAR)", bill: "where bills are long (MAR)", flipper: "where flippers are long (MNAR)",
  });
  const repair = kit.choice("Repair", {
    deletion: "deletion", mean: "mean", median: "median", regression: "regression on the bill",
  }, "mean");
  const share = kit.slider("Share lost", { min: 0, max: 0.8, step: 0.05, value: 0.4 });
  const numbers = {
    lost: kit.number("lost birds", "lost", 0),
    true: kit.number("true slope", "true"),
    slope: kit.number("slope after repair", "slope"),
    spread: kit.number("standard deviation after repair", "spread", 1),
    miss: kit.number("typical error of a fill", "miss", 1),
  };

  // Other holes of the same kind: normal numbers, by Box and Muller.
  let luck = dice;
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  kit.button("Other holes", () => { luck = dice.map(normal); });
  kit.again.push(() => { luck = dice; });

  const punch = () => {
    const cause = causes[mechanism.value];
    const order = luck.map((_, i) => i).sort((i, j) => luck[j] + cause[j] - luck[i] - cause[i]);
    const count = Math.round(share.value * n);
    return [order.slice(0, count), order.slice(count)];
  };

  const tell = (slope, lost) => {
    if (!lost) return "No bird is lost, and there is nothing to repair.";
    const change = slope / truth.slope - 1, percent = `${write(100 * Math.abs(change), 0)} %`;
    const size = Math.abs(change) < 0.02 ? "close to the true one" : `${percent} ${change < 0 ? "flatter" : "steeper"} than the true one`;
    return {
      deletion: `Without the lost birds, the line is ${size}.`,
      mean: `Every lost bird gets the mean length, whatever its bill: the line is ${size}.`,
      median: `Every lost bird gets the median length, whatever its bill: the line is ${size}.`,
      regression: `Every lost bird is put onto the line of the known ones, without any scatter: the line is ${size}.`,
    }[repair.value];
  };

  kit.draw = () => {
    const [lost, known] = punch(), x = pick(bill, known), y = pick(flipper, known);
    const line = fit(x, y), value = { mean: mean(y), median: median(y) }[repair.value];
    const repaired = [...flipper];
    for (const i of lost) repaired[i] = value ?? line.at(bill[i]);
    const deleted = repair.value === "deletion";
    const after = deleted ? line : fit(bill, repaired);

    plot.clear();
    if (!deleted)
      for (const i of lost) plot.add("path", { ...thread, d: `M${X(bill[i])} ${Y(flipper[i])}V${Y(repaired[i])}` });
    for (const i of known) plot.add("circle", { class: "c0", "fill-opacity": 0.6, cx: X(bill[i]), cy: Y(flipper[i]), r: 1.8 });
    for (const i of lost) plot.add("path", { ...cross, d: `M${X(bill[i]) - 2.5} ${Y(flipper[i]) - 2.5}l5 5m0-5l-5 5` });
    if (!deleted)
      for (const i of lost) plot.add("rect", { class: "c1", "fill-opacity": 0.7, x: X(bill[i]) - 1.5, y: Y(repaired[i]) - 1.5, width: 3, height: 3 });
    const ends = ({ at }) => `M${X(X.from)} ${Y(at(X.from))}L${X(X.to)} ${Y(at(X.to))}`;
    plot.add("path", { ...stroke("var(--c2)"), "stroke-dasharray": "7 5", d: ends(truth) });
    plot.add("path", { ...stroke("var(--c1)"), d: ends(after) });

    numbers.lost(lost.length);
    numbers.true(truth.slope);
    numbers.slope(after.slope);
    numbers.spread(deviation(deleted ? y : repaired));
    const miss = Math.sqrt(mean(lost.map((i) => (repaired[i] - flipper[i]) ** 2)));
    numbers.miss(deleted || !lost.length ? "–" : miss);
    said.textContent = tell(after.slope, lost.length);
  };
});
