
// Tables that sort; blank cells always come last.
let tables = [];
document.addEventListener("DOMContentLoaded", () => { tables = [...document.querySelectorAll("table.sortable")].map(makeSortable); });

// The number of a cell: data-v where the text is rounded or has none; null without any.
function readNumber(cell) {
  if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
  const text = cell.textContent.trim().replace(/^\$|,|[%+]$/g, "");
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

function makeSortable(table, index) {
  const body = table.tBodies[0];
  const buttons = [...table.querySelectorAll("thead th[data-key]")].map(addButton);
  const prefix = index ? `${table.id}.` : "";
  const sort = { key: "", dir: "" };
  const groups = []; // a row, and those that stay below it
  for (const row of body.rows) {
    if (groups.length && row.classList.contains("below")) groups.at(-1).push(row);
    else groups.push([row]);
  }

  function value(row, column) {
    const cell = row.cells[column];
    const time = cell.querySelector(":scope > time");
    if (time) return time.dateTime;
    if (cell.classList.contains("n") || cell.dataset.v !== undefined) return readNumber(cell);
    const text = (cell.querySelector("a") || cell).textContent.trim();
    return text && text !== "–" ? text.toLowerCase() : null;
  }

  function arrange() {
    for (const button of buttons) {
      const cell = button.closest("th");
      if (button.dataset.key === sort.key) cell.setAttribute("aria-sort", sort.dir === "desc" ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    const button = buttons.find((candidate) => candidate.dataset.key === sort.key);
    const column = button ? button.closest("th").cellIndex : -1;
    const keyed = groups.map((rows, index) => {
      const row = rows.find((candidate) => !candidate.hidden) || rows[0];
      return { rows, index, value: column < 0 ? null : value(row, column) };
    });
    keyed.sort((left, right) => {
      const [a, b] = [left.value, right.value];
      if (a === null || b === null) return (a === null) - (b === null) || left.index - right.index;
      const order = typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
      return (sort.dir === "desc" ? -order : order) || left.index - right.index;
    });
    const rows = keyed.flatMap((entry) => entry.rows);
    if (rows.some((row, place) => row !== body.rows[place])) body.append(...rows);
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const first = button.dataset.first || "asc";
      const second = first === "asc" ? "desc" : "asc";
      if (sort.key !== button.dataset.key) Object.assign(sort, { key: button.dataset.key, dir: first });
      else if (sort.dir === first) sort.dir = second;
      else Object.assign(sort, { key: "", dir: "" });
      arrange();
      remember({ [`${prefix}sort`]: sort.key, [`${prefix}dir`]: sort.dir });
    });
  }

  // Sort as the address says.
  function recallSort() {
    const query = recall();
    const key = query.get(`${prefix}sort`);
    const isKnown = buttons.some((button) => button.dataset.key === key);
    Object.assign(sort, isKnown ? { key, dir: query.get(`${prefix}dir`) === "desc" ? "desc" : "asc" } : { key: "", dir: "" });
    arrange();
  }
  if (recall().has(`${prefix}sort`)) recallSort();
  return { body, arrange, recallSort };
}

// Without script the head of a column is text, and no button.
function addButton(cell) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...cell.childNodes);
  Object.assign(button.dataset, cell.dataset);
  cell.append(button);
  return button;
}
