
// Which kinds of changes are shown.
document.addEventListener("DOMContentLoaded", () => chooses(document.querySelector("#topics")));

function chooses(form) {
  const boxes = [...form.querySelectorAll("input")];
  const lines = [...document.querySelectorAll("[data-topic]")];
  const query = recall().get("only");
  if (query) for (const box of boxes) box.checked = query.split(",").includes(box.name);

  function show() {
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.name));
    let shown = 0;
    for (const line of lines) {
      line.hidden = !wanted.has(line.dataset.topic);
      shown += !line.hidden;
    }
    for (const part of document.querySelectorAll(".hour, .dayof")) part.hidden = !part.querySelector("[data-topic]:not([hidden])");
    form.querySelector("output").textContent = `${shown} of ${lines.length}`;
    remember({ only: wanted.size === boxes.length ? "" : [...wanted].join(",") });
  }
  form.addEventListener("input", show);
  show();
}
