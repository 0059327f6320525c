// What living figures have in common: controls, numbers, drawing and dragging.
//
//   figure("landscape", (kit, { loads, lengths }) => {
//     const rate = kit.slider("Learning rate", { min: 0.01, max: 1, step: 0.01, value: 0.1 });
//     kit.draw = () => { ... };
//   });
//
// A figure first draws itself as the still picture shows it. `kit.draw` is
// called then, after each change of a control, and when it starts again.
"use strict";

(() => {
  const makers = {};
  let windows = 0;  // of plots; each has a name of its own
  const SVG = "http://www.w3.org/2000/svg";
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  // The number as the book writes it: a minus is a minus.
  const write = (value, digits = 2) => {
    if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "not a number";
    const size = Math.abs(value);
    const text = size && (size >= 1e5 || size < 10 ** -digits / 2)
      ? value.toExponential(1).replace(/e\+?(-?)(\d+)/, "·10^$1$2")
      : value.toFixed(digits);
    return (Number(text) === 0 ? text.replace("-", "") : text)
      .replace(/\^(-?)(\d+)/, (_, minus, power) =>
        (minus && "⁻") + [...power].map((d) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]).join(""))
      .replace("-", "−");
  };

  const element = (name, attributes = {}, ...children) => {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  // A linear scale from numbers to pixels; `back` leads the other way.
  const scale = ([a, b], [p, q]) => Object.assign(
    (value) => p + (value - a) / (b - a) * (q - p),
    { back: (pixel) => a + (pixel - p) / (q - p) * (b - a), from: a, to: b });

  // About `count` round numbers between the ends of a scale.
  const ticks = ({ from, to }, count = 5) => {
    const rough = Math.abs(to - from) / count, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((m) => m * power >= rough);
    const low = Math.ceil(Math.min(from, to) / step - 1e-9);
    const high = Math.floor(Math.max(from, to) / step + 1e-9);
    const digits = Math.max(0, -Math.floor(Math.log10(step)));
    return Array.from({ length: high - low + 1 }, (_, i) =>
      [(low + i) * step, write((low + i) * step, digits)]);
  };

  class Kit {
    constructor(host) {
      this.host = host;
      this.stage = element("div", { class: "stage" });
      const name = host.querySelector("figcaption > *").textContent;
      this.controls = element("div", { class: "controls", role: "group", "aria-label": `Controls of ${name}` });
      this.numbers = element("dl", { class: "numbers", "aria-live": "polite" });
      this.again = [];
      this.draw = () => {};
    }

    // One box of SVG, as wide as the column or half as wide.
    panel(label, width, height) {
      const svg = document.createElementNS(SVG, "svg");
      svg.setAttribute("role", "group");
      svg.setAttribute("aria-label", label);
      const resize = (width, height) => {
        svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
        svg.style.setProperty("--width", width);
      };
      resize(width, height);
      const add = (name, attributes = {}, text = "", parent = svg) => {
        const node = document.createElementNS(SVG, name);
        for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
        node.textContent = text;
        parent.append(node);
        return node;
      };
      this.stage.append(svg);
      return {
        svg, add, resize,
        layer: () => {
          const group = add("g");
          return {
            clear: () => group.replaceChildren(),
            add: (name, attributes, text) => add(name, attributes, text, group),
          };
        },
      };
    }

    // Axes with ticks and names; what leaves them is cut off by `plot`.
    axes(panel, x, y, labels) {
      const layer = panel.layer(), [left, right] = [x(x.from), x(x.to)], [bottom, top] = [y(y.from), y(y.to)];
      const name = { class: "name" };
      const redraw = (x, y, [xName, yName] = labels) => {
        layer.clear();
        for (const [value, text] of ticks(x)) {
          layer.add("path", { class: "grid", d: `M${x(value)} ${bottom}V${top}` });
          layer.add("text", { x: x(value), y: bottom + 16, "text-anchor": "middle" }, text);
        }
        for (const [value, text] of ticks(y)) {
          layer.add("path", { class: "grid", d: `M${left} ${y(value)}H${right}` });
          layer.add("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, text);
        }
        layer.add("text", { ...name, x: right, y: bottom + 32, "text-anchor": "end" }, xName);
        layer.add("text", { ...name, x: left, y: top - 8 }, yName);
      };
      redraw(x, y);
      const id = `clip-${windows++}`;
      const clip = panel.add("clipPath", { id });
      panel.add("rect", { x: left, y: top, width: right - left, height: bottom - top }, "", clip);
      const plot = panel.add("g", { "clip-path": `url(#${id})` });
      return {
        redraw, clear: () => plot.replaceChildren(),
        add: (name, attributes, text) => panel.add(name, attributes, text, plot),
      };
    }

    changed() {
      this.draw();
    }

    // Tell whether the column is too narrow for a wide drawing.
    get narrow() {
      return this.host.clientWidth < 480;
    }

    // A slider; with `log` its steps multiply. `digits` is for what it shows.
    slider(name, { min, max, step = (max - min) / 100, value, log = false, digits = 2, unit = "" }) {
      const to = log ? Math.log10 : (v) => v, from = log ? (v) => 10 ** v : (v) => v;
      const input = element("input", { type: "range", min: to(min), max: to(max), step: log ? 0.01 : step });
      const shown = element("output");
      const control = {
        input,
        get value() { return Number(input.dataset.exact ?? from(Number(input.value))); },
        // The exact value, even one that lies between two steps.
        set value(next) {
          input.value = to(next);
          input.dataset.exact = next;
          control.show();
        },
        // Beside the slider stands its value, or another text.
        show: (text = write(control.value, digits) + unit) => {
          shown.textContent = text;
          input.setAttribute("aria-valuetext", shown.textContent);
        },
      };
      input.addEventListener("input", () => {
        delete input.dataset.exact;
        control.show();
        this.changed();
      });
      this.again.push(() => { control.value = value; });
      control.value = value;
      this.controls.append(element("label", {}, element("span", {}, name), input, shown));
      return control;
    }

    // One of several: {value: words}.
    choice(name, options, value = Object.keys(options)[0]) {
      const select = element("select");
      for (const [key, words] of Object.entries(options)) select.append(element("option", { value: key }, words));
      select.addEventListener("change", () => this.changed());
      const reset = () => { select.value = value; };
      this.again.push(reset);
      reset();
      this.controls.append(element("label", {}, element("span", {}, name), select));
      return select;
    }

    button(name, action) {
      const button = element("button", { type: "button" }, name);
      button.addEventListener("click", () => { action(); this.changed(); });
      this.controls.append(button);
      return button;
    }

    // A number below the figure. The test compares those that PyTorch printed,
    // by the name `shows`.
    number(name, shows, digits = 3) {
      const value = element("dd", { "data-shows": shows });
      this.numbers.append(element("div", {}, element("dt", {}, name), value));
      return (next) => {
        value.textContent = typeof next === "string" ? next : write(next, digits);
        value.dataset.value = next;
      };
    }

    // Something in a panel that is dragged, or moved with the arrow keys:
    // `move(x, y)` gets pixels of the panel, `nudge(right, up)` -1, 0 or 1.
    handle(panel, label, { move, nudge, wholePanel = false }) {
      const dot = panel.add("circle", { class: "handle", r: 9, tabindex: 0, role: "slider", "aria-label": label });
      const target = wholePanel ? panel.svg : dot;
      target.classList.add("drag");
      // Without this, Chromium scrolls the page with a finger on an SVG circle.
      dot.addEventListener("touchstart", (event) => event.preventDefault());
      const to = (event) => {
        const point = new DOMPoint(event.clientX, event.clientY)
          .matrixTransform(panel.svg.getScreenCTM().inverse());
        move(point.x, point.y);
        this.changed();
      };
      target.addEventListener("pointerdown", (event) => {
        target.setPointerCapture(event.pointerId);
        dot.focus({ preventScroll: true });
        event.preventDefault();
        to(event);
      });
      target.addEventListener("pointermove", (event) => {
        if (target.hasPointerCapture(event.pointerId)) to(event);
      });
      dot.addEventListener("keydown", (event) => {
        const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
        if (!way) return;
        event.preventDefault();
        nudge(...way);
        this.changed();
      });
      return (x, y, words, now = 0) => {
        dot.setAttribute("cx", x);
        dot.setAttribute("cy", y);
        dot.setAttribute("aria-valuetext", words);
        dot.setAttribute("aria-valuenow", now);
      };
    }

    // Calls `step` again and again until it returns false; where motion is not
    // wanted, all at once.
    play(step, milliseconds = 60) {
      clearTimeout(this.timer);
      if (still.matches) {
        while (step());
        return this.changed();
      }
      const next = () => {
        const more = step();
        this.changed();
        if (more) this.timer = setTimeout(next, milliseconds);
      };
      next();
    }

    // A file of numbers that is too heavy to come with the page. It is a script,
    // which pages in a folder on a disk may load, too.
    load(address) {
      return new Promise((resolve, reject) => {
        window.figureFile = resolve;
        const script = element("script", { src: address });
        script.addEventListener("error", reject);
        document.head.append(script);
      });
    }

    startAgain() {
      clearTimeout(this.timer);
      for (const reset of this.again) reset();
      this.changed();
    }
  }
  Object.assign(Kit.prototype, { write, scale, ticks, element });

  // Put a figure in the place of its still picture, which paper goes on to show.
  const wake = (host) => {
    const source = host.querySelector("script[type='application/json']");
    const { data, file } = JSON.parse(source.textContent);
    const kit = new Kit(host);
    makers[host.dataset.living](kit, { ...data, file });
    const again = element("button", { type: "button", class: "again" }, "Start again");
    again.addEventListener("click", () => kit.startAgain());
    // The text below a figure speaks of the still picture, too.
    const picture = element("button", { type: "button", "aria-pressed": false }, "Still picture");
    const show = (wanted) => {
      host.classList.toggle("shows-still", wanted);
      picture.setAttribute("aria-pressed", wanted);
    };
    picture.addEventListener("click", () => show(!host.classList.contains("shows-still")));
    kit.again.push(() => show(false));
    kit.controls.append(picture, again);
    host.querySelector(".still").after(kit.stage, kit.controls, kit.numbers);
    host.classList.add("alive");
    kit.startAgain();
    let narrow = kit.narrow;
    new ResizeObserver(() => {
      if (kit.narrow !== narrow) {
        narrow = kit.narrow;
        kit.draw();
      }
    }).observe(host);
  };

  window.figure = (name, make) => {
    makers[name] = make;
    document.querySelectorAll(`[data-living="${name}"]:not(.alive)`).forEach(wake);
  };
})();
