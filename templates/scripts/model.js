
// The page of a model: filters of its providers, costs of a use, prices of a day.
document.addEventListener("DOMContentLoaded", () => {
  const use = document.querySelector("#use");
  if (use) setUpProviders(use, document.querySelector("#endpoints"));
  const form = document.querySelector("#ondate");
  if (form) setUpDate(form, use);
});

const AMOUNTS = ["in", "cached", "out"];

// USD for a use in millions of tokens, at prices by the token; null where a price is not known.
function computeCost(use, prompt, completion, cacheRead) {
  const [input, cached, output] = AMOUNTS.map((name) => Math.max(Number(use[name].value) || 0, 0) * 1e6);
  if ([prompt, completion].some((price) => !Number.isFinite(price))) return null;
  const read = Math.min(cached, input);
  return (input - read) * prompt + read * (Number.isFinite(cacheRead) ? cacheRead : prompt) + output * completion;
}

function formatCost(cost) {
  return cost.toLocaleString("en", { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: cost < 0.1 ? 4 : 2 });
}

function readPrice(cell) { return Number(cell?.dataset.v); }

function setUpProviders(form, table) {
  const boxes = [...form.querySelectorAll("[name=has]")];
  const sorted = tables.find((entry) => entry.body === table.tBodies[0]);
  const best = Object.assign(document.createElement("small"), { className: "best", textContent: "cheapest" });

  function fits(row) {
    const has = row.dataset.has.split(" "), groups = { "q:": [], "in:": [] }; // of quantizations and of regions one is enough
    for (const box of boxes.filter((entry) => entry.checked)) {
      const group = Object.keys(groups).find((prefix) => box.value.startsWith(prefix));
      if (group) groups[group].push(box.value);
      else if (!has.includes(box.value)) return false;
    }
    return Object.values(groups).every((values) => !values.length || values.some((value) => has.includes(value)));
  }

  function show() {
    let count = 0, cheapest;
    for (const row of table.tBodies[0].rows) {
      row.hidden = !fits(row);
      count += !row.hidden;
      const [prompt, completion, read] = [1, 2, 3].map((n) => readPrice(row.cells[n]));
      const cost = computeCost(form, prompt, completion, read);
      if (cost !== null) {
        row.cells[5].textContent = formatCost(cost);
        row.cells[5].dataset.v = cost;
      }
      row.querySelector(".best")?.remove();
      if (cost === null || cost > cheapest?.cost || !row.matches("[data-has~=ok]:not([hidden])")) continue;
      cheapest = { row: cost !== cheapest?.cost && row, cost }; // a tie has none
    }
    if (cheapest?.row && count > 1) cheapest.row.cells[0].lastElementChild.before(best, " ");
    form.querySelector("#count").textContent = `${count || "None"} of ${table.tBodies[0].rows.length}`;
    sorted.arrange();
  }

  const query = recall();
  const chosen = (query.get("has") || "").split(",");
  for (const box of boxes) box.checked = chosen.includes(box.value);
  for (const name of AMOUNTS) if (query.has(name)) form[name].value = query.get(name);
  if (form.querySelector("details :checked")) form.querySelector("details").open = true;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    const changed = AMOUNTS.map((name) => [name, form[name].value === form[name].defaultValue ? "" : form[name].value]);
    remember({ has: boxes.filter((box) => box.checked).map((box) => box.value).join(","), ...Object.fromEntries(changed) });
    show();
  });
  show();
}

function setUpDate(form, use) {
  let from, to; // a row with three cells has the times of the one above it
  const rows = [...document.querySelectorAll("#points tbody tr")].map((row) => {
    if (row.cells.length > 3) [from, to] = [...row.cells].slice(0, 2).map((cell) => cell.firstElementChild?.dateTime);
    const [name, price, unit] = [...row.cells].slice(-3);
    return {
      name: name.textContent, from, to,
      price: price.textContent.trim(), exact: readPrice(price), unit: unit.textContent.trim(),
    };
  });
  const gaps = form.dataset.gaps.split(" ").filter(Boolean).map((gap) => gap.split("/"));

  function describe(name, start, end) {
    const prices = rows.filter((row) => row.name === name);
    const unit = prices[0].unit;
    const known = prices.filter((row) => row.from <= end && (!row.to || row.to >= start)).map((row) => row.price);
    if (known.length) return `${name} ${known.reverse().join(", then ")} per ${unit}`;
    const before = prices.find((row) => row.to && row.to < start), after = prices.findLast((row) => row.from > end);
    if (!before || !after) return "";
    if (before.price === after.price) return `${name} ${before.price} per ${unit} before and after`;
    return `${name} not known: ${before.price} before, ${after.price} after`;
  }

  function show() {
    const day = form.on.value;
    remember({ on: day });
    const out = form.querySelector("output");
    if (!day) { out.textContent = ""; return; }
    if (!form.on.validity.valid) { out.textContent = `The record goes from ${form.on.min} to ${form.on.max}.`; return; }
    const [start, end] = [`${day}T00`, `${day}T23:59:59Z`];
    const words = form.dataset.names.split("|").map((name) => describe(name, start, end)).filter(Boolean);
    const exact = (name) => rows.find((row) => row.name === name && row.from <= end && (!row.to || row.to >= start))?.exact;
    const cost = use && computeCost(use, exact("Input"), exact("Output"), exact("Cache read"));
    if (cost) words.push(`your use ${formatCost(cost)} a month`);
    if (gaps.some(([first, last = first]) => first <= day && day <= last)) words.push("nothing was read on that day");
    const date = new Date(day).toUTCString().slice(5, 16).replace(/^0/, "");
    out.textContent = words.length ? `List price on ${date}: ${words.join(" · ")}` : "No price is on record for that day.";
  }

  form.on.value = recall().get("on") || "";
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", show);
  if (form.on.value) show();
}
