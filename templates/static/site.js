"use strict";
// Every page can be read without this file: it adds sorting, filtering, searching and copying.
const html = document.documentElement;
html.classList.add("js");

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-copy]").forEach(copies);
  const tables = [...document.querySelectorAll("table.sortable")].map(sortable);
  const form = document.querySelector("#filter");
  if (form) filters(form, tables[0]);
  const topics = document.querySelector("#topics");
  if (topics) chooses(topics);
  searches(document.querySelector("#search"));
  dates();
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

// --- the address keeps what was chosen, so that it can be shared ---

function recall() { return new URLSearchParams(location.search); }

function remember(change) {
  const query = recall();
  for (const [name, value] of Object.entries(change)) {
    if (value) query.set(name, value); else query.delete(name);
  }
  const text = query.toString();
  try { history.replaceState(null, "", (text ? `?${text}` : location.pathname) + location.hash); } catch { /* some viewers forbid it */ }
}

// --- a table that sorts; blanks stand last both ways ---

function sortable(table, index) {
  const body = table.tBodies[0];
  const buttons = [...table.querySelectorAll("thead th button")];
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
    keep();
    if (event.target === form.gone) await join();
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

// --- search over all models, living and dead ---

function searches(dialog) {
  if (!dialog) return;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const said = dialog.querySelector("output");
  let models = null;
  let at = 0;

  async function open() {
    dialog.showModal();
    input.select();
    if (models) return;
    try { models = await (await fetch(`${html.dataset.root}search.json`)).json(); } catch { said.textContent = "Search needs a server; from a file, use the list of models."; return; }
    show();
  }

  function show() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = !models || !words.length ? [] : models
      .filter((one) => words.every((word) => `${one.id} ${one.name}`.toLowerCase().includes(word)))
      .sort((one, other) => (one.state !== "") - (other.state !== "") || one.id.length - other.id.length)
      .slice(0, 12);
    list.replaceChildren(...found.map((one, place) => {
      const item = document.createElement("a");
      item.href = html.dataset.root + one.path;
      item.id = `hit${place}`;
      item.setAttribute("role", "option");
      item.tabIndex = -1;
      for (const [name, text] of [["b", one.name], ["code", one.id], ["small", one.state || one.price]]) {
        const part = document.createElement(name);
        part.textContent = text;
        item.append(part);
      }
      return item;
    }));
    at = 0;
    mark();
    said.textContent = words.length && models ? (found.length ? `${found.length} found` : "Nothing found") : "";
  }

  function mark() {
    [...list.children].forEach((item, place) => item.setAttribute("aria-selected", place === at));
    input.setAttribute("aria-activedescendant", list.children[at]?.id || "");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  input.addEventListener("input", show);
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && list.children.length) {
      at = (at + step + list.children.length) % list.children.length;
      mark();
      event.preventDefault();
    } else if (event.key === "Enter") {
      list.children[at]?.click();
      event.preventDefault();
    }
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.querySelector("#find").addEventListener("click", open);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); open(); }
  });
}

// --- how old this is: by the reader's clock ---

function dates() {
  const place = document.querySelector("#asof");
  if (location.protocol === "file:") return;
  new IntersectionObserver(async ([seen], observer) => {
    if (!seen.isIntersecting) return;
    observer.disconnect();
    const status = await fetch(`${html.dataset.root}api/v1/status.json`).then((answer) => answer.json()).catch(() => null);
    if (!status) return;
    const hours = Math.floor((Date.now() - Date.parse(status.hour)) / 3600000);
    const age = hours < 1 ? "within the hour" : hours < 48 ? `${hours} hours ago` : `${Math.floor(hours / 24)} days ago`;
    place.textContent = `Last read ${status.hour.slice(0, 13)}Z, ${age}; ${status.complete["24"]} of the 24 hours before it are complete.`;
    place.classList.toggle("stale", hours > 25);
  }).observe(place);
}
