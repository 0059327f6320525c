// 5.2: draw a garment, choose one of twenty test pictures, or load a photo, and
// see what the trained network makes of it: pixels, hidden units, probabilities.
"use strict";

figure("garment", (kit, { names, labels, file }) => {
  const { element, write } = kit, SIZE = 28, PIXELS = SIZE * SIZE;
  let image = new Float32Array(PIXELS), brush = 1, cursor = [14, 14], network = null, painted = false;

  const canvas = (size, label) => {
    const node = element("canvas", { width: size, height: size, role: "img", "aria-label": label });
    return [node, node.getContext("2d")];
  };
  const [board, ink] = canvas(SIZE, "The picture, 28 by 28 pixels. Draw with the pointer; or move with the arrow keys, and draw with the space bar or with shift held.");
  board.className = "board";
  board.tabIndex = 0;
  board.setAttribute("role", "application");
  const units = element("div", { class: "units" });
  const unitBoxes = Array.from({ length: 8 }, () => {
    const [box, pen] = canvas(SIZE, "");
    const words = element("span");
    units.append(element("div", {}, box, words));
    return { box, pen, words };
  });
  const rows = names.map((name, j) => {
    const bar = element("span", { class: "share" }), number = element("dd", { "data-shows": `p${j}` });
    return { row: element("div", {}, element("dt", {}, name), element("span", { class: "track" }, bar), number), bar, number };
  });
  const answers = element("dl", { class: "answers", "aria-label": "Probabilities" }, ...rows.map((r) => r.row));
  const part = (title, node) => element("div", { class: "part" }, element("p", {}, title), node);
  kit.stage.append(
    part("What the network sees", board),
    part("Strongest hidden units", units),
    part("What it answers", answers));
  const said = element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);

  const pictures = kit.choice("Picture", {
    ...Object.fromEntries(labels.map((label, i) => [i, `${i + 1}: ${names[label]}`])), own: "your own",
  }, "0");
  kit.choice("Brush", { 1: "draws", 0: "erases" }, "1").addEventListener("change", (event) => { brush = Number(event.target.value); });
  kit.button("Empty board", () => { pictures.value = "own"; image.fill(0); painted = true; });
  const photo = element("input", { type: "file", accept: "image/*" });
  kit.controls.append(element("label", {}, element("span", {}, "Photo (it stays on this device)"), photo));
  kit.again.push(() => { brush = 1; cursor = [14, 14]; painted = false; photo.value = ""; });
  pictures.addEventListener("change", () => { painted = pictures.value === "own"; kit.changed(); });

  // Two signs of base64 hold the twelve bits of a number.
  const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const code = Object.fromEntries([...SIGNS].map((sign, i) => [sign, i]));
  const unpack = ({ low, step, codes }) => Float32Array.from({ length: codes.length / 2 }, (_, i) => {
    const column = i % low.length;
    return low[column] + step[column] * (64 * code[codes[2 * i]] + code[codes[2 * i + 1]]);
  });
  kit.load(file).then(({ W1, b1, W2, b2, pictures }) => {
    const bytes = Uint8Array.from(atob(pictures), (sign) => sign.charCodeAt(0));
    network = { W1: unpack(W1), b1, W2: unpack(W2), b2, bytes };
    kit.changed();
  }).catch(() => { said.textContent = "The weights of the network could not be loaded."; });

  const forward = (x) => {
    const { W1, b1, W2, b2 } = network, h = Float64Array.from(b1), o = Float64Array.from(b2);
    for (let i = 0; i < PIXELS; i++) {
      if (x[i]) for (let k = 0; k < h.length; k++) h[k] += x[i] * W1[i * h.length + k];
    }
    for (let k = 0; k < h.length; k++) {
      h[k] = Math.max(h[k], 0);
      for (let j = 0; j < o.length; j++) o[j] += h[k] * W2[k * o.length + j];
    }
    const top = Math.max(...o), e = o.map((v) => Math.exp(v - top)), sum = e.reduce((a, b) => a + b);
    return { h, p: e.map((v) => v / sum) };
  };

  const gray = (pen, values, low, high) => {
    const data = pen.createImageData(SIZE, SIZE);
    values.forEach((v, i) => data.data.set([...Array(3).fill(255 * (v - low) / (high - low || 1)), 255], 4 * i));
    pen.putImageData(data, 0, 0);
  };

  const paint = (x, y) => {
    if (!painted) { painted = true; pictures.value = "own"; }
    for (let i = 0; i < PIXELS; i++) {
      const away = Math.hypot(i % SIZE + 0.5 - x, Math.floor(i / SIZE) + 0.5 - y);
      const touch = Math.max(0, Math.min(1, 2 - away));
      image[i] = brush ? Math.max(image[i], 0.8 * touch) : Math.min(image[i], 1 - touch);
    }
    kit.changed();
  };
  const drawAt = (event) => {
    const box = board.getBoundingClientRect();
    const at = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((v) => v * SIZE);
    cursor = at.map((v) => Math.max(0, Math.min(SIZE - 1, Math.floor(v))));
    paint(...at);
  };
  board.addEventListener("pointerdown", (event) => { board.setPointerCapture(event.pointerId); drawAt(event); });
  board.addEventListener("pointermove", (event) => { if (board.hasPointerCapture(event.pointerId)) drawAt(event); });
  board.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], " ": [0, 0] }[event.key];
    if (!way) return;
    event.preventDefault();
    cursor = cursor.map((v, i) => Math.max(0, Math.min(SIZE - 1, v + way[i])));
    if (event.key === " " || event.shiftKey) paint(cursor[0] + 0.5, cursor[1] + 0.5);
    else kit.changed();
  });
  for (const kind of ["focus", "blur"]) board.addEventListener(kind, () => kit.draw());

  // A photo becomes what the network knows: the garment alone, gray and bright on
  // black, as large as the board. The ground is what most of the border shows.
  const look = (bitmap, x, y, width, height, known) => {
    const longest = Math.max(width, height), [, pen] = canvas(SIZE, "");
    const [w, h] = [width, height].map((v) => Math.max(1, Math.round(SIZE * v / longest)));
    pen.fillStyle = "white"; // where it is transparent
    pen.fillRect(0, 0, w, h);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(bitmap, x, y, width, height, 0, 0, w, h);
    const { data } = pen.getImageData(0, 0, w, h);
    const light = Array.from({ length: w * h }, (_, i) => (data[4 * i] + data[4 * i + 1] + data[4 * i + 2]) / 765);
    const border = light.filter((_, i) => i < w || i >= w * (h - 1) || i % w === 0 || i % w === w - 1);
    const ground = known ?? border.sort((a, b) => a - b)[border.length >> 1];
    const values = light.map((v) => Math.max(0, ground > 0.5 ? ground - v : v - ground));
    const most = Math.max(...values, 0.01);
    return { w, h, ground, values: values.map((v) => v / most) };
  };
  photo.addEventListener("change", async () => {
    if (!photo.files[0]) return;
    const bitmap = await createImageBitmap(photo.files[0]).catch(() => null);
    if (!bitmap) { said.textContent = "That file is no picture that the browser can read."; return; }
    const all = look(bitmap, 0, 0, bitmap.width, bitmap.height), side = Math.max(bitmap.width, bitmap.height) / SIZE;
    const seen = [...all.values.keys()].filter((i) => all.values[i] > 0.2);
    const [left, right] = [Math.min, Math.max].map((end) => end(...seen.map((i) => i % all.w)));
    const [top, bottom] = [Math.min, Math.max].map((end) => end(...seen.map((i) => Math.floor(i / all.w))));
    const { w, h, values } = seen.length
      ? look(bitmap, side * left, side * top, side * (right - left + 1), side * (bottom - top + 1), all.ground) : all;
    image = new Float32Array(PIXELS);
    values.forEach((v, i) => {
      image[SIZE * (((SIZE - h) >> 1) + Math.floor(i / w)) + ((SIZE - w) >> 1) + i % w] = v < 0.08 ? 0 : v;
    });
    painted = true;
    pictures.value = "own";
    kit.changed();
  });

  kit.draw = () => {
    if (!network) { said.textContent = "The weights of the network are being loaded …"; return; }
    if (!painted) image = Float32Array.from(network.bytes.subarray(PIXELS * pictures.value, PIXELS * (Number(pictures.value) + 1)), (v) => v / 255);
    gray(ink, image, 0, 1);
    if (board.matches(":focus-visible")) {
      ink.fillStyle = "orange";
      ink.fillRect(...cursor, 1, 1);
    }
    const { h, p } = forward(image), best = p.indexOf(Math.max(...p));
    const loudest = [...h.keys()].sort((a, b) => h[b] - h[a]).slice(0, 8);
    unitBoxes.forEach(({ box, pen, words }, i) => {
      const unit = loudest[i], column = Array.from({ length: PIXELS }, (_, k) => network.W1[k * h.length + unit]);
      const most = Math.max(...column.map(Math.abs));
      gray(pen, column, -most, most);
      box.setAttribute("aria-label", `Weights of hidden unit ${unit}`);
      words.textContent = write(h[unit], 1);
    });
    rows.forEach(({ row, bar, number }, j) => {
      bar.style.width = `${100 * p[j]}%`;
      number.textContent = p[j].toFixed(3);
      number.dataset.value = p[j];
      row.classList.toggle("best", j === best);
    });
    const truth = painted ? "" : ` The true class: ${names[labels[pictures.value]]}.`;
    said.textContent = Math.max(...image) ? `The answer: ${names[best]}, with probability ${write(p[best], 2)}.${truth}`
      : "An empty board. What does it answer to nothing at all?";
  };
});
