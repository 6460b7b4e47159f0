
// What was listed on a day, and the difference of two days.
document.addEventListener("DOMContentLoaded", () => setUpDays(document.querySelector("#days")));

const COLUMNS = [["Input", "prompt"], ["Output", "completion"], ["Cache read", "input_cache_read"], ["Cache write", "input_cache_write", "n desktop"]];

function setUpDays(form) {
  const out = document.querySelector("#found");
  recallFields(form);

  function fits(model) {
    const text = `${model.id} ${model.name}`.toLowerCase();
    return form.q.value.toLowerCase().split(/\s+/).every((word) => text.includes(word));
  }

  function makePrices(model, day) {
    return COLUMNS.map(([, dimension, className = "n"]) => {
      const ends = findPrice(model, dimension, day);
      const cell = make("td", formatPrice(ends), { className });
      if (ends?.[0] >= 0) [cell.dataset.v] = ends;
      return cell;
    });
  }

  // Each model with its variants, which stand folded below it as in the list of models; the newest first.
  function groupVariants(models) {
    const groups = new Map(models.map((model) => [model.id, [model]]));
    for (const model of models) {
      const base = groups.get(model.id.split(":")[0]);
      if (base && base[0] !== model && groups.delete(model.id)) base.push(model);
    }
    return [...groups.values()].sort((left, right) => right[0].listed[0][0] - left[0].listed[0][0]);
  }

  function foldRows([first, ...rest]) {
    const button = make("button", `+${rest.length}`, { type: "button", title: "Variants" });
    const fold = (isFolded) => {
      for (const row of rest) Object.assign(row, { className: "below", hidden: isFolded });
      button.setAttribute("aria-expanded", !isFolded);
    };
    button.addEventListener("click", () => fold(!rest[0].hidden));
    first.querySelector("a").after(" ", button);
    fold(true);
  }

  // The head of a price sorts by it, the lowest first and then the highest; models without a price come last.
  function addSorting(table, grouped) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, index) => {
      if (!index) return;
      const button = make("button", head.textContent, { type: "button" });
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const isDown = head.getAttribute("aria-sort") === "ascending";
        const read = ([row]) => Number(row.cells[index].dataset.v ?? (isDown ? -1 : Infinity));
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
        const sorted = [...grouped].sort((left, right) => (isDown ? read(right) - read(left) : read(left) - read(right) || 0));
        table.tBodies[0].append(...sorted.flat());
      });
    });
    table.classList.add("sortable");
  }

  function listDay(title, models, day) {
    const groups = groupVariants(models);
    const heads = [["Model"], ...COLUMNS.map(([name, , className = "n"]) => [name, className])];
    const section = makeSection(title, groups.flat(), heads, (model) => [makeNameCell(model), ...makePrices(model, day)]);
    const table = section.querySelector("table");
    if (!table) return section;
    const rows = [...table.tBodies[0].rows];
    const grouped = groups.map((group) => rows.splice(0, group.length));
    grouped.filter((own) => own.length > 1).forEach(foldRows);
    addSorting(table, grouped);
    return section;
  }

  function makeSection(title, models, heads, makeCells) {
    const section = make("section");
    const heading = make("h2", `${title} `);
    heading.append(make("small", models.length.toLocaleString("en")));
    section.append(heading);
    if (models.length) {
      const scroll = make("div", makeTable(title, heads, models.map(makeCells)), { className: "scroll", tabIndex: 0, role: "region" });
      scroll.setAttribute("aria-label", title);
      section.append(scroll);
    }
    return section;
  }

  function listMoves(model, before, after) {
    return COLUMNS.map(([name, dimension]) => [name, findPrice(model, dimension, before), findPrice(model, dimension, after)])
      .filter(([, old, now]) => formatPrice(old) !== formatPrice(now));
  }

  // 0 where an end is free, no price, or a range.
  function computePercent([, old, now]) {
    const isFixed = old && now && old[0] > 0 && now[0] > 0 && old[0] === old[1] && now[0] === now[1];
    return isFixed ? (now[0] / old[0] - 1) * 100 : 0;
  }

  function findSize(moves) { return Math.max(...moves.map((move) => Math.abs(computePercent(move)))); }

  // Without a colour: the file has no causes, and a list price also moves when OpenRouter lists another provider.
  function makeMove([name, old, now]) {
    const move = make("span", `${name} `, { className: "move" });
    move.append(make("s", formatPrice(old)), " → ", make("b", formatPrice(now)));
    const percent = computePercent([name, old, now]);
    if (percent) {
      const digits = Math.abs(percent) < 10 ? 1 : 0;
      const text = `${percent > 0 ? "+" : "−"}${Math.abs(percent).toLocaleString("en", { maximumFractionDigits: digits })}%`;
      move.append(" ", make("i", text));
    }
    return move;
  }

  function compareDays(models, before, after) {
    const both = models.filter((model) => isListed(model, before) && isListed(model, after));
    const moved = both.map((model) => [model, listMoves(model, before, after)]).filter(([, moves]) => moves.length)
      .sort((first, second) => findSize(second[1]) - findSize(first[1]));
    const came = models.filter((model) => !isListed(model, before) && isListed(model, after));
    const went = models.filter((model) => isListed(model, before) && !isListed(model, after));
    return [
      makeSection("Price changed", moved, [["Model"], ["Price, then and later"]], ([model, moves]) => {
        const cell = make("td", undefined, { className: "wrap" });
        cell.append(...moves.flatMap((move) => [makeMove(move), " "]));
        return [makeNameCell(model), cell];
      }),
      listDay("Added", came, after),
      listDay("Removed", went, before),
    ];
  }

  function nameDay(date) {
    const gap = findUnread(countDays(date));
    if (!gap) return formatDay(date);
    const read = Date.parse(record.file.first) + (gap[0] - 1) * 864e5;
    return `${formatDay(read)} (last reading before ${formatDay(date)})`;
  }

  function show() {
    rememberFields(form);
    const models = record.file.models.filter(fits);
    const days = [form.on.value || form.dataset.last, form.to.value].filter(Boolean).sort();
    const notes = [...new Set(days.map((date) => describeDay(date, form)).filter(Boolean))];
    const [first, second] = days.map(countDays);
    const parts = days.length > 1 ? compareDays(models, first, second)
      : [listDay(`Listed on ${nameDay(days[0])}`, models.filter((model) => isListed(model, first)), first)];
    const summary = days.length > 1 ? `From ${formatDay(days[0])} to ${formatDay(days[1])}. ` : "";
    out.replaceChildren(make("p", summary + notes.join(" "), { className: "quiet" }), ...parts);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  loadRecord().then(() => {
    form.addEventListener("input", show);
    for (const button of form.querySelectorAll("[data-back]")) {
      button.addEventListener("click", () => {
        form.on.value = new Date(Date.parse(form.dataset.last) - button.dataset.back * 864e5).toISOString().slice(0, 10);
        form.to.value = form.dataset.last;
        show();
      });
    }
    show();
  }, () => { out.textContent = "This page needs a server; it cannot read the record from a file."; });
}
