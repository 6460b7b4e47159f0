
// Models side by side, and what a month of use costs with each.
document.addEventListener("DOMContentLoaded", () => setUpComparison(document.querySelector("#compare")));

const MAX_MODELS = 8;
const SCALES = { k: 1e3, m: 1e6, b: 1e9 };

// "10M", "2.5k" and "10,000,000" are numbers of tokens; anything else is none.
function parseTokens(text) {
  const match = /^([\d.,]+)\s*([kmb]?)$/i.exec(text.trim());
  return match ? Math.round(Number(match[1].replace(/,/g, "")) * (SCALES[match[2].toLowerCase()] || 1)) : NaN;
}

// The models that a name may mean, as the search box finds them, the likeliest first.
function findModels(text) {
  return rank(text).filter((hit) => record.models.has(hit.id))
    .map((hit) => ({ model: record.models.get(hit.id), isGuess: hit.isGuess }));
}

function setUpComparison(form) {
  const [out, chips, notes] = ["#compared", "#chosen", "#notes"].map((name) => document.querySelector(name));
  const example = document.querySelector("#example");
  example?.toggleAttribute("hidden", recall().has("m")); // at once, so that nothing moves
  const sample = new URLSearchParams(example?.querySelector("a").search).getAll("m");
  let chosen = [];
  let unknown = "";
  recallFields(form);

  async function add(names) {
    unknown = "";
    const texts = names.map((text) => text.trim()).filter(Boolean);
    if (!texts.every((text) => record.models.has(text))) await loadScript("search.js");
    for (const text of texts) {
      const [hit] = record.models.has(text) ? [{ model: record.models.get(text) }] : findModels(text);
      if (!hit || hit.isGuess) unknown = text;
      else if (!chosen.includes(hit.model) && chosen.length < MAX_MODELS) chosen.push(hit.model);
    }
    show();
  }

  function makeChip(model) {
    const button = make("button", `${model.name} ×`, { type: "button", className: "chip" });
    button.setAttribute("aria-label", `Remove ${model.name}`);
    button.addEventListener("click", () => {
      chosen = chosen.filter((other) => other !== model);
      show();
      form.add.focus();
    });
    return button;
  }

  function makeSuggestions(name) {
    const line = make("p", `No model called ${name}`);
    const likely = findModels(name).slice(0, 3);
    if (!likely.length) return line;
    line.append(": did you mean ", ...likely.flatMap(({ model }, index) => {
      const button = make("button", model.name, { type: "button", className: "chip" });
      button.addEventListener("click", () => { add([model.id]); });
      return index ? [", ", button] : [button];
    }), "?");
    return line;
  }

  // The day whose prices count: of a model that is gone by now its last one.
  function chooseDay(model, day) {
    const end = model.listed.at(-1)?.[1];
    return day === Infinity && end !== null ? end - 1 : day;
  }

  // Now that of the cheapest provider.
  function readPrice(model, name, day) {
    const offer = day === Infinity && model.cheapest;
    if (!offer) return findPrice(model, name, chooseDay(model, day));
    const price = offer.prices[record.file.dimensions.indexOf(name)];
    return price && [Number(price), Number(price)];
  }

  // [lowest, highest] USD a month, or why there is none.
  function computeCost(model, day, tokens) {
    if (!isListed(model, chooseDay(model, day))) return "not listed then";
    const [prompt, completion, read] = ["prompt", "completion", "input_cache_read"].map((name) => readPrice(model, name, day));
    if (!prompt || !completion) return "no price by the token";
    if (prompt[0] < 0 || completion[0] < 0) return "depends on the model it picks";
    const cached = Math.min(tokens.cached, tokens.in);
    return [0, 1].map((end) => ((tokens.in - cached) * prompt[end] + cached * (read || prompt)[end] + tokens.out * completion[end]) / 1e6);
  }

  function formatCost(ends) {
    const [low, high] = ends.map((end) => formatMoney(end >= 1 ? Math.round(end * 100) / 100 : end, end >= 1 ? 12 : 3));
    return low === high ? low : `${low} to ${high}`;
  }

  // Whether somebody charges what is shown.
  function isOnOffer({ isGone, isUnasked, offer }) { return !isGone && (offer || !isUnasked); }

  function makeCostCell({ cost, isGone, isUnasked, offer, isCheapest }, highest) {
    const cell = make("td", undefined, { className: "cost" });
    if (typeof cost === "string") cell.append(make("b", "n/a"), make("small", cost));
    else {
      cell.append(make("b", formatCost(cost)));
      if (isCheapest) cell.append(" ", make("span", "cheapest", { className: "cheap" }));
      const bar = make("progress", undefined, { max: highest || 1, value: cost[1] });
      bar.setAttribute("aria-hidden", "true");
      cell.append(bar);
      if (isGone) cell.append(make("small", "its last price"));
      else if (offer) cell.append(make("small", `at ${offer.provider}`));
      else if (isUnasked) cell.append(make("small", "no provider has this price now"));
    }
    return cell;
  }

  function makeRow(row, day, highest, all) {
    const { model } = row;
    const { context, max_output, supports } = row.offer || model;
    const at = chooseDay(model, day);
    const prices = record.file.dimensions.map((name) => (isListed(model, at) ? formatPrice(readPrice(model, name, day)) : "–"));
    const sizes = [context, max_output]
      .map((tokens) => tokens?.toLocaleString("en", { notation: "compact", maximumSignificantDigits: 3 }) || "not stated");
    const support = make("td", supports.join(", ") || "–", { className: "wrap" });
    const lacking = all.filter((word) => !supports.includes(word));
    if (lacking.length) support.append(make("small", ` ${row.offer ? "not there:" : "no"} ${lacking.join(", ")}`));
    const scores = record.file.indexes.map((_, index) => model.scores?.[index]);
    return [makeNameCell(model), makeCostCell(row, highest),
      ...[...prices, ...scores, model.providers, ...sizes].map((text) => make("td", text || "–", { className: "n" })), support];
  }

  function makeSummary(priced) {
    const cheapest = priced.filter((row) => row.isCheapest);
    if (!cheapest.length) return [];
    const names = cheapest.map((row) => row.model.name).join(" and ");
    const [low, dearest] = [cheapest[0].cost, priced.findLast(isOnOffer)];
    const ratio = dearest.cost[0] / low[1];
    const words = `${low[0] < low[1] ? "at least " : ""}${ratio.toLocaleString("en", { maximumSignificantDigits: 2 })} times as much`;
    const more = ratio > 1 && ratio < Infinity ? `; ${dearest.model.name} costs ${words}` : "";
    return [make("p", `${names} ${cheapest.length > 1 ? "are" : "is"} the cheapest: ${formatCost(low)} per month${more}.`)];
  }

  function show() {
    rememberFields(form, chosen.map((model) => ["m", model.id]));
    const tokens = Object.fromEntries(["in", "cached", "out"].map((name) => [name, parseTokens(form[name].value || "0")]));
    const wrong = Object.keys(tokens).find((name) => Number.isNaN(tokens[name]));
    const day = countDays(form.on.value);
    const shown = chosen.length ? chosen : sample.map((id) => record.models.get(id));
    const rows = wrong ? [] : shown.map((model) => ({
      model,
      cost: computeCost(model, day, tokens),
      isGone: day === Infinity && !isListed(model, day),
      offer: day === Infinity && model.cheapest,
      isUnasked: day === Infinity && model.has_provider === false,
    })).sort((left, right) => (typeof left.cost === "string") - (typeof right.cost === "string") || left.cost[0] - right.cost[0]);
    const priced = rows.filter((row) => typeof row.cost !== "string");
    const cheapest = priced.length > 1 ? priced.find(isOnOffer)?.cost : null;
    for (const row of priced) row.isCheapest = Boolean(cheapest) && isOnOffer(row) && formatCost(row.cost) === formatCost(cheapest);
    const highest = Math.max(0, ...priced.map((row) => row.cost[1]));
    const texts = [
      wrong && `Not a number of tokens: ${form[wrong].value}. Write 10M, 500K or 1,000,000.`,
      tokens.cached > tokens.in && "More tokens are cached than go in: all of them count as cached.",
      describeDay(form.on.value, form),
      !chosen.length && rows.length && "For example:",
    ].filter(Boolean);
    example?.toggleAttribute("hidden", chosen.length > 0);
    chips.replaceChildren(...chosen.map(makeChip));
    notes.replaceChildren(...(unknown ? [makeSuggestions(unknown)] : []), ...texts.map((text) => make("p", text)), ...makeSummary(priced));
    const now = day === Infinity ? "" : " now";
    const heads = [["Model"], ["Cost per month"], ["Input", "n"], ["Output", "n"], ["Cache read", "n"], ["Cache write", "n"],
      ...[...record.file.indexes, "Providers", "Context", "Max output"].map((head) => [head + now, "n"]), [`Supports${now}`]];
    const all = [...new Set(rows.flatMap(({ offer, model }) => (offer || model).supports))];
    const cells = rows.map((row) => makeRow(row, day, highest, all));
    out.replaceChildren(...(rows.length ? [makeTable("Cost per month, and prices per million tokens", heads, cells)] : []));
  }

  // What is typed before the record is there waits for it.
  function update(first = []) {
    loading.then(() => {
      const names = form.add.value.split(",");
      form.add.value = "";
      add([...first, ...names]);
    }, () => { notes.textContent = "Comparing needs a server."; });
  }

  const loading = loadRecord();
  form.addEventListener("change", () => update());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    update();
  });
  loading.then(() => {
    const models = [...record.models.values()].filter((model) => isListed(model, Infinity));
    document.querySelector("#names").append(...models.map((model) => make("option", undefined, { value: model.name })));
  });
  update(recall().getAll("m"));
}
