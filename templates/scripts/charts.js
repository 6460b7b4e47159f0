// One crosshair for all charts over time: the values at the pointer, and by arrow keys at each step.
document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".canvas").forEach(setUpCrosshair));

const UNITS = 1000; // of the width of a drawing over time

// A readout beside a place in a chart: a heading, and rows of colour, name and value.
function makeReadout(chart) {
  const out = document.createElement("output");
  out.className = "tip";
  out.hidden = true;
  chart.querySelectorAll("title").forEach((title) => title.remove());
  const figure = chart.closest("figure");
  figure.append(out);

  function show(x, y, heading, rows) {
    out.replaceChildren(heading, ...rows.map(([colour, ...texts]) => {
      const row = document.createElement("span");
      row.append(...["i", "bdi", "b"].map((tag) => document.createElement(tag)));
      row.firstChild.style.background = colour;
      texts.forEach((text, n) => { row.children[n + 1].textContent = text; });
      return row;
    }));
    out.hidden = false;
    const box = figure.getBoundingClientRect();
    const left = x - box.left + (x > (box.left + box.right) / 2 ? -12 - out.offsetWidth : 12);
    out.style.left = `${Math.max(Math.min(left, box.width - out.offsetWidth), 0)}px`;
    out.style.top = `${y - box.top}px`;
  }

  return { show, hide: () => { out.hidden = true; } };
}

function setUpCrosshair(chart) {
  // Between its knots the axis is even.
  const knots = [...chart.dataset.times.matchAll(/(\S+) (\S+)/g)].map(([, x, time]) => [+x, Date.parse(time)]);
  const lines = [...chart.querySelectorAll("[data-stops]")].map((path) => ({
    path,
    name: path.dataset.name,
    stops: path.dataset.stops.split("|").map((stop) => ({ x: parseFloat(stop), words: stop.slice(stop.indexOf(" ") + 1) })),
  }));
  const listSeen = () => lines.filter((line) => line.path.getClientRects().length); // a chart may have a line for each choice
  const readout = makeReadout(chart);
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "line");
  mark.setAttribute("class", "mark");
  mark.setAttribute("y2", "100%");
  let at = null;

  function findTime(x, [[x1, time1], ...rest] = knots) {
    const [x2, time2] = rest[0];
    return x > x2 ? findTime(x, rest) : time1 + (time2 - time1) * (x - x1) / (x2 - x1 || 1);
  }

  // Of a week or a month the last moment is still a part.
  function write(time) {
    const unit = chart.dataset.unit;
    let moment = unit ? Math.min(time, knots.at(-1)[1] - 1) : time;
    if (unit === "week") moment -= (moment - knots[0][1]) % 6048e5;
    const day = unit === "month" ? undefined : "numeric";
    const date = new Date(moment).toLocaleDateString("en-GB", { day, month: "short", year: "numeric", timeZone: "UTC" });
    return unit === "week" ? `Week from ${date}` : date;
  }

  function show(x) {
    at = Math.min(Math.max(x, 0), UNITS);
    for (const name of ["x1", "x2"]) mark.setAttribute(name, `${at * 100 / UNITS}%`);
    chart.append(mark);
    const box = chart.getBoundingClientRect();
    readout.show(box.left + at / UNITS * box.width, box.top, write(findTime(at)), listSeen().map((line) => {
      const style = getComputedStyle(line.path);
      const value = line.stops.findLast((stop) => stop.x <= at)?.words || "–";
      return [style.fill === "none" ? style.stroke : style.fill, line.name, value];
    }));
  }

  function hide() {
    mark.remove();
    readout.hide();
    at = null;
  }

  function point(event) {
    const box = chart.getBoundingClientRect();
    show((event.clientX - box.left) / box.width * UNITS);
  }

  chart.tabIndex = 0;
  chart.addEventListener("pointermove", point);
  chart.addEventListener("pointerdown", point);
  chart.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") hide(); });
  chart.addEventListener("focus", () => { if (at === null) show(UNITS); });
  chart.addEventListener("blur", hide);
  chart.addEventListener("keydown", (event) => {
    const steps = listSeen().flatMap((line) => line.stops.map((stop) => stop.x)).sort((a, b) => a - b);
    const x = {
      ArrowRight: () => steps.find((step) => step > at),
      ArrowLeft: () => steps.findLast((step) => step < at),
      Home: () => steps[0],
      End: () => UNITS,
    }[event.key]?.();
    if (x === undefined) return;
    event.preventDefault();
    show(x);
  });
}
