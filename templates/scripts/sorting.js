
// Tables that sort; blank cells come last in both directions.
let tables = [];
document.addEventListener("DOMContentLoaded", () => { tables = [...document.querySelectorAll("table.sortable")].map(makeSortable); });

function makeSortable(table, index) {
  const body = table.tBodies[0];
  const buttons = [...table.querySelectorAll("thead th[data-key]")].map(addButton);
  const prefix = index ? `${table.id}.` : "";
  const sort = { key: "", dir: "" };
  const first = [...body.rows];
  let rows = first;

  function value(row, column) {
    const cell = row.cells[column];
    if (cell.classList.contains("n")) return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    const text = (cell.querySelector("a, time") || cell).textContent.trim();
    return text ? text.toLowerCase() : null;
  }

  function arrange() {
    for (const button of buttons) {
      const cell = button.closest("th");
      if (button.dataset.key === sort.key) cell.setAttribute("aria-sort", sort.dir === "desc" ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    const button = buttons.find((candidate) => candidate.dataset.key === sort.key);
    const column = button ? button.closest("th").cellIndex : -1;
    const keyed = rows.map((row, index) => ({ row, index, value: column < 0 ? null : value(row, column) }));
    keyed.sort((left, right) => {
      const [a, b] = [left.value, right.value];
      if (a === null || b === null) return (a === null) - (b === null) || left.index - right.index;
      const order = typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
      return (sort.dir === "desc" ? -order : order) || left.index - right.index;
    });
    body.append(...keyed.map((entry) => entry.row));
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const first = button.dataset.first;
      const second = first === "asc" ? "desc" : "asc";
      if (sort.key !== button.dataset.key) Object.assign(sort, { key: button.dataset.key, dir: first });
      else if (sort.dir === first) sort.dir = second;
      else Object.assign(sort, { key: "", dir: "" });
      arrange();
      remember({ [`${prefix}sort`]: sort.key, [`${prefix}dir`]: sort.dir });
    });
  }
  const query = recall();
  if (buttons.some((button) => button.dataset.key === query.get(`${prefix}sort`))) {
    Object.assign(sort, { key: query.get(`${prefix}sort`), dir: query.get(`${prefix}dir`) === "desc" ? "desc" : "asc" });
    arrange();
  }
  return {
    body,
    append(more) {
      rows.forEach((row) => row.remove());
      rows = [...first, ...more];
      arrange();
    },
  };
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
