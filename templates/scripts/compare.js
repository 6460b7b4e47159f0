
// Up to four models side by side, and the cost of a use of them.
document.addEventListener("DOMContentLoaded", () => setUpComparison(document.querySelector("#compare")));

async function readJson(path) { return (await fetch(html.dataset.root + path)).json(); }

// The data of a file of the API, without its envelope.
async function readData(name) { return (await readJson(`api/v1/${name}.json`)).data; }

const NOT_KNOWN = "not known", NOT_YET = "not seen yet", GONE = "no longer listed";

// Twelve digits are exact: they undo the error that doubles add to a decimal.
function formatMoney(amount, digits = 12) {
  const options = { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 12 };
  return new Intl.NumberFormat("en", options).format(Number(amount.toPrecision(digits)));
}

function formatRange(ends, digits) {
  const [low, high] = ends.map((end) => formatMoney(end, digits));
  return low === high ? low : `${low} to ${high}`;
}

function setUpComparison(form) {
  const out = document.querySelector("#compared");
  const cache = new Map();
  const search = loadSearch().then(() => searchEntries.filter((entry) => entry.kind === "model"));
  const status = readData("status");
  const query = new URLSearchParams(location.search);
  const chosen = query.getAll("m");
  form.querySelectorAll("[name=m]").forEach((input, index) => { input.value = chosen[index] || ""; });
  for (const name of ["in", "cached", "out", "on"]) if (query.has(name)) form[name].value = query.get(name);

  // The price at the end of a day; between two readings that show different prices it is not known.
  function findPriceOn(points, model, day) {
    const point = points.findLast((candidate) => !day || candidate.from <= `${day}T23:59:59Z`);
    const isOver = point?.to && (day ? point.to < `${day}T00` : !model.last_seen);
    if (isOver) return day && points.some((candidate) => candidate.from > day) ? NOT_KNOWN : undefined;
    return point && Number(point.price);
  }

  // [lowest, highest] price of a dimension, or why there is none; a time-of-day price is a range.
  function findPrice(model, name, day, isUnread) {
    if (day && `${day}T23:59:59Z` < model.first_seen) return NOT_YET;
    if (day && model.last_seen && model.last_seen < `${day}T00`) return GONE;
    if (isUnread) return NOT_KNOWN;
    const timed = model.conditional_price_history
      .filter((prices) => prices.dimension === name && isTimeOfDay(prices.condition))
      .map((prices) => findPriceOn(prices.points, model, day)).filter(Number.isFinite);
    const price = findPriceOn(model.price_history[name] || [], model, day);
    if (timed.length) timed.push(...[price, !day && Number(model.pricing[name])].filter(Number.isFinite));
    if (timed.length) return [Math.min(...timed), Math.max(...timed)];
    return price === undefined ? "none" : price === NOT_KNOWN ? price : [price, price];
  }

  // What was there when its record began was there before.
  function formatSpan(model) {
    const start = ["added", "returned"].includes(model.arrival) ? "" : "before ";
    return `${start}${model.first_seen.slice(0, 10)} to ${model.last_seen?.slice(0, 10) || "now"}`;
  }

  // A condition that cannot be read counts for nothing.
  function isTimeOfDay({ utc_start: start, utc_end: end, utc_days: days, ...others }) {
    const isWindow = [start, end].every((time) => ["string", "number"].includes(typeof time) && Number.isFinite(Number(time)));
    const isReadable = (isWindow || (start ?? end ?? null) === null) && (Array.isArray(days) || (days ?? null) === null);
    return isReadable && !Object.keys(others).length && (isWindow || Array.isArray(days));
  }

  function formatPerMillion(ends) {
    if (typeof ends === "string") return ends;
    if (ends[0] < 0) return "dynamic";
    return ends[1] ? `${formatRange(ends.map((end) => end * 1e6))} per M` : "$0";
  }

  function formatCost(model, day, isUnread) {
    const tokens = (name) => Math.max(Number(form[name].value) || 0, 0);
    const [prompt, completion, read] = ["prompt", "completion", "input_cache_read"].map((name) => findPrice(model, name, day, isUnread));
    const unknown = [prompt, completion].find((ends) => typeof ends === "string" || ends[0] < 0);
    if (unknown) return typeof unknown === "string" && unknown !== "none" ? unknown : "not computable";
    const cached = Math.min(tokens("cached"), tokens("in"));
    const reading = typeof read === "string" ? prompt : read;
    const ends = [0, 1].map((end) => (tokens("in") - cached) * prompt[end] + cached * reading[end] + tokens("out") * completion[end]);
    return formatRange(ends.map((end) => (end >= 1 ? Math.round(end * 100) / 100 : end)), ends[1] >= 1 ? 12 : 3);
  }

  let turn = 0;

  async function show() {
    const number = ++turn;
    const ids = [...form.querySelectorAll("[name=m]")].map((input) => input.value.trim()).filter(Boolean);
    const next = new URLSearchParams([
      ...ids.map((id) => ["m", id]),
      ...["in", "cached", "out", "on"].map((name) => [name, form[name].value]),
    ].filter((pair) => pair[1]));
    try { history.replaceState(null, "", `?${next}`); } catch { /* some viewers forbid it */ }
    const files = new Map((await search).map((model) => [model.id, model.path.replace(/\/index.html$/, "")]));
    const models = await Promise.all(ids.filter((id) => files.has(id)).map(async (id) => {
      if (!cache.has(id)) cache.set(id, await readData(files.get(id)));
      return cache.get(id);
    }));
    const day = form.on.value;
    const outside = !form.on.validity.valid;
    const gap = (await status).gaps.find(([after, until]) => day && after < `${day}T00` && until > `${day}T23:59:59Z`);
    if (number !== turn) return; // the choice has changed meanwhile
    const isUnread = outside || Boolean(gap);
    const price = (name) => (model) => formatPerMillion(findPrice(model, name, day, isUnread));
    const rows = [
      ["Input", price("prompt")],
      ["Output", price("completion")],
      ["Cache read", price("input_cache_read")],
      ["Context", (model) => model.context_length?.toLocaleString("en") || "not stated"],
      ["Seen", formatSpan],
      ["This use", (model) => formatCost(model, day, isUnread)],
    ];
    const table = document.createElement("table");
    const line = (part, words, cells) => {
      const row = part.insertRow();
      for (const [index, text] of [words, ...cells].entries()) {
        const cell = document.createElement(index && part !== table.tHead || !text ? "td" : "th");
        if (cell.tagName === "TH") cell.scope = part === table.tHead ? "col" : "row";
        if (index) cell.className = "n";
        cell.textContent = text;
        row.append(cell);
      }
    };
    line(table.createTHead(), "", models.map((model) => model.id));
    const body = table.createTBody();
    for (const [words, value] of rows) line(body, words, models.map(value));
    const unknown = ids.filter((id) => !files.has(id));
    const notes = [
      unknown.length && `Never listed: ${unknown.join(", ")}.`,
      outside && `The record goes from ${form.on.min} to ${form.on.max}.`,
      gap && `No data for ${day}: there is no reading between ${gap[0].slice(0, 13)}Z and ${gap[1].slice(0, 13)}Z.`,
    ].filter(Boolean);
    if (notes.length) table.createCaption().textContent = notes.join(" ");
    out.replaceChildren(...(ids.length ? [table] : []));
  }
  search.then((models) => {
    const options = models.map((model) => Object.assign(document.createElement("option"), { value: model.id }));
    document.querySelector("#ids").append(...options);
    if (chosen.length) show();
  }, () => { out.textContent = "Comparing needs a server; it cannot run from a file."; });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", show);
}
