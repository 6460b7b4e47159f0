"use strict";
// What the search box and the comparison look names up with: models, listed and gone, labs, providers and pages.
// Pages fetch it on first use, with the index at its end, a call of `setIndex`; `rank` then says what a query may mean.
const KINDS = { model: "Models", lab: "Labs", provider: "Providers", page: "Pages" };
const MAX_HITS = 12, FEW_HITS = 3, MIN_LENGTH_TO_CORRECT = 4, MIN_LENGTH_FOR_TWO_ERRORS = 7;
const FILLERS = "a an the of for in on with what is how much price prices cost costs model models".split(" "); // of a question
const SAME = 5, BEGINNING = 4, WHOLE_WORDS = 3, BEGINNINGS_OF_WORDS = 2, INSIDE = 1;
let searchEntries = [];
let vocabulary = [];

// Of each kind there is a list for each column, the entry to prefer first.
function setIndex(columns) {
  searchEntries = Object.keys(KINDS).flatMap((kind, order) => columns[kind].id.map((id, position) => {
    const read = (name) => columns[kind][name]?.[position] || "";
    const folder = kind === "page" ? "" : `${kind}s/`;
    const name = read("name");
    const words = [id, name, read("also")].map(splitWords);
    const names = [id, id.slice(id.indexOf("/") + 1), name, name.slice(name.indexOf(": ") + 1)];
    return {
      kind, id, name, title: kind === "model" ? name.slice(name.lastIndexOf(": ") + 1).trim() : name, // the id says whose
      state: read("state"), last: read("last"), note: read("note"), next: read("next"), order, position, words,
      path: read("path") || `${folder}${id.replace(":", "/")}/index.html`,
      keys: names.map((text) => splitWords(text).join("")), sets: names.map((text) => splitWords(text).sort().join(" ")),
    };
  }));
  vocabulary = [...new Set(searchEntries.flatMap((entry) => entry.words.flat()))].filter((word) => !/\d/.test(word));
  setUpHits(document.querySelector("#search"));
}

// "GPT-4o" is gpt, 4, o: letters and digits apart, without accents and punctuation.
function splitWords(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().match(/\p{L}+|\p{N}+/gu) || [];
}

// Edits between two words; letters that changed places are one edit. Anything above `limit` may be returned as `limit` + 1.
function countEdits(left, right, limit) {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let before = [], row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const isSame = left[i - 1] === right[j - 1];
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + !isSame);
      if (left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    if (Math.min(...next) > limit) return limit + 1;
    [before, row] = [row, next];
  }
  return row[right.length];
}

// The words of the index that a mistyped word may mean, with the number of edits; also of a word that is still being typed.
const corrected = new Map();
function correct(word) {
  if (corrected.has(word)) return corrected.get(word);
  const meanings = new Map([[word, 0]]);
  corrected.set(word, meanings);
  if (word.length < MIN_LENGTH_TO_CORRECT || /\d/.test(word)) return meanings;
  const limit = word.length < MIN_LENGTH_FOR_TWO_ERRORS ? 1 : 2;
  for (const candidate of vocabulary) {
    const beginning = candidate.slice(0, word.length);
    const edits = Math.min(countEdits(word, candidate, limit), beginning === candidate ? Infinity : countEdits(word, beginning, limit));
    if (edits <= limit) meanings.set(candidate, edits);
  }
  return meanings;
}

function rateWords(wanted, words) {
  const used = new Set();
  let quality = WHOLE_WORDS;
  for (const word of wanted) {
    let index = words.findIndex((candidate, at) => candidate === word && !used.has(at));
    if (index < 0) {
      quality = BEGINNINGS_OF_WORDS;
      index = words.findIndex((candidate, at) => candidate.startsWith(word) && !used.has(at));
    }
    if (index < 0) return 0;
    used.add(index);
  }
  return quality;
}

function rateEntry(entry, wanted, joined) {
  if (entry.keys.includes(joined) || entry.sets.includes([...wanted].sort().join(" "))) return SAME;
  const quality = Math.max(...entry.words.map((words) => rateWords(wanted, words)));
  const isBeginning = quality === WHOLE_WORDS && entry.keys.some((key) => key.startsWith(joined));
  const isInside = joined.length >= FEW_HITS && entry.keys.some((key) => key.includes(joined));
  return isBeginning ? BEGINNING : quality || (isInside ? INSIDE : 0);
}

// Edits that make all wanted words those of an entry; Infinity where none do.
function countCorrections(entry, meanings) {
  const words = entry.words.flat();
  const edits = meanings.map((meaning) => Math.min(...words.map((word) => meaning.get(word) ?? Infinity)));
  return edits.reduce((sum, count) => sum + count, 0);
}

// The entries that a query may mean, the best first: names that equal it, labs with listed models and pages
// whose name begins with it, then the listed before the gone, better matches first,
// and among equal matches in the order of the index. Spelling is corrected only where few match as they are.
function rank(query) {
  const words = splitWords(query), rest = words.filter((word) => !FILLERS.includes(word));
  const hits = rankWords(words);
  return hits.length || rest.length === words.length ? hits : rankWords(rest);
}

function rankWords(wanted) {
  const joined = wanted.join("");
  if (!joined) return [];
  const hits = searchEntries.map((entry) => ({ entry, edits: 0, quality: rateEntry(entry, wanted, joined) })).filter((hit) => hit.quality);
  if (hits.length < FEW_HITS && !hits.some((hit) => hit.quality === SAME)) {
    const matched = new Set(hits.map((hit) => hit.entry));
    const meanings = wanted.map(correct);
    for (const entry of searchEntries) {
      const edits = matched.has(entry) ? Infinity : countCorrections(entry, meanings);
      if (edits < Infinity) hits.push({ entry, edits, quality: 0 });
    }
  }
  const isNamed = ({ entry, quality }) => quality >= BEGINNING && !entry.state && (entry.kind === "lab" || entry.kind === "page");
  const list = (hit) => [
    hit.edits, hit.quality !== SAME && !isNamed(hit), !isNamed(hit), hit.entry.state !== "", -hit.quality, hit.entry.order,
    !splitWords(hit.entry.id.split("/")[0]).includes(wanted[0]), !hit.entry.keys.some((key) => key.startsWith(wanted[0])), hit.entry.position,
  ];
  return hits.map((hit) => ({ ...hit.entry, isGuess: hit.edits > 0, sorting: list(hit) }))
    .sort((left, right) => left.sorting.map((value, index) => value - right.sorting[index]).find((difference) => difference) || 0);
}

function setUpHits(dialog) {
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const message = dialog.querySelector("output");
  let options = [];
  let selected = 0;

  function makeOption(entry) {
    const option = document.createElement("a");
    option.href = html.dataset.root + entry.path;
    option.setAttribute("role", "option");
    option.tabIndex = -1;
    const state = entry.last && `${entry.state === "missing" ? "missing since" : "gone"} ${entry.last}`;
    const parts = [["b", entry.title], ["small", state || entry.note], ...(entry.kind === "page" ? [] : [["code", entry.id]]),
      ...(entry.next ? [["i", `→ ${entry.next}`]] : [])];
    for (const [name, text] of parts) {
      const part = document.createElement(name);
      part.textContent = text;
      option.append(part);
    }
    return option;
  }

  function show() {
    const found = rank(input.value);
    const hits = found.slice(0, MAX_HITS);
    const kinds = [...new Set(hits.map((hit) => hit.kind))];
    list.replaceChildren(...kinds.map((kind) => {
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", KINDS[kind]);
      const label = document.createElement("small");
      label.textContent = KINDS[kind];
      label.setAttribute("aria-hidden", "true");
      group.append(label, ...hits.filter((hit) => hit.kind === kind).map(makeOption));
      return group;
    }));
    options = [...list.querySelectorAll("[role=option]")];
    options.forEach((option, index) => { option.id = `hit${index}`; });
    input.setAttribute("aria-expanded", options.length > 0);
    selected = 0;
    mark();
    const count = found.length > hits.length ? `${hits.length} of ${found.length}` : `${found.length} found`;
    const guess = hits[0]?.isGuess ? ", spelled similarly" : "";
    message.textContent = !input.value.trim() ? "" : hits.length ? count + guess : "Nothing found. ";
    if (input.value.trim() && !hits.length) {
      const link = Object.assign(document.createElement("a"), { href: `${html.dataset.root}models/index.html`, textContent: "All models" });
      message.append(link);
    }
  }

  function mark() {
    options.forEach((option, index) => option.setAttribute("aria-selected", index === selected));
    input.setAttribute("aria-activedescendant", options[selected]?.id || "");
    options[selected]?.scrollIntoView({ block: "nearest" });
  }

  input.addEventListener("input", show);
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && options.length) {
      selected = (selected + step + options.length) % options.length;
      mark();
      event.preventDefault();
    } else if (event.key === "Enter") {
      options[selected]?.click();
      event.preventDefault();
    }
  });
  show();
  if (dialog.open && dialog.lastKey === "Enter") options[0]?.click();
}
