// The points of a chart of price against quality: the nearest to the pointer or the finger is named, by arrow keys each in turn.
document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".scatter svg").forEach(setUpPoints));

const REACH_PX = 24; // how far from a point it is pointed at

function setUpPoints(chart) {
  const points = [...chart.querySelectorAll("a")].map((link) => {
    const title = link.querySelector("title");
    link.ariaLabel ??= title.textContent; // the readout takes the titles away
    return { link, circle: title.parentNode, words: title.textContent };
  });
  const readout = makeReadout(chart);
  let current = null, before = null;

  function find(circle) {
    const box = circle.getBoundingClientRect();
    return [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  }

  function show(point) {
    current?.circle.classList.remove("mark");
    current = point;
    if (!point) { readout.hide(); return; }
    point.circle.classList.add("mark");
    const [x, y] = find(point.circle);
    readout.show(x, y + 8, point.words, []);
  }

  function point(event) {
    before = event.type === "pointerdown" ? current : before;
    const near = points.map((entry) => {
      const [x, y] = find(entry.circle);
      return { entry, distance: Math.hypot(event.clientX - x, event.clientY - y) };
    }).reduce((a, b) => a.distance <= b.distance ? a : b);
    show(near.distance <= REACH_PX ? near.entry : null);
  }

  chart.addEventListener("pointermove", point);
  chart.addEventListener("pointerdown", point);
  chart.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") show(null); });
  // The first touch reads a point, the second one follows it.
  chart.addEventListener("click", (event) => {
    if (event.pointerType !== "touch") return;
    event.preventDefault();
    if (current && current === before) location.href = current.link.href.baseVal;
  });
  // One point is a stop of the Tab key, the one that had the focus last; arrows lead to the others.
  function makeStop(link) {
    for (const entry of points) entry.link.setAttribute("tabindex", entry.link === link ? 0 : -1);
  }
  makeStop(chart.querySelector("a:not([tabindex])"));
  chart.addEventListener("focusin", (event) => {
    show(points.find((entry) => entry.link === event.target));
    makeStop(event.target);
  });
  chart.addEventListener("focusout", () => show(null));
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    points.at((points.indexOf(current) + step) % points.length).link.focus();
  });
}
