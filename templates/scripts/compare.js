
// Up to four models side by side, and what a use of them costs.
document.addEventListener("DOMContentLoaded", () => compares(document.querySelector("#compare")));

async function json(path) { return (await fetch(html.dataset.root + path)).json(); }

const NOT_KNOWN = "not known", NOT_YET = "not seen yet";

// exact: twelve digits undo what doubles add to a decimal
function money(amount, digits = 12) {
  const most = { style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 12 };
  return new Intl.NumberFormat("en", most).format(Number(amount.toPrecision(digits)));
}

function range(ends, digits) {
  const [low, high] = ends.map((end) => money(end, digits));
  return low === high ? low : `${low} to ${high}`;
}

function compares(form) {
  const out = document.querySelector("#compared");
  const known = new Map();
  const all = json("search.json");
  const status = json("api/v1/status.json");
  const query = new URLSearchParams(location.search);
  const chosen = query.getAll("m");
  form.querySelectorAll("[name=m]").forEach((input, place) => { input.value = chosen[place] || ""; });
  for (const name of ["in", "cached", "out", "on"]) if (query.has(name)) form[name].value = query.get(name);

  // the point that held at the end of the day; between two readings that show other prices nobody knows
  function held(points, model, day) {
    const point = points.findLast((one) => !day || one.from <= `${day}T23:59:59Z`);
    const over = point?.to && (day ? point.to < `${day}T00` : !model.last_seen);
    if (over) return day && points.some((one) => one.from > day) ? NOT_KNOWN : undefined;
    return point && Number(point.price);
  }

  // [lowest, highest] price of a dimension, or why there is none; what follows the clock is a range
  function at(model, name, day, blind) {
    if (day && `${day}T23:59:59Z` < model.first_seen) return NOT_YET;
    if (blind) return NOT_KNOWN;
    const price = held(model.prices[name] || [], model, day);
    if (price !== undefined) return price === NOT_KNOWN ? price : [price, price];
    const clocked = model.conditional_prices
      .filter((one) => one.dimension === name && "utc_start" in one.condition)
      .map((one) => held(one.points, model, day)).filter(Number.isFinite);
    return clocked.length ? [Math.min(...clocked), Math.max(...clocked)] : "none";
  }

  function per(ends) {
    if (typeof ends === "string") return ends;
    if (ends[0] < 0) return "dynamic";
    return ends[1] ? `${range(ends.map((end) => end * 1e6))} per M` : "free";
  }

  function cost(model, day, blind) {
    const tokens = (name) => Math.max(Number(form[name].value) || 0, 0);
    const [prompt, completion, read] = ["prompt", "completion", "input_cache_read"].map((name) => at(model, name, day, blind));
    const unknown = [prompt, completion].find((ends) => typeof ends === "string" || ends[0] < 0);
    if (unknown) return typeof unknown === "string" && unknown !== "none" ? unknown : "not computable";
    const cached = Math.min(tokens("cached"), tokens("in"));
    const reading = typeof read === "string" ? prompt : read;
    const ends = [0, 1].map((end) => (tokens("in") - cached) * prompt[end] + cached * reading[end] + tokens("out") * completion[end]);
    return range(ends.map((end) => (end >= 1 ? Math.round(end * 100) / 100 : end)), ends[1] >= 1 ? 12 : 3);
  }

  let turn = 0;

  async function show() {
    const mine = ++turn;
    const ids = [...form.querySelectorAll("[name=m]")].map((input) => input.value.trim()).filter(Boolean);
    const next = new URLSearchParams([
      ...ids.map((id) => ["m", id]),
      ...["in", "cached", "out", "on"].map((name) => [name, form[name].value]),
    ].filter((pair) => pair[1]));
    try { history.replaceState(null, "", `?${next}`); } catch { /* some viewers forbid it */ }
    const files = new Map((await all).map((one) => [one.id, one.path.replace(/\/index.html$/, "")]));
    const found = await Promise.all(ids.filter((id) => files.has(id)).map(async (id) => {
      if (!known.has(id)) known.set(id, await json(`api/v1/${files.get(id)}.json`));
      return known.get(id);
    }));
    const day = form.on.value;
    const outside = !form.on.validity.valid;
    const gap = (await status).gaps.find(([after, until]) => day && after < `${day}T00` && until > `${day}T23:59:59Z`);
    if (mine !== turn) return; // somebody has chosen again
    const blind = outside || Boolean(gap);
    const price = (name) => (model) => per(at(model, name, day, blind));
    const rows = [
      ["Input", price("prompt")],
      ["Output", price("completion")],
      ["Cache read", price("input_cache_read")],
      ["Context", (model) => model.record.context_length?.toLocaleString("en") || "not stated"],
      ["Seen", (model) => `${model.first_seen.slice(0, 10)} to ${model.last_seen ? model.last_seen.slice(0, 10) : "now"}`],
      ["This use", (model) => cost(model, day, blind)],
    ];
    const table = document.createElement("table");
    const line = (part, words, cells) => {
      const row = part.insertRow();
      for (const [place, text] of [words, ...cells].entries()) {
        const cell = document.createElement(place && part !== table.tHead || !text ? "td" : "th");
        if (cell.tagName === "TH") cell.scope = part === table.tHead ? "col" : "row";
        if (place) cell.className = "n";
        cell.textContent = text;
        row.append(cell);
      }
    };
    line(table.createTHead(), "", found.map((model) => model.id));
    const body = table.createTBody();
    for (const [words, value] of rows) line(body, words, found.map(value));
    const strange = ids.filter((id) => !files.has(id));
    const notes = [
      strange.length && `Never listed: ${strange.join(", ")}.`,
      outside && `The record goes from ${form.on.min} to ${form.on.max}.`,
      gap && `No data for ${day}: there is no reading between ${gap[0].slice(0, 13)}Z and ${gap[1].slice(0, 13)}Z.`,
    ].filter(Boolean);
    if (notes.length) table.createCaption().textContent = notes.join(" ");
    out.replaceChildren(...(ids.length ? [table] : []));
  }
  all.then((models) => {
    document.querySelector("#ids").append(...models.map((one) => Object.assign(document.createElement("option"), { value: one.id })));
    if (chosen.length) show();
  }, () => { out.textContent = "Comparing needs a server; it cannot run from a file."; });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", show);
}
