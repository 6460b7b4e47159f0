
// The list of models: filters, columns, variants, the cost of a month, CSV.
document.addEventListener("DOMContentLoaded", () => setUpModels(document.querySelector("#filter"), tables[0]));

const OFFERED = ["128k", "json", "reasoning", "tools", "zdr"];
const PRICES = ["in", "out", "cache_read", "blended"];

function setUpModels(form, table) {
  const get = (id) => document.getElementById(id);
  const find = (key) => table.body.parentElement.querySelector(`th[data-key=${key}]`);
  const frame = table.body.parentElement.parentElement;
  const listChecked = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const group = (count) => count.toLocaleString("en");
  const chips = [...form.querySelectorAll("[name=has]")];
  const uses = [...form.querySelectorAll("[name=use]")];
  const boxes = [...form.querySelectorAll("#columns input")];
  const fields = ["q", "lab", "by", "variants"].filter((name) => form[name]);
  const usual = boxes.map((box) => box.value).filter((key) => getComputedStyle(find(key)).display !== "none");
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  const columns = PRICES.map((key) => find(key)?.cellIndex);
  let base = null;
  const entries = [...table.body.rows].map(readRow);

  function readRow(row) {
    const [name, button] = ["th", "th button"].map((query) => row.querySelector(query));
    const id = name.querySelector("a").title;
    const offers = row.dataset.offers?.split("/").map((text) => text.split("|"));
    const entry = {
      row, id, button, isOpen: false, base: null, lab: id.replace(/^~/, "").split("/")[0],
      offers, offer: offers?.[0], prices: columns.map((index) => row.cells[index]), text: `${id} ${name.textContent} ${squeeze(id)}`.toLowerCase(),
      has: row.dataset.has.split(" "), by: (row.dataset.by || "").split(" "),
    };
    if (row.classList.contains("below")) entry.base = base;
    else base = entry;
    const tick = Object.assign(document.createElement("input"), { type: "checkbox", ariaLabel: `Compare ${id}`, value: id });
    if (row.cells[0] !== name) row.cells[0].append(tick);
    button?.addEventListener("click", () => { entry.isOpen = !entry.isOpen; show(); });
    return entry;
  }

  // "glm5.2" finds glm-5.2.
  function squeeze(text) { return text.replace(/[^\p{L}\p{N}]+/gu, ""); }

  get("everything").addEventListener("click", () => {
    const box = document.querySelector("#search input");
    box.value = form.q.value;
    document.querySelector("#find").click();
    box.dispatchEvent(new Event("input"));
  });

  // --- which rows ---

  function readChoice() {
    return {
      words: form.q.value.toLowerCase().split(/\s+/).filter(Boolean).map((word) => [word]), lab: form.lab.value, by: form.by?.selectedIndex,
      variants: form.variants?.value, has: chips.filter((chip) => chip.checked).map((chip) => chip.value),
    };
  }

  function fits(entry, choice) {
    return choice.words.every((list) => list.some((word) => entry.text.includes(word) || entry.text.includes(squeeze(word) || word)))
      && choice.has.every((trait) => entry.has.includes(trait))
      && (!choice.lab || entry.lab === choice.lab) && (!(choice.by > 0) || entry.by.includes(String(choice.by)))
      && (choice.variants !== "none" || !/[:~]/.test(entry.id)) && (!entry.offers || findOffer(entry, choice.has));
  }

  // The cheapest offer that has all of OFFERED that was chosen.
  function findOffer({ offers }, has) {
    return offers.find((offer) => has.every((trait) => !OFFERED.includes(trait) || offer[4].includes(trait)));
  }

  // A variant is shown below its unfolded base, and alone if asked for, where its base does not fit.
  function select(choice) {
    const fitting = new Set(entries.filter((entry) => fits(entry, choice)));
    const isAsked = choice.words.length > 0 || choice.has.includes("free");
    return [...fitting].filter(({ base }) => !base || choice.variants === "each" || (fitting.has(base) ? base.isOpen : isAsked));
  }

  function show() {
    const choice = readChoice();
    let chosen = new Set(select(choice));
    const isGuess = !chosen.size && choice.words.length > 0;
    if (isGuess && !window.correct) loadScript("search.js").then(show, () => { /* then nothing is corrected */ });
    else if (isGuess) {
      choice.words = choice.words.map(([word]) => [...correct(word).keys()]);
      chosen = new Set(select(choice));
    }
    for (const entry of entries) {
      entry.row.hidden = !chosen.has(entry);
      entry.button?.setAttribute("aria-expanded", entry.isOpen);
    }
    for (const chip of chips) {
      const count = chip.checked ? chosen.size : select({ ...choice, has: [...choice.has, chip.value] }).length;
      chip.parentElement.querySelector("small").textContent = group(count);
    }
    get("count").textContent = `${group(chosen.size)} of ${group(entries.length)}${isGuess && chosen.size ? ", spelled similarly" : ""}`;
    get("nothing").hidden = chosen.size > 0;
    showOffers(choice.has);
    if (readUse()) fillMonth();
    table.recallSort();
  }

  function showOffers(has) {
    for (const entry of entries.filter(({ offers }) => offers)) {
      const offer = findOffer(entry, has);
      if (!offer || offer === entry.offer) continue;
      entry.offer = offer;
      entry.prices.forEach((cell, index) => {
        delete cell?.dataset.v;
        if (cell) Object.assign(cell, { textContent: offer[index], title: offer[5] });
      });
    }
  }

  // --- which columns ---

  function showColumns() {
    const wanted = (recall().get("cols") || load("cols")).split(",").filter((key) => boxes.some((box) => box.value === key));
    for (const box of boxes) box.checked = (wanted.length ? wanted : usual).includes(box.value);
    const columns = wanted.length ? boxes.map((box) => [box.value, box.checked]) : [];
    if (uses.length) columns.push(["month", readUse() !== null]);
    const path = (key) => `#models tr > :nth-child(${find(key).cellIndex + 1})`;
    sheet.replaceSync(columns.map(([key, isShown]) => `${path(key)} { display: ${isShown ? "table-cell" : "none"} !important }`).join(""));
    frame.classList.toggle("over", wanted.length > usual.length);
  }

  function chooseColumns(keys) {
    try { localStorage.setItem("cols", keys.join(",")); } catch { /* some viewers forbid it */ }
    remember({ cols: keys.join(",") });
    showColumns();
  }

  // --- the cost of a month: [million tokens in, of these cached, out] ---

  function readUse() {
    const [input, cached, output] = uses.map((field) => Number(field.value) || 0);
    return input + output > 0 ? [input, Math.min(cached, input), output] : null;
  }

  function fillMonth() {
    const use = readUse(), { cellIndex } = find("month");
    for (const { row, prices } of entries) {
      const cell = row.cells[cellIndex];
      const [input, output, cache, blended] = prices.map((price) => (price ? readNumber(price) : null));
      const cost = (use[0] - use[1]) * input + use[1] * (cache ?? input) + use[2] * output;
      cell.textContent = "–";
      if (blended === null) continue; // not by the token alone
      cell.dataset.v = cost;
      cell.textContent = cost.toLocaleString("en", { style: "currency", currency: "USD" }) + (prices[3].textContent.match(/\+/) || "");
    }
  }

  // --- the address and the file ---

  function rememberFilter() {
    const use = uses.map((field) => field.value).join();
    remember({ ...Object.fromEntries(fields.map((name) => [name, form[name].value])), has: readChoice().has.join(","), use: /\d/.test(use) ? use : "" });
  }

  function recallFilter() {
    const query = recall();
    const list = (name) => (query.get(name) || "").split(",");
    for (const name of fields) {
      form[name].value = query.get(name) || "";
      if (form[name].selectedIndex === -1) form[name].value = "";
    }
    for (const chip of chips) chip.checked = list("has").includes(chip.value);
    uses.forEach((field, index) => { field.value = list("use")[index] || ""; });
    showColumns();
    show();
  }

  get("csv").addEventListener("click", async () => {
    await loadScript("static/csv.js");
    const keys = boxes.length ? listChecked() : ["in", "out", "context"];
    if (readUse()) keys.push("month");
    saveCsv([...table.body.rows].filter((row) => !row.hidden), keys.map((key) => [key, find(key).cellIndex]));
  });
  get("link").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    try { await navigator.clipboard.writeText(location.href); button.textContent = "Copied"; } catch { button.textContent = "See the address bar"; }
    setTimeout(() => { button.textContent = "Copy link"; }, 1500);
  });
  get("columns")?.addEventListener("change", () => chooseColumns(listChecked()));
  get("usual")?.addEventListener("click", () => chooseColumns([]));
  table.body.addEventListener("change", () => {
    const ids = [...table.body.querySelectorAll(":checked")].map((tick) => tick.value);
    const link = get("compare");
    link.hidden = !ids.length;
    link.textContent = `Compare ${ids.length}`;
    const use = (readUse() || []).map((count, index) => [["in", "cached", "out"][index], `${count}M`]);
    link.search = new URLSearchParams([...ids.map((id) => ["m", id]), ...use]);
  });
  document.querySelector(".presets")?.addEventListener("click", (event) => {
    if (!event.target.search || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", event.target.search);
    recallFilter();
  });
  const menus = [...form.querySelectorAll(".menu")];
  for (const menu of menus) {
    menu.addEventListener("toggle", () => { if (menu.open) for (const other of menus) other.open = other === menu; });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.firstElementChild.focus();
    });
  }
  addEventListener("popstate", recallFilter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (boxes.includes(event.target)) return;
    rememberFilter();
    if (uses.includes(event.target)) {
      showColumns();
      if (PRICES.includes(recall().get("sort"))) remember({ sort: "month" });
    }
    show();
  });
  get("reset").addEventListener("click", () => { form.reset(); rememberFilter(); recallFilter(); form.q.focus(); });
  recallFilter();
  html.classList.add("ready");
}
