// Reads the page's document and builds its parts.

{
  const report = JSON.parse(document.getElementById("data").textContent);
  for (const run of report.runs) run.x = floatsOf(run.x);
  for (const panel of report.panels) {
    panel.runs = panel.runs.map((values) => values && floatsOf(values));
    for (const own of [panel.band, panel.book]) {
      for (const name of Object.keys(own || {})) own[name] = floatsOf(own[name]);
    }
  }
  let playing = null;
  const plots = charts(document.getElementById("charts"), report, (x) => playing && playing.see(x));
  playing = player(document.getElementById("player"), report, (x) => plots.mark(x));
  playground(document.getElementById("generator"), report);
}
