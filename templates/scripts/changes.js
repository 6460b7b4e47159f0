
// The filter of changes by topic.
document.addEventListener("DOMContentLoaded", () => setUpTopics(document.querySelector("#topics")));

function setUpTopics(form) {
  const boxes = [...form.querySelectorAll("input")];
  const lines = [...document.querySelectorAll("[data-topic]")];
  const query = recall().get("only");
  if (query) for (const box of boxes) box.checked = query.split(",").includes(box.name);

  function show() {
    const topics = new Set(boxes.filter((box) => box.checked).map((box) => box.name));
    let count = 0;
    for (const line of lines) {
      line.hidden = !topics.has(line.dataset.topic);
      count += !line.hidden;
    }
    for (const part of document.querySelectorAll(".hour, .dayof")) part.hidden = !part.querySelector("[data-topic]:not([hidden])");
    form.querySelector("output").textContent = `${count} of ${lines.length}`;
    remember({ only: topics.size === boxes.length ? "" : [...topics].join(",") });
  }
  form.addEventListener("input", show);
  show();
}
