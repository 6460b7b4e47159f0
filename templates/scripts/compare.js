
// Up to four models side by side, and what a use of them costs.
document.addEventListener("DOMContentLoaded", () => compares(document.querySelector("#compare")));

async function json(path) { return (await fetch(html.dataset.root + path)).json(); }

function compares(form) {
  const out = document.querySelector("#compared");
  const known = new Map();
  const all = json("search.json");
  const query = new URLSearchParams(location.search);
  const chosen = query.getAll("m");
  form.querySelectorAll("[name=m]").forEach((input, place) => { input.value = chosen[place] || ""; });
  for (const name of ["in", "cached", "out", "on"]) if (query.has(name)) form[name].value = query.get(name);
  const money = (amount) => `$${amount >= 1 ? amount.toFixed(2) : Number(amount.toPrecision(3))}`;
  const per = (price) => (price === undefined ? "none" : Number.isNaN(price) ? "not known" : Number(price) < 0 ? "dynamic" : Number(price) ? `${money(price * 1e6)} per M` : "free");

  function at(model, name) {
    const day = form.on.value && `${form.on.value}T23:59:59Z`;
    const points = model.prices[name] || [];
    const point = points.findLast((one) => !day || one.from <= day);
    const over = point?.to && (day ? point.to < `${form.on.value}T00` : !model.last_seen);
    // between two readings that show other prices nobody knows
    if (over) return day && points.some((one) => one.from > day) ? NaN : undefined;
    return point?.price;
  }

  let turn = 0;

  async function show() {
    const mine = ++turn;
    const ids = [...form.querySelectorAll("[name=m]")].map((input) => input.value.trim()).filter(Boolean);
    const next = new URLSearchParams([...ids.map((id) => ["m", id]), ...["in", "cached", "out", "on"].map((name) => [name, form[name].value])].filter((pair) => pair[1]));
    try { history.replaceState(null, "", `?${next}`); } catch { /* some viewers forbid it */ }
    const files = new Map((await all).map((one) => [one.id, one.path.replace(/\/index.html$/, "")]));
    const found = await Promise.all(ids.filter((id) => files.has(id)).map(async (id) => {
      if (!known.has(id)) known.set(id, await json(`api/v1/${files.get(id)}.json`));
      return known.get(id);
    }));
    if (mine !== turn) return; // somebody has chosen again
    const tokens = (name) => Number(form[name].value) || 0;
    const rows = [
      ["Input", (model) => per(at(model, "prompt"))],
      ["Output", (model) => per(at(model, "completion"))],
      ["Cache read", (model) => per(at(model, "input_cache_read"))],
      ["Context", (model) => model.record.context_length?.toLocaleString("en") || "not stated"],
      ["Seen", (model) => `${model.first_seen.slice(0, 10)} to ${model.last_seen ? model.last_seen.slice(0, 10) : "now"}`],
      ["This use", (model) => {
        const [prompt, completion] = [at(model, "prompt"), at(model, "completion")].map(Number);
        const cached = Math.min(tokens("cached"), tokens("in"));
        const cost = (tokens("in") - cached) * prompt + cached * Number(at(model, "input_cache_read") ?? prompt) + tokens("out") * completion;
        return Number.isFinite(cost) && prompt >= 0 ? money(cost) : "cannot be said";
      }],
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
    if (strange.length) table.createCaption().textContent = `Not a model that ever was: ${strange.join(", ")}`;
    out.replaceChildren(...(ids.length ? [table] : []));
  }
  all.then((models) => {
    document.querySelector("#ids").append(...models.map((one) => Object.assign(document.createElement("option"), { value: one.id })));
    if (chosen.length) show();
  }, () => { out.textContent = "Comparing needs a server; from a file there is nothing to ask."; });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", show);
}
