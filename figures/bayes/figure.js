// 2.6: a thousand people take a test. Who of the positive ones is ill?
"use strict";

figure("bayes", (kit, { prevalence, sensitivity, specificity, lasting }) => {
  const { write } = kit;
  const crowd = kit.panel("A thousand people, a dot each", 340, 282);
  const chosen = kit.panel("Only the people with a positive result", 340, 282);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  kit.controls.classList.add("aligned");
  const percent = (value, digits = 1) => `${write(value, digits)} %`;
  const rare = kit.slider("Prevalence", { min: 0.1, max: 50, value: 100 * prevalence, log: true, digits: 1, unit: " %" });
  const finds = kit.slider("Sensitivity", { min: 50, max: 100, step: 0.5, value: 100 * sensitivity, digits: 1, unit: " %" });
  const clears = kit.slider("Specificity", { min: 50, max: 100, step: 0.5, value: 100 * specificity, digits: 1, unit: " %" });
  const tests = kit.choice("Positive", {
    one: "one test", two: "two tests, errors independent", same: "two tests, false alarms repeat",
  });
  const shows = {
    hits: kit.number("ill and positive", "hits", 0),
    alarms: kit.number("healthy and positive", "alarms", 0),
    counted: kit.number("P(ill | positive) by counting", "counted"),
    formula: kit.number("by Bayes' theorem", "formula"),
  };

  // The four kinds of people: how their dots look.
  const kinds = [
    "fill: var(--c1)",
    "fill: none; stroke: var(--c1); stroke-width: 1.5",
    "fill: var(--c0)",
    "fill: var(--soft); fill-opacity: 0.28",
  ];
  const left = crowd.layer(), right = chosen.layer();
  const head = (layer, title, names) => {
    layer.add("text", { class: "name", x: 6, y: 16 }, title);
    names.forEach(([kind, name], i) => {
      const x = 6 + 168 * (i % 2), y = 38 + 20 * Math.floor(i / 2);
      layer.add("circle", { cx: x + 4, cy: y - 4, r: 4.5, style: kinds[kind] });
      layer.add("text", { x: x + 14, y }, name);
    });
  };

  // Draw so many dots of each kind, row after row, `columns` in a row.
  const dots = (layer, counts, columns, gap, top) => {
    let place = 0;
    counts.forEach(([kind, count]) => {
      for (let i = 0; i < count; i++, place++) {
        const cx = 12 + gap * (place % columns), cy = top + gap * Math.floor(place / columns);
        layer.add("circle", { cx, cy, r: 0.37 * gap, style: kinds[kind] });
      }
    });
  };

  kit.draw = () => {
    const [p, s, f] = [rare.value / 100, finds.value / 100, 1 - clears.value / 100];
    // Of the false alarms of a test, a share has a cause that lasts: it makes
    // the second test positive, too. The others come by chance, anew each time.
    const always = tests.value === "same" ? lasting * f : 0;
    const chance = always < 1 ? (f - always) / (1 - always) : 0;
    const hit = tests.value === "one" ? s : s * s;
    const alarm = tests.value === "one" ? f : always + (1 - always) * chance ** 2;

    const ill = Math.round(1000 * p), hits = Math.round(ill * hit), alarms = Math.round((1000 - ill) * alarm);
    const positive = hits + alarms, formula = p * hit / (p * hit + (1 - p) * alarm);
    const [both, not] = tests.value === "one" ? ["positive", "negative"] : ["positive twice", "not twice"];
    left.clear();
    head(left, "a thousand people", [[0, `ill, ${both}`], [1, `ill, ${not}`], [2, `healthy, ${both}`], [3, `healthy, ${not}`]]);
    dots(left, [[0, hits], [1, ill - hits], [2, alarms], [3, 1000 - ill - alarms]], 40, 8.1, 76);
    right.clear();
    head(right, `only those who test ${both}`, [[0, "ill"], [2, "healthy"]]);
    const columns = Math.max(10, Math.ceil(Math.sqrt(positive * 1.6)));
    dots(right, [[0, hits], [2, alarms]], columns, 324 / columns, 60);
    shows.hits(hits);
    shows.alarms(alarms);
    shows.counted(positive ? hits / positive : "nobody is positive");
    shows.formula(formula);

    let text = `Of 1,000 people ${ill} ${ill === 1 ? "is" : "are"} ill. ${positive} ${positive === 1 ? "is" : "are"} ${both}, and of these ${hits} ${hits === 1 ? "is" : "are"} ill: ${percent(100 * formula)} by the formula.`;
    if (!positive) text = `Of 1,000 people ${ill} ${ill === 1 ? "is" : "are"} ill, and nobody is ${both}: such a result is rarer than one in a thousand.`;
    else if (Math.abs(formula - 0.5) < 0.012) text += " Of those with such a result, about as many are ill as healthy.";
    else if (alarms === 0) text += " There are no false alarms left to count.";
    said.textContent = text;
  };
});
