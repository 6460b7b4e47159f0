
// What was listed on a day, and what it cost: days/prices.json, where days are counted from the first one.
const record = { file: null, models: new Map() };

async function loadRecord() {
  record.file ||= await (await fetch(`${html.dataset.root}days/prices.json`)).json();
  for (const model of record.file.models) {
    model.name = dropLab(model.name);
    record.models.set(model.id, model);
  }
  return record.file;
}

// As on every other page: the id says whose a model is.
function dropLab(name) { return name.slice(name.lastIndexOf(": ") + 1).trim() || name; }

// "" is now: later than every day of the record.
function countDays(date) { return date ? Math.round((Date.parse(date) - Date.parse(record.file.first)) / 864e5) : Infinity; }

function formatDay(date) { return new Date(date).toUTCString().slice(5, 16).replace(/^0/, ""); }

function formatDayNumber(number) { return formatDay(Date.parse(record.file.first) + number * 864e5); }

function isListed(model, day) {
  return model.listed.some(([first, end]) => first <= day && (end === null || day < end));
}

// [lowest, highest] USD for a million tokens, which differ by the time of day; null where there is no price.
function findPrice(model, dimension, day) {
  const step = model.prices[record.file.dimensions.indexOf(dimension)].findLast(([first]) => first <= day);
  return step && step[1] !== null ? [Number(step[1]), Number(step[2] ?? step[1])] : null;
}

// Making a format takes longer than hundreds of uses of it.
const moneyFormat = new Intl.NumberFormat("en", {
  style: "currency", currency: "USD", minimumFractionDigits: 2, maximumFractionDigits: 12,
});

// Twelve digits are exact: they undo the error that doubles add to a decimal.
function formatMoney(amount, digits = 12) { return moneyFormat.format(Number(amount.toPrecision(digits))); }

// Four digits, or of longer prices four decimals, more of those below a cent.
function roundPrice(price) {
  const short = Number(price.toPrecision(4));
  if (short === Number(price.toPrecision(12))) return short;
  return Number(price.toFixed(Math.max(4, 2 - Math.floor(Math.log10(price)))));
}

function formatPrice(ends) {
  if (!ends) return "–";
  if (ends[0] < 0) return "dynamic";
  const [low, high] = ends.map((end) => (end ? formatMoney(roundPrice(end)) : "$0"));
  return low === high ? low : `${low} to ${high}`;
}

function findUnread(day) { return record.file.unread.find(([first, last]) => first <= day && day <= last); }

function describeDay(date, form) {
  if (!date) return "";
  if (date < form.dataset.first || date > form.dataset.last) {
    return `The record goes from ${formatDay(form.dataset.first)} to ${formatDay(form.dataset.last)}.`;
  }
  const gap = findUnread(countDays(date));
  return gap ? `Nothing was read on ${formatDay(date)}: this is as of ${formatDayNumber(gap[0] - 1)}.` : "";
}

function make(tag, text, properties = {}) {
  const element = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) element.append(text);
  return element;
}

// The cell of a model: its name, which leads to its page, and its id.
function makeNameCell(model) {
  const cell = make("th", make("a", model.name, { href: html.dataset.root + model.path }), { scope: "row" });
  cell.append(" ", make("bdi", model.id));
  return cell;
}

function makeTable(caption, heads, rows) {
  const table = make("table", undefined, { className: "list" });
  table.createCaption().append(caption);
  table.caption.className = "sr-only";
  const head = table.createTHead().insertRow();
  for (const [name, className = ""] of heads) head.append(make("th", name, { scope: "col", className }));
  const body = table.createTBody();
  for (const cells of rows) {
    cells.forEach((cell, index) => { [cell.dataset.head] = heads[index]; });
    body.insertRow().append(...cells);
  }
  return table;
}

// The address holds every field of a form that differs from its first value; `lists` has those with several values.
function rememberFields(form, lists = []) {
  const fields = [...form.elements].filter((field) => field.name && field.value !== field.defaultValue);
  const query = new URLSearchParams([...lists, ...fields.map((field) => [field.name, field.value])]);
  try { history.replaceState(null, "", `?${query}`); } catch { /* some viewers forbid it */ }
}

function recallFields(form) {
  for (const field of form.elements) if (field.name && recall().has(field.name)) field.value = recall().get(field.name);
}
