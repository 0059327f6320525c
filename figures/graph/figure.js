// 2.5: (w x + b)² + w² cut into single operations. Values are stepped forward,
// derivatives back, arrow by arrow; at w two paths meet and add up.
"use strict";

figure("graph", (kit, { values }) => {
  const { write } = kit;
  const [WIDTH, HEIGHT] = [86, 44];
  // The center of each box, from left to right or, in a narrow column, downward.
  const layouts = {
    wide: {
      size: [580, 226],
      at: { x: [45, 30], w: [45, 140], u: [167, 46], b: [167, 122], e: [289, 66], q: [411, 66], r: [289, 198], L: [533, 128] },
    },
    tall: {
      size: [340, 410],
      at: { x: [60, 28], w: [210, 28], b: [50, 118], u: [152, 118], r: [290, 118], e: [102, 208], q: [102, 298], L: [196, 384] },
    },
  };
  const names = { x: "x", w: "w", b: "b", u: "u = w·x", e: "e = u + b", q: "q = e²", r: "r = w²", L: "L = q + r" };
  const arrows = ["xu", "wu", "ue", "be", "eq", "wr", "qL", "rL"];
  // One box, or all leaves, a step forward; one arrow a step back.
  const forward = ["xwb", "u", "e", "q", "r", "L"];
  const back = ["qL", "rL", "eq", "ue", "be", "wu", "wr"];
  const last = forward.length + 1 + back.length;

  const short = (v) => write(v, Math.abs(v) < 100 ? 2 : 1).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  const factor = (v) => (v < 0 ? `(${short(v)})` : short(v));

  const compute = ({ w, x, b }) => {
    const u = w * x, e = u + b, q = e ** 2, r = w ** 2;
    return { w, x, b, u, e, q, r, L: q + r };
  };
  const locals = (v) => ({ xu: v.w, wu: v.x, ue: 1, be: 1, eq: 2 * v.e, wr: 2 * v.w, qL: 1, rL: 1 });
  const why = { wu: "x", ue: "1", be: "1", eq: "2e", wr: "2w", qL: "1", rL: "1" };

  // What has arrived at each box when `count` arrows have been walked back.
  const arrived = (rates, count) => {
    const slopes = { L: 1 };
    for (const arrow of back.slice(0, count))
      slopes[arrow[0]] = (slopes[arrow[0]] ?? 0) + rates[arrow] * slopes[arrow[1]];
    return slopes;
  };

  const panel = kit.panel("The computational graph: values forward, derivatives back", 580, 226);
  const drawing = panel.layer();
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  let stage = last;
  const sliders = Object.fromEntries(Object.entries({ w: 3, x: 3, b: 6 }).map(([key, end]) =>
    [key, kit.slider(key, { min: -end, max: end, step: 0.1, value: values[key], digits: 1 })]));
  const previous = kit.button("Back", () => { clearTimeout(kit.timer); stage -= 1; });
  const next = kit.button("Next", () => { clearTimeout(kit.timer); stage = stage % last + 1; });
  kit.button("Play", () => {
    stage = 0;
    kit.play(() => (stage += 1) < last, 1600);
  });
  kit.button("Show all", () => { clearTimeout(kit.timer); stage = last; });
  kit.again.push(() => { stage = last; });
  const shows = {
    upper: kit.number("to w through u", "upper", 2),
    lower: kit.number("to w through r", "lower", 2),
    sum: kit.number("together", "sum", 2),
    nudge: kit.number("nudging w by 0.001", "nudge", 2),
  };

  const formula = (v, box) => ({
    xwb: "The leaves: w and b are parameters, x is data, and no gradient is asked for it.",
    u: `u = w·x = ${factor(v.w)}·${factor(v.x)} = ${short(v.u)}`,
    e: `e = u + b = ${short(v.u)} + ${factor(v.b)} = ${short(v.e)}`,
    q: `q = e² = ${factor(v.e)}² = ${short(v.q)}`,
    r: `r = w² = ${factor(v.w)}² = ${short(v.r)}`,
    L: `L = q + r = ${short(v.q)} + ${short(v.r)} = ${short(v.L)}. Forward is done.`,
  })[box];

  const tell = (v, rates) => {
    if (stage <= forward.length) return formula(v, forward[stage - 1]);
    const count = stage - forward.length - 1, full = arrived(rates, back.length);
    if (count === 0) return "Back: L changes with itself at the rate 1.";
    const upper = rates.wu * full.u, lower = rates.wr * full.r;
    if (stage === last) {
      const sum = `At w two paths meet: ${short(upper)} + ${factor(lower)} = ${short(full.w)}.`;
      return Math.abs(full.w) < 1e-9 && Math.abs(upper) > 1e-9
        ? `${sum} They cancel: as a function of w, this is the lowest point of L.` : sum;
    }
    const [to, from] = back[count - 1], arrow = back[count - 1];
    const before = arrived(rates, count - 1);
    return `${from} has received ${short(before[from])}. The arrow says ∂${from}/∂${to} = ${why[arrow]}`
      + `${why[arrow] === "1" ? "" : ` = ${short(rates[arrow])}`}, so ${factor(rates[arrow])}·${factor(before[from])} = ${short(rates[arrow] * before[from])} goes to ${to}.`;
  };

  // Where the line between two centers leaves a box.
  const edge = ([x, y], [dx, dy]) => {
    const share = Math.min((WIDTH / 2 + 3) / Math.abs(dx || 1e-9), (HEIGHT / 2 + 3) / Math.abs(dy || 1e-9));
    return [x + share * dx, y + share * dy];
  };

  const drawArrow = (at, arrow, rates, active, backward) => {
    const [p, q] = [at[arrow[0]], at[arrow[1]]], way = [q[0] - p[0], q[1] - p[1]];
    const a = edge(p, way), b = edge(q, way.map((d) => -d)), length = Math.hypot(...way);
    const [ux, uy] = way.map((d) => d / length), head = backward ? a : b, turn = backward ? -1 : 1;
    const color = active ? `var(--${backward ? "c1" : "c0"})` : "var(--soft)";
    const style = { class: "arrow", style: `stroke:${color};stroke-width:${active ? 2.5 : 1.2}` };
    drawing.add("path", { ...style, d: `M${a.join(" ")}L${b.join(" ")}` });
    const wings = [1, -1].map((s) => `${head[0] - turn * 7 * ux + s * 4 * uy} ${head[1] - turn * 7 * uy - s * 4 * ux}`);
    drawing.add("path", { ...style, d: `M${wings[0]}L${head.join(" ")}L${wings[1]}` });
    if (stage <= forward.length) return;
    // The factor stands beside the middle of its arrow.
    const text = `×${factor(rates[arrow])}`, off = 8 + Math.abs(uy) * 3.6 * text.length;
    const x = (a[0] + b[0]) / 2 + off * uy, y = (a[1] + b[1]) / 2 - off * ux;
    drawing.add("text", { x, y: y + 4, "text-anchor": "middle", style: `font-size:12px${active ? ";fill:var(--c1)" : ""}` }, text);
  };

  const drawBox = ([x, y], name, value, slope, active) => {
    const [left, top] = [x - WIDTH / 2, y - HEIGHT / 2];
    drawing.add("rect", { class: active ? "node chosen" : "node", x: left, y: top, width: WIDTH, height: HEIGHT, rx: 5 });
    drawing.add("path", { class: "grid", d: `M${left} ${y - 2}H${left + WIDTH}M${x} ${y - 2}V${y + HEIGHT / 2}` });
    drawing.add("text", { x, y: y - 7, "text-anchor": "middle", class: "name" }, names[name]);
    const number = (side, words, kind, key, value) => drawing.add("text", {
      x: x + side * WIDTH / 4, y: y + 14, "text-anchor": "middle", class: kind, "data-shows": key, "data-value": value,
    }, words);
    if (value !== undefined) number(-1, short(value), "value", name, value);
    if (slope !== undefined) number(1, short(slope), "slope", `d${name}`, slope);
    else if (name === "x") drawing.add("text", { x: x + WIDTH / 4, y: y + 14, "text-anchor": "middle", class: "name" }, "none");
  };

  kit.draw = () => {
    const v = compute(Object.fromEntries(Object.entries(sliders).map(([key, slider]) => [key, slider.value])));
    const rates = locals(v), done = stage - forward.length - 1;
    const slopes = done < 0 ? {} : arrived(rates, done), full = arrived(rates, back.length);
    const known = new Set(forward.slice(0, stage).join(""));
    const { size, at } = layouts[kit.narrow ? "tall" : "wide"];
    panel.resize(...size);
    drawing.clear();
    const box = forward[stage - 1], walked = done > 0 && stage < last ? back[done - 1] : "";
    for (const arrow of arrows)
      drawArrow(at, arrow, rates, arrow === walked || arrow[1] === box, arrow === walked);
    for (const name of Object.keys(at)) {
      const active = walked ? name === walked[0] : stage < last && (done === 0 ? name === "L" : box?.includes(name));
      drawBox(at[name], name, known.has(name) ? v[name] : undefined, slopes[name], active);
    }
    said.textContent = tell(v, rates);
    shows.upper(rates.wu * full.u);
    shows.lower(rates.wr * full.r);
    shows.sum(full.w);
    shows.nudge((compute({ ...v, w: v.w + 0.001 }).L - v.L) / 0.001);
    previous.disabled = stage < 2;
    next.textContent = stage === last ? "Step through" : "Next";
  };
});
