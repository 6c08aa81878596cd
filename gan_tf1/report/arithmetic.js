// Arithmetic with latent vectors, a - b + c: samples are dragged into three boxes, or put there with the keyboard.

const BOXES = [["A", 1], ["B", -1], ["C", 1]];  // name and sign
const STRIP = 24;                               // samples to choose from

/**
 * The boxes and the strip of samples in `place`, for the generator `net`. `labelsOf(count)` are the labels of so many
 * images, or null, and `taken(z)` is called with the result if the reader wants to go on with it. Returns a function
 * that draws everything again, if the labels have changed.
 */
function arithmetic(place, net, labelsOf, taken) {
  let samples = net.latents.slice(), chosen = 0, version = 0;
  while (samples.length < STRIP) samples.push(drawn(net));
  const said = html("p", { class: "hint", role: "status" });
  const strip = html("div", { class: "strip", role: "group", "aria-label": "samples to choose from" });
  const boxes = BOXES.map(([name, sign], number) => box(name, sign, number));
  const result = html("canvas", { class: "pixels", role: "img", width: net.shape[1], height: net.shape[0],
    "aria-label": "image of A - B + C", id: "result" });
  const row = html("div", { class: "boxes" });
  boxes.forEach((one, number) => row.append(one.frame,
    html("span", { class: "sign", "aria-hidden": "true" }, ["\u2212", "+", "="][number])));
  row.append(html("div", { class: "box result" }, html("p", {}, html("strong", {}, "A \u2212 B + C")), result));
  const action = (text, act) => {
    const made = html("button", { type: "button" }, text);
    made.addEventListener("click", act);
    return made;
  };
  place.append(
    html("p", {}, "Drag samples into the boxes, or choose a box and press on samples; a press on a sample in a box takes " +
      "it out. Each box stands for the mean of its samples. One sample is not a concept: take three or more that have " +
      "something in common."),
    row, said, strip, html("div", { class: "tools" },
      action("Other samples", () => { samples = Array.from({ length: STRIP }, () => drawn(net)); offer(); }),
      action("Empty the boxes", () => { for (const one of boxes) one.inside = []; choose(0); change(); }),
      action("Go on with the result", () => taken(sum()))));
  boxes.forEach((one, number) => { one.inside = [samples[number]]; });
  choose(0);
  refresh();

  function box(name, sign, number) {
    const canvas = html("canvas", { class: "pixels", role: "img", width: net.shape[1], height: net.shape[0] });
    const button = html("button", { type: "button", "aria-pressed": "false" }, `Box ${name}`);
    const content = html("div", { class: "strip" });
    const frame = html("div", { class: "box", role: "group", "aria-label": `box ${name}` }, button, canvas, content);
    button.addEventListener("click", () => choose(number));
    frame.addEventListener("dragover", (event) => { event.preventDefault(); frame.classList.add("over"); });
    frame.addEventListener("dragleave", () => frame.classList.remove("over"));
    frame.addEventListener("drop", (event) => {
      event.preventDefault();
      frame.classList.remove("over");
      const sample = samples[Number.parseInt(event.dataTransfer.getData("text/plain"), 10)];
      if (sample) put(number, sample);
    });
    return { name, sign, frame, button, canvas, content, inside: [] };
  }
  function choose(number) {
    chosen = number;
    boxes.forEach((one, place) => {
      one.frame.classList.toggle("chosen", place === chosen);
      one.button.setAttribute("aria-pressed", String(place === chosen));
      one.button.textContent = `Box ${one.name}` + (place === chosen ? ", chosen" : "");
    });
  }
  function put(number, sample) {
    choose(number);
    boxes[number].inside.push(sample);
    change();
  }

  /** A small picture that acts like a button; Firefox cannot drag a real one. */
  function thumb(label, values, act) {
    const canvas = html("canvas", { class: "pixels", width: net.shape[1], height: net.shape[0] });
    paint(canvas, net, values, 0, 0);
    const made = html("div", { class: "sample", role: "button", tabindex: "0", "aria-label": label, title: label }, canvas);
    made.addEventListener("click", act);
    made.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act();
    });
    return made;
  }
  function mean(latents) {
    return latents.length ? combined(latents, latents.map(() => 1 / latents.length)) : new Float32Array(net.size);
  }
  function sum() {
    return combined(boxes.map((one) => mean(one.inside)), boxes.map((one) => one.sign));
  }
  async function offer() {
    const own = samples, images = await net.compute(own, labelsOf(own.length));
    if (own !== samples) return;
    strip.replaceChildren(...images.map((image, i) => {
      const made = thumb(`sample ${i + 1}`, image, () => put(chosen, own[i]));
      made.draggable = true;
      made.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/plain", String(i)));
      return made;
    }));
  }
  async function change() {
    const own = ++version, all = [...boxes.map((one) => mean(one.inside)), sum(), ...boxes.flatMap((one) => one.inside)];
    const images = await net.compute(all, labelsOf(all.length));
    if (own !== version) return;  // something else has been put into a box meanwhile
    paint(result, net, images[BOXES.length], 0, 0);
    let next = BOXES.length + 1;
    for (const one of boxes) {
      const focused = [...one.content.children].indexOf(document.activeElement);
      paint(one.canvas, net, images[boxes.indexOf(one)], 0, 0);
      one.canvas.setAttribute("aria-label", one.inside.length ? `image of the mean of ${one.inside.length} in box ${one.name}`
        : `image of the latent vector 0, since box ${one.name} is empty`);
      one.content.replaceChildren(...one.inside.map((_, i) => thumb(`take sample ${i + 1} out of box ${one.name}`,
        images[next++], () => { one.inside.splice(i, 1); change(); })));
      if (focused >= 0) (one.content.children[Math.min(focused, one.inside.length - 1)] || one.button).focus();
    }
    const [a, b, c] = boxes.map((one) => one.inside.length), empty = a && b && c ? "" : " An empty box counts as 0.";
    const long = Math.hypot(...sum()), usual = Math.hypot(...net.latents[0]);
    said.textContent = `Samples in A, B and C: ${a}, ${b} and ${c}.${empty} The result is ${(long / usual).toFixed(2)} times ` +
      "as long as a latent vector of the training.";
  }
  function refresh() { change(); return offer(); }
  return refresh;
}
