// The generator to play with: a map of latent space, sliders, and the way from one sample to another.

const AROUND = 4;      // the sliders and the map reach so many standard deviations
const MAP = 7;         // images on a side of the map
const STEPS = 9;       // images on the way from A to B

/** The playground in `section`, for the runs whose generator is in the page. */
function playground(section, report) {
  const runs = report.runs.map((run, number) => ({ ...run, number })).filter((run) => run.generator);
  for (const run of runs) run.net = network(run.generator);
  const alike = runs.filter((run) => run.net.size === runs[0].net.size && run.net.classes === runs[0].net.classes);
  if (!alike.length) return;
  const net = alike[0].net, deviation = net.normal ? 1 : 1 / Math.sqrt(3), side = Math.sqrt(net.layers.at(-1).outputs);
  const offsets = new Float32Array(net.directions.length);
  let base = net.latents[0], label = net.labels ? net.labels[0] : 0, ends = [0, 1], waiting = false;
  section.hidden = false;

  const pictures = alike.map((run) => {
    const canvas = html("canvas", { role: "img", class: "pixels big", width: side, height: side });
    return { run, canvas, figure: html("figure", {}, html("figcaption", {},
      html("span", { class: `swatch run${run.number % 6}`, "aria-hidden": "true" }), html("strong", {}, run.name),
      run.net.epoch === null ? "" : `, after ${report.part} ${run.net.epoch}`), canvas) };
  });
  const map = html("canvas", { class: "pixels map", tabindex: "0", role: "slider", width: MAP * side, height: MAP * side,
    "aria-label": "map of latent space; the arrow keys move along directions 1 and 2" });
  const ring = html("span", { class: "ring", "aria-hidden": "true" });
  const sliders = Array.from(offsets, (_, i) => slider(`direction ${i + 1}`, -AROUND, AROUND, 0.05, (value) => {
    offsets[i] = value;
    refresh(i > 1);
  }));
  const way = html("canvas", { class: "pixels way", role: "img", width: STEPS * side, height: side,
    "aria-label": "images on the way from sample A to sample B" });
  const along = slider("from A to B", 0, 1, 0.01, (share) => { start(share); refresh(true); });
  const choices = ["A", "B"].map((name, end) => {
    const select = html("select", { "aria-label": `sample ${name}` }, ...net.latents.map((_, i) => {
      const option = html("option", { value: i }, `sample ${i + 1}`);
      option.selected = i === ends[end];
      return option;
    }));
    select.addEventListener("change", () => { ends[end] = Number(select.value); start(along.value()); refresh(true); });
    return html("label", {}, `${name} `, select);
  });
  const random = button("New random vector", () => { base = drawn(net); zero(); });
  const reset = button("Sliders to 0", zero);

  section.append(
    ...(net.classes ? [digits()] : []),
    html("div", { class: "play-area" },
      html("div", { class: "pictures" }, ...pictures.map((one) => one.figure)),
      html("div", {}, html("p", {}, html("strong", {}, "Map"), alike.length > 1 ? ` of ${alike[0].name}` : "", ": drag, or use the arrow keys"),
        html("div", { class: "map-frame" }, map, ring)),
      html("div", { class: "sliders" }, html("p", {}, html("strong", {}, "Directions"),
        " that change the images most, in standard deviations of the latent vectors"),
      ...sliders.map((one) => one.row), html("div", { class: "tools" }, random, reset))),
    html("h3", {}, "From one sample to another"),
    html("div", { class: "tools" }, ...choices), way, along.row, check());
  map.addEventListener("pointerdown", (event) => { map.setPointerCapture(event.pointerId); pick(event); });
  map.addEventListener("pointermove", (event) => map.hasPointerCapture(event.pointerId) && pick(event));
  map.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!step) return;
    step.forEach((one, i) => sliders[i].set(offsets[i] + one * (event.shiftKey ? 1 : 0.2)));
    refresh(false);
    event.preventDefault();
  });
  refresh(true);

  /** A labelled slider: its row, and functions that read it and set it. */
  function slider(name, low, high, step, changed) {
    const input = html("input", { type: "range", min: low, max: high, step, value: 0, "aria-label": name });
    const output = html("output", {}, "0");
    input.addEventListener("input", () => { output.textContent = shown(Number(input.value)); changed(Number(input.value)); });
    const index = name.startsWith("direction") ? Number(name.slice(10)) - 1 : -1;
    return { row: html("div", { class: "slider" }, html("span", {}, name), input, output),
      value: () => Number(input.value),
      set(value) {
        input.value = value;
        output.textContent = shown(Number(input.value));
        if (index >= 0) offsets[index] = Number(input.value);
      } };
  }
  function button(text, act) {
    const made = html("button", { type: "button" }, text);
    made.addEventListener("click", act);
    return made;
  }
  function digits() {
    const set = html("fieldset", { class: "tools" }, html("legend", {}, "Digit"));
    for (let digit = 0; digit < net.classes; digit++) {
      const input = html("input", { type: "radio", name: "digit", value: digit });
      input.checked = digit === label;
      input.addEventListener("change", () => { label = digit; refresh(true); });
      set.append(html("label", { class: "digit" }, input, String(digit)));
    }
    return set;
  }
  function check() {
    const off = Math.max(...alike.map((run) => difference(run.net))), good = off < net.tolerance;
    const note = html("p", { class: "hint", id: "difference" }, good
      ? `Checked: the images of this page differ from those of TensorFlow by at most ${off.toExponential(1)}, where black is -1 and white is 1.`
      : `These images are not those of TensorFlow: they differ by ${off.toExponential(1)}.`);
    note.dataset.difference = off;
    return note;
  }
  function start(share) {
    base = between(net.latents[ends[0]], net.latents[ends[1]], share, net.normal);
  }
  function zero() {
    sliders.forEach((one) => one.set(0));
    refresh(true);
  }
  function pick(event) {
    const box = map.getBoundingClientRect();
    [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height].forEach((share, i) =>
      sliders[i].set(AROUND * (2 * Math.min(1, Math.max(0, share)) - 1)));
    refresh(false);
  }

  /** The latent vector of the sliders, with those of the map at `first` and `second`. */
  function latent(first, second) {
    const z = Float32Array.from(base);
    net.directions.forEach((direction, i) => {
      const by = deviation * (i === 0 ? first : i === 1 ? second : offsets[i]);
      if (by) direction.forEach((value, k) => { z[k] += by * value; });
    });
    return z;
  }
  /** Draw everything before the next frame; the map only if its images change. */
  function refresh(whole) {
    waiting ||= whole;
    if (refresh.asked) return;
    refresh.asked = true;
    requestAnimationFrame(() => {
      refresh.asked = false;
      for (const { run, canvas } of pictures) {
        put(canvas, generate(run.net, latent(offsets[0], offsets[1]), label), 0, 0);
        canvas.setAttribute("aria-label", `image of ${run.name}` + (net.classes ? `, digit ${label}` : ""));
      }
      ring.style.left = `${50 + 50 * offsets[0] / AROUND}%`;
      ring.style.top = `${50 - 50 * offsets[1] / AROUND}%`;
      map.setAttribute("aria-valuenow", offsets[0]);
      map.setAttribute("aria-valuetext", `direction 1: ${shown(offsets[0])}, direction 2: ${shown(offsets[1])}`);
      if (!waiting) return;
      waiting = false;
      for (let row = 0; row < MAP; row++) {
        for (let column = 0; column < MAP; column++) {
          const [x, y] = [column, MAP - 1 - row].map((place) => AROUND * (2 * (place + 0.5) / MAP - 1));
          put(map, generate(net, latent(x, y), label), column, row);
        }
      }
      for (let step = 0; step < STEPS; step++) {
        put(way, generate(net, between(net.latents[ends[0]], net.latents[ends[1]], step / (STEPS - 1), net.normal), label), step, 0);
      }
    });
  }
  function put(canvas, values, column, row) {
    const context = canvas.getContext("2d"), picture = context.createImageData(side, side);
    values.forEach((value, i) => {
      picture.data.fill(Math.round(127.5 * (value + 1)), 4 * i, 4 * i + 3);
      picture.data[4 * i + 3] = 255;
    });
    context.putImageData(picture, column * side, row * side);
  }
}
