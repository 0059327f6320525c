// 3.2: the training loop, line by line. Messages pass between the three
// classes; another model or other data change the numbers and no line.
"use strict";

load("loop/figure.css");
figure("loop", (kit, { lines, runs }) => {
  const { write, element } = kit;
  const [EPOCHS, BATCHES] = [3, 8];
  const [DEF, OPTIMIZER, EPOCH, BATCH, LOSS, CLEAR, BACKWARD, STEP, END] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  // What runs, one line after the other: [line, epoch, batch of the fit].
  const events = [[DEF, 0, -1], [OPTIMIZER, 0, -1]];
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    events.push([EPOCH, epoch, epoch * BATCHES - 1]);
    for (let i = epoch * BATCHES; i < (epoch + 1) * BATCHES; i += 1)
      for (const line of [BATCH, LOSS, CLEAR, BACKWARD, STEP]) events.push([line, epoch, i]);
  }
  events.push([END, EPOCHS - 1, EPOCHS * BATCHES - 1]);
  const FIRST = events.findIndex(([line]) => line === STEP);

  const classes = kit.panel("The three classes and the message that passes", 580, 196);
  classes.svg.classList.add("classes");
  const drawing = classes.layer();
  const program = element("div", { class: "program" });
  const call = element("p");
  const list = element("ol", { "aria-label": "The training loop" });
  const rows = lines.map((line) => element("li", {}, line.slice(4).replace(/ {4}/g, "  ")));
  list.append(...rows);
  program.append(call, list);
  kit.stage.append(program);
  const board = kit.panel("The board: the loss of each step so far", 290, 180);
  const [x, y] = [kit.scale([0, EPOCHS * BATCHES], [38, 280]), kit.scale([0, 11], [142, 22])];
  const curve = kit.axes(board, x, y, ["step", "loss"]);
  const said = element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  let now, plugged;
  const stop = () => clearTimeout(kit.timer);
  const model = kit.choice("Model", { Linear: "Linear", Hidden: "Hidden" });
  const data = kit.choice("Data", { Flippers: "Flippers", Bills: "Bills" });
  const back = kit.button("Back", () => { stop(); now -= 1; });
  // After the end, both begin anew.
  kit.button("Step", () => { stop(); now = (now + 1) % events.length; });
  kit.button("Next batch", () => {
    stop();
    const [line] = events[now], later = events.findIndex(([other], i) => i > now && other === Math.max(line, BATCH));
    now = later < 0 && line < END ? events.length - 1 : Math.max(later, 0);
  });
  kit.button("Play from the start", () => {
    now = 0;
    kit.play(() => (now += 1) < events.length - 1, 700);
  });
  kit.again.push(() => { now = FIRST; plugged = ""; });
  const taken = kit.number("steps taken", "steps", 0);

  const numbers = (values, count) => Array.isArray(values)
    ? values.map((v, k) => (values.length === 2 ? "wb"[k] + " " : "") + write(v)).join(values.length === 2 ? ", " : " ") : `${count}, length ${write(values)}`;

  // The message at a line: [from, to, words, answer]; 0 data, 1 trainer, 2 model.
  const messages = (line, i, loss) => ({
    [OPTIMIZER]: [2, "configure_optimizers()", "SGD, lr = 0.1"],
    [BATCH]: [0, i % BATCHES ? "next batch" : "train_dataloader()", "25 birds"],
    [LOSS]: [2, "training_step(batch)", `loss = ${write(loss)}`],
    [CLEAR]: [2, "optim.zero_grad()"],
    [BACKWARD]: [2, "loss.backward()"],
    [STEP]: [2, "optim.step()"],
  })[line];

  const tell = (line, epoch, i) => ({
    [DEF]: "You call fit. The trainer gets a model and data, and knows nothing more about them.",
    [OPTIMIZER]: "The trainer asks the model for an optimizer. It is the model that knows its parameters and its learning rate.",
    [EPOCH]: `Epoch ${epoch + 1} begins. The trainer asks nobody for that.`,
    [BATCH]: "The trainer asks the data for a batch. It does not know what was measured on these birds.",
    [LOSS]: "The trainer passes the batch on. The model predicts, compares with the masses, and answers with one number.",
    [CLEAR]: i ? "The gradients of the batch before are cleared, because backward would add to them." : "There are no gradients to clear yet.",
    [BACKWARD]: "Backward through the loss: every parameter gets its gradient, which is stored with it in the model.",
    [STEP]: "The optimizer moves the parameters against their gradients.",
    [END]: "The loop is over, and the model has learned.",
  })[line];

  const drawBox = (center, width, name, words, isActive) => {
    drawing.add("rect", { class: isActive ? "node chosen" : "node", "stroke-width": isActive ? 2.5 : 1, x: center - width / 2, y: 4, width, height: 116, rx: 6 });
    const text = (k, kind, line, shows = {}) =>
      drawing.add("text", { x: center, y: 22 + 18 * k, "text-anchor": "middle", class: kind, style: "font-size:12.5px", ...shows }, line);
    text(0, "loud", name);
    words.forEach(([kind, line, shows], k) => line && text(k + 1, kind, line, shows));
  };

  const drawArrow = (from, to, y, words, color) => {
    const way = Math.sign(to - from), style = { class: "arrow", style: `stroke:var(--${color});stroke-width:2` };
    drawing.add("path", { ...style, d: `M${from} ${y}H${to - 2 * way}` });
    drawing.add("path", { ...style, d: `M${to - 9 * way} ${y - 5}L${to - way} ${y}L${to - 9 * way} ${y + 5}` });
    drawing.add("text", { x: (from + to) / 2, y: y - 7, "text-anchor": "middle", class: color, style: "font-size:12.5px" }, words);
  };

  // The names and values of single numbers, for those who check them.
  const tagged = (names, values) => Array.isArray(values) && values.length === names.length
    ? names.map((name, k) => [name, values[k]]) : [];

  kit.draw = () => {
    const [line, epoch, i] = events[now], key = `${model.value}, ${data.value}`, { start, count, steps: run } = runs[key];
    const done = line === STEP || line === END || line === EPOCH ? i : i - 1;
    const loss = line >= LOSS ? run[i][0] : done >= 0 ? run[done][0] : null;
    const params = done >= 0 ? run[done][2] : start;
    const grads = line === CLEAR ? (i ? "cleared" : "none yet") : line === BACKWARD || done === i && i >= 0 ? run[i][1]
      : done >= 0 ? run[done][1] : "none yet";
    classes.resize(kit.narrow ? 350 : 580, 196);
    drawing.clear();
    const centers = kit.narrow ? [56, 172, 290] : [85, 290, 495], width = kit.narrow ? 106 : 160;
    const message = messages(line, i, loss);
    const isOn = (k) => message ? k === 1 || k === message[0] : k === 1 && line < END;
    const given = Math.max(0, line >= BATCH && line < END ? i % BATCHES + 1 : 0);
    drawBox(centers[0], width, "DataModule", [["plug", data.value], ["", ""], ["name", "given out"],
      ["", `${given} of ${BATCHES} batches`]], isOn(0));
    drawBox(centers[1], width, "Trainer", [["", ""], ["name", `epoch ${epoch + 1} of ${EPOCHS}`],
      ["name", given ? `batch ${given} of ${BATCHES}` : ""],
      [line === LOSS ? "value loud" : "", loss === null ? "" : `loss ${write(loss)}`, { "data-shows": "loss", "data-value": loss }]], isOn(1));
    const list = (values) => typeof values === "string" ? values : numbers(values, count);
    drawBox(centers[2], width, "Module", [["plug", model.value],
      ["name", "parameters"], [line === STEP ? "value loud" : "", list(params)],
      ["name", "gradients"], [line === BACKWARD ? "slope loud" : "", list(grads)]], isOn(2));
    for (const [name, value] of [...tagged(["w", "b"], params), ...tagged(["dw", "db"], grads)])
      drawing.add("g", { "data-shows": name, "data-value": value });
    if (message) {
      const [to, words, answer] = message;
      drawArrow(centers[1], centers[to], 150, words, "c0");
      if (answer) drawArrow(centers[to], centers[1], 186, answer, "c1");
    }
    const inputs = data.value === "Flippers" ? 1 : 2;
    call.replaceChildren("trainer.fit(", element("b", {}, `${model.value}(${inputs}, lr=0.1)`), ", ", element("b", {}, `${data.value}()`), ")");
    rows.forEach((row, k) => k === line ? row.setAttribute("aria-current", "step") : row.removeAttribute("aria-current"));
    curve.clear();
    const points = run.slice(0, (line === BATCH ? i - 1 : i) + 1).map((row, k) => [x(k + 1), y(row[0])]);
    if (points.length) {
      curve.add("path", { class: "walk", d: `M${points.map((p) => p.join(" ")).join("L")}` });
      const [cx, cy] = points.at(-1);
      curve.add("circle", { class: "trace", cx, cy, r: 4 });
    }
    said.textContent = plugged && plugged !== key
      ? "Something else is plugged in. The call above the loop has changed, and so have the numbers. The loop has not." : tell(line, epoch, i);
    plugged = key;
    taken(done + 1);
    back.disabled = now === 0;
  };
});
