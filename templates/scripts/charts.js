
// One crosshair for all charts: the values at the pointer or the finger, and by arrow keys those at each step.
document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("svg[data-from]").forEach(setUpCrosshair));

function setUpCrosshair(chart) {
  const width = chart.querySelector("svg").viewBox.baseVal.width;
  const [from, to] = [chart.dataset.from, chart.dataset.to].map((time) => Date.parse(time));
  const lines = [...chart.querySelectorAll("[data-stops]")].map((path) => ({
    path,
    name: path.dataset.name,
    stops: path.dataset.stops.split("|").map((stop) => ({ x: parseFloat(stop), words: stop.slice(stop.indexOf(" ") + 1) })),
  }));
  const listSeen = () => lines.filter((line) => line.path.checkVisibility()); // a chart may have a line for each choice
  const out = chart.closest("figure").querySelector("output");
  const hint = out.textContent;
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "line");
  mark.setAttribute("class", "mark");
  let at = null;

  function show(x) {
    at = Math.min(Math.max(x, 0), width);
    for (const [name, value] of [["x1", `${at * 100 / width}%`], ["x2", `${at * 100 / width}%`], ["y1", "0"], ["y2", "92%"]]) {
      mark.setAttribute(name, value);
    }
    chart.append(mark);
    const time = new Date(from + (to - from) * at / width);
    const day = time.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
    const values = listSeen().map((line) => `${line.name} ${line.stops.findLast((stop) => stop.x <= at)?.words || "not known"}`);
    out.textContent = `${day}: ${values.join(", ")}`;
  }

  function hide() {
    mark.remove();
    out.textContent = hint;
    at = null;
  }

  function point(event) {
    const box = chart.getBoundingClientRect();
    show((event.clientX - box.left) / box.width * width);
  }

  chart.tabIndex = 0;
  chart.addEventListener("pointermove", point);
  chart.addEventListener("pointerdown", point);
  chart.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    const steps = [...new Set(listSeen().flatMap((line) => line.stops.map((stop) => stop.x)))].sort((a, b) => a - b);
    const x = {
      ArrowRight: () => steps.find((step) => at === null || step > at),
      ArrowLeft: () => steps.findLast((step) => at === null || step < at),
      Home: () => steps[0],
      End: () => steps.at(-1),
    }[event.key]?.();
    if (x === undefined) return;
    event.preventDefault();
    show(x);
  });
}
