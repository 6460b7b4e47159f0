"use strict";
// Every page can be read without this file: it adds sorting, filtering and copying.
document.documentElement.classList.add("js");

document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-copy]")) copies(button);
  const table = document.querySelector("table#models");
  if (table) list(table, document.querySelector("#filter"));
});

function copies(button) {
  const source = document.getElementById(button.dataset.copy);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(source);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
}

// A table that sorts and filters; what is chosen stands in the address, so that it can be shared.
function list(table, form) {
  const body = table.tBodies[0];
  const buttons = [...table.querySelectorAll("th button")];
  const keys = buttons.map((button) => button.dataset.key);
  const words = [...form.state.options].map((option) => option.value); // the most telling state first
  const rows = [...body.rows].map((row, place) => ({
    row, place,
    text: row.cells[0].textContent.toLowerCase(),
    lab: row.cells[1].textContent,
    free: row.classList.contains("free"),
    states: [...row.cells[5].children].map((badge) => badge.textContent),
    values: [...row.cells].map(value),
  }));
  const sort = { key: "", dir: "" };

  function value(cell) {
    if (cell.cellIndex === 5) return words.indexOf(cell.firstElementChild.textContent);
    if (cell.classList.contains("n")) return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
    return (cell.querySelector("a") || cell).textContent.toLowerCase();
  }

  function compare(one, other) {
    const column = keys.indexOf(sort.key);
    if (column < 0) return one.place - other.place;
    const [a, b] = [one.values[column], other.values[column]];
    if (a === null || b === null) return (a === null) - (b === null) || one.place - other.place;
    const order = typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
    return (sort.dir === "desc" ? -order : order) || one.place - other.place;
  }

  function show() {
    const wanted = form.q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const one of rows) {
      const fits = wanted.every((word) => one.text.includes(word))
        && (!form.lab.value || one.lab === form.lab.value)
        && (!form.state.value || one.states.includes(form.state.value))
        && (!form.free.checked || one.free);
      one.row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("#count").textContent = `${shown} of ${rows.length}`;
    document.querySelector("#nothing").hidden = shown > 0;
  }

  function arrange() {
    for (const button of buttons) {
      const cell = button.closest("th");
      if (button.dataset.key === sort.key) cell.setAttribute("aria-sort", sort.dir === "desc" ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    body.append(...rows.slice().sort(compare).map((one) => one.row));
  }

  function remember() {
    const query = new URLSearchParams();
    for (const name of ["q", "lab", "state"]) if (form[name].value) query.set(name, form[name].value);
    if (form.free.checked) query.set("free", "1");
    if (sort.key) { query.set("sort", sort.key); query.set("dir", sort.dir); }
    const text = query.toString();
    try { history.replaceState(null, "", text ? `?${text}` : location.pathname); } catch { /* some viewers forbid it */ }
  }

  function recall() {
    const query = new URLSearchParams(location.search);
    for (const name of ["q", "lab", "state"]) {
      form[name].value = query.get(name) || "";
      if (form[name].selectedIndex === -1) form[name].value = "";
    }
    form.free.checked = query.get("free") === "1";
    if (keys.includes(query.get("sort"))) {
      sort.key = query.get("sort");
      sort.dir = query.get("dir") === "desc" ? "desc" : "asc";
    }
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const first = button.dataset.first;
      const second = first === "asc" ? "desc" : "asc";
      if (sort.key !== button.dataset.key) Object.assign(sort, { key: button.dataset.key, dir: first });
      else if (sort.dir === first) sort.dir = second;
      else Object.assign(sort, { key: "", dir: "" });
      arrange();
      remember();
    });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { show(); remember(); });
  document.querySelector("#reset").addEventListener("click", () => { form.reset(); show(); remember(); form.q.focus(); });
  recall();
  if (sort.key) arrange();
  show();
}
