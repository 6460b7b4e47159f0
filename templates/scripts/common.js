"use strict";
// Every page can be read without this file: it adds searching and copying; the scripts after it add more.
const html = document.documentElement;
html.classList.add("js");

document.addEventListener("DOMContentLoaded", () => {
  setUpSearch();
  setUpChoice("theme", ["", "light", "dark"]);
  setUpChoice("density", ["", "compact"]);
  showAge();
  for (const link of document.querySelectorAll("nav [aria-current]")) link.parentElement.scrollLeft = link.offsetLeft - 80;
});

// --- elements that need a script, made before the page is painted ---

customElements.define("site-tools", class extends HTMLElement {
  connectedCallback() {
    this.innerHTML = `<label id="find"><span class="sr-only">Search</span><input type="search" placeholder="Search" autocomplete="off"
spellcheck="false" aria-keyshortcuts="/"><kbd aria-hidden="true">/</kbd></label>
<a id="age" class="age" href="${html.dataset.root}status/index.html" aria-live="polite"></a>
<span class="look"><button id="theme" title="Light, dark, or as the system has it">◐</button>
<button id="density" title="Rows further apart or closer">≡</button></span>`;
  }
});

// Copies the address of the link, or the code, before it.
customElements.define("copy-button", class extends HTMLElement {
  connectedCallback() {
    const source = this.parentElement.querySelector("a, code");
    const label = source.href ? "Copy address" : "Copy";
    this.innerHTML = `<button class="copy">${label}</button>`;
    this.onclick = async ({ target }) => {
      try {
        await navigator.clipboard.writeText(source.href || source.textContent);
        target.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(source);
        target.textContent = "Selected";
      }
      setTimeout(() => { target.textContent = label; }, 1500);
    };
  }
});

// --- what a reader prefers, remembered in the browser ---

function load(name) { try { return localStorage.getItem(name) || ""; } catch { return ""; } }

function setUpChoice(name, values) {
  document.getElementById(name).addEventListener("click", () => {
    const value = values[(values.indexOf(html.dataset[name] || "") + 1) % values.length];
    html.dataset[name] = value;
    try { localStorage.setItem(name, value); } catch { /* some viewers forbid it */ }
  });
}

for (const name of ["theme", "density"]) html.dataset[name] = load(name);

// --- the address holds the choices of a page, so that it can be shared ---

function recall() { return new URLSearchParams(location.search); }

function remember(change) {
  const query = recall();
  for (const [name, value] of Object.entries(change)) {
    if (value) query.set(name, value); else query.delete(name);
  }
  const text = query.toString();
  try { history.replaceState(null, "", (text ? `?${text}` : location.pathname) + location.hash); } catch { /* some viewers forbid it */ }
}

// --- search, in a script that is fetched on first use ---

const loading = {};

function loadScript(path) {
  loading[path] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = html.dataset.root + path;
    script.onload = resolve;
    script.onerror = () => { delete loading[path]; reject(new Error(`${path} cannot be read`)); };
    document.head.append(script);
  });
  return loading[path];
}

function setUpSearch() {
  document.body.insertAdjacentHTML("beforeend", `<dialog id="search" aria-label="Search">
<label><input type="text" aria-label="Search models, labs, providers and pages" placeholder="Model, lab, provider or page"
autocomplete="off" spellcheck="false" role="combobox" aria-expanded="false" aria-controls="hits" aria-autocomplete="list"></label>
<div id="hits" role="listbox" aria-label="Matches"></div>
<output aria-live="polite"></output></dialog>`);
  const dialog = document.querySelector("#search"), input = dialog.querySelector("input");
  const open = () => {
    dialog.showModal();
    input.select();
    loadScript("search.js").catch(() => {
      dialog.querySelector("output").textContent = "Search cannot be read now. The list of models has every model.";
    });
  };
  const field = document.querySelector("#find input");
  field.addEventListener("click", open);
  field.addEventListener("input", () => { // what is typed goes on in the dialog, which has the matches
    open();
    [input.value, field.value] = [field.value, ""];
    input.dispatchEvent(new Event("input"));
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = /input|select|textarea/i.test(event.target.tagName);
    const isShortcut = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
    if (!isShortcut && (event.key !== "/" || isTyping)) return;
    event.preventDefault();
    if (!dialog.open) open();
  });
  dialog.onkeydown = ({ key }) => { dialog.lastKey = key; }; // Enter may come before the matches
  dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });
}

// --- the age of the data, by the reader's clock ---

const MAX_FRESH_MIN = 420; // a quiet site is deployed every six hours

async function showAge() {
  const late = document.querySelector("[data-late]");
  if (location.protocol === "file:") return;
  const status = await fetch(`${html.dataset.root}api/v1/status.json`).then((response) => response.json()).then(({ data }) => data, () => null);
  if (!status) return;
  const last = status.last_complete ?? status.hour;
  document.body.dataset.read = last; // for print
  const minutes = Math.floor((Date.now() - Date.parse(last)) / 60000);
  const age = minutes < 120 ? `${minutes} min` : minutes < 2880 ? `${Math.floor(minutes / 60)} hours` : `${Math.floor(minutes / 1440)} days`;
  const wide = (text) => `<span class="desktop">${text}</span>`; // a phone shows "5 h" or "3 d"
  const link = document.querySelector("#age");
  link.innerHTML = wide("updated ") + age.replace(/(?<= [hd])\w+/, wide) + " ago";
  link.classList.toggle("stale", minutes > MAX_FRESH_MIN);
  if (late && minutes > MAX_FRESH_MIN) {
    late.textContent = `The last complete reading is ${age} old; the next was due at ${status.next_expected.slice(11, 16)} UTC.`;
    late.hidden = false;
  }
}
