
// The filter of the models.
document.addEventListener("DOMContentLoaded", () => setUpFilter(document.querySelector("#filter"), tables[0]));

function setUpFilter(form, table) {
  const names = [...form.elements].map((element) => element.name).filter(Boolean);
  let gone = [];
  let fetching = null;

  function fits(row) {
    const has = (row.dataset.has || "").split(" ");
    const text = row.cells[0].textContent.toLowerCase();
    const states = [...row.querySelectorAll(".badge")].map((badge) => badge.textContent);
    const number = (cell) => (cell.dataset.v === undefined ? null : Number(cell.dataset.v));
    const [context, price] = [number(row.querySelector(".context")), number(row.querySelectorAll(".n")[1])];
    return form.q.value.toLowerCase().split(/\s+/).every((word) => text.includes(word))
      && (!form.lab.value || row.querySelector(".lab").textContent === form.lab.value)
      && (!form.state.value || states.includes(form.state.value))
      && [...form.querySelectorAll(".has")].every((select) => !select.value || has.includes(select.value))
      && (!form.context.value || (context !== null && context >= Number(form.context.value)))
      && (!form.price.value || (price !== null && price * 1e6 <= Number(form.price.value)))
      && (!form.free.checked || has.includes("free"));
  }

  function show() {
    let count = 0;
    for (const row of table.body.rows) {
      row.hidden = !fits(row);
      count += !row.hidden;
    }
    form.querySelector("#count").textContent = [count, table.body.rows.length].map((number) => number.toLocaleString("en")).join(" of ");
    document.querySelector("#nothing").hidden = count > 0;
  }

  // A state or a lab that only gone models have brings them into the list.
  function includeGone() {
    if (form.querySelector("optgroup option:checked")) form.gone.checked = true;
  }

  async function arrange() {
    if (form.gone.checked) {
      try { gone = await (fetching ||= fetchRows(form.gone.dataset.from)); } catch { location.href = form.gone.dataset.from; return; }
    }
    table.append(form.gone.checked ? gone : []);
    show();
  }

  function rememberFilter() {
    remember(Object.fromEntries(names.map((name) => [name, form[name].type === "checkbox" ? (form[name].checked ? "1" : "") : form[name].value])));
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", async (event) => {
    const before = event.target === form.gone ? null : form.gone.checked;
    includeGone();
    rememberFilter();
    if (form.gone.checked !== before) await arrange();
    else show();
  });
  document.querySelector("#reset").addEventListener("click", () => { form.reset(); rememberFilter(); arrange(); form.q.focus(); });
  const query = recall();
  if ([...form.querySelectorAll("details [name]")].some((element) => query.get(element.name))) form.querySelector("details").open = true;
  for (const name of names) {
    if (form[name].type === "checkbox") form[name].checked = query.get(name) === "1";
    else {
      form[name].value = query.get(name) || "";
      if (form[name].selectedIndex === -1) form[name].value = "";
    }
  }
  includeGone();
  if (form.gone.checked) arrange();
  show();
}

async function fetchRows(address) {
  const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
  const from = new URL(address, location.href);
  page.querySelectorAll("a[href]").forEach((link) => { link.href = new URL(link.getAttribute("href"), from).href; });
  return [...page.querySelectorAll("#models tbody tr")];
}
