
// Tables that sort, the filter of the models, and the kinds of changes.
document.addEventListener("DOMContentLoaded", () => {
  const tables = [...document.querySelectorAll("table.sortable")].map(sortable);
  const form = document.querySelector("#filter");
  if (form) filters(form, tables[0]);
  const topics = document.querySelector("#topics");
  if (topics) chooses(topics);
});

// --- a table that sorts; blanks stand last both ways ---

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

// --- the filter of the models ---

function filters(form, table) {
  const names = [...form.elements].map((one) => one.name).filter(Boolean);
  let gone = [];
  let fetching = null;

  function fits(row) {
    const has = (row.dataset.has || "").split(" ");
    const text = row.cells[0].textContent.toLowerCase();
    const states = [...row.querySelectorAll(".badge")].map((badge) => badge.textContent);
    const number = (cell) => (cell.dataset.v === undefined ? null : Number(cell.dataset.v));
    const [context, price] = [number(row.querySelector(".context")), number(row.querySelectorAll(".n")[1])];
    return form.q.value.toLowerCase().split(/\s+/).every((word) => text.includes(word))
      && (!form.lab.value || row.querySelector(".lab").textContent === form.lab.value)
      && (!form.state.value || states.includes(form.state.value))
      && [...form.querySelectorAll(".has")].every((one) => !one.value || has.includes(one.value))
      && (!form.context.value || (context !== null && context >= Number(form.context.value)))
      && (!form.price.value || (price !== null && price * 1e6 <= Number(form.price.value)))
      && (!form.free.checked || has.includes("free"));
  }

  function show() {
    let shown = 0;
    for (const row of table.body.rows) {
      row.hidden = !fits(row);
      shown += !row.hidden;
    }
    form.querySelector("#count").textContent = `${shown} of ${table.body.rows.length}`;
    document.querySelector("#nothing").hidden = shown > 0;
  }

  // who chooses what only the gone have wants to see them
  function calls() {
    if (form.querySelector("optgroup option:checked")) form.gone.checked = true;
  }

  async function join() {
    if (form.gone.checked) {
      try { gone = await (fetching ||= fetched(form.gone.dataset.from)); } catch { location.href = form.gone.dataset.from; return; }
    }
    table.joined(form.gone.checked ? gone : []);
    show();
  }

  function keep() {
    remember(Object.fromEntries(names.map((name) => [name, form[name].type === "checkbox" ? (form[name].checked ? "1" : "") : form[name].value])));
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", async (event) => {
    const before = event.target === form.gone ? null : form.gone.checked;
    calls();
    keep();
    if (form.gone.checked !== before) await join();
    else show();
  });
  document.querySelector("#reset").addEventListener("click", () => { form.reset(); keep(); join(); form.q.focus(); });
  const query = recall();
  if ([...form.querySelectorAll("details [name]")].some((one) => query.get(one.name))) form.querySelector("details").open = true;
  for (const name of names) {
    if (form[name].type === "checkbox") form[name].checked = query.get(name) === "1";
    else {
      form[name].value = query.get(name) || "";
      if (form[name].selectedIndex === -1) form[name].value = "";
    }
  }
  calls();
  if (form.gone.checked) join();
  show();
}

async function fetched(address) {
  const found = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
  const from = new URL(address, location.href);
  found.querySelectorAll("a[href]").forEach((link) => { link.href = new URL(link.getAttribute("href"), from).href; });
  return [...found.querySelectorAll("#models tbody tr")];
}

// --- which kinds of changes are shown ---

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
