
// Tables that sort; blanks stand last both ways.
let tables = [];
document.addEventListener("DOMContentLoaded", () => { tables = [...document.querySelectorAll("table.sortable")].map(sortable); });

function sortable(table, index) {
  const body = table.tBodies[0];
  const buttons = [...table.querySelectorAll("thead th[data-key]")].map(pressed);
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
    const button = buttons.find((one) => one.dataset.key === sort.key);
    const column = button ? button.closest("th").cellIndex : -1;
    const keyed = rows.map((row, place) => ({ row, place, value: column < 0 ? null : value(row, column) }));
    keyed.sort((one, other) => {
      if (one.value === null || other.value === null) return (one.value === null) - (other.value === null) || one.place - other.place;
      const order = typeof one.value === "number" ? one.value - other.value : one.value.localeCompare(other.value, "en", { numeric: true });
      return (sort.dir === "desc" ? -order : order) || one.place - other.place;
    });
    body.append(...keyed.map((one) => one.row));
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
    joined(more) {
      rows.forEach((row) => row.remove());
      rows = [...first, ...more];
      arrange();
    },
  };
}

// without script a head is text: there is nothing to press
function pressed(cell) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...cell.childNodes);
  Object.assign(button.dataset, cell.dataset);
  cell.append(button);
  return button;
}
