
// A text box above tables: rows that lack what is typed are hidden, and so are the sections that it leaves empty.
document.addEventListener("DOMContentLoaded", () => { for (const form of document.querySelectorAll("form.rows")) setUpRows(form); });

function setUpRows(form) {
  const rows = [...document.querySelectorAll(`${form.dataset.tables} tbody tr`)].map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const sections = new Set(rows.map(({ row }) => row.closest("section")).filter((section) => section && !section.contains(form)));

  const folds = new Map(rows.map(({ row }) => row.closest("details")).filter(Boolean).map((fold) => [fold, fold.open]));

  function show() {
    const words = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { row, text } of rows) row.hidden = !words.every((word) => text.includes(word));
    for (const [fold, isOpen] of folds) fold.open = words.length > 0 || isOpen;
    for (const section of sections) section.hidden = !section.querySelector("tbody tr:not([hidden])");
    form.querySelector("output").textContent = `${rows.filter(({ row }) => !row.hidden).length} of ${rows.length}`;
  }
  form.q.value = recall().get("q") || "";
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { remember({ q: form.q.value }); show(); });
  show();
}
