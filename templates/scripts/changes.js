// The filter of changes by topic, and by words that a line must have.
document.addEventListener("DOMContentLoaded", () => setUpChanges(document.querySelector("#topics")));

function setUpChanges(form) {
  const boxes = [...form.querySelectorAll("[type=checkbox]")];
  const text = form.querySelector("[type=search]");
  const lines = [...document.querySelectorAll("[data-topic]")].map((item) => ({
    item,
    topics: item.dataset.topic.split(" "),
    text: `${item.querySelector("div").textContent} ${item.querySelector(".what a")?.getAttribute("href") ?? ""}`.toLowerCase(),
  }));
  const folds = [...document.querySelectorAll(".dayof, .minor")].map((item) => {
    const note = item.querySelector("summary small") || item.querySelector("summary");
    return { item, note, words: note.textContent, isOpen: item.open };
  });
  let isSearchLoaded = false; // its program has the words of all names, to correct what is typed
  const query = recall();
  if (query.get("only")) for (const box of boxes) box.checked = query.get("only").split(",").includes(box.name);
  text.value = query.get("q") || "";

  function show() {
    const topics = new Set(boxes.filter((box) => box.checked).map((box) => box.name));
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const isFiltered = words.length > 0 || topics.size < boxes.length;
    const select = (meanings) => lines.filter((line) => line.topics.some((topic) => topics.has(topic))
      && meanings.every((list) => list.some((word) => line.text.includes(word))));
    let found = select(words.map((word) => [word]));
    const isGuess = found.length === 0 && words.length > 0 && isSearchLoaded;
    if (isGuess) found = select(words.map((word) => [...correct(word).keys()]));
    else if (!found.length && words.length && !isSearchLoaded) {
      loadScript("search.js").then(() => { isSearchLoaded = true; show(); }, () => { /* then nothing is corrected */ });
    }
    const shown = new Set(found);
    for (const line of lines) line.item.hidden = !shown.has(line);
    for (const { item, note, words: all, isOpen } of folds) {
      const number = item.querySelectorAll("[data-topic]:not([hidden])").length;
      item.hidden = number === 0;
      note.textContent = isFiltered ? `${number} ${item.matches(".minor") ? "minor" : "found"}` : all;
      item.open = words.length ? true : isOpen;
    }
    const guess = isGuess && shown.size ? ", spelled similarly" : "";
    form.querySelector("output").textContent = isFiltered ? `${shown.size} of ${lines.length}${guess}` : `${lines.length} lines`;
    remember({ only: topics.size === boxes.length ? "" : [...topics].join(","), q: text.value });
  }
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  show();
}
