
// The filter of the models.
document.addEventListener("DOMContentLoaded", () => filters(document.querySelector("#filter"), tables[0]));

function filters(form, table) {
  const names = [...form.elements].map((one) => one.name).filter(Boolean);
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
      && [...form.querySelectorAll(".has")].every((one) => !one.value || has.includes(one.value))
      && (!form.context.value || (context !== null && context >= Number(form.context.value)))
      && (!form.price.value || (price !== null && price * 1e6 <= Number(form.price.value)))
      && (!form.free.checked || has.includes("free"));
  }

  function show() {
    let shown = 0;
    for (const row of table.body.rows) {
      row.hidden = !fits(row);
      shown += !row.hidden;
    }
    form.querySelector("#count").textContent = `${shown} of ${table.body.rows.length}`;
    document.querySelector("#nothing").hidden = shown > 0;
  }

  // who chooses what only the gone have wants to see them
  function calls() {
    if (form.querySelector("optgroup option:checked")) form.gone.checked = true;
  }

  async function join() {
    if (form.gone.checked) {
      try { gone = await (fetching ||= fetched(form.gone.dataset.from)); } catch { location.href = form.gone.dataset.from; return; }
    }
    table.joined(form.gone.checked ? gone : []);
    show();
  }

  function keep() {
    remember(Object.fromEntries(names.map((name) => [name, form[name].type === "checkbox" ? (form[name].checked ? "1" : "") : form[name].value])));
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", async (event) => {
    const before = event.target === form.gone ? null : form.gone.checked;
    calls();
    keep();
    if (form.gone.checked !== before) await join();
    else show();
  });
  document.querySelector("#reset").addEventListener("click", () => { form.reset(); keep(); join(); form.q.focus(); });
  const query = recall();
  if ([...form.querySelectorAll("details [name]")].some((one) => query.get(one.name))) form.querySelector("details").open = true;
  for (const name of names) {
    if (form[name].type === "checkbox") form[name].checked = query.get(name) === "1";
    else {
      form[name].value = query.get(name) || "";
      if (form[name].selectedIndex === -1) form[name].value = "";
    }
  }
  calls();
  if (form.gone.checked) join();
  show();
}

async function fetched(address) {
  const found = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
  const from = new URL(address, location.href);
  found.querySelectorAll("a[href]").forEach((link) => { link.href = new URL(link.getAttribute("href"), from).href; });
  return [...found.querySelectorAll("#models tbody tr")];
}
