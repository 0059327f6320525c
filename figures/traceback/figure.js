// 2.7: a traceback to walk through, with the tensors that each frame works on;
// what is the library's can be folded away.
"use strict";

load("traceback/figure.css");
figure("traceback", (kit, { failures }) => {
  const { element } = kit;
  const list = element("ol", { class: "frames", "aria-label": "The traceback, outermost call first" });
  const said = element("p", { class: "said", "aria-live": "polite" });
  kit.stage.append(list, said);

  let isFolded, chosen, opened;
  const failure = kit.choice("Failure", { shapes: "shapes do not fit", dtypes: "dtypes do not fit" });
  const fold = kit.button("Fold the library", () => { isFolded = !isFolded; });
  const up = kit.button("Up", () => move(-1));
  const down = kit.button("Down", () => move(1));
  const shows = { frames: kit.number("frames", "frames", 0), yours: kit.number("yours", "yours", 0) };

  const frames = () => failures[failure.value].frames;
  const lastOfYours = () => frames().findLastIndex((frame) => frame.yours);
  const open = () => { opened = failure.value; chosen = frames().length - 1; };
  const isShown = (frame) => frame.yours || !isFolded;
  // The next frame in a direction that is not folded away, or null.
  const next = (way) => {
    for (let i = chosen + way; frames()[i]; i += way) if (isShown(frames()[i])) return i;
    return null;
  };
  const move = (way) => { chosen = next(way) ?? chosen; };
  kit.again.push(() => { isFolded = false; open(); });

  const tell = (frame) => {
    if (chosen === lastOfYours())
      return "The last frame that is yours. Here you handed over what did not fit: print it.";
    if (frame.yours) return "Yours, but it only passes on what it was given.";
    if (chosen === frames().length - 1)
      return "Here the error was raised. What met here, and who brought it?";
    if (frame.function.includes("call_impl")) return "The library's plumbing: every layer is called like this.";
    return "The library goes through the layers one by one. Which one is next, and what does it get?";
  };

  const row = (frame, i) => {
    const button = element("button", { type: "button" },
      element("span", {}, `${frame.place}, ${frame.function}`), element("code", {}, frame.line));
    if (i === chosen) {
      button.setAttribute("aria-current", "true");
      button.append(element("span", { class: "sees" }, frame.sees.join("   ") || "no tensor in this line"));
    }
    button.addEventListener("click", () => { chosen = i; kit.changed(); });
    return element("li", { class: frame.yours ? "yours" : "" }, button);
  };

  kit.draw = () => {
    if (failure.value !== opened) open();
    if (!isShown(frames()[chosen])) chosen = lastOfYours();
    const hadFocus = list.contains(document.activeElement);
    const rows = frames().map((frame, i) => isShown(frame) && row(frame, i)).filter(Boolean);
    const away = frames().length - rows.length;
    if (away) rows.push(element("li", { class: "away" }, `${away} frames of the library, folded away`));
    rows.push(element("li", { class: "message" }, `RuntimeError: ${failures[failure.value].message}`));
    list.replaceChildren(...rows);
    if (hadFocus) list.querySelector("[aria-current]").focus({ preventScroll: true });
    said.textContent = tell(frames()[chosen]);
    fold.textContent = isFolded ? "Show the library" : "Fold the library";
    up.disabled = next(-1) === null;
    down.disabled = next(1) === null;
    shows.frames(frames().length);
    shows.yours(frames().filter((frame) => frame.yours).length);
  };
});
