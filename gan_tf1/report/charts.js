// The charts of losses: SVG, zoomed by dragging, by buttons and by keys, with a cursor that reads values off.

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 64, RIGHT = 28, TOP = 12, BOTTOM = 34;

/** An HTML element with attributes; text is set as text, never as HTML. */
function html(tag, attributes = {}, ...inner) {
  return fill(document.createElement(tag), attributes, inner);
}

function svg(tag, attributes = {}, ...inner) {
  return fill(document.createElementNS(SVG, tag), attributes, inner);
}

function fill(made, attributes, inner) {
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inner);  // strings become text nodes
  return made;
}

/** The points of a line, at most two per pixel: where there are more, the least and the greatest of each pixel. */
function thinned(x, y, from, to, width) {
  const first = Math.max(0, lastAtMost(x, from)), last = Math.min(x.length - 1, lastAtMost(x, to) + 1);
  const count = last - first + 1, points = [], means = [];
  if (count <= 2 * width) {
    for (let i = first; i <= last; i++) points.push([x[i], y[i]]);
    return { points, means };
  }
  const size = Math.ceil(count / (width / 2));
  for (let start = first; start <= last; start += size) {
    let low = NaN, high = NaN, sum = 0, finite = 0;
    const end = Math.min(last + 1, start + size);
    for (let i = start; i < end; i++) {
      if (!Number.isFinite(y[i])) continue;
      low = !(low <= y[i]) ? y[i] : low; high = !(high >= y[i]) ? y[i] : high;
      sum += y[i]; finite++;
    }
    const middle = (x[start] + x[end - 1]) / 2;
    points.push([middle, low], [middle, high]);
    means.push([middle, finite ? sum / finite : NaN]);
  }
  return { points, means };
}

/** The path of a line, broken where a number is not finite. */
function path(points, toX, toY) {
  let text = "", pen = "M";
  for (const [x, y] of points) {
    if (!Number.isFinite(y)) { pen = "M"; continue; }
    text += `${pen}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`;
    pen = "L";
  }
  return text;
}

/** The range of a panel's values between `from` and `to`; a very wide band does not count as a whole. */
function reach(panel, runs, from, to) {
  let low = Infinity, high = -Infinity, least = Infinity, most = -Infinity;
  const see = (x, y, wide) => {
    for (let i = 0; i < y.length; i++) {
      if (x[i] < from || x[i] > to || !Number.isFinite(y[i])) continue;
      if (wide) { least = Math.min(least, y[i]); most = Math.max(most, y[i]); }
      else { low = Math.min(low, y[i]); high = Math.max(high, y[i]); }
    }
  };
  panel.runs.forEach((y, place) => y && see(runs[place].x, y));
  if (panel.book) see(panel.book.x, panel.book.y);
  if (panel.band) {
    see(panel.band.x, panel.band.mean);
    see(panel.band.x, panel.band.low, true);
    see(panel.band.x, panel.band.high, true);
  }
  if (low > high) [low, high] = [0, 1];
  if (low === high) [low, high] = low ? [Math.min(low, 0), Math.max(low, 0)] : [0, 1]; // a run of one epoch
  const room = Math.max(high - low, 1e-6 * Math.abs(high), 1e-9);
  low = Math.max(Math.min(low, least), low - 0.6 * room);
  high = Math.min(Math.max(high, most), high + 0.6 * room);
  if (low > 0 && low < 0.4 * high) low = 0;
  const margin = 0.04 * (high - low);
  return [low === 0 ? 0 : low - margin, high + margin];
}

/** All charts of a report, in `place`. `marked(x)` is called when a reader chooses an x by a click or by Enter. */
function charts(place, report, marked) {
  const all = report.runs.map((run) => run.x), ends = all.map((x) => [x[0], x[x.length - 1]]);
  const whole = [Math.min(...ends.map((end) => end[0])), Math.max(...ends.map((end) => end[1]))];
  if (whole[0] === whole[1]) whole[1] += 1;
  const longest = all.reduce((one, other) => (other.length > one.length ? other : one));
  let [from, to] = whole, cursor = null, mark = null;
  const readout = html("div", { class: "readout", role: "status" });
  const plots = report.panels.map((panel) => chart(panel));

  const tools = html("div", { class: "tools", role: "group", "aria-label": "zoom of the charts" });
  for (const [label, name, act] of [["−", "zoom out", () => zoom(2)], ["+", "zoom in", () => zoom(0.5)],
    ["◂", "move left", () => move(-0.25)], ["▸", "move right", () => move(0.25)],
    ["all", "show everything", () => see(...whole)]]) {
    const button = html("button", { type: "button", "aria-label": name, title: name }, label);
    button.addEventListener("click", act);
    tools.append(button);
  }
  tools.append(html("span", { class: "hint" },
    "Drag to zoom, double-click for everything; with the keyboard: arrow keys, + and −, Enter to see the samples"));
  place.append(legend(), tools, ...plots.map((plot) => plot.figure), readout);
  new ResizeObserver(draw).observe(place);
  draw();
  point(longest[longest.length - 1]);

  function see(low, high) {
    const size = Math.max((whole[1] - whole[0]) / 5000, Math.min(high - low, whole[1] - whole[0]));
    from = Math.min(Math.max(low, whole[0]), whole[1] - size);
    to = from + size;
    draw();
  }
  function zoom(factor) {
    const centre = cursor !== null && cursor >= from && cursor <= to ? cursor : (from + to) / 2;
    see(centre - (centre - from) * factor, centre + (to - centre) * factor);
  }
  function move(share) { see(from + share * (to - from), to + share * (to - from)); }

  function point(x) {
    cursor = longest[nearest(longest, x)];
    if (cursor < from || cursor > to) move((cursor < from ? cursor - from : cursor - to) / (to - from));
    for (const plot of plots) plot.cursors();
    read();
  }
  function read() {
    readout.replaceChildren(html("strong", {}, `${report.unit} ${shown(cursor)}`));
    for (const panel of report.panels) {
      const line = html("p", {}, html("span", { class: "quantity" }, panel.title));
      panel.runs.forEach((y, place) => {
        const x = report.runs[place].x, at = nearest(x, cursor);
        if (!y || x[at] !== cursor) return;
        line.append(html("span", { class: "value" }, html("span", { class: `swatch run${place % 6}` }),
          `${report.runs.length > 1 ? report.runs[place].name + " " : ""}${shown(y[at])}`));
      });
      for (const [own, text] of [[panel.band, (band, at) => `seeds ${shown(band.low[at])} to ${shown(band.high[at])}`],
        [panel.book, (book, at) => `book ${shown(book.y[at])}`]]) {
        const at = own ? nearest(own.x, cursor) : -1;
        if (at >= 0 && own.x[at] === cursor) line.append(html("span", { class: "value" }, text(own, at)));
      }
      readout.append(line);
    }
  }

  function legend() {
    const box = html("p", { class: "legend" });
    report.runs.forEach((run, place) => box.append(html("span", {},
      svg("svg", { class: "key", viewBox: "0 0 34 10", "aria-hidden": "true" },
        svg("path", { class: `line run${place % 6}`, d: "M1 5H33" })), run.name)));
    if (report.panels.some((panel) => panel.band)) {
      box.append(html("span", {}, html("span", { class: "swatch band", "aria-hidden": "true" }),
        `where 95 % of ${report.seeds} seeds of the chapter are, one ${report.unit} at a time` +
        (report.seedsData && report.seedsData !== "?" ? ` (${report.seedsData})` : "")));
    }
    if (report.panels.some((panel) => panel.book)) {
      box.append(html("span", {}, html("span", { class: "cross", "aria-hidden": "true" }, "×"), "printed in the book"));
    }
    return box;
  }

  function chart(panel) {
    const title = panel.unit ? `${panel.title} (${panel.unit})` : panel.title;
    const picture = svg("svg", { class: "chart", tabindex: "0", role: "img", "aria-label":
      `${title} over ${report.unit}s ${shown(whole[0])} to ${shown(whole[1])}; the arrow keys read values` });
    const lines = svg("g"), front = svg("g");
    picture.append(lines, front);
    let width = 600, height = 240, low = 0, high = 1, pressed = null;
    const toX = (x) => LEFT + (x - from) / (to - from) * (width - LEFT - RIGHT);
    const toY = (y) => height - BOTTOM - (Math.min(Math.max(y, low), high) - low) / (high - low) * (height - TOP - BOTTOM);
    const fromX = (event) => {
      const box = picture.getBoundingClientRect();
      const share = ((event.clientX - box.left) * width / box.width - LEFT) / (width - LEFT - RIGHT);
      return from + Math.min(1, Math.max(0, share)) * (to - from);
    };

    function paint() {
      width = Math.max(280, place.clientWidth);
      height = report.panels.length > 2 || width < 600 ? 210 : 270;
      [low, high] = reach(panel, report.runs, from, to);
      picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
      lines.replaceChildren();
      for (const y of ticks(low, high, height / 60, false)) {
        lines.append(svg("path", { class: "grid", d: `M${LEFT} ${toY(y)}H${width - RIGHT}` }),
          svg("text", { x: LEFT - 8, y: toY(y) + 5, "text-anchor": "end" }, shown(y)));
      }
      for (const x of ticks(from, to, width / 100, true)) {
        lines.append(svg("path", { class: "grid", d: `M${toX(x)} ${TOP}V${height - BOTTOM}` }),
          svg("text", { x: toX(x), y: height - BOTTOM + 20, "text-anchor": "middle" }, shown(x)));
      }
      const inside = svg("svg", { x: LEFT, y: 0, width: width - LEFT - RIGHT, height,
        viewBox: `${LEFT} 0 ${width - LEFT - RIGHT} ${height}` });
      if (panel.band) {
        const { x, low: lows, high: highs, mean } = panel.band, edge = [];
        for (let i = 0; i < x.length; i++) edge.push([x[i], highs[i]]);
        for (let i = x.length - 1; i >= 0; i--) edge.push([x[i], lows[i]]);
        inside.append(svg("path", { class: "band", d: path(edge, toX, toY) + "Z" }),
          svg("path", { class: "mean", d: path(Array.from(x, (one, i) => [one, mean[i]]), toX, toY) }));
      }
      panel.runs.forEach((y, run) => {
        if (!y) return;
        const { points, means } = thinned(report.runs[run].x, y, from, to, width);
        if (means.length) inside.append(svg("path", { class: `faint run${run % 6}`, d: path(points, toX, toY) }));
        inside.append(svg("path", { class: `line run${run % 6}`, d: path(means.length ? means : points, toX, toY) }));
        if (y.length === 1) inside.append(svg("circle", { class: `dot run${run % 6}`, cx: toX(report.runs[run].x[0]), cy: toY(y[0]), r: 4 }));
      });
      if (panel.book) {
        let crosses = "";
        panel.book.x.forEach((x, i) => {
          if (x >= from && x <= to) crosses += `M${toX(x) - 4} ${toY(panel.book.y[i]) - 4}l8 8m0 -8l-8 8`;
        });
        inside.append(svg("path", { class: "book", d: crosses }));
      }
      lines.append(inside);
      cursors();
    }
    function cursors(area) {
      front.replaceChildren();
      const bar = (x, name) => x !== null && x >= from && x <= to && front.append(
        svg("path", { class: name, d: `M${toX(x)} ${TOP}V${height - BOTTOM}` }));
      bar(mark, "mark");
      bar(cursor, "cursor");
      if (cursor !== null && cursor >= from && cursor <= to) {
        panel.runs.forEach((y, run) => {
          const x = report.runs[run].x, at = nearest(x, cursor);
          if (y && x[at] === cursor && Number.isFinite(y[at])) {
            front.append(svg("circle", { class: `dot run${run % 6}`, cx: toX(cursor), cy: toY(y[at]), r: 5 }));
          }
        });
      }
      if (area) front.append(svg("rect", { class: "area", x: toX(Math.min(...area)), y: TOP,
        width: Math.abs(toX(area[1]) - toX(area[0])), height: height - TOP - BOTTOM }));
    }

    picture.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      pressed = { x: fromX(event), at: event.clientX };
      picture.setPointerCapture(event.pointerId);
    });
    picture.addEventListener("pointermove", (event) => {
      if (pressed && Math.abs(event.clientX - pressed.at) > 6) cursors([pressed.x, fromX(event)]);
      else point(fromX(event));
    });
    picture.addEventListener("pointerup", (event) => {
      if (!pressed) return;
      const start = pressed, end = fromX(event);
      pressed = null;
      if (Math.abs(event.clientX - start.at) > 6) see(Math.min(start.x, end), Math.max(start.x, end));
      else { point(end); marked(cursor); }
    });
    picture.addEventListener("pointercancel", () => { pressed = null; cursors(); });
    picture.addEventListener("dblclick", () => see(...whole));
    picture.addEventListener("keydown", (event) => {
      const at = cursor === null ? 0 : nearest(longest, cursor), far = event.shiftKey ? 10 : 1;
      const acts = { ArrowLeft: () => point(longest[Math.max(0, at - far)]),
        ArrowRight: () => point(longest[Math.min(longest.length - 1, at + far)]),
        Home: () => point(longest[0]), End: () => point(longest[longest.length - 1]),
        "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), 0: () => see(...whole),
        Escape: () => see(...whole), Enter: () => cursor !== null && marked(cursor) };
      if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      acts[event.key]();
      event.preventDefault();
      event.stopPropagation();
    });
    return { figure: html("figure", {}, html("figcaption", {}, `${title} over ${report.unit}s`), picture), paint, cursors };
  }

  function draw() { for (const plot of plots) plot.paint(); }
  /** Marks the x of the samples that are shown, and reads the values there. */
  function follow(x) { mark = x; cursor = longest[nearest(longest, x)]; for (const plot of plots) plot.cursors(); read(); }
  return { mark: follow };
}
