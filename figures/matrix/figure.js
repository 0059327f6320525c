// 2.3: the columns of a matrix are dragged, and the plane follows. A gray arrow
// of length one can be turned until its image lies on the same line.
"use strict";

figure("matrix", (kit, { columns, degrees }) => {
  const { write, scale } = kit;
  const starts = {
    example: { name: "the matrix of the text", columns },
    turn: { name: "a quarter turn", columns: [[0, 1], [-1, 0]] },
    mirror: { name: "a mirror", columns: [[0, 1], [1, 0]] },
    shear: { name: "a shear", columns: [[1, 0], [1, 1]] },
    flat: { name: "parallel columns", columns: [[2, 1], [1, 0.5]] },
    symmetric: { name: "a symmetric matrix", columns: [[2, 1], [1, 2]] },
    own: { name: "your own" },
  };
  const names = Object.entries(starts).map(([key, { name }]) => [key, name]);
  const start = kit.choice("Start from", Object.fromEntries(names));
  const apply = kit.choice("Show", {
    once: "M", twice: "M applied twice", transpose: "the transpose of M", inverse: "the inverse of M",
  });
  const hints = kit.choice("Eigenvectors", { hidden: "find them yourself", shown: "show them" });

  const panel = kit.panel("The grid and its image, the columns of M, and a gray arrow with its image", 360, 340);
  panel.svg.style.flexBasis = "20rem";
  const X = scale([-3.2, 3.2], [26, 346]), Y = scale([-3.2, 3.2], [322, 2]);
  const chart = kit.axes(panel, X, Y, ["", ""]);
  const said = kit.element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(said);
  const shows = {
    determinant: kit.number("determinant", "determinant", 2),
    rank: kit.number("rank", "rank", 0),
    stretch: kit.number("largest stretch", "stretch", 2),
    length: kit.number("length of the gray arrow's image", "length", 2),
    angle: kit.number("turned by, in degrees", "angle", 0),
  };

  let [[a, c], [b, d]] = columns, last = "example", turn = degrees;
  kit.again.push(() => {
    [[a, c], [b, d]] = columns;
    [last, turn] = ["example", degrees];
  });

  // Tips move in steps of a tenth, so that a determinant can be exactly zero.
  const tenth = (v) => Math.round(10 * Math.max(-3, Math.min(3, v))) / 10;
  const put = (k, x, y) => {
    if (k) [b, d] = [tenth(x), tenth(y)];
    else [a, c] = [tenth(x), tenth(y)];
    start.value = last = "own";
  };
  const tips = ["First column of M", "Second column of M"].map((label, k) => kit.handle(panel, label, {
    move: (x, y) => put(k, X.back(x), Y.back(y)),
    nudge: (right, up) => put(k, (k ? b : a) + right / 10, (k ? d : c) + up / 10),
  }));
  const needle = kit.handle(panel, "Gray arrow of length one", {
    move: (x, y) => { turn = Math.round(Math.atan2(Y.back(y), X.back(x)) * 180 / Math.PI); },
    nudge: (right, up) => { turn = (turn + up - right + 540) % 360 - 180; },
  });

  panel.svg.querySelectorAll(".handle").forEach((dot, k) => { dot.style.fill = `var(--${["c0", "c1", "soft"][k]})`; });

  const line = (from, to) => `M${X(from[0])} ${Y(from[1])}L${X(to[0])} ${Y(to[1])}`;
  const stroke = (d, color, width = 1, more = "") =>
    chart.add("path", { d, style: `fill: none; stroke: var(--${color}); stroke-width: ${width}; ${more}` });

  // An arrow from the origin; one with a name has a head and no handle.
  const arrow = (to, color, text) => {
    const size = Math.hypot(...to), back = Math.min(0.28, size / 2);
    stroke(line([0, 0], to), color, 2.5);
    if (!text || size < 0.05) return; // a handle covers the tip, or there is none
    const [p, q] = to.map((v) => v / size);
    const wing = (side) => [to[0] - back * p + side * 0.6 * back * q, to[1] - back * q - side * 0.6 * back * p];
    stroke(`${line(wing(1), to)}${line(to, wing(-1)).replace("M", "L")}`, color, 2.5);
    chart.add("text", {
      x: X(to[0] + 0.42 * p), y: Y(to[1] + 0.42 * q) + 4, "text-anchor": "middle", style: `fill: var(--${color})`,
    }, text);
  };

  // The matrix whose image is shown, or null.
  const shown = () => {
    const det = a * d - b * c;
    if (apply.value === "twice") return [a * a + b * c, a * b + b * d, c * a + d * c, c * b + d * d];
    if (apply.value === "transpose") return [a, c, b, d];
    if (apply.value === "inverse") return Math.abs(det) < 1e-9 ? null : [d / det, -b / det, -c / det, a / det];
    return [a, b, c, d];
  };

  // Eigenvalues with a direction each; null stands for every direction.
  const eigen = ([p, q, r, s]) => {
    const middle = (p + s) / 2, under = ((p - s) / 2) ** 2 + q * r;
    if (under < -1e-9) return [];
    const root = Math.sqrt(Math.max(0, under));
    if (Math.hypot(q, r, p - s) < 1e-9) return [[p, null]];
    return (root < 1e-5 ? [middle] : [middle + root, middle - root]).map((value) => {
      const one = [q, value - p], other = [value - s, r];
      return [value, Math.hypot(...one) > Math.hypot(...other) ? one : other];
    });
  };

  const tell = (map, det, rank, angle, length) => {
    const text = [
      ["All points go to the origin."],
      ["The plane is pressed onto a line, and no inverse can undo that."],
      [`Areas are multiplied by ${write(Math.abs(det))}${det < 0 ? ", and the plane is turned over" : ""}.`],
    ][rank];
    if (rank && length > 0.005 && (angle < 1 || angle > 179))
      text.push(`The gray arrow stays on its line: an eigenvector, with an eigenvalue of about ${write(angle < 90 ? length : -length, 1)}.`);
    if (rank && length <= 0.005) text.push("The gray arrow is pressed to zero: an eigenvector, with the eigenvalue 0.");
    if (hints.value === "shown") {
      const found = eigen(map);
      const values = found.map(([value]) => write(value)).join(" and ");
      if (!found.length) text.push("Every direction is turned: there is no eigenvector in the plane.");
      else if (!found[0][1]) text.push(`Every vector is an eigenvector, with the eigenvalue ${values}.`);
      else text.push(`Eigenvalue${found.length > 1 ? "s" : ""} along the dashed line${found.length > 1 ? "s" : ""}: ${values}.`);
    }
    return text.join(" ");
  };

  const drawMap = (map) => {
    const [p, q, r, s] = map, det = p * s - q * r;
    const to = ([x, y]) => [p * x + q * y, r * x + s * y].map((v) => Math.max(-1e4, Math.min(1e4, v)));
    let lines = "";
    for (let k = -12; k <= 12; k += 1)
      lines += line(to([k, -12]), to([k, 12])) + line(to([-12, k]), to([12, k]));
    stroke(lines, "c0", 1, "stroke-opacity: 0.45");
    const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(to).map(([x, y]) => `${X(x)} ${Y(y)}`);
    chart.add("path", { d: `M${corners.join("L")}Z`, style: `fill: var(--${det < 0 ? "c1" : "c2"}); fill-opacity: 0.3` });
    const ring = Array.from({ length: 91 }, (_, i) => to([Math.cos(i / 45 * Math.PI), Math.sin(i / 45 * Math.PI)]));
    stroke(`M${ring.map(([x, y]) => `${X(x)} ${Y(y)}`).join("L")}`, "c2", 1.2, "stroke-dasharray: 2 3");
    if (hints.value === "shown")
      for (const [, direction] of eigen(map).filter(([, direction]) => direction)) {
        const [x, y] = direction.map((v) => 6 * v / Math.hypot(...direction));
        stroke(line([-x, -y], [x, y]), "ink", 1.4, "stroke-dasharray: 7 5");
      }
    return to;
  };

  kit.draw = () => {
    if (start.value !== last) {
      last = start.value;
      if (last !== "own") [[a, c], [b, d]] = starts[last].columns;
    }
    const map = shown(), v = [Math.cos(turn * Math.PI / 180), Math.sin(turn * Math.PI / 180)];
    chart.clear();
    for (let k = -3; k < 4; k += 1)
      chart.add("path", { class: k ? "grid" : "zero", d: line([k, -3.2], [k, 3.2]) + line([-3.2, k], [3.2, k]) });
    chart.add("circle", { class: "ring", cx: X(0), cy: Y(0), r: X(1) - X(0) });
    const to = map && drawMap(map);
    arrow([a, c], "c0", "");
    arrow([b, d], "c1", "");
    arrow(v, "soft", "");
    if (map) arrow(to(v), "c2", "image");
    const words = [[a, b], [c, d]].map((row) => row.map((n) => write(n, 1)));
    chart.add("rect", { class: "label", x: 28, y: 4, width: 104, height: 42 });
    chart.add("text", { x: 34, y: 29 }, "M =");
    words.forEach((row, i) => row.forEach((word, j) => chart.add("text", {
      x: 92 + 34 * j, y: 20 + 19 * i, "text-anchor": "end", style: `fill: var(--c${j})`,
    }, word)));
    stroke("M68 7H64V43H68M126 7H130V43H126", "ink");
    tips[0](X(a), Y(c), `${words[0][0]}, ${words[1][0]}`, a);
    tips[1](X(b), Y(d), `${words[0][1]}, ${words[1][1]}`, b);
    needle(X(v[0]), Y(v[1]), `${write(turn, 0)} degrees`, turn);
    if (!map) {
      said.textContent = "There is no inverse: M presses the plane together, and several points share one image.";
      for (const show of Object.values(shows)) show("none");
      return;
    }
    const [p, q, r, s] = map, det = p * s - q * r, image = to(v), length = Math.hypot(...image);
    const rank = Math.abs(det) > 1e-9 ? 2 : Number(Math.hypot(p, q, r, s) > 1e-9);
    const squares = p * p + q * q + r * r + s * s;
    const cosine = (v[0] * image[0] + v[1] * image[1]) / length;
    const angle = Math.acos(Math.max(-1, Math.min(1, cosine))) * 180 / Math.PI;
    shows.determinant(det);
    shows.rank(rank);
    shows.stretch(Math.sqrt((squares + Math.sqrt(Math.max(0, squares ** 2 - 4 * det ** 2))) / 2));
    shows.length(length);
    shows.angle(length > 0.005 ? Math.round(1e3 * angle) / 1e3 : "none");
    said.textContent = tell(map, det, rank, angle, length);
  };
});
