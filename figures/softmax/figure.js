// 4.1: scores become positive numbers, shares, a loss and a gradient.
"use strict";

figure("softmax", (kit, { names, scores, truth }) => {
  const { write } = kit;
  kit.controls.classList.add("aligned");
  const sliders = names.map((name, j) =>
    kit.slider(`Score of ${name}`, { min: -4, max: 4, step: 0.1, value: scores[j], digits: 1 }));
  const warmth = kit.slider("Temperature", { min: 0.1, max: 10, value: 1, log: true, digits: 2 });
  const label = kit.choice("True class", Object.fromEntries(names.map((name, j) => [j, name])), String(truth));
  const loss = kit.number("cross-entropy", "loss", 4);
  const sum = kit.number("sum of the probabilities", "sum", 4);

  const titles = ["score / T", "exp(score / T)", "probability", "gradient"];
  const panels = titles.map((title) => {
    const panel = kit.panel(title, 132, 170);
    panel.svg.style.flexBasis = "7rem"; // four in a row, or two on a phone
    panel.add("text", { class: "name", x: 66, y: 14, "text-anchor": "middle" }, title);
    return panel.layer();
  });

  // Bars from zero; the scale follows the largest, and is never finer than `least`.
  const bars = (layer, values, digits, shows, least) => {
    layer.clear();
    const top = Math.max(least, ...values), low = Math.min(0, -least * (shows !== "p" && shows !== "e"), ...values);
    const y = kit.scale([low, top], [132, 36]);
    layer.add("path", { class: "zero", d: `M0 ${y(0)}H132` });
    values.forEach((value, j) => {
      const x = 22 + 44 * j, from = Math.min(y(0), y(value)), height = Math.abs(y(value) - y(0));
      layer.add("rect", { class: `bar c${j}`, x: x - 15, width: 30, y: from, height });
      layer.add("text", {
        x, y: value < 0 ? from + height + 13 : from - 4, "text-anchor": "middle",
        "data-shows": `${shows}${j}`, "data-value": value,
      }, write(value, digits).replace(/\.\d·/, "·"));
      layer.add("text", { class: "name", x, y: 164, "text-anchor": "middle" }, names[j]);
    });
  };

  kit.draw = () => {
    const o = sliders.map((slider) => slider.value / warmth.value), top = Math.max(...o);
    const shifted = o.map((v) => Math.exp(v - top)), total = shifted.reduce((a, b) => a + b);
    const p = shifted.map((v) => v / total), y = Number(label.value);
    bars(panels[0], o, 2, "o", 1);
    bars(panels[1], o.map(Math.exp), 2, "e", 1);
    bars(panels[2], p, 3, "p", 1);
    bars(panels[3], p.map((v, j) => (v - (j === y)) / warmth.value), 3, "g", 1);
    loss(Math.log(total) + top - o[y]);
    sum(p.reduce((a, b) => a + b));
  };
});
