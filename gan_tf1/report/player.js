// The samples of each run after the epoch that a slider chooses, side by side.

const FRAMES = [1, 2, 5, 10, 20];  // sets of samples per second

/**
 * A slider over `count` frames with a play button, for the mouse and for keys. `show(frame)` shows a frame and
 * returns its name.
 */
function slideshow(place, count, show, start = count - 1) {
  let at = start, timer = null;
  const slider = html("input", { type: "range", min: 0, max: count - 1, value: at, step: 1, id: "when" });
  const label = html("label", { for: "when" });
  const button = html("button", { type: "button", class: "play" });
  const speed = html("select", { "aria-label": "speed" }, ...FRAMES.map((number) => {
    const option = html("option", { value: number }, `${number} per second`);
    option.selected = number === 5;
    return option;
  }));
  place.append(html("div", { class: "tools" }, button, slider, speed, label),
    html("p", { class: "hint" }, "Space plays and pauses; the arrow keys go back and forth"));
  slider.addEventListener("input", () => go(Number(slider.value)));
  button.addEventListener("click", () => play(timer === null));
  speed.addEventListener("change", () => timer !== null && play(true));
  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest && event.target.closest("button, select, summary, input, a, [role=button], [role=slider], .chart");
    const own = event.target === slider;
    if (event.ctrlKey || event.metaKey || event.altKey || busy && !own) return;
    if (event.key === " ") play(timer === null);
    else if (event.key === "ArrowRight" && !own) go(at + 1);
    else if (event.key === "ArrowLeft" && !own) go(at - 1);
    else return;
    event.preventDefault();
  });

  function go(number) {
    at = Math.min(Math.max(number, 0), count - 1);
    slider.value = at;
    label.textContent = show(at);
    slider.setAttribute("aria-valuetext", label.textContent);
  }
  function play(on) {
    clearInterval(timer);
    timer = null;
    button.textContent = on ? "❚❚ Pause" : "▶ Play";
    button.setAttribute("aria-pressed", String(on));
    if (!on) return;
    if (at === count - 1) go(0);
    timer = setInterval(() => (at < count - 1 ? go(at + 1) : play(false)), 1000 / Number(speed.value));
  }
  play(false);
  go(at);
  return { go(number) { play(false); go(number); } };
}

/** The player in `place`. `moved(x)` is called with the epoch, step or iteration that is shown. */
function player(place, report, moved) {
  const views = report.runs.map((run, number) => view(run, number, report)).filter(Boolean);
  if (!views.length) {
    place.append(html("p", {}, "This run has no samples to show."));
    place.closest(".pair").classList.add("single");
    return null;
  }
  const times = [...new Set(views.flatMap((one) => one.times))].sort((one, other) => one - other);
  const tools = html("div");
  // A canvas takes its colours from the page, so it must be there before it is drawn.
  place.append(tools, html("div", { class: "samples" }, ...views.map((one) => one.figure)));
  const slides = slideshow(tools, times.length, (at) => {
    for (const one of views) one.show(times[at]);
    moved(times[at]);
    return `${report.unit} ${shown(times[at])}`;
  });
  return { see(x) { slides.go(nearest(times, x)); } };
}

/** One run in the player: a canvas, and the x at which each of its sets was drawn. Null without samples. */
function view(run, number, report) {
  const { sheet, x } = run;
  if (!sheet) return null;
  // A set was drawn after its share of the rows of losses.
  const times = sheet.sets.map((set) => x[Math.max(0, Math.round((set + 1) * x.length / run.total) - 1)]);
  const canvas = html("canvas", { role: "img" });
  const context = canvas.getContext("2d");
  const caption = html("figcaption", {}, html("span", { class: `swatch run${number % 6}`, "aria-hidden": "true" }),
    html("strong", {}, run.name), run.differing ? `, with ${run.differing}` : "");
  if (run.fixed) caption.append("; each place is always the same latent vector");
  const when = html("span");  // if it is not what the slider says
  caption.append(when);
  let set = -1;
  const draw = sheet.kind === "images" ? images(sheet, canvas, context, () => paint()) : points(sheet, canvas, context);

  function paint() { if (set >= 0) draw(set); }
  function show(time) {
    set = lastAtMost(times, time);
    when.textContent = times[set] === time ? "" : `; ${report.unit} ${shown(times[set])}`;
    canvas.setAttribute("aria-label", `${sheet.count} samples of ${run.name} after ${report.unit} ${shown(times[set])}`);
    paint();
  }
  return { figure: html("figure", {}, caption, canvas), show, times };
}

/** A function that draws a set of a sprite sheet; `ready()` is called when the sheet has been decoded. */
function images(sheet, canvas, context, ready) {
  const gap = 1, columns = Math.min(sheet.columns, sheet.count), rows = Math.ceil(sheet.count / columns);
  canvas.width = columns * (sheet.width + gap) + gap;
  canvas.height = rows * (sheet.height + gap) + gap;
  canvas.classList.add("pixels");
  const picture = new Image();
  picture.addEventListener("load", ready);
  picture.src = `data:image/png;base64,${sheet.data}`;
  return (set) => {
    if (!picture.complete || !picture.naturalWidth) return;
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < sheet.count; i++) {
      const from = set * sheet.count + i, column = i % columns, row = Math.floor(i / columns);
      context.drawImage(picture, from % sheet.across * sheet.width, Math.floor(from / sheet.across) * sheet.height,
        sheet.width, sheet.height, gap + column * (sheet.width + gap), gap + row * (sheet.height + gap),
        sheet.width, sheet.height);
    }
  };
}

/** A function that draws a set of points: in the plane, or along a line as a histogram; with the modes, if known. */
function points(sheet, canvas, context) {
  const values = shortsOf(sheet.data), dimensions = values.length / (sheet.sets.length * sheet.count), size = 480;
  const bins = 80, width = size / bins, targets = sheet.targets;
  const to = (share) => size / 2 * (1 + share);  // from [-1, 1] to pixels
  canvas.width = canvas.height = size;

  function plane(start) {
    for (const [x, y] of targets ? targets.means : []) {
      context.beginPath();
      context.arc(to(x / sheet.reach), size - to(y / sheet.reach), Math.max(5, 3 * targets.deviation / sheet.reach * size / 2), 0, 7);
      context.stroke();
    }
    context.globalAlpha = 0.5;
    for (let i = 0; i < sheet.count; i++) {
      context.beginPath();
      context.arc(to(values[start + 2 * i] / 32767), size - to(values[start + 2 * i + 1] / 32767), 2.5, 0, 7);
      context.fill();
    }
    context.globalAlpha = 1;
  }
  /** The density of the data, per bin: the share of the samples that should be in it. */
  function wanted(bin) {
    const x = sheet.reach * (2 * (bin + 0.5) / bins - 1), step = 2 * sheet.reach / bins, { means, deviation } = targets;
    return means.reduce((sum, [mean]) => sum + Math.exp(-(((x - mean) / deviation) ** 2) / 2), 0)
      * step / (means.length * deviation * Math.sqrt(2 * Math.PI));
  }
  function line(start) {
    const counts = new Array(bins).fill(0);
    for (let i = 0; i < sheet.count; i++) counts[Math.min(bins - 1, Math.floor((values[start + i] / 32767 + 1) / 2 * bins))]++;
    const curve = targets ? counts.map((_, bin) => wanted(bin)) : [], peak = targets ? 2.5 * Math.max(...curve) : Math.max(...counts) / sheet.count;
    const height = (share) => Math.min(1, share / peak) * (size - 10);
    counts.forEach((count, bin) => context.fillRect(bin * width, size, width - 1, -height(count / sheet.count)));
    context.beginPath();
    curve.forEach((share, bin) => context.lineTo((bin + 0.5) * width, size - height(share)));
    context.stroke();
  }
  return (set) => {
    const style = getComputedStyle(canvas);
    context.clearRect(0, 0, size, size);
    context.fillStyle = style.color;
    context.strokeStyle = style.getPropertyValue("--ink");
    context.lineWidth = 2;
    (dimensions === 2 ? plane : line)(set * sheet.count * dimensions);
  };
}
