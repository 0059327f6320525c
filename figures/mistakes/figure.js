// 3.4: one mistake at a time in a training loop, and the curves that it leaves;
// or a mistake that the figure does not tell.
"use strict";

figure("mistakes", (kit, { rows, val, marks, orders }) => {
  const { write, scale } = kit, BATCH = 16, TRUTH = [2, -3.4, 12];
  // As texts, the orders take one line each in the notebook.
  orders = orders.map((order) => order.split(" ").map(Number));
  const STEPS = orders.length * rows.length / BATCH;

  // Each mistake: its name, the rate that it starts with, those of mysteries.
  const mistakes = {
    none: ["no mistake", 0.1, [0.05, 0.4]],
    zero_grad: ["zero_grad forgotten", 0.1, [0.03, 0.15]],
    shape: ["targets of shape (n,)", 0.1, [0.06, 0.2]],
    step: ["step never called", 0.1, [0.1, 0.1]],
    sorted: ["rows sorted", 0.3, [0.2, 0.35]],
    large: ["rate too large", 2.1, [2.05, 2.5]],
    small: ["rate too small", 0.003, [0.002, 0.005]],
  };
  const names = Object.keys(mistakes);
  const says = {
    none: (r) => `On average, a step multiplies the error by 1 − ${write(r, 3)} = ${write(1 - r, 3)}`
      + (r > 2 ? ": it grows." : r > 1 ? ": it jumps over the truth, and single batches throw it farther." : "."),
    zero_grad: (r) => `The steps follow the sum of all gradients: one swing takes about ${write(2 * Math.PI / Math.sqrt(r), 0)} steps, and the loss is low twice in a swing.`,
    shape: () => "Every prediction is compared with every target: the bias goes to the mean, the weights nearly to zero, and the loss stops near the baseline.",
    step: () => "No parameter moves. The training loss goes up and down because the batches differ; the validation loss is exactly constant.",
    sorted: () => "Neighboring batches are alike, and at most rates the training loss jumps at each new epoch. After long steps, the next batch finds little to correct: training loss below validation loss.",
  };

  const losses = kit.panel("Training and validation loss in each step, on a logarithmic axis", 340, 300);
  const params = kit.panel("The two weights and the bias in each step", 340, 300);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);
  const options = { ...Object.fromEntries(names.map((n) => [n, mistakes[n][0]])), ask: "choose …" };
  const choice = kit.choice("Mistake", options, "zero_grad");
  const rate = kit.slider("Learning rate", { min: 0.001, max: 3, value: 0.1, log: true, digits: 3 });
  let mystery = null, count = 0, told = "";
  choice.addEventListener("change", () => {
    const answer = choice.value;
    if (answer === "ask") return;
    told = "";
    if (!mystery) {
      rate.value = mistakes[answer][1];
    } else if (answer === mystery.name) {
      told = "Right. ";
      rate.value = mystery.rate;
      mystery = null;
    } else {
      told = `No, “${mistakes[answer][0]}” leaves other curves. Compare them with the marks, and look at the weights.`;
    }
    kit.changed();
  });
  kit.button("Mystery", () => {
    // Well mixed, and never the same mistake twice in a row.
    count += 1;
    const name = names[(3 * count + (count >> 3)) % names.length], [low, high] = mistakes[name][2];
    mystery = { name, rate: low + (high - low) * ((count * 0.618) % 1) };
    told = "";
    choice.value = "ask";
  });
  kit.again.push(() => { mystery = null; told = ""; });
  const shows = {
    train: kit.number("training loss, last epoch", "train"),
    val: kit.number("validation loss at the end", "val"),
    healthy: kit.number("healthy training loss", "healthy"),
  };

  const byTarget = rows.map((_, i) => i).sort((i, j) => rows[i][2] - rows[j][2]);
  const run = (name, eta) => {
    let theta = [0, 0, 0], sum = [0, 0, 0];
    const train = [], valid = [], path = [];
    const residual = ([p, q, y]) => theta[0] * p + theta[1] * q + theta[2] - y;
    const half = (data) => data.reduce((s, row) => s + residual(row) ** 2, 0) / data.length / 2;
    for (const order of orders) {
      const at = name === "sorted" ? byTarget : order;
      for (let k = 0; k < at.length; k += BATCH) {
        const batch = at.slice(k, k + BATCH).map((i) => rows[i]), n = batch.length;
        if (name !== "zero_grad") sum = [0, 0, 0];
        let mean = batch.reduce((s, row) => s + row[2], 0) / n, spread = 0;
        if (name === "shape") {  // mean over all pairs: each target acts as the mean
          spread = batch.reduce((s, row) => s + (row[2] - mean) ** 2, 0) / n / 2;
          batch.forEach((row, i) => { batch[i] = [row[0], row[1], mean]; });
        }
        train.push(half(batch) + spread);
        for (const row of batch) {
          const r = residual(row) / n;
          sum = [sum[0] + r * row[0], sum[1] + r * row[1], sum[2] + r];
        }
        if (name !== "step") theta = theta.map((t, j) => t - eta * sum[j]);
        valid.push(half(val));
        path.push(theta);
      }
    }
    return { train, valid, path };
  };
  const last = ({ train }) => train.slice(-STEPS / orders.length).reduce((s, v) => s + v) * orders.length / STEPS;

  // To the right of the curves stand the names of the marks and parameters.
  const X = scale([0, STEPS], [50, 276]), Z = scale([0, STEPS], [50, 310]);
  const U = scale([Math.log10(0.03), Math.log10(2e4)], [262, 24]);
  const W = scale([-14, 28], [262, 24]);
  const inside = (v, low, high) => Math.max(low, Math.min(high, v));
  const up = (loss) => U(inside(Math.log10(Math.max(loss, 1e-9)), -3, 12));

  // The axis of the losses has powers of ten.
  const frame = losses.layer(), Y = (v) => U(Math.log10(v));
  for (const v of [0.1, 1, 10, 100, 1000, 10000]) {
    frame.add("path", { class: "grid", d: `M50 ${Y(v)}H276` });
    frame.add("text", { x: 44, y: Y(v) + 4, "text-anchor": "end" }, String(v));
  }
  for (const x of [0, 20, 40, 60, 80]) {
    frame.add("path", { class: "grid", d: `M${X(x)} 262V24` });
    frame.add("text", { x: X(x), y: 278, "text-anchor": "middle" }, String(x));
  }
  frame.add("text", { class: "name", x: 276, y: 294, "text-anchor": "end" }, "step");
  frame.add("text", { class: "name", x: 50, y: 16 }, "loss: training (solid), validation (dashed)");
  const clip = losses.add("clipPath", { id: "mistakes-clip" });
  losses.add("rect", { x: 50, y: 24, width: 226, height: 238 }, "", clip);
  const curves = losses.add("g", { "clip-path": "url(#mistakes-clip)" });
  const chart = kit.axes(params, Z, W, ["step", "weights and bias"]);
  ["start", "baseline", "floor"].forEach((mark, i) => {
    frame.add("text", { class: "name", x: 281, y: up(marks[i]) + 4 }, mark);
  });
  [["w", "₁"], ["w", "₂"], ["b", ""]].forEach(([letter, index], j) => {
    params.add("text", { class: `symbol c${j}`, x: 315, y: W(TRUTH[j]) + 4 }, letter + index);
  });

  const line = (values, y, style, x = X) => ["path", {
    d: `M${values.map((v, i) => `${x(i + 0.5).toFixed(1)} ${y(v).toFixed(1)}`).join("L")}`,
    style: `fill: none; stroke-linejoin: round; ${style}`,
  }];
  kit.draw = () => {
    const name = mystery ? mystery.name : choice.value, eta = mystery ? mystery.rate : rate.value;
    const now = run(name, eta);
    // Behind it a run without the mistake, at the same rate if the rate is no mistake.
    const healthy = run("none", ["none", "large", "small"].includes(name) ? 0.1 : eta);
    rate.input.disabled = Boolean(mystery);
    rate.show(mystery ? "hidden" : undefined);
    curves.replaceChildren();
    const add = (tag, attributes, text) => losses.add(tag, attributes, text, curves);
    marks.forEach((mark) => {
      add("path", { d: `M50 ${up(mark)}H276`, style: "stroke: var(--soft); stroke-dasharray: 2 4" });
    });
    add(...line(healthy.valid, up, "stroke: var(--soft); stroke-opacity: 0.6"));
    add(...line(now.train, up, "stroke: var(--c0); stroke-width: 1.8"));
    add(...line(now.valid, up, "stroke: var(--c1); stroke-width: 2; stroke-dasharray: 6 4"));
    chart.clear();
    TRUTH.forEach((truth, j) => {
      chart.add("path", { d: `M50 ${W(truth)}H310`, style: "stroke: var(--soft); stroke-dasharray: 2 4" });
      const dashes = ["none", "6 4", "2 3"][j];
      chart.add(...line(now.path.map((theta) => inside(theta[j], -99, 99)), W, `stroke: var(--c${j}); stroke-width: 2; stroke-dasharray: ${dashes}`, Z));
    });
    said.textContent = mystery ? told || "Which mistake left these curves, at a rate that is hidden? Choose your answer below."
      : told + (says[name] || says.none)(eta);
    shows.train(last(now));
    shows.val(now.valid[STEPS - 1]);
    shows.healthy(last(healthy));
  };
});
