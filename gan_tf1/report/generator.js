// The generator to play with: a map of latent space, sliders, and the way from one sample to another.

const AROUND = 4;      // the sliders and the map reach so many standard deviations
const MAP = 7;         // images on a side of the map
const STEPS = 9;       // images on the way from A to B

/** Draw the image `values` of the generator `net` at a place of a canvas of such images. */
function paint(canvas, net, values, column, row) {
  const [height, width, channels] = net.shape;
  const context = canvas.getContext("2d"), picture = context.createImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) picture.data[4 * i + c] = Math.round(127.5 * (values[channels * i + Math.min(c, channels - 1)] + 1));
    picture.data[4 * i + 3] = 255;
  }
  context.putImageData(picture, column * width, row * height);
}

/** The playground in `section`, for the runs whose generator is in the page, or beside it on the page's server. */
async function playground(section, report) {
  const runs = report.runs.map((run, number) => ({ ...run, number }))
    .filter((run) => run.generator && (SERVED || !run.generator.file));
  if (!runs.length) return;
  const note = section.querySelector(".unserved");
  if (note) note.textContent = "Your browser computes the images with onnxruntime-web. It loads the generator\u2026";
  try {
    for (const run of runs) run.net = run.generator.file ? await onnxNetwork(run.generator) : network(run.generator);
  } catch (error) {
    if (!note) throw error;
    note.textContent = `The generator cannot be loaded: ${error.message}`;
    return;
  }
  if (note) note.textContent = "Your browser computes the images with onnxruntime-web.";
  const likeness = ({ net }) => [net.size, net.classes, ...net.shape].join();
  const alike = runs.filter((run) => likeness(run) === likeness(runs[0]));
  const net = alike[0].net, deviation = net.normal ? 1 : 1 / Math.sqrt(3), [high, wide] = net.shape;
  const offsets = new Float32Array(net.directions.length);
  let base = net.latents[0], label = net.labels ? net.labels[0] : 0, ends = [0, 1];
  let changed = false, waiting = false, drawing = null;

  const pictures = alike.map((run) => {
    const canvas = html("canvas", { role: "img", class: "pixels big", width: wide, height: high });
    return { run, canvas, figure: html("figure", {}, html("figcaption", {},
      html("span", { class: `swatch run${run.number % 6}`, "aria-hidden": "true" }), html("strong", {}, run.name),
      run.net.epoch === null ? "" : `, after ${report.part} ${run.net.epoch}`), canvas) };
  });
  const map = html("canvas", { class: "pixels map", tabindex: "0", role: "slider", width: MAP * wide, height: MAP * high,
    "aria-label": "map of latent space; the arrow keys move along directions 1 and 2" });
  const ring = html("span", { class: "ring", "aria-hidden": "true" });
  const sliders = Array.from(offsets, (_, i) => slider(`direction ${i + 1}`, -AROUND, AROUND, 0.05, (value) => {
    offsets[i] = value;
    refresh(i > 1);
  }));
  const way = html("canvas", { class: "pixels way", role: "img", width: STEPS * wide, height: high,
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
  const sums = html("div");
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
    html("div", { class: "tools" }, ...choices), way, along.row,
    html("h3", {}, "Arithmetic with samples"), sums, check());
  const addAgain = arithmetic(sums, net, labelsOf, (z) => { base = z; zero(); pictures[0].canvas.scrollIntoView({ block: "center" }); });
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
      input.addEventListener("change", () => { label = digit; refresh(true); addAgain(); });
      set.append(html("label", { class: "digit" }, input, String(digit)));
    }
    return set;
  }
  function check() {
    const note = html("p", { class: "hint", id: "difference" });
    Promise.all(alike.map((run) => difference(run.net))).then((all) => {
      const off = Math.max(...all);
      note.textContent = off < net.tolerance
        ? `Checked: the images of this page differ from those of TensorFlow by at most ${off.toExponential(1)}, where black is -1 and white is 1.`
        : `These images are not those of TensorFlow: they differ by ${off.toExponential(1)}.`;
      note.dataset.difference = off;
    });
    return note;
  }
  function labelsOf(count) { return net.classes ? new Array(count).fill(label) : null; }
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
  /** Draw everything soon; the map only if its images change. */
  function refresh(whole) {
    changed = true;
    waiting ||= whole;
    drawing ||= draw().finally(() => { drawing = null; });
  }
  async function draw() {
    while (changed || waiting) {
      await new Promise(requestAnimationFrame);
      await large();
      if (!waiting) continue;
      waiting = false;
      let begun = performance.now();
      for (const [canvas, row, latents] of small()) {
        if (performance.now() - begun > 12) {  // let the browser draw, and listen to the reader
          await new Promise(requestAnimationFrame);
          begun = performance.now();
        }
        const images = await net.compute(latents, labelsOf(latents.length));
        if (waiting) break;  // the map is of another vector now
        images.forEach((image, column) => paint(canvas, net, image, column, row));
        await large();
      }
    }
  }
  /** Draw the large images, if they have changed. */
  async function large() {
    if (!changed) return;
    changed = false;
    for (const { run, canvas } of pictures) {
      const [image] = await run.net.compute([latent(offsets[0], offsets[1])], labelsOf(1));
      paint(canvas, run.net, image, 0, 0);
      canvas.setAttribute("aria-label", `image of ${run.name}` + (net.classes ? `, digit ${label}` : ""));
    }
    ring.style.left = `${50 + 50 * offsets[0] / AROUND}%`;
    ring.style.top = `${50 - 50 * offsets[1] / AROUND}%`;
    map.setAttribute("aria-valuenow", offsets[0]);
    map.setAttribute("aria-valuetext", `direction 1: ${shown(offsets[0])}, direction 2: ${shown(offsets[1])}`);
  }
  /** The small images, row by row: [canvas, row, latent vectors]. */
  function small() {
    const at = (place) => AROUND * (2 * (place + 0.5) / MAP - 1), numbers = [...Array(MAP).keys()];
    const rows = numbers.map((row) => [map, row, numbers.map((column) => latent(at(column), at(MAP - 1 - row)))]);
    return [...rows, [way, 0, Array.from({ length: STEPS }, (_, step) =>
      between(net.latents[ends[0]], net.latents[ends[1]], step / (STEPS - 1), net.normal))]];
  }
}
