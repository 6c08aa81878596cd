// Figure 6.5, moving: the densities and D above, the map from z to x below, and the value V(G, D) in step.

{
  const told = JSON.parse(document.getElementById("data").textContent);
  const x = floatsOf(told.x), real = floatsOf(told.data), z = floatsOf(told.z);
  const frames = told.frames.map((frame) => ({ ...frame, gen: floatsOf(frame.gen), disc: floatsOf(frame.disc),
    optimum: floatsOf(frame.optimum), mapped: floatsOf(frame.mapped) }));
  const wide = 900, high = 470, floor = 330, left = 84, right = 20;
  const [low, top] = [x[0], x[x.length - 1]];
  const toX = (value) => left + (value - low) / (top - low) * (wide - left - right);
  const toY = (value) => floor - Math.min(value, 1.1) / 1.1 * (floor - 12);
  const curve = (y) => path(Array.from(x, (one, i) => [one, y[i]]), toX, toY);

  const picture = svg("svg", { class: "chart still", viewBox: `0 0 ${wide} ${high}`, role: "img" });
  for (const y of [0, 0.5, 1]) {
    picture.append(svg("path", { class: "grid", d: `M${left} ${toY(y)}H${wide - right}` }),
      svg("text", { x: left - 8, y: toY(y) + 5, "text-anchor": "end" }, shown(y)));
  }
  for (const value of ticks(low, top, 8, true)) {
    picture.append(svg("text", { x: toX(value), y: high - 6, "text-anchor": "middle" }, shown(value)));
  }
  picture.append(svg("text", { x: 4, y: floor + 30 }, "z"), svg("text", { x: 4, y: high - 26 }, "x"));
  const parts = {};
  for (const name of ["map", "optimum", "gen", "disc"]) picture.append(parts[name] = svg("path", { class: `stage ${name}` }));
  picture.append(svg("path", { class: "stage real", d: curve(real) }));

  const legend = html("p", { class: "legend" }, ...[["real", "density of the data"], ["gen", "density of the generator"],
    ["disc", "learned discriminator D(x)"], ["optimum", "optimal discriminator D*(x), where either density is seen"],
    ["map", "the map from evenly likely z to x = G(z)"]].map(([name, text]) => html("span", {},
    svg("svg", { class: "key", viewBox: "0 0 34 10", "aria-hidden": "true" }, svg("path", { class: `stage ${name}`, d: "M1 5H33" })), text)));
  const readout = html("p", { class: "readout short" });

  // The value over the frames of the replay, in equal steps.
  const values = svg("svg", { class: "chart still", viewBox: "0 0 900 200", role: "img",
    "aria-label": "the value V(G, D) over the replay, with that of the optimal discriminator" });
  const all = frames.flatMap((frame) => [frame.value, frame.bestValue]).filter(Number.isFinite);
  const least = Math.min(told.best, ...all), most = Math.max(...all), last = Math.max(1, frames.length - 1);
  const atX = (frame) => left + frame / last * (wide - left - right);
  const atY = (value) => 165 - (value - least) / (most - least || 1) * 150;
  for (const y of ticks(least, most, 4, false)) {
    values.append(svg("path", { class: "grid", d: `M${left} ${atY(y)}H${wide - right}` }),
      svg("text", { x: left - 8, y: atY(y) + 5, "text-anchor": "end" }, shown(y)));
  }
  frames.forEach((frame, i) => {
    if (i && frame.stage === frames[i - 1].stage) return;
    values.append(svg("path", { class: "grid", d: `M${atX(i)} 5V165` }),
      svg("text", { x: atX(i) + 5, y: 196 }, frame.stage.slice(0, 3)));
  });
  values.append(svg("path", { class: "stage optimum", d: path(frames.map((frame, i) => [i, frame.bestValue]), atX, atY) }),
    svg("path", { class: "stage disc", d: path(frames.map((frame, i) => [i, frame.value]), atX, atY) }));
  const mark = svg("path", { class: "cursor" });
  values.append(mark);

  const place = document.getElementById("replay"), tools = html("div");
  place.append(legend, tools, picture, readout,
    html("p", {}, "The value V(G, D) in nats: D raises it towards that of D*, and G lowers it. If p_g = p_data, that of D* is -log 4."), values);
  slideshow(tools, frames.length, (at) => {
    const frame = frames[at];
    for (const name of ["gen", "disc", "optimum"]) parts[name].setAttribute("d", curve(frame[name]));
    parts.map.setAttribute("d", Array.from(frame.mapped, (to, i) =>
      `M${toX(low + (top - low) * z[i]).toFixed(1)} ${floor + 20}L${toX(Math.min(top, Math.max(low, to))).toFixed(1)} ${high - 30}`).join(""));
    mark.setAttribute("d", `M${atX(at)} 5V165`);
    readout.textContent = `${frame.stage}. V(G, D) = ${frame.value.toFixed(3)}, V(G, D*) = ${frame.bestValue.toFixed(3)}, mean |D - D*| = ${frame.off.toFixed(3)}`;
    picture.setAttribute("aria-label", readout.textContent);
    return `${frame.stage.slice(0, 3)} update ${frame.number} of ${frame.count}`;
  }, 0);
}
